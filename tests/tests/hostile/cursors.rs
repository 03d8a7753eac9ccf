//! Servers that forge descriptors, buckets and cursors. They greet and listen as the honest one
//! does; what they forge of records is not known here.

use outfield_core::app::descriptor_id;
use outfield_core::sync::frames::{Checkpoint, End, Frame, Published, Row, Start, Want};
use outfield_tests::impostor::Say;

use super::forgers::{LIE, tells, values_of_lie};
use super::victim::{Victim, body, pulling};

/// Descriptors that would break a phone which took them.
fn forged_descriptors() -> Vec<(&'static str, String)> {
    let built_in = include_str!("../../../core/objects/party/contact.json");
    let newer = |text: &str| {
        built_in
            .replace("\"version\": 1", "\"version\": 99")
            .replace("\"contact\",", text)
    };
    let custom = |object: &str, field: &str| {
        format!(
            r#"{{"object": "{object}", "version": 1, "label": "X", "kind": "row",
            "fields": {{"{field}": {{"kind": "text"}}}},
            "scope": [{{"bucket": "tenant"}}], "rights": {{}}}}"#
        )
    };
    let nobody = newer("\"contact\",")
        .replace("\"create\": true", "\"create\": false")
        .replace("\"edit\": [", "\"edit\": [], \"x\": [");
    vec![
        ("no JSON", "hello".to_owned()),
        ("nesting without end", "[".repeat(100_000)),
        (
            "an object of the office's",
            newer("\"contact\",").replace("\"document\"", "\"row\""),
        ),
        ("rights taken away", nobody),
        ("a table of the phone's", custom("outbox", "number")),
        ("a table of the phone's own", custom("meta", "value")),
        (
            "SQL for a name",
            custom("x\\\" (a); DELETE FROM outbox; --", "a"),
        ),
        (
            "SQL for a field",
            custom("thing", "a\\\" TEXT); DELETE FROM outbox; --"),
        ),
        ("a field that is there already", custom("thing", "id")),
        ("no name", custom("", "a")),
        ("an object of its own", custom("thing", "a")),
        (
            "a search that is none",
            custom("thing", "a").replace("\"rights\"", "\"search\": [\"b\"], \"rights\""),
        ),
        (
            "an index that is none",
            custom("thing", "a")
                .replace("\"rights\"", "\"indexes\": [[\"b\\\"; --\"]], \"rights\""),
        ),
        (
            "fields without end",
            custom("thing", "a").replace(
                "\"fields\": {",
                &format!(
                    "\"fields\": {{{}",
                    (0..3_000)
                        .map(|n| format!("\"f{n}\": {{\"kind\": \"text\"}},"))
                        .collect::<String>()
                ),
            ),
        ),
    ]
}

#[test]
fn a_phone_outlives_forged_descriptors() {
    let mut victim = Victim::new();
    for (name, json) in forged_descriptors() {
        let said: serde_json::Value = serde_json::from_str(&json).unwrap_or_default();
        for record in [
            descriptor_id(said["object"].as_str().unwrap_or_default()),
            LIE,
        ] {
            let told = |seq| {
                vec![Frame::Descriptor(Published {
                    seq,
                    record,
                    json: json.clone(),
                })]
            };
            tells(&mut victim, name, &told);
        }
    }
}

fn start(bucket: &str, from: u64) -> Frame {
    Frame::Start(Start {
        bucket: bucket.to_owned(),
        from,
    })
}

fn mark(bucket: &str, seq: u64, sum: u64) -> Frame {
    Frame::Checkpoint(Checkpoint {
        bucket: bucket.to_owned(),
        seq,
        sum,
    })
}

fn row(seq: u64) -> Frame {
    Frame::Row(Row {
        seq,
        object: "user".to_owned(),
        record: LIE,
        values: values_of_lie(),
    })
}

/// Frames whose buckets and numbers fit nothing.
fn forged_cursors(buckets: &[String]) -> Vec<(&'static str, Vec<Frame>)> {
    let end = Frame::End(End { tick: u64::MAX });
    vec![
        ("data before a bucket", vec![row(1), end.clone()]),
        (
            "data of another person",
            vec![
                start("user/01940c3e-5b1a-7cc0-8000-0123456789ab", 0),
                row(1),
                end.clone(),
            ],
        ),
        (
            "a bucket of nonsense",
            vec![start("'; --", 0), row(1), mark("'; --", 1, 7), end.clone()],
        ),
        (
            "a checkpoint of nothing",
            vec![mark("nothing", u64::MAX, u64::MAX), end.clone()],
        ),
        (
            "the last number",
            vec![
                start(&buckets[0], 0),
                row(u64::MAX),
                mark(&buckets[0], u64::MAX, 7),
                end.clone(),
            ],
        ),
        (
            "a number beyond",
            vec![
                start(&buckets[1], 1 << 63),
                row(1 << 63),
                mark(&buckets[1], 1 << 63, 7),
                end.clone(),
            ],
        ),
        (
            "numbers backwards",
            vec![
                start(&buckets[1], 5),
                row(9),
                row(3),
                row(0),
                mark(&buckets[1], 0, 7),
                end.clone(),
            ],
        ),
        ("the end of all ticks", vec![end.clone()]),
        ("no end", vec![start(&buckets[0], 0)]),
        (
            "what phones say",
            vec![
                Frame::Want(Want {
                    bucket: "x".into(),
                    cursor: 1
                });
                3
            ],
        ),
    ]
}

#[test]
fn a_phone_outlives_forged_cursors_and_other_buckets() {
    let mut victim = Victim::new();
    let buckets = victim.buckets();
    for (name, frames) in forged_cursors(&buckets) {
        let welcome = victim.welcome();
        victim
            .meets(name, pulling(welcome, Say::Whole(200, body(&frames))))
            .ok();
        let cut = body(&frames);
        let welcome = victim.welcome();
        victim
            .meets(
                &format!("{name}, cut"),
                pulling(welcome, Say::Cut(cut[..cut.len() - 3].to_vec())),
            )
            .ok();
    }
}
