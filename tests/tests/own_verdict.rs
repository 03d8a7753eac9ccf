//! A tenant's own object that asks the server for a verdict, and a tenant's own figure that it
//! draws from: three files of data, published while phones are in the field, and no line of Rust.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use outfield_core::app::FieldError;
use outfield_tests::{Phone, World};
use serde_json::{Value as Json, json};

const PUBLISHED: [&str; 3] = [
    include_str!("../objects/budget.json"),
    include_str!("../objects/request.json"),
    include_str!("../objects/request_verdict.json"),
];

/// A budget of 150 for samples, and two reps who ask for some.
struct SampleBudget {
    world: World,
    ann: Phone,
    ben: Phone,
    budget: String,
}

fn samples() -> SampleBudget {
    let world = World::new();
    let (mut ann, mut ben) = (world.phone("Ann"), world.phone("Ben"));
    PUBLISHED.iter().for_each(|json| world.publishes(json));
    let budget = world.puts("x_budget", None, &json!({"name": "Spring", "left": "150"}));
    world.agree(&mut [&mut ann, &mut ben]);
    SampleBudget {
        world,
        ann,
        ben,
        budget,
    }
}

/// A request for so much, asked at this moment.
#[track_caller]
fn asks(phone: &mut Phone, amount: &str, at: i64) -> String {
    let fields = json!({"what": "Tea for tasting", "budget": "Spring", "amount": amount});
    let request = phone.adds("x_request", &fields);
    phone.does(&ask(&request, at));
    request
}

fn ask(request: &str, at: i64) -> Json {
    json!({"do": "ask_samples", "x_request": request, "asked_at": at})
}

#[track_caller]
fn refused(phone: &mut Phone, command: &Json) -> (String, Json) {
    let said = phone.tries(command).unwrap_err();
    let FieldError::Refused { code, numbers, .. } = said else {
        panic!("{said}")
    };
    (code, json!(numbers))
}

#[test]
fn what_is_asked_is_granted_out_of_the_budget_or_refused_by_its_numbers() {
    let SampleBudget {
        world,
        mut ann,
        mut ben,
        budget,
    } = samples();
    let first = asks(&mut ann, "100", 1);
    let second = asks(&mut ben, "80", 1);
    assert_eq!(
        ann.device().waiting().unwrap().data[0]["name"],
        "Tea for tasting"
    );
    // The phone knows what waits, and asks before the server is asked.
    let fields = json!({"what": "Cups", "budget": "Spring", "amount": "60"});
    let third = ann.adds("x_request", &fields);
    let (code, numbers) = refused(&mut ann, &ask(&third, 2));
    assert_eq!(
        (code.as_str(), &numbers["room"], &numbers["waiting"]),
        ("budget_spent", &json!("50"), &json!("100"))
    );
    ann.sync();
    ben.sync();
    assert_eq!(ann.get("x_request", &first)["outcome"], "granted");
    let told = ben.get("x_request", &second);
    assert_eq!(
        (&told["verdict"], &told["outcome"]),
        (&json!("refused"), &Json::Null)
    );
    assert_eq!(ben.device().status().unwrap().data["rejected"], 1);
    let record = world.record("x_budget", &budget);
    assert_eq!(
        (&record["left"], &record["granted"]),
        (&json!("50"), &json!("100"))
    );
    // It is mended, and asked again.
    ben.edits("x_request", &second, &json!({"amount": "50"}));
    ben.does(&ask(&second, 3));
    ben.sync();
    assert_eq!(ben.get("x_request", &second)["outcome"], "granted");
    let found = world.office(|office| office.find("x_request", "outcome", &"granted".into()));
    assert_eq!(found.unwrap().len(), 2);
    let wrong = world.office(|office| office.check_ledger()).unwrap();
    assert_eq!(wrong, Vec::<Json>::new());
    world.agree(&mut [&mut ann, &mut ben]);
}

#[test]
fn what_the_verdict_requires_is_asked_on_the_phone_and_on_the_server() {
    let SampleBudget { world, mut ann, .. } = samples();
    for (amount, code) in [("0", "nothing_asked"), ("100.01", "too_much_at_once")] {
        let fields = json!({"what": "Tea", "budget": "Spring", "amount": amount});
        let request = ann.adds("x_request", &fields);
        let (said, numbers) = refused(&mut ann, &ask(&request, 1));
        assert_eq!((said.as_str(), &numbers["is"]), (code, &json!(amount)));
    }
    // Where nobody keeps the budget, the server says so, and nothing moves.
    let fields = json!({"what": "Tea", "budget": "Autumn", "amount": "5"});
    let request = ann.adds("x_request", &fields);
    assert_eq!(refused(&mut ann, &ask(&request, 1)).0, "not_kept");
    ann.sync();
    assert_eq!(ann.needs_attention().len(), 0);
    assert_eq!(
        world.office(|office| office.check_ledger()).unwrap(),
        Vec::<Json>::new()
    );
}

#[test]
fn what_no_phone_can_know_the_server_refuses_in_the_pots_own_words() {
    let SampleBudget { world, mut ann, .. } = samples();
    let request = asks(&mut ann, "90", 1);
    // The office lowers the budget meanwhile, which no phone can know.
    let budget = world.office(|office| office.all("x_budget")).unwrap()[0]["id"].clone();
    world.puts("x_budget", budget.as_str(), &json!({"left": "89.99"}));
    ann.sync();
    let told = ann.get("x_request", &request);
    assert_eq!(told["verdict"], "refused");
    let said = world
        .office(|office| office.all("x_request_verdict"))
        .unwrap();
    assert_eq!(said[0]["code"], "budget_spent");
    let message = "90 are asked for, 89.99 of the budget Spring are left; ask for less";
    assert_eq!(said[0]["message"], message);
    assert_eq!(
        ann.get("x_request_verdict", said[0]["id"].as_str().unwrap())["verdict"],
        "refused"
    );
}

#[test]
fn what_a_verdict_waits_for_is_data_and_is_looked_at_again_when_the_document_changes() {
    let world = World::new();
    let mut ann = world.phone("Ann");
    let [budget, mut request, mut verdict]: [Json; 3] =
        PUBLISHED.map(|json| serde_json::from_str(json).unwrap());
    request["fields"]["checked"] = json!({"kind": "boolean", "label": "Somebody looked at it"});
    verdict["fields"]["verdict"]["choices"] = json!(["granted", "refused", "open"]);
    verdict["verdict_of"]["words"] =
        json!({"granted": "granted", "refused": "refused", "waiting": "open"});
    let waits = json!({
        "if": {"field": "checked", "equals": true}, "waits": true, "code": "not_checked",
        "say": "somebody must look at it first",
    });
    let require = verdict["verdict_of"]["require"].as_array_mut().unwrap();
    require.push(waits);
    for json in [&budget, &request, &verdict] {
        world.publishes(&json.to_string());
    }
    let budget = world.puts("x_budget", None, &json!({"name": "Spring", "left": "150"}));
    ann.sync();
    let id = asks(&mut ann, "100", 1);
    ann.sync();
    let left = || world.record("x_budget", &budget)["left"].clone();
    assert_eq!(ann.get("x_request", &id)["verdict"], "open");
    assert_eq!(
        (left(), ann.get("x_request", &id)["outcome"].clone()),
        (json!("150"), Json::Null)
    );
    assert_eq!(ann.device().status().unwrap().data["rejected"], 0);
    assert_eq!(ann.device().waiting().unwrap().data[0]["record"], json!(id));

    ann.edits("x_request", &id, &json!({"checked": true}));
    ann.sync();
    assert_eq!(ann.get("x_request", &id)["verdict"], "granted");
    assert_eq!(
        (left(), &ann.get("x_request", &id)["outcome"]),
        (json!("50"), &json!("granted"))
    );
    assert_eq!(ann.device().waiting().unwrap().data, json!([]));
    world.agree(&mut [&mut ann]);
}

#[test]
fn a_verdict_that_names_nobody_to_tell_is_refused_where_it_is_published() {
    let world = World::new();
    let [budget, request, mut verdict]: [Json; 3] =
        PUBLISHED.map(|json| serde_json::from_str(json).unwrap());
    for json in [&budget, &request] {
        world.publishes(&json.to_string());
    }
    verdict["fields"].as_object_mut().unwrap().remove("owner");
    let json = verdict.to_string();
    let refused = world.office(|office| office.publish("object.json", &json));
    let refused = refused.unwrap_err();
    assert!(refused.message.contains("fields.owner"), "{refused}");
}
