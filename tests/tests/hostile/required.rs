//! Work by a device that skipped what a verb requires: the server asks it again, of the record as
//! the device saw it. It does not know how a condition is asked.

use outfield_core::base::id::RecordId;
use outfield_core::sync::frames::PushEntry;
use outfield_tests::crafter::CraftedChange;

use outfield_tests::attacked::{AttackedServer, entry, new_record, word};

const ACTOR: [u8; 16] = [9; 16];
const OBJECTS: [&str; 2] = ["cooler_maker", "cooler"];

/// A cooler of this person, as it was begun.
struct Begun {
    record: RecordId,
    change: CraftedChange,
}

/// The verdict on a change of a cooler, said to be made by a verb.
fn judged(
    stage: &AttackedServer,
    record: RecordId,
    change: &CraftedChange,
    verb: Option<&str>,
) -> String {
    let pushed = PushEntry {
        object: "x_cooler".to_owned(),
        verb: verb.map(str::to_owned),
        ..entry(record, &change.chunk())
    };
    word(&stage.push_entries(vec![pushed])[0])
}

/// Publishes the coolers, and lets the intruder begin one for somebody.
fn begins(stage: &AttackedServer, owner: &str, shop: &str, shelf: Option<&str>) -> Begun {
    let record = new_record(format!("{owner} {shelf:?}").as_bytes());
    let mut texts = vec![("account", shop), ("name", "Front"), ("owner", owner)];
    texts.extend(shelf.map(|product| ("shelves/top/product", product)));
    texts.push(("state", "placed"));
    let actor = [ACTOR, [10; 16]][usize::from(shelf.is_some())];
    let change = CraftedChange::puts(actor, &texts);
    assert_eq!(judged(stage, record, &change, None), "accepted");
    Begun { record, change }
}

impl Begun {
    /// The change of its state by a new writer; the state was the last operation of the first.
    fn moved(&self, state: &str, first: [u8; 16], operations: u64, writer: u8) -> CraftedChange {
        CraftedChange::puts([writer; 16], &[("state", state)])
            .replacing(first, operations)
            .after(&[self.change.hash()], 1, operations + 1)
    }
}

#[test]
fn what_a_verb_requires_is_asked_of_who_skips_it() {
    let mut stage = AttackedServer::serving();
    let shop = stage.shop();
    for object in OBJECTS {
        let file = format!("{}/objects/{object}.json", env!("CARGO_MANIFEST_DIR"));
        stage
            .yard
            .office(&["object", "publish", &file, "--tenant", "Acme"]);
    }
    let put = ["put", "product", "name=Cola", "--tenant", "Acme"];
    let product = stage.yard.office(&put)["id"].as_str().unwrap().to_owned();
    let put = ["put", "user", "name=Rosa", "role=rep", "--tenant", "Acme"];
    let rosa = stage.yard.office(&put)["id"].as_str().unwrap().to_owned();
    let others = begins(&stage, &rosa, &shop, None);
    let own = begins(&stage, stage.user(), &shop, Some(&product));
    let cases = [
        // Only its keeper inspects a cooler, which is a question of right.
        (&others, ACTOR, 4, "inspected", None, "not_keeper"),
        (
            &others,
            ACTOR,
            4,
            "inspected",
            Some("inspect_cooler"),
            "not_keeper",
        ),
        (
            &others,
            ACTOR,
            4,
            "inspected",
            Some("take_cooler_away"),
            "no_such_move",
        ),
        // What stands on its shelves, the record says alone.
        (&own, [10; 16], 5, "taken_away", None, "not_emptied"),
        (
            &own,
            [10; 16],
            5,
            "taken_away",
            Some("take_cooler_away"),
            "not_emptied",
        ),
        // What nothing is against is taken in.
        (
            &own,
            [10; 16],
            5,
            "inspected",
            Some("inspect_cooler"),
            "accepted",
        ),
        (
            &others,
            ACTOR,
            4,
            "taken_away",
            Some("take_cooler_away"),
            "accepted",
        ),
    ];
    for (writer, (cooler, first, operations, state, verb, expected)) in (20_u8..).zip(cases) {
        let change = cooler.moved(state, first, operations, writer);
        let said = judged(&stage, cooler.record, &change, verb);
        assert_eq!(said, expected, "{state} {verb:?}");
    }
    stage.unharmed();
}
