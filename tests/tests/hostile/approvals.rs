//! Approvals that nobody gave: by who may not, for another, of one's own order. It does not know
//! what an order waits for.

use outfield_core::base::id::ActorId;
use outfield_core::objects::{Record, Value, Values};
use outfield_core::sync::frames::PushEntry;
use serde_json::json;

use outfield_tests::attacked::{AttackedServer, entry, new_record, word};

/// A yes of this person to an order, decided then, by the intruder's device.
fn yes(order: &str, owner: &str, at: i64) -> PushEntry {
    let values = Values::from([
        ("order".to_owned(), order.into()),
        ("owner".to_owned(), owner.into()),
        ("decision".to_owned(), "approved".into()),
        ("content_hash".to_owned(), "00".into()),
        ("decided_at".to_owned(), Value::Int(at)),
    ]);
    PushEntry {
        is_fact: true,
        object: "order_approval".to_owned(),
        actor: Some(ActorId([9; 16])),
        at_ms: Some(1),
        verb: Some("approve_order".to_owned()),
        ..entry(new_record(&at.to_be_bytes()), &Record::canonical(&values))
    }
}

#[test]
fn an_approval_is_somebodys_who_may_and_of_another_persons_order() {
    let mut stage = AttackedServer::serving();
    let shop = stage.shop();
    let begin = json!({"do": "new_order", "account": shop}).to_string();
    let begun = stage.body("/api/v1/do", begin.as_bytes());
    let order = begun.json()["id"].as_str().unwrap().to_owned();
    let put = ["put", "user", "name=Rosa", "role=rep", "--tenant", "Acme"];
    let rosa = stage.yard.office(&put)["id"].as_str().unwrap().to_owned();
    let user = stage.user().to_owned();
    let said = |stage: &AttackedServer, owner: &str, at: i64| {
        word(&stage.push_entries(vec![yes(&order, owner, at)])[0])
    };
    assert_eq!(said(&stage, &user, 1), "not_allowed", "a rep");

    let id = format!("--id={user}");
    let put = ["put", "user", &id, "role=manager", "--tenant", "Acme"];
    stage.yard.office(&put);
    assert_eq!(said(&stage, &rosa, 2), "not_allowed", "for another");
    assert_eq!(said(&stage, &user, 3), "same_person");
    stage.unharmed();
}
