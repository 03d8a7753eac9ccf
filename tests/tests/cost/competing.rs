//! Changes that compete on purpose: what finding and keeping that costs is bounded by what was
//! pushed.

use outfield_core::base::id::ActorId;
use outfield_core::base::limits::PERSON_HEADS_MAX;
use outfield_core::base::time::Timestamp;
use outfield_core::crdt::{Document, Vetted};
use outfield_core::objects::{Value, Values};
use outfield_core::sync::frames::PushEntry;
use outfield_tests::attacked::{AttackedServer, entry, new_record, word};

/// How often what was pushed may lie on the disk.
const DISK_TIMES_MAX: u64 = 20;

/// A writer that nobody has claimed.
pub(crate) fn actor(n: usize) -> ActorId {
    let mut bytes = [0x55; 16];
    bytes[..8].copy_from_slice(&(n as u64 + 1).to_be_bytes());
    ActorId::random(bytes)
}

/// Milliseconds at which these changes are made.
const AT: Timestamp = Timestamp(1_795_500_000_000);

/// A contact of the intruder's with so many lines of a shop, as its first change.
pub(crate) fn contact(stage: &AttackedServer, shop: &str, lines: usize) -> (Document, Vetted) {
    let mut values = Values::from([
        ("name".to_owned(), "Shared".into()),
        ("owner".to_owned(), stage.user().into()),
    ]);
    for n in 0..lines {
        values.insert(format!("roles/r{n:03}/account"), shop.into());
    }
    let mut document = Document::new();
    let first = document.write(actor(0), AT, &values).unwrap();
    (document, first)
}

/// The same contact as whoever knows its first change alone would write it.
pub(crate) fn upon(first: &Document, writer: usize, values: &Values) -> Vetted {
    let mut alone = first.clone();
    alone
        .write_upon(&first.heads(), actor(writer), AT, values)
        .unwrap()
}

/// Bytes of the tenant's database, what is not folded into it yet included.
fn disk_bytes(stage: &AttackedServer) -> u64 {
    let files = std::fs::read_dir(stage.yard.data()).unwrap();
    let mut bytes = 0;
    for file in files.flatten() {
        let name = file.file_name();
        if name.to_string_lossy().contains(".db") && !name.to_string_lossy().contains("-shm") {
            bytes += file.metadata().unwrap().len();
        }
    }
    bytes
}

/// Pushes these changes of one contact; their verdicts in a word each.
pub(crate) fn pushed(stage: &AttackedServer, first: &Vetted, changes: &[Vetted]) -> Vec<String> {
    let record = new_record(&first.bytes);
    let entries: Vec<PushEntry> = changes
        .iter()
        .map(|change| entry(record, &change.bytes))
        .collect();
    stage.push_entries(entries).iter().map(word).collect()
}

#[test]
fn lines_that_are_removed_and_edited_against_each_other_take_several_pushes_and_all_get_in() {
    let mut stage = AttackedServer::serving();
    let lines = 200;
    let (document, first) = contact(&stage, &stage.shop(), lines);
    assert_eq!(
        pushed(&stage, &first, std::slice::from_ref(&first)),
        ["accepted"]
    );
    let mut changes = Vec::new();
    for writer in 1..=PERSON_HEADS_MAX {
        let mut values = Values::new();
        for n in 0..lines {
            let (field, value) = if writer.is_multiple_of(2) {
                ("removed", Value::Bool(true))
            } else {
                ("role", writer.to_string().as_str().into())
            };
            values.insert(format!("roles/r{n:03}/{field}"), value);
        }
        changes.push(upon(&document, writer, &values));
    }
    let mut rounds = 0;
    let mut waiting = changes;
    while !waiting.is_empty() {
        let words = pushed(&stage, &first, &waiting);
        assert_eq!(words[0], "accepted", "each push gets some in: {words:?}");
        assert!(
            words
                .iter()
                .all(|word| word == "accepted" || word == "retry_later"),
            "{words:?}"
        );
        let mut kept = words.iter().map(|word| word == "retry_later");
        waiting.retain(|_| kept.next().unwrap());
        rounds += 1;
    }
    assert!(rounds > 1, "one push did all of it");
    stage.unharmed();
}

#[test]
fn competing_values_lie_on_the_disk_a_few_times_and_not_once_for_each_other() {
    let mut stage = AttackedServer::serving();
    let (document, first) = contact(&stage, &stage.shop(), 1);
    pushed(&stage, &first, std::slice::from_ref(&first));
    let before = disk_bytes(&stage);
    let (mut sent, mut writer) = (0, 0);
    // A dozen at a time, which the next change joins without a word to what competes.
    for _ in 0..4 {
        let mut changes = Vec::new();
        for _ in 0..PERSON_HEADS_MAX - 1 {
            writer += 1;
            let title = format!("{writer}").repeat(400);
            let values = Values::from([("job_title".to_owned(), title.as_str().into())]);
            changes.push(upon(&document, writer, &values));
        }
        let bytes: usize = changes.iter().map(|change| change.bytes.len()).sum();
        sent += bytes as u64;
        pushed(&stage, &first, &changes);
    }
    let grown = disk_bytes(&stage) - before;
    assert!(
        grown < sent * DISK_TIMES_MAX,
        "{sent} bytes, {grown} on the disk"
    );
    stage.unharmed();
}
