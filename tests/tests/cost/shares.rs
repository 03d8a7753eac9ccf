//! One author who takes all there is of something: others, and the office, still find their share.

use outfield_core::base::limits::{DEVICES_HEADS_MAX, PERSON_HEADS_MAX};
use outfield_core::base::time::Timestamp;
use outfield_core::objects::{Value, Values};
use outfield_tests::attacked::{AttackedServer, entry, new_record, word};
use serde_json::json;

use super::competing::{actor, contact, pushed, upon};

fn titled(title: &str) -> Values {
    Values::from([("job_title".to_owned(), Value::from(title))])
}

#[test]
fn a_hundred_competing_changes_of_one_author_refuse_nobody_elses_work() {
    let mut stage = AttackedServer::serving();
    let (document, first) = contact(&stage, &stage.shop(), 1);
    let record = new_record(&first.bytes);
    pushed(&stage, &first, std::slice::from_ref(&first));
    stage.honest.sync().unwrap();
    let edit = json!({
        "do": "edit", "object": "contact", "id": record, "fields": { "phone": "+14795550100" },
    });
    stage.honest.execute(&edit.to_string()).unwrap();
    let changes: Vec<_> = (1..=100)
        .map(|writer| upon(&document, writer, &titled(&writer.to_string())))
        .collect();
    let words = pushed(&stage, &first, &changes);
    let accepted = words.iter().filter(|word| *word == "accepted").count();
    assert_eq!(accepted, PERSON_HEADS_MAX, "{words:?}");
    assert!(accepted < DEVICES_HEADS_MAX);
    assert!(words.contains(&"too_many_heads".to_owned()));
    let told = stage.honest.sync().unwrap().data;
    assert_eq!(
        (&told["unsent"], &told["needs_attention"]),
        (&json!(0), &json!(0)),
        "{told}"
    );
    stage.unharmed();
}

#[test]
fn one_author_who_fills_a_history_leaves_room_for_others_and_the_office() {
    let mut stage = AttackedServer::serving();
    let (mut document, first) = contact(&stage, &stage.shop(), 1);
    let record = new_record(&first.bytes);
    pushed(&stage, &first, std::slice::from_ref(&first));
    let mut full = false;
    for n in 1..200 {
        let long = format!("{n}-").repeat(2_000);
        let mut next = document.clone();
        let change = next
            .write(actor(0), Timestamp(1_795_500_000_000), &titled(&long))
            .unwrap();
        let verdicts = stage.push_entries(vec![entry(record, &change.bytes)]);
        if word(&verdicts[0]) == "document_full" {
            full = true;
            break;
        }
        assert_eq!(word(&verdicts[0]), "accepted");
        document = next;
    }
    assert!(full, "nobody fills it");
    stage.honest.sync().unwrap();
    let edit = json!({
        "do": "edit", "object": "contact", "id": record, "fields": { "phone": "+14795550100" },
    });
    stage.honest.execute(&edit.to_string()).unwrap();
    let told = stage.honest.sync().unwrap().data;
    assert_eq!(told["needs_attention"], json!(0), "{told}");
    let id = record.to_string();
    let put = [
        "put",
        "contact",
        "--id",
        &id,
        "mobile=+14795550101",
        "--tenant",
        "Acme",
    ];
    assert_eq!(stage.yard.office(&put)["id"], json!(id));
    stage.unharmed();
}
