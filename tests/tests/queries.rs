//! Queries across phone and server: the same answer for the same person, nothing of what is out of
//! reach, and observers that hear what a sync made of an answer.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use outfield_core::app::{AnswerChange, Device, Observer, TouchedRecord, WatchedQuery};
use outfield_core::base::context::Role;
use outfield_core::base::id::RecordId;
use outfield_core::objects::{Write, beside};
use outfield_server::error::{ErrorKind, ServerError};
use outfield_tests::world::values as values_of;
use outfield_tests::{Phone, World};
use serde_json::{Value as Json, json};

/// Something that belongs to all, about an account that may not.
const NOTE: &str = r#"{
    "object":"x_note","version":1,"label":"Note","kind":"document","scope":[{"bucket":"tenant"}],
    "fields":{"text":{"kind":"text"},"account":{"kind":"reference","of":"account"},
        "secret":{"kind":"reference","of":"x_secret"},
        "rating":{"kind":"integer","by":"server"}},
    "rights":{"rep":{"read":true,"create":true,"edit":["*"]},
        "admin":{"read":true,"create":true,"edit":["*"]}}
}"#;

const SECRET: &str = r#"{
    "object":"x_secret","version":1,"label":"Secret","kind":"row","scope":[{"bucket":"tenant"}],
    "fields":{"word":{"kind":"text"}},
    "rights":{"admin":{"read":true,"create":true,"edit":["*"]}}
}"#;

/// What the server answers whoever has this token.
fn asked(world: &World, token: &str, query: &Json) -> Result<Json, ServerError> {
    world.office(|office| {
        let session = office.authenticate(token)?;
        office.query(&session, &query.to_string())
    })
}

fn names(answer: &Json) -> Vec<&str> {
    let records = answer["records"].as_array().unwrap();
    records
        .iter()
        .map(|record| record["name"].as_str().unwrap())
        .collect()
}

/// Five accounts in the north and five in the south, every second one of the whole.
fn two_territories(world: &World) -> [Phone; 3] {
    for n in 0..10 {
        let territory = if n % 2 == 0 { "North" } else { "South" };
        let _ = world.account(&format!("Shop {n}"), territory);
    }
    [
        world.phone_for("Ann", Role::REP, &["North"]),
        world.phone_for("Ben", Role::REP, &["South"]),
        world.phone_for("Ada", Role::ADMIN, &[]),
    ]
}

#[test]
fn pages_and_counts_are_of_what_one_sees() {
    let world = World::new();
    let [mut ann, _, mut ada] = two_territories(&world);
    let (ann_token, ada_token) = (ann.token(), ada.token());
    let mut query = json!({"object": "account", "order": [{"by": "name", "down": true}],
        "limit": 2, "count": true});
    let mut found = Vec::new();
    loop {
        let page = asked(&world, &ann_token, &query).unwrap();
        assert_eq!(page["count"], 5);
        let here = ann.device().query(&query.to_string()).unwrap().data;
        assert_eq!(
            here["records"], page["records"],
            "phone and server say the same"
        );
        assert_eq!(here["next"], page["next"], "and go on at the same place");
        found.extend(names(&page).into_iter().map(str::to_owned));
        if page["next"].is_null() {
            break;
        }
        query["after"] = page["next"].clone();
        let stolen = asked(&world, &ada_token, &query).unwrap_err();
        assert_eq!(stolen.code, "bad_cursor", "a cursor is of whoever got it");
    }
    assert_eq!(found, ["Shop 8", "Shop 6", "Shop 4", "Shop 2", "Shop 0"]);
    let all = json!({"object": "account", "count": true});
    assert_eq!(asked(&world, &ada_token, &all).unwrap()["count"], 10);
    let elsewhere = json!({"object": "account", "count": true,
        "where": {"field": "name", "equals": "Shop 1"}});
    let nothing = json!({"records": [], "next": null, "count": 0});
    assert_eq!(asked(&world, &ann_token, &elsewhere).unwrap(), nothing);
    // An index leads to these, so that members are asked one by one.
    let within = |territory: &str| {
        let condition = json!({"field": "territory", "equals": world.territory(territory)});
        json!({"object": "account", "count": true, "where": condition})
    };
    let south = within("South");
    assert_eq!(asked(&world, &ann_token, &south).unwrap(), nothing);
    assert_eq!(asked(&world, &ada_token, &south).unwrap()["count"], 5);
    let north = asked(&world, &ann_token, &within("North")).unwrap();
    assert_eq!((&north["count"], names(&north).len()), (&json!(5), 5));
}

#[test]
fn a_cursor_of_another_tenant_is_no_cursor() {
    let world = World::new();
    let other = world.neighbour("Globex");
    let [mut ann, ..] = two_territories(&world);
    for n in 0..3 {
        let _ = other.account(&format!("Shop {n}"), "East");
    }
    let mut eve = other.phone_for("Eve", Role::REP, &["East"]);
    let tokens = [ann.token(), eve.token()];
    let mut query = json!({"object": "account", "limit": 2});
    query["after"] = asked(&world, &tokens[0], &query).unwrap()["next"].clone();
    assert!(query["after"].is_string());
    let refused = asked(&other, &tokens[1], &query).unwrap_err();
    assert_eq!(refused.code, "bad_cursor");
}

#[test]
fn no_condition_looks_at_what_is_out_of_reach() {
    let world = World::new();
    world.publishes(SECRET);
    world.publishes(NOTE);
    let [mut ann, mut ben, mut ada] = two_territories(&world);
    let secret = world.puts("x_secret", None, &json!({"word": "sesame"}));
    ben.sync();
    let south = ben.device().list("account", None, 1).unwrap();
    let south = &south.data[0]["id"];
    let note = ben.adds("x_note", &json!({"text": "closed", "account": south}));
    ben.sync();
    world.puts("x_note", Some(&note), &json!({"secret": secret}));
    ann.sync();
    let (ann_token, ada_token) = (ann.token(), ada.token());
    let about = |path: &str, text: &str| {
        let condition = json!({"field": path, "starts": text});
        json!({"object": "x_note", "count": true, "where": condition})
    };
    for (path, text) in [("account.name", "Shop"), ("secret.word", "ses")] {
        let found = asked(&world, &ada_token, &about(path, text)).unwrap();
        assert_eq!(found["count"], 1, "{path}");
    }
    let found = asked(&world, &ann_token, &about("account.name", "Shop")).unwrap();
    assert_eq!(found["count"], 0, "the account is not Ann's to see");
    let here = about("account.name", "Shop").to_string();
    assert_eq!(ann.device().query(&here).unwrap().data["count"], 0);
    let refused = asked(&world, &ann_token, &about("secret.word", "ses")).unwrap_err();
    assert_eq!(refused.code, "unknown_object");
    for object in ["x_secret", "x_nothing", "x_note__srv"] {
        let refused = asked(&world, &ann_token, &json!({ "object": object })).unwrap_err();
        assert_eq!(refused.kind, ErrorKind::NotFound, "{object}");
    }
}

/// Writes down which records were touched.
#[derive(Default)]
struct TouchedDiary(Mutex<BTreeSet<TouchedRecord>>);

impl Observer for TouchedDiary {
    fn changed(&self, object: &str, ids: &[RecordId]) {
        let object = || object.to_owned();
        let touched = ids.iter().map(|id| TouchedRecord {
            object: object(),
            id: *id,
        });
        self.0.lock().unwrap().extend(touched);
    }
}

impl TouchedDiary {
    /// What became of the answer since it was last looked at: entered, left, changed.
    fn became(&self, device: &mut Device, watched: &mut WatchedQuery) -> Option<[Vec<String>; 3]> {
        let touched = std::mem::take(&mut *self.0.lock().unwrap());
        let change = device.look_again(watched, &touched).unwrap()?;
        let AnswerChange {
            entered,
            left,
            changed,
        } = change;
        let spelt = |ids: Vec<RecordId>| ids.iter().map(ToString::to_string).collect();
        Some([spelt(entered), spelt(left), spelt(changed)])
    }
}

#[test]
fn an_observed_answer_tells_what_became_of_it() {
    let world = World::new();
    world.publishes(SECRET);
    world.publishes(NOTE);
    let [mut ann, mut ben, _] = two_territories(&world);
    let diary = Arc::new(TouchedDiary::default());
    ann.device().observe(diary.clone());
    let query = json!({"object": "x_note", "order": [{"by": "text"}], "limit": 2,
        "where": {"any": [{"field": "rating", "above": 3}, {"field": "text", "starts": "a"}]}});
    let mut watched = ann.device().watch(&query.to_string()).unwrap();
    let none = || Vec::<String>::new();
    let mut became = |ann: &mut Phone| diary.became(ann.device(), &mut watched);

    ann.adds("x_note", &json!({"text": "b"}));
    ann.adds("contact", &json!({"name": "Rosa"}));
    assert_eq!(became(&mut ann), None, "what does not match is not told");
    let first = ann.adds("x_note", &json!({"text": "a2"}));
    assert_eq!(
        became(&mut ann),
        Some([vec![first.clone()], none(), none()])
    );
    ann.edits("x_note", &first, &json!({"text": "a3"}));
    assert_eq!(
        became(&mut ann),
        Some([none(), none(), vec![first.clone()]])
    );

    let second = ben.adds("x_note", &json!({"text": "a1"}));
    let third = ben.adds("x_note", &json!({"text": "a0"}));
    ben.sync();
    ann.sync();
    let told = became(&mut ann).expect("a sync is heard");
    assert_eq!(
        told,
        [
            vec![third.clone(), second.clone()],
            vec![first.clone()],
            none()
        ]
    );

    ben.edits("x_note", &third, &json!({"text": "z"}));
    ben.sync();
    ann.sync();
    let told = became(&mut ann).unwrap();
    assert_eq!(told, [vec![first.clone()], vec![third.clone()], none()]);

    ann.edits("x_note", &first, &json!({"text": "b"}));
    assert_eq!(became(&mut ann), Some([none(), vec![first], none()]));
    let values = json!({"record": third, "rating": 5});
    let rated = Write {
        object: beside::name_of("x_note"),
        id: beside::id_of("x_note", third.parse().unwrap()),
        new: true,
        values: values_of(&values),
        verb: None,
    };
    world.office(|office| office.write(&[rated])).unwrap();
    ann.sync();
    let told = became(&mut ann).expect("the server's own fields are heard");
    assert_eq!(told, [vec![third], none(), none()]);
    assert_eq!(became(&mut ann), None);
}

#[test]
fn a_verdict_changes_the_document_that_asked_for_it() {
    let world = World::new();
    let shop = world.account("Harp's", "North");
    world.goods(std::slice::from_ref(&shop));
    let mut ann = world.phone("Ann");
    let diary = Arc::new(TouchedDiary::default());
    ann.device().observe(diary.clone());
    let query = json!({"object": "sales_order",
        "where": {"field": "state", "equals": "submitted"}});
    let mut watched = ann.device().watch(&query.to_string()).unwrap();
    let pen = ann.device().search("pen", 1).unwrap().data[0]["id"].clone();
    let order = ann.does(&json!({"do": "new_order", "account": shop}));
    ann.does(
        &json!({"do": "set_order_line", "sales_order": order, "product": pen,
        "quantity": "2"}),
    );
    assert_eq!(
        diary.became(ann.device(), &mut watched),
        None,
        "a draft is none of them"
    );
    ann.does(&json!({"do": "submit_order", "sales_order": order}));
    let entered = diary.became(ann.device(), &mut watched).unwrap();
    assert_eq!(entered, [vec![order.clone()], Vec::new(), Vec::new()]);
    ann.sync();
    let judged = diary
        .became(ann.device(), &mut watched)
        .expect("a verdict is heard");
    assert_eq!(judged, [Vec::new(), Vec::new(), vec![order]]);
    let shown = ann.device().query(&query.to_string()).unwrap().data;
    assert_eq!(shown["records"][0]["verdict"], "confirmed");
}
