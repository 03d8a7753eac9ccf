//! Work that no honest device would hand in: under ids, actors, states, ticks and names that are
//! not the intruder's to use. It does not know spoilt bytes.

use outfield_core::base::id::{ActorId, RecordId};
use outfield_core::objects::number::series;
use outfield_core::sync::frames::PushEntry;
use outfield_server::office::imported_id;
use outfield_tests::crafter::CraftedChange;
use serde_json::json;

use outfield_tests::attacked::{AttackedServer, entry, judged, new_record, word};

const ACTOR: [u8; 16] = [9; 16];

fn follow_up(stage: &AttackedServer, record: RecordId, actor: ActorId, shop: &str) -> PushEntry {
    use outfield_core::objects::{Record, Values};
    let values = Values::from([
        ("note".to_owned(), "a".into()),
        ("account".to_owned(), shop.into()),
        ("owner".to_owned(), stage.user().into()),
    ]);
    PushEntry {
        is_fact: true,
        object: "follow_up".to_owned(),
        actor: Some(actor),
        at_ms: Some(1),
        ..entry(record, &Record::canonical(&values))
    }
}

#[test]
fn states_move_along_verbs_and_nowhere_else() {
    let mut stage = AttackedServer::serving();
    let (shop, user) = (stage.shop(), stage.user().to_owned());
    let visit = new_record(b"visit");
    let first = |state: &str| {
        let all = [
            ("account", shop.as_str()),
            ("owner", &user),
            ("state", state),
        ];
        CraftedChange::puts(ACTOR, &all)
    };
    let unseen = new_record(b"another");
    for state in ["completed", "cancelled"] {
        let said = judged(&stage, "visit", unseen, &first(state), None);
        assert_eq!(said, "no_such_move", "{state}");
    }
    let planned = first("planned");
    assert_eq!(judged(&stage, "visit", visit, &planned, None), "accepted");
    // The third operation of the first change is the state.
    let then = |state: &str, actor: u8| {
        CraftedChange::puts([actor; 16], &[("state", state)])
            .replacing(ACTOR, 3)
            .after(&[planned.hash()], 1, 4)
    };
    let cases = [
        ("completed", None, "not_checked_in"),
        ("completed", Some("check_out"), "not_checked_in"),
        ("in_progress", Some("cancel_visit"), "no_such_move"),
        ("in_progress", Some("fly"), "unknown_command"),
        ("cancelled", Some("cancel_visit"), "accepted"),
    ];
    for (actor, (state, verb, expected)) in (20_u8..).zip(cases) {
        let said = judged(&stage, "visit", visit, &then(state, actor), verb);
        assert_eq!(said, expected, "{state} {verb:?}");
    }
    stage.unharmed();
}

#[test]
fn an_id_belongs_to_one_record_of_one_object() {
    let mut stage = AttackedServer::serving();
    let shop = stage.shop();
    let product = stage
        .yard
        .office(&["put", "product", "name=Tea", "--tenant", "Acme"]);
    let product: RecordId = product["id"].as_str().unwrap().parse().unwrap();
    let taken = follow_up(&stage, product, ActorId(ACTOR), &shop);
    let under = follow_up(&stage, new_record(b"under"), ActorId(product.0), &shop);
    let derived = imported_id("account", "77");
    let like = follow_up(&stage, new_record(b"like"), ActorId(derived.0), &shop);
    let verdicts = stage.push_entries(vec![taken, under, like]);
    let said: Vec<String> = verdicts.iter().map(word).collect();
    assert_eq!(said, ["wrong_object", "foreign_actor", "foreign_actor"]);
    let contact = CraftedChange::puts(ACTOR, &[("name", "Rosa"), ("owner", stage.user())]);
    assert_eq!(judged(&stage, "contact", derived, &contact, None), "bad_id");
    let twice = new_record(b"twice");
    let contact = CraftedChange::puts(ACTOR, &[("name", "Ben"), ("owner", stage.user())]);
    assert_eq!(judged(&stage, "contact", twice, &contact, None), "accepted");
    let again = CraftedChange::puts([11; 16], &[("name", "Mine"), ("owner", stage.user())]);
    assert_eq!(
        judged(&stage, "contact", twice, &again, None),
        "already_exists"
    );
    stage.honest.sync().unwrap();
    let there = stage.honest.get("product", &product.to_string()).unwrap();
    assert_eq!(
        there.data["name"],
        json!("Tea"),
        "phones hold the product still"
    );
    stage.unharmed();
}

#[test]
fn refused_work_leaves_no_actor_behind() {
    let mut stage = AttackedServer::serving();
    let actor = ActorId([12; 16]);
    let nameless = CraftedChange::puts(actor.0, &[("owner", stage.user())]);
    let record = new_record(b"nameless");
    assert_eq!(
        judged(&stage, "contact", record, &nameless, None),
        "required"
    );
    let path = format!("/api/v1/actor/{actor}");
    assert_eq!(stage.get(&path).status, 404);
    let named = CraftedChange::puts(actor.0, &[("name", "Rosa"), ("owner", stage.user())]);
    assert_eq!(judged(&stage, "contact", record, &named, None), "accepted");
    assert_eq!(stage.get(&path).status, 200);
    stage.unharmed();
}

#[test]
fn nothing_is_written_for_others_nor_where_one_does_not_reach() {
    let mut stage = AttackedServer::serving();
    let shop = stage.shop();
    let south = stage
        .yard
        .office(&["territory", "add", "South", "--tenant", "Acme"]);
    let south = format!("territory={}", south["id"].as_str().unwrap());
    let far = ["put", "account", "name=Far", &south, "--tenant", "Acme"];
    let far = stage.yard.office(&far)["id"].as_str().unwrap().to_owned();
    let hanna = stage.honest.status().unwrap().data["enrolled"]["user"].clone();
    let (mine, hanna) = (stage.user().to_owned(), hanna.as_str().unwrap().to_owned());
    let visit = |account: &str, owner: &str| {
        let all = [("account", account), ("owner", owner), ("state", "planned")];
        CraftedChange::puts(ACTOR, &all)
    };
    let order = |account: &str| {
        let all = [
            ("account", account),
            ("currency", "USD"),
            ("owner", mine.as_str()),
            ("state", "draft"),
            ("tax_mode", "exclusive"),
            ("tax_rounding", "line"),
        ];
        CraftedChange::puts(ACTOR, &all)
    };
    let cases = [
        ("visit", visit(&shop, &hanna), "not_allowed"),
        ("visit", visit(&far, &mine), "not_in_scope"),
        ("sales_order", order(&far), "not_in_scope"),
    ];
    for (number, (object, change, expected)) in cases.into_iter().enumerate() {
        let record = new_record(&[number as u8]);
        assert_eq!(
            judged(&stage, object, record, &change, None),
            expected,
            "{number}"
        );
    }
    let (record, first) = (new_record(b"order"), order(&shop));
    assert_eq!(
        judged(&stage, "sales_order", record, &first, None),
        "accepted"
    );
    let moved = CraftedChange::puts([10; 16], &[("account", &far)])
        .replacing(ACTOR, 1)
        .after(&[first.hash()], 1, 7);
    assert_eq!(
        judged(&stage, "sales_order", record, &moved, None),
        "unknown_reference"
    );
    stage.unharmed();
}

#[test]
fn a_number_is_of_the_writers_own_series_and_given_once() {
    let mut stage = AttackedServer::serving();
    let (shop, mine) = (stage.shop(), stage.user().to_owned());
    let order = |actor: u8, number: &str| {
        let all = [
            ("account", shop.as_str()),
            ("currency", "USD"),
            ("number", number),
            ("owner", mine.as_str()),
            ("state", "draft"),
            ("tax_mode", "exclusive"),
            ("tax_rounding", "line"),
        ];
        CraftedChange::puts([actor; 16], &all)
    };
    // The series of an actor of nines.
    let own = format!("SO-{}", series(ActorId(ACTOR)));
    for (at, (actor, number, expected)) in (0_u8..).zip([
        (9, "SO-00000000-1".to_owned(), "foreign_number"),
        (9, format!("{own}-0"), "foreign_number"),
        (9, format!("{own}-x"), "foreign_number"),
        (9, format!("{own}-1"), "accepted"),
        (10, format!("{own}-1"), "number_taken"),
        (10, format!("{own}-2"), "accepted"),
    ]) {
        let record = new_record(&[b'n', at]);
        let said = judged(&stage, "sales_order", record, &order(actor, &number), None);
        assert_eq!(said, expected, "{number}");
    }
    stage.unharmed();
}

#[test]
fn a_tick_never_falls_back() {
    let mut stage = AttackedServer::serving();
    let (shop, record) = (stage.shop(), new_record(b"falls"));
    let first = CraftedChange::puts(ACTOR, &[("name", "Rosa"), ("roles/r/account", &shop)]);
    assert_eq!(judged(&stage, "contact", record, &first, None), "accepted");
    let nowhere = ["user", "set", "Ivan", "--territory", "", "--tenant", "Acme"];
    stage.yard.office(&nowhere);
    stage.shop();
    for tick in [0, u64::MAX, u64::MAX, 0] {
        stage.greet(tick);
    }
    let late = CraftedChange::puts([10; 16], &[("job_title", "x")]).after(&[first.hash()], 1, 3);
    let said = judged(&stage, "contact", record, &late, None);
    assert_eq!(
        said, "not_in_scope",
        "it said before that it knew of the loss"
    );
    stage.unharmed();
}

#[test]
fn whoever_is_deactivated_comes_in_by_no_door() {
    let mut stage = AttackedServer::serving();
    let code = stage
        .yard
        .office(&["user", "code", "Ivan", "--tenant", "Acme"]);
    let code = code["data"]["enrolment_code"].as_str().unwrap().to_owned();
    let off = [
        "user", "set", "Ivan", "--active", "false", "--tenant", "Acme",
    ];
    stage.yard.office(&off);
    let enrol = json!({"code": code, "install": "late", "name": "late"}).to_string();
    let heard = stage.body("/sync/v1/enrol", enrol.as_bytes());
    assert_eq!((heard.status, heard.code().as_str()), (401, "signed_out"));
    // For a while what was written before is handed in, and nothing else is open.
    let refresh = json!({"refresh_token": stage.intruder["refresh_token"]}).to_string();
    let renewed = stage.body("/sync/v1/refresh", refresh.as_bytes());
    stage.intruder["token"] = renewed.json()["token"].clone();
    let pull = stage.body("/sync/v1/pull", &[]);
    assert_eq!((pull.status, pull.code().as_str()), (401, "signed_out"));
    assert_eq!(stage.get("/api/v1/contact").status, 401);
    stage.unharmed();
}
