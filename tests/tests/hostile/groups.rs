//! Groups of entries that lie about themselves, or of which one entry may not become true: nothing
//! of them is taken in, not even a trace. It does not know spoilt bytes.

use std::collections::BTreeMap;

use outfield_core::base::id::{ActorId, GroupId, RecordId};
use outfield_core::objects::{Record, Values};
use outfield_core::store::Db;
use outfield_core::sync::frames::{Frame, PushEntry};
use outfield_core::sync::wire;
use outfield_tests::behind;
use outfield_tests::crafter::{self, CraftedChange, column, deflated};

use outfield_tests::attacked::{AttackedServer, entry, new_record, word};

const ACTOR: [u8; 16] = [9; 16];
/// Groups of one entry that come at once or in a row.
const MANY: usize = 10_000;

/// What the server keeps of refused work and of who came in; all other tables are what is true.
const BESIDE: [&str; 5] = [
    "verdict",
    "quarantine",
    "credential",
    "installation",
    "sqlite_sequence",
];

fn server(stage: &AttackedServer) -> Db {
    let folder = stage.yard.data().join("tenants");
    let files = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path());
    let mut databases = files.filter(|file| file.extension().is_some_and(|of| of == "db"));
    behind::open(&databases.next().unwrap())
}

/// All that is true on the server, table by table, row by row.
fn truth(stage: &AttackedServer) -> BTreeMap<String, Vec<String>> {
    let db = server(stage);
    let sql = "SELECT name FROM sqlite_schema WHERE type = 'table'";
    let mut tables = db.prepare(sql).unwrap();
    let names = tables.query_map([], |row| row.get::<_, String>(0)).unwrap();
    let mut truth = BTreeMap::new();
    for name in names.map(Result::unwrap) {
        if BESIDE.contains(&name.as_str()) {
            continue;
        }
        let mut statement = db.prepare(&format!("SELECT * FROM \"{name}\"")).unwrap();
        let columns = statement.column_count();
        let mut rows = statement.query([]).unwrap();
        let mut shown = Vec::new();
        while let Some(row) = rows.next().unwrap() {
            let cells = (0..columns).map(|at| format!("{:?}", row.get_ref(at).unwrap()));
            shown.push(cells.collect::<Vec<_>>().join(" "));
        }
        truth.insert(name, shown);
    }
    assert!(truth.len() > 20, "the tables are read");
    truth
}

fn contact(stage: &AttackedServer, name: &str) -> PushEntry {
    let puts = [("name", name), ("owner", stage.user())];
    let change = CraftedChange::puts(ACTOR, &puts);
    entry(new_record(name.as_bytes()), &change.chunk())
}

/// A note about a contact.
fn note(stage: &AttackedServer, record: RecordId, text: &str) -> PushEntry {
    let values = Values::from([
        ("contact".to_owned(), record.to_string().into()),
        ("note".to_owned(), text.into()),
        ("owner".to_owned(), stage.user().into()),
    ]);
    PushEntry {
        is_fact: true,
        object: "follow_up".to_owned(),
        actor: Some(ActorId(ACTOR)),
        at_ms: Some(1),
        ..entry(new_record(text.as_bytes()), &Record::canonical(&values))
    }
}

/// The same entry in a group that it says to have so many entries.
fn of(group: u8, count: u64, entry: PushEntry) -> PushEntry {
    PushEntry {
        group: Some(GroupId([group; 16])),
        count: Some(count),
        ..entry
    }
}

fn grouped(group: u8, entries: Vec<PushEntry>) -> Vec<PushEntry> {
    let count = entries.len() as u64;
    let entries = entries.into_iter();
    entries.map(|entry| of(group, count, entry)).collect()
}

fn said(stage: &AttackedServer, entries: Vec<PushEntry>) -> Vec<String> {
    stage.push_entries(entries).iter().map(word).collect()
}

/// A contact of the intruder's, changed since it was made: whoever knew only the beginning
/// competes.
fn known_contact(stage: &AttackedServer) -> (RecordId, CraftedChange) {
    let record = new_record(b"known");
    let puts = [
        ("name", "Rosa"),
        ("owner", stage.user()),
        ("phone", "+14795550100"),
    ];
    let first = CraftedChange::puts([20; 16], &puts);
    let then = CraftedChange::puts([21; 16], &[("phone", "+14795550101")])
        .replacing([20; 16], 3)
        .after(&[first.hash()], 1, 4);
    for change in [&first, &then] {
        assert_eq!(
            said(stage, vec![entry(record, &change.chunk())]),
            ["accepted"]
        );
    }
    (record, first)
}

/// A change of that contact that competes.
fn competing(record: RecordId, first: &CraftedChange) -> PushEntry {
    let change = CraftedChange::puts(ACTOR, &[("phone", "+14795550102")])
        .replacing([20; 16], 3)
        .after(&[first.hash()], 1, 4);
    entry(record, &change.chunk())
}

#[test]
fn of_a_group_with_one_entry_out_of_reach_nothing_stays() {
    let mut stage = AttackedServer::serving();
    let south = stage
        .yard
        .office(&["territory", "add", "South", "--tenant", "Acme"]);
    let south = format!("territory={}", south["id"].as_str().unwrap());
    let far = ["put", "account", "name=Far", &south, "--tenant", "Acme"];
    let far = stage.yard.office(&far)["id"].as_str().unwrap().to_owned();
    let (record, first) = known_contact(&stage);
    let before = truth(&stage);
    for at in 0..=3 {
        let new = contact(&stage, &format!("New {at}"));
        let about = note(&stage, record, &format!("about {at}"));
        let puts = [
            ("name", &*format!("Far {at}")),
            ("owner", stage.user()),
            ("roles/r/account", &far),
        ];
        let out = CraftedChange::puts(ACTOR, &puts).chunk();
        let out = entry(new_record(&[b'f', at as u8]), &out);
        // The competing change is the same each time, so it stands in the last group alone.
        let mut entries = vec![new, about];
        if at == 3 {
            entries.insert(0, competing(record, &first));
        }
        entries.insert(at.min(entries.len()), out);
        let mut expected = vec!["group_refused"; entries.len()];
        expected[at.min(entries.len() - 1)] = "not_in_scope";
        let group = 10 + at as u8;
        assert_eq!(said(&stage, grouped(group, entries)), expected, "{at}");
        assert_eq!(truth(&stage), before, "{at}");
    }
    let path = format!("/api/v1/actor/{}", ActorId(ACTOR));
    assert_eq!(
        stage.get(&path).status,
        404,
        "nobody is known by refused work"
    );
    // What is written above the document that was put back is taken in.
    let last =
        CraftedChange::puts([22; 16], &[("job_title", "Owner")]).after(&[first.hash()], 1, 4);
    assert_eq!(
        said(&stage, vec![entry(record, &last.chunk())]),
        ["accepted"]
    );
    stage.unharmed();
}

#[test]
fn the_office_sees_a_refused_group_whole() {
    let mut stage = AttackedServer::serving();
    let nameless = CraftedChange::puts(ACTOR, &[("owner", stage.user())]).chunk();
    let nameless = entry(new_record(b"nameless"), &nameless);
    let group = grouped(7, vec![contact(&stage, "Rosa"), nameless]);
    assert_eq!(said(&stage, group), ["group_refused", "required"]);
    let sql = "SELECT code, length(bytes) > 0, group_id FROM quarantine ORDER BY code";
    let db = server(&stage);
    let mut statement = db.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
    let rows: Vec<(String, bool, Vec<u8>)> = rows.unwrap().map(Result::unwrap).collect();
    let expected = ["group_refused", "required"].map(|code| (code.to_owned(), true, vec![7; 16]));
    assert_eq!(rows, expected);
    stage.unharmed();
}

#[test]
fn a_group_that_lies_about_itself_is_none() {
    let mut stage = AttackedServer::serving();
    let before = truth(&stage);
    let mut made = 0;
    let mut new = |group: Option<u8>, count: Option<u64>| {
        made += 1;
        PushEntry {
            group: group.map(|id| GroupId([id; 16])),
            count,
            ..contact(&stage, &format!("Contact {made}"))
        }
    };
    let mut cases: Vec<(&str, Vec<PushEntry>)> = Vec::new();
    for (name, count) in [
        ("half a group", 2),
        ("no entries", 0),
        ("one entry", 1),
        ("a billion entries", 1_000_000_000),
        ("beyond number", u64::MAX),
    ] {
        cases.push((name, vec![new(Some(1), Some(count))]));
    }
    cases.push((
        "too large",
        vec![new(Some(1), Some(3)), new(Some(1), Some(3))],
    ));
    cases.push(("too small", (0..3).map(|_| new(Some(1), Some(2))).collect()));
    cases.push((
        "two counts",
        vec![new(Some(1), Some(2)), new(Some(1), Some(3))],
    ));
    cases.push(("no count", vec![new(Some(1), None), new(Some(1), None)]));
    cases.push(("no group", vec![new(None, Some(2)), new(None, Some(2))]));
    let woven = [1, 2, 1, 2].map(|group| new(Some(group), Some(2)));
    cases.push(("interleaved", woven.into()));
    cases.push((
        "51 entries",
        (0..51).map(|_| new(Some(1), Some(51))).collect(),
    ));
    let twice = new(Some(1), Some(2));
    cases.push(("an entry twice", vec![twice.clone(), twice]));
    let other = CraftedChange::puts([10; 16], &[("name", "Other"), ("owner", stage.user())]);
    let other = of(1, 2, entry(new_record(b"other"), &other.chunk()));
    cases.push(("two actors", vec![new(Some(1), Some(2)), other]));
    for (name, entries) in cases {
        let expected = vec!["broken_group"; entries.len()];
        assert_eq!(said(&stage, entries), expected, "{name}");
    }
    assert_eq!(truth(&stage), before);
    stage.unharmed();
}

#[test]
fn a_group_that_no_push_could_hold_is_none() {
    let mut stage = AttackedServer::serving();
    let keys: Vec<String> = (0..1_100).map(|number| format!("{number:03x}")).collect();
    let texts: Vec<(&str, &str)> = keys.iter().map(|key| (key.as_str(), "")).collect();
    let entries = (0..50_i64).map(|number| {
        // Texts of no letters have no bytes, and a column of none is left out.
        let mut change = CraftedChange::puts(ACTOR, &texts).without(column::VALUE);
        change.time = crafter::signed(number);
        entry(
            new_record(&[b'l', number as u8]),
            &deflated(&change.data(), &[]),
        )
    });
    assert_eq!(
        said(&stage, grouped(1, entries.collect())),
        ["broken_group"; 50]
    );
    stage.unharmed();
}

#[test]
fn an_id_of_a_group_is_given_once_in_a_push() {
    let mut stage = AttackedServer::serving();
    let [a, b, c, d, alone] = ["A", "B", "C", "D", "Alone"].map(|name| contact(&stage, name));
    let mut entries = grouped(1, vec![a, b]);
    entries.push(alone);
    entries.extend(grouped(1, vec![c, d]));
    let expected = [
        "accepted",
        "accepted",
        "accepted",
        "broken_group",
        "broken_group",
    ];
    assert_eq!(said(&stage, entries), expected);
    stage.unharmed();
}

#[test]
fn a_group_that_is_cut_is_none() {
    let mut stage = AttackedServer::serving();
    let before = truth(&stage);
    for entry in grouped(1, vec![contact(&stage, "A"), contact(&stage, "B")]) {
        assert_eq!(said(&stage, vec![entry]), ["broken_group"]);
    }
    assert_eq!(truth(&stage), before);
    stage.unharmed();
}

#[test]
fn a_group_that_comes_again_gets_its_first_verdicts() {
    let mut stage = AttackedServer::serving();
    let good = grouped(1, vec![contact(&stage, "A"), contact(&stage, "B")]);
    assert_eq!(said(&stage, good.clone()), ["accepted"; 2]);
    let nameless = CraftedChange::puts(ACTOR, &[("owner", stage.user())]).chunk();
    let nameless = entry(new_record(b"nameless"), &nameless);
    let bad = grouped(2, vec![contact(&stage, "C"), nameless]);
    assert_eq!(said(&stage, bad.clone()), ["group_refused", "required"]);
    let before = truth(&stage);
    let alone = |entries: &[PushEntry]| -> Vec<PushEntry> {
        let entries = entries.iter().cloned();
        let alone = entries.map(|entry| PushEntry {
            group: None,
            count: None,
            ..entry
        });
        alone.collect()
    };
    for _ in 0..2 {
        assert_eq!(said(&stage, good.clone()), ["duplicate"; 2]);
        assert_eq!(said(&stage, bad.clone()), ["group_refused", "required"]);
        assert_eq!(said(&stage, alone(&good)), ["duplicate"; 2]);
        assert_eq!(said(&stage, alone(&bad)), ["group_refused", "required"]);
        assert_eq!(
            said(&stage, good[1..].to_vec()),
            ["duplicate"],
            "half of it was heard"
        );
    }
    assert_eq!(truth(&stage), before);
    stage.unharmed();
}

#[test]
fn an_entry_that_was_judged_before_takes_no_group_with_it() {
    let mut stage = AttackedServer::serving();
    let old = contact(&stage, "Old");
    assert_eq!(said(&stage, vec![old.clone()]), ["accepted"]);
    let before = truth(&stage);
    let group = grouped(1, vec![contact(&stage, "A"), old, contact(&stage, "B")]);
    assert_eq!(
        said(&stage, group),
        ["broken_group", "duplicate", "broken_group"]
    );
    assert_eq!(truth(&stage), before);
    stage.unharmed();
}

#[test]
fn a_group_waits_as_a_whole_for_what_one_of_it_builds_on() {
    let mut stage = AttackedServer::serving();
    let record = new_record(b"late");
    let first = CraftedChange::puts([20; 16], &[("name", "Late"), ("owner", stage.user())]);
    let then = CraftedChange::puts(ACTOR, &[("job_title", "Owner")]).after(&[first.hash()], 1, 3);
    let then = entry(record, &then.chunk());
    let group = grouped(1, vec![contact(&stage, "A"), then, contact(&stage, "B")]);
    let before = truth(&stage);
    assert_eq!(
        said(&stage, group.clone()),
        ["retry_later", "needs", "retry_later"]
    );
    assert_eq!(truth(&stage), before);
    assert_eq!(
        said(&stage, vec![entry(record, &first.chunk())]),
        ["accepted"]
    );
    assert_eq!(said(&stage, group), ["accepted"; 3]);
    stage.unharmed();
}

#[test]
fn an_id_of_a_group_has_sixteen_bytes() {
    let mut stage = AttackedServer::serving();
    let entry = of(8, 2, contact(&stage, "A"));
    let whole = wire::encode_as(wire::Packing::Plain, &[Frame::Entry(entry)]).unwrap();
    let id = [&[8, 0x50][..], &[8; 16]].concat();
    let at = whole.windows(18).position(|part| part == id).unwrap();
    // Two bytes of length and one of the type come before the content.
    for (head, length) in [(0x4f, 15), (0x51, 17), (0x40, 0)] {
        let id = [vec![8, head], vec![8; length]].concat();
        let content = [&whole[3..at], &id, &whole[at + 18..]].concat();
        let body = crafter::zstd(&crafter::frame(0x83, &content));
        let heard = stage.body("/sync/v1/push", &body);
        assert_eq!(
            (heard.status, heard.code().as_str()),
            (400, "bad_frames"),
            "{length}"
        );
    }
    stage.unharmed();
}

#[test]
fn ten_thousand_groups_of_one_entry_are_none() {
    let mut stage = AttackedServer::serving();
    let before = truth(&stage);
    let lone = |number: usize| {
        let id = RecordId::derived(&[b"group", &number.to_be_bytes()]);
        PushEntry {
            group: Some(GroupId(id.0)),
            count: Some(1),
            ..contact(&stage, &format!("Lone {number}"))
        }
    };
    let all: Vec<PushEntry> = (0..MANY).map(lone).collect();
    let frames: Vec<Frame> = all.iter().cloned().map(Frame::Entry).collect();
    let heard = stage.body("/sync/v1/push", &wire::encode(&frames).unwrap());
    assert_eq!(heard.status, 400, "so many frames are no push");
    for (number, page) in all.chunks(100).enumerate() {
        // A thousand of one device are kept.
        let word = if number < 10 {
            "broken_group"
        } else {
            "quarantine_full"
        };
        assert_eq!(said(&stage, page.to_vec()), [word; 100]);
    }
    assert_eq!(truth(&stage), before);
    stage.unharmed();
}
