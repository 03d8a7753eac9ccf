//! What one device may leave on the server for good: refused work and actors, so many and no more.

use outfield_core::base::id::RecordId;
use outfield_core::sync::frames::PushEntry;
use outfield_tests::attacked::{AttackedServer, entry, new_record, word};
use outfield_tests::crafter::CraftedChange;

/// As `limits.rs` of the server has them.
const QUARANTINE_ROWS_MAX: usize = 1_000;
const DEVICE_ACTORS_MAX: usize = 500;

fn garbage(n: usize) -> PushEntry {
    let bytes = format!("garbage {n}").into_bytes();
    entry(new_record(&bytes), &bytes)
}

/// An honest contact of the intruder's under an actor of its own.
fn contact(stage: &AttackedServer, n: usize) -> PushEntry {
    let id = new_record(&n.to_be_bytes());
    let actor = new_record(&[&n.to_be_bytes()[..], b"actor"].concat()).0;
    let texts = [("name", "Ivan's"), ("owner", stage.user())];
    entry(id, &CraftedChange::puts(actor, &texts).chunk())
}

fn words(stage: &AttackedServer, entries: Vec<PushEntry>) -> Vec<String> {
    stage.push_entries(entries).iter().map(word).collect()
}

#[test]
fn refused_work_is_kept_up_to_a_bound_and_honest_work_passes_beyond_it() {
    let mut stage = AttackedServer::serving();
    for batch in 0..QUARANTINE_ROWS_MAX / 100 {
        let entries = (0..100).map(|n| garbage(batch * 100 + n)).collect();
        assert!(
            words(&stage, entries)
                .iter()
                .all(|word| word == "malformed")
        );
    }
    let more = vec![garbage(0), garbage(5_000), contact(&stage, 1)];
    assert_eq!(
        words(&stage, more),
        ["malformed", "quarantine_full", "accepted"]
    );
    let device = stage.intruder["device"].as_str().unwrap().to_owned();
    let kept = stage.yard.office(&["quarantine", "--tenant", "Acme"]);
    assert_eq!(kept["data"].as_array().unwrap().len(), QUARANTINE_ROWS_MAX);
    let clear = ["quarantine", "--clear", &device, "--tenant", "Acme"];
    assert_eq!(
        stage.yard.office(&clear)["data"]["cleared"],
        QUARANTINE_ROWS_MAX
    );
    let again = vec![garbage(0), garbage(5_000)];
    assert_eq!(words(&stage, again), ["malformed", "malformed"]);
    stage.unharmed();
}

#[test]
fn a_device_claims_so_many_actors_and_goes_on_under_those_it_has() {
    let mut stage = AttackedServer::serving();
    for batch in 0..DEVICE_ACTORS_MAX / 100 {
        let entries = (0..100).map(|n| contact(&stage, batch * 100 + n)).collect();
        assert!(words(&stage, entries).iter().all(|word| word == "accepted"));
    }
    assert_eq!(
        words(&stage, vec![contact(&stage, 9_000)]),
        ["too_many_writers"]
    );
    let known = CraftedChange::puts(
        new_record(&[&0_usize.to_be_bytes()[..], b"actor"].concat()).0,
        &[("name", "Another"), ("owner", stage.user())],
    );
    let another: RecordId = new_record(b"another");
    assert_eq!(
        words(&stage, vec![entry(another, &known.chunk())]),
        ["accepted"]
    );
    stage.unharmed();
}
