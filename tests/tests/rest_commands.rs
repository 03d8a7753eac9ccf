//! Commands over HTTP: what a phone may do a person may do there, once, upon what they saw,
//! together or not at all; and what the office keeps is refused where it is wrong.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::time::Duration;

use outfield_core::app::Device;
use outfield_tests::caller::{self, HttpAnswer, JsonCall};
use outfield_tests::served::{Served, Yard};
use serde_json::{Value as Json, json};

const PATIENCE: Duration = Duration::from_secs(20);

/// A server with a rep who has a phone, and an administrator.
struct ApiStage {
    yard: Yard,
    served: Served,
    phone: Device,
    rep: String,
    admin: String,
    shop: String,
}

impl ApiStage {
    fn new() -> ApiStage {
        let yard = Yard::new();
        let served = yard.serve("127.0.0.1:0");
        let mut phone = yard.phone(&served, "Hanna");
        let rep = phone.token().unwrap().data["token"]
            .as_str()
            .unwrap()
            .to_owned();
        let admin = served.enrol(&yard.user("Ada", "admin"), "ada")["token"].clone();
        let territories = yard.office(&["territory", "list", "--tenant", "Acme"]);
        let north = territories["data"][0]["id"].clone();
        let mut office = ApiStage {
            yard,
            served,
            phone,
            rep,
            admin: admin.as_str().unwrap().to_owned(),
            shop: String::new(),
        };
        let shop = json!({"name": "Harp's", "territory": north});
        office.shop = id(&office.post("/api/v1/account", &office.admin, &shop));
        office
    }

    fn call(&self, call: JsonCall<'_>, body: &Json) -> HttpAnswer {
        call.say(self.served.address, body, PATIENCE).unwrap()
    }

    fn post(&self, path: &str, token: &str, body: &Json) -> HttpAnswer {
        let (method, headers) = ("POST", &[][..]);
        let call = JsonCall {
            method,
            path,
            token,
            headers,
        };
        self.call(call, body)
    }

    fn get(&self, path: &str, token: &str) -> HttpAnswer {
        caller::get(self.served.address, path, token, PATIENCE).unwrap()
    }

    /// How many contacts the rep sees.
    fn contacts(&self) -> usize {
        let all = self.get("/api/v1/contact", &self.rep).json();
        all["data"]["records"].as_array().unwrap().len()
    }
}

fn id(answer: &HttpAnswer) -> String {
    let json = answer.json();
    json["id"]
        .as_str()
        .unwrap_or_else(|| panic!("{json}"))
        .to_owned()
}

fn said(answer: &HttpAnswer) -> (u16, String) {
    (answer.status, answer.code())
}

#[test]
fn what_a_person_does_over_http_is_on_the_phone_and_back() {
    let mut office = ApiStage::new();
    let add = json!({"do": "add", "object": "contact", "fields":
        {"name": "Rosa", "roles/r/account": office.shop}});
    let rosa = id(&office.post("/api/v1/do", &office.rep, &add));
    office.phone.sync().unwrap();
    let there = office.phone.get("contact", &rosa).unwrap().data;
    assert_eq!(
        (&there["name"], &there["roles"]["r"]["account"]),
        (&json!("Rosa"), &json!(office.shop))
    );
    let edit =
        json!({"do": "edit", "object": "contact", "id": rosa, "fields": {"phone": "+14795550100"}});
    office.phone.execute(&edit.to_string()).unwrap();
    office.phone.sync().unwrap();
    let path = format!("/api/v1/contact/{rosa}");
    assert_eq!(
        office.get(&path, &office.rep).json()["data"]["phone"],
        "+14795550100"
    );
    let start = json!({"do": "start_visit", "account": office.shop});
    let visit = id(&office.post("/api/v1/do", &office.rep, &start));
    let out = json!({"do": "check_out", "visit": visit});
    let refused = office.post("/api/v1/do", &office.rep, &out);
    assert_eq!(said(&refused), (403, "not_checked_in".to_owned()));
    let hand =
        json!({"do": "edit", "object": "visit", "id": visit, "fields": {"state": "completed"}});
    let refused = office.post("/api/v1/do", &office.rep, &hand);
    assert_eq!(said(&refused), (403, "only_verbs".to_owned()));
}

#[test]
fn an_edit_that_changes_nothing_answers_with_the_record_at_every_door() {
    let mut office = ApiStage::new();
    let body = json!({"name": "Joe", "roles": {"r": {"account": office.shop}}});
    let joe = id(&office.post("/api/v1/contact", &office.rep, &body));
    office.phone.sync().unwrap();
    let edit = json!({"do": "edit", "object": "contact", "id": joe, "fields": {"name": "Joe"}});
    let here = office.phone.execute(&edit.to_string()).unwrap();
    assert_eq!(
        (here.id, &here.data["name"]),
        (Some(joe.clone()), &json!("Joe"))
    );
    assert_eq!(
        office.phone.outbox().unwrap().data,
        json!([]),
        "nothing is sent"
    );
    let there = office.post("/api/v1/do", &office.rep, &edit).json();
    assert_eq!((&there["id"], &there["data"]), (&json!(joe), &here.data));
}

#[test]
fn a_request_is_carried_out_once_and_only_upon_what_was_seen() {
    let office = ApiStage::new();
    let before = office.contacts();
    let body = json!({"name": "Rosa", "roles": {"r": {"account": office.shop}}});
    let call = JsonCall {
        method: "POST",
        path: "/api/v1/contact",
        token: &office.rep,
        headers: &["idempotency-key: first-1"],
    };
    let (made, again) = (office.call(call, &body), office.call(call, &body));
    assert_eq!((made.status, &made.body), (201, &again.body));
    assert_eq!(office.contacts(), before + 1);
    let other = json!({"name": "Ben", "roles": {"r": {"account": office.shop}}});
    assert_eq!(
        said(&office.call(call, &other)),
        (403, "key_reused".to_owned())
    );
    let path = format!("/api/v1/contact/{}", id(&made));
    let head = office.get(&path, &office.rep).head;
    let seen = head.lines().find(|line| line.starts_with("etag:")).unwrap();
    let seen = seen.replace("etag:", "if-match:");
    let patch = JsonCall {
        method: "PATCH",
        path: &path,
        token: &office.rep,
        headers: &[&seen],
    };
    assert_eq!(
        office.call(patch, &json!({"job_title": "Owner"})).status,
        200
    );
    let late = office.call(patch, &json!({"job_title": "Buyer"}));
    assert_eq!(said(&late), (412, "changed_meanwhile".to_owned()));
    let numbers = &late.json()["error"]["numbers"];
    assert_eq!(
        (
            &numbers["yours"]["job_title"],
            &numbers["current"]["job_title"]
        ),
        (&json!("Buyer"), &json!("Owner"))
    );
    let delete = JsonCall {
        method: "DELETE",
        path: &path,
        token: &office.rep,
        headers: &[],
    };
    assert_eq!(
        said(&office.call(delete, &json!({}))),
        (405, "never_deleted".to_owned())
    );
}

#[test]
fn questions_and_descriptors_are_asked_by_name() {
    let mut office = ApiStage::new();
    let start = json!({"do": "start_visit", "account": office.shop});
    let visit = id(&office.post("/api/v1/do", &office.rep, &start));
    office.phone.sync().unwrap();
    let there = office.get("/api/v1/ask/today", &office.rep).json()["data"].clone();
    let here = office.phone.ask_question("today", "{}").unwrap().data;
    assert_eq!((&there, &there[0]["id"]), (&here, &json!(visit)));
    let unknown = office.get("/api/v1/ask/todai", &office.rep);
    assert_eq!(said(&unknown), (400, "unknown_question".to_owned()));
    let visit = office.get("/api/v1/object/visit", &office.rep).json();
    assert_eq!(visit["data"]["verbs"]["check_out"]["to"], "completed");
    let extension = r#"{"extends": "contact", "version": 1, "fields":
        {"x_shoe_size": {"kind": "integer"}}, "rights": {"rep": {"edit": ["x_shoe_size"]}}}"#;
    let file = office.yard.path("contact.json");
    std::fs::write(&file, extension).unwrap();
    office.yard.office(&[
        "object",
        "publish",
        file.to_str().unwrap(),
        "--tenant",
        "Acme",
    ]);
    let contact = office.get("/api/v1/object/contact", &office.rep).json();
    assert_eq!(contact["data"]["fields"]["x_shoe_size"]["kind"], "integer");
    office.phone.sync().unwrap();
    let rosa = json!({"do": "add", "object": "contact", "fields":
        {"name": "Rosa", "roles/r/account": office.shop, "x_shoe_size": 41}});
    let rosa = office.phone.execute(&rosa.to_string()).unwrap().id.unwrap();
    office.phone.sync().unwrap();
    let path = format!("/api/v1/contact/{rosa}");
    assert_eq!(
        office.get(&path, &office.rep).json()["data"]["x_shoe_size"],
        41
    );
    let whole = r#"{"object": "contact", "version": 2, "label": "Mine", "kind": "document",
        "fields": {"name": {"kind": "text"}}, "scope": [{"bucket": "tenant"}], "rights": {}}"#;
    std::fs::write(&file, whole).unwrap();
    let refused = office.yard.refused(&[
        "object",
        "publish",
        file.to_str().unwrap(),
        "--tenant",
        "Acme",
    ]);
    assert_eq!(refused["error"]["code"], "bad_descriptor");
}

#[test]
fn a_group_becomes_true_together_or_not_at_all() {
    let office = ApiStage::new();
    let before = office.contacts();
    let contact = |name: &str| {
        let fields = json!({"name": name, "roles/r/account": office.shop});
        json!({"do": "add", "object": "contact", "fields": fields})
    };
    let nameless = json!({"do": "add", "object": "contact", "fields": {"job_title": "x"}});
    let half = json!({"group": [contact("Rosa"), nameless]});
    let refused = office.post("/api/v1/do", &office.rep, &half);
    assert_eq!(
        (said(&refused), office.contacts()),
        ((400, "required".to_owned()), before)
    );
    let whole = json!({"group": [contact("Rosa"), contact("Ben")]});
    let done = office.post("/api/v1/do", &office.rep, &whole);
    assert_eq!(
        done.json()["data"].as_array().unwrap().len(),
        2,
        "{:?}",
        done.json()
    );
    assert_eq!(office.contacts(), before + 2);
    let many = json!({"group": vec![contact("Many"); 51]});
    let refused = office.post("/api/v1/do", &office.rep, &many);
    assert_eq!(said(&refused), (400, "bad_group".to_owned()));
}

#[test]
fn rows_are_written_by_whose_rights_say_so_and_only_if_they_are_sound() {
    let office = ApiStage::new();
    let tea = json!({"name": "Tea"});
    let refused = office.post("/api/v1/product", &office.rep, &tea);
    assert_eq!(said(&refused), (403, "not_allowed".to_owned()));
    let tea = id(&office.post("/api/v1/product", &office.admin, &tea));
    let list = json!({"name": "Own", "applies_to": "all", "currency": "USD", "list_version": 1});
    let list = id(&office.post("/api/v1/price_list", &office.admin, &list));
    let price = json!({"price_list": list, "product": tea, "unit": "CS", "unit_price": "-1"});
    let promotion = json!({"name": "Ten", "promotion_version": 1, "level": "line",
        "hurdle": "quantity", "reward": "percent", "reward_percent": "10"});
    let policy = json!({"name": "Second", "is_default": true, "currency": "EUR",
        "tax_mode": "exclusive", "tax_rounding": "line"});
    let survey = json!({"name": "Ask", "template_version": 1, "actions/a/kind": "survey",
        "actions/a/title": "Ask", "questions/q/action": "b", "questions/q/text": "Why",
        "questions/q/kind": "choice"});
    let cases = [
        ("price_entry", price, "bad_price_book", vec!["unit"]),
        (
            "promotion",
            promotion.clone(),
            "bad_book",
            vec!["hurdle_quantity"],
        ),
        ("order_policy", policy, "second_default", vec!["is_default"]),
        (
            "visit_template",
            survey,
            "survey_cannot_be_completed",
            vec!["questions/q/action", "questions/q/choices"],
        ),
        ("device", json!({"name": "x"}), "only_verbs", vec!["object"]),
        (
            "user",
            json!({"name": "Zed", "role": "king"}),
            "unknown_role",
            vec!["role"],
        ),
    ];
    for (object, body, code, fields) in cases {
        let refused = office.post(&format!("/api/v1/{object}"), &office.admin, &body);
        assert_eq!(refused.code(), code, "{object}: {}", refused.json());
        assert_eq!(refused.json()["error"]["fields"], json!(fields), "{object}");
    }
    let price = |unit: &str, minimum: &str| {
        let body = json!({"price_list": list, "product": tea, "unit": unit, "unit_price": "1",
            "minimum_quantity": minimum});
        said(&office.post("/api/v1/price_entry", &office.admin, &body))
    };
    assert_eq!(price("EA", "10").0, 201);
    assert_eq!(price("EA", "20").0, 201);
    assert_eq!(price("EA", "10.0"), (403, "price_tie".to_owned()));
    let mut whole = promotion;
    whole["hurdle_quantity"] = json!("10");
    let twice = [0, 1].map(|_| office.post("/api/v1/promotion", &office.admin, &whole));
    assert_eq!(
        (twice[0].status, said(&twice[1])),
        (201, (403, "exists".to_owned()))
    );
    let check = office.yard.office(&["check", "--tenant", "Acme"]);
    assert_eq!(check["data"], json!([]));
}

#[test]
fn a_territory_lies_below_others_and_a_device_ends_by_its_verb() {
    let mut office = ApiStage::new();
    let top = id(&office.post("/api/v1/territory", &office.admin, &json!({"name": "Top"})));
    let low = json!({"name": "Low", "parent": top});
    let low = id(&office.post("/api/v1/territory", &office.admin, &low));
    let path = format!("/api/v1/territory/{top}");
    let patch = JsonCall {
        method: "PATCH",
        path: &path,
        token: &office.admin,
        headers: &[],
    };
    let refused = office.call(patch, &json!({"parent": low}));
    assert_eq!(said(&refused), (403, "below_itself".to_owned()));
    let device = office.phone.status().unwrap().data["enrolled"]["device"].clone();
    let path = format!("/api/v1/device/{}", device.as_str().unwrap());
    let patch = JsonCall {
        path: &path,
        ..patch
    };
    let by_hand = office.call(patch, &json!({"state": "revoked"}));
    assert_eq!(said(&by_hand), (403, "only_verbs".to_owned()));
    assert!(office.phone.sync().is_ok());
    let revoke = json!({"do": "revoke_device", "device": device});
    assert_eq!(
        said(&office.post("/api/v1/do", &office.rep, &revoke)).1,
        "not_allowed"
    );
    assert_eq!(
        office.post("/api/v1/do", &office.admin, &revoke).status,
        200
    );
    assert!(office.phone.sync().is_err(), "its access has ended");
}

#[test]
fn an_order_is_judged_and_called_off_in_the_call_that_asks_for_it() {
    let mut office = ApiStage::new();
    let post = |office: &ApiStage, body: &Json| {
        let answer = office.post("/api/v1/do", &office.rep, body);
        assert_eq!(answer.status, 200, "{}", answer.json());
        answer.json()["data"].clone()
    };
    let put = |office: &ApiStage, object: &str, body: &Json| {
        id(&office.post(&format!("/api/v1/{object}"), &office.admin, body))
    };
    let class = json!({"name": "None", "category": "S", "rate_percent": "0"});
    let class = put(&office, "tax_class", &class);
    let lists = office.get("/api/v1/price_list", &office.admin).json();
    let list = lists["data"]["records"][0]["id"].clone();
    let product = json!({"name": "Pen", "base_unit": "EA", "tax_class": class});
    let product = put(&office, "product", &product);
    let price = json!({"price_list": list, "product": product, "unit": "EA", "unit_price": "2"});
    put(&office, "price_entry", &price);
    let credit = json!({"account": office.shop, "currency": "USD", "limit": "50", "used": "0"});
    let credit = put(&office, "credit_figure", &credit);
    let used = |office: &ApiStage| {
        let path = format!("/api/v1/credit_figure/{credit}");
        office.get(&path, &office.rep).json()["data"]["used"].clone()
    };
    let order = post(&office, &json!({"do": "new_order", "account": office.shop}));
    let order = order["id"].as_str().unwrap().to_owned();
    let about = |verb: &str| json!({"do": verb, "sales_order": order});
    let mut line = about("set_order_line");
    line["product"] = json!(product);
    line["quantity"] = json!("26");
    post(&office, &line);
    let refused = office.post("/api/v1/do", &office.rep, &about("submit_order"));
    assert_eq!(said(&refused), (403, "credit_exceeded".to_owned()));
    let numbers = refused.json()["error"]["numbers"].clone();
    assert_eq!(
        (&numbers["wanted"], &numbers["room"]),
        (&json!("52.00"), &json!("50.00"))
    );
    line["quantity"] = json!("20");
    post(&office, &line);
    assert_eq!(
        post(&office, &about("submit_order"))["standing"],
        "confirmed"
    );
    assert_eq!(used(&office), "40");
    let mut cancel = about("cancel_order");
    cancel["reason"] = json!("Closed down");
    assert_eq!(post(&office, &cancel)["standing"], "cancelled");
    assert_eq!(used(&office), "0");
    let path = format!("/api/v1/credit_figure/{credit}/trail");
    let trail = office.get(&path, &office.rep).json()["data"].clone();
    let phases: Vec<&Json> = trail["movements"]
        .as_array()
        .unwrap()
        .iter()
        .map(|of| &of["phase"])
        .collect();
    assert_eq!(phases, [&json!("hold"), &json!("release")]);
    assert_eq!(
        office
            .get(&path.replace("credit_figure", "contact"), &office.rep)
            .status,
        404
    );
    office.phone.sync().unwrap();
    assert_eq!(
        office.phone.order(&order).unwrap().data["status"],
        "cancelled"
    );
}

#[test]
fn a_list_is_the_query_of_its_object_page_by_page() {
    let office = ApiStage::new();
    for name in ["Ada", "Abe", "Bob"] {
        let body = json!({"name": name, "roles/r/account": office.shop});
        id(&office.post("/api/v1/contact", &office.rep, &body));
    }
    let starts = r#"{"field":"name","starts":"A"}"#;
    let query = json!({"object": "contact", "where": {"field": "name", "starts": "A"},
        "order": [{"by": "name"}], "limit": 1, "count": true});
    let spelled = |text: &str| {
        text.bytes()
            .map(|byte| format!("%{byte:02x}"))
            .collect::<String>()
    };
    let path = format!(
        "/api/v1/contact?where={}&order={}&limit=1&count=true",
        spelled(starts),
        spelled(r#"[{"by":"name"}]"#)
    );
    let first = office.get(&path, &office.rep).json();
    assert_eq!(
        first,
        office.post("/api/v1/query", &office.rep, &query).json()
    );
    assert_eq!(
        (
            &first["data"]["records"][0]["name"],
            &first["data"]["count"]
        ),
        (&json!("Abe"), &json!(2))
    );
    let next = first["data"]["next"].as_str().unwrap();
    let path = format!("{path}&after={}", spelled(next));
    let second = office.get(&path, &office.rep).json()["data"].clone();
    assert_eq!(
        (&second["records"][0]["name"], &second["next"]),
        (&json!("Ada"), &Json::Null)
    );
}
