//! What the server alone writes, and a device claims all the same: fields beside a record, figures,
//! verdicts, revisions of an order that nobody confirmed. It does not know honest orders.

use outfield_core::base::id::ActorId;
use outfield_core::objects::number::series;
use outfield_tests::crafter::CraftedChange;
use serde_json::json;

use outfield_tests::attacked::{AttackedServer, judged, new_record};

const ACTOR: [u8; 16] = [9; 16];

#[test]
fn nobody_writes_what_the_server_alone_writes() {
    let mut stage = AttackedServer::serving();
    let (shop, user) = (stage.shop(), stage.user().to_owned());
    let number = format!("SO-{}-1", series(ActorId(ACTOR)));
    let begins = |more: &[(&str, &str)]| {
        let mut all = vec![
            ("account", shop.as_str()),
            ("currency", "USD"),
            ("number", &number),
            ("owner", &user),
            ("state", "draft"),
            ("tax_mode", "exclusive"),
            ("tax_rounding", "document"),
        ];
        all.extend(more);
        CraftedChange::puts(ACTOR, &all)
    };
    let order = new_record(b"order");
    let new = Some("new_order");
    let forged = begins(&[("standing", "confirmed")]);
    assert_eq!(
        judged(&stage, "sales_order", order, &forged, new),
        "server_owned"
    );
    let honest = begins(&[]);
    assert_eq!(
        judged(&stage, "sales_order", order, &honest, new),
        "accepted"
    );
    let then = |path: &str, value: &str, actor: u8| {
        CraftedChange::puts([actor; 16], &[(path, value)]).after(&[honest.hash()], 1, 8)
    };
    for (actor, (path, value, expected)) in (20_u8..).zip([
        ("standing", "closed", "server_owned"),
        ("revision", "7", "bad_value"),
        ("wish", "steal", "bad_value"),
        ("wish", "close", "accepted"),
    ]) {
        let said = judged(
            &stage,
            "sales_order",
            order,
            &then(path, value, actor),
            None,
        );
        assert_eq!(said, expected, "{path} {value}");
    }
    stage.honest.sync().unwrap();
    let there = stage.honest.order(&order.to_string()).unwrap().data;
    assert_eq!(there["status"], "draft");
    let answer = &there["wish"]["answer"];
    assert_eq!(
        (&answer["verdict"], &answer["code"]),
        (&json!("refused"), &json!("not_confirmed_yet"))
    );
    stage.unharmed();
}

#[test]
fn rows_of_the_server_are_handed_in_by_nobody() {
    let mut stage = AttackedServer::serving();
    for (actor, object) in (40_u8..).zip([
        "sales_order__srv",
        "order_verdict",
        "order_standing",
        "credit_figure",
        "stock_figure",
        "flag",
    ]) {
        let change = CraftedChange::puts([actor; 16], &[("standing", "confirmed")]);
        let said = judged(&stage, object, new_record(object.as_bytes()), &change, None);
        assert_eq!(said, "unknown_object", "{object}");
        let body = json!({"standing": "confirmed"}).to_string();
        let put = stage.body(&format!("/api/v1/{object}"), body.as_bytes());
        assert!(
            [403, 404, 400].contains(&put.status),
            "{object}: {}",
            put.status
        );
    }
    stage.unharmed();
}

#[test]
fn the_row_beside_a_record_is_no_object_of_people() {
    let stage = AttackedServer::serving();
    assert_eq!(stage.get("/api/v1/sales_order__srv").status, 404);
    let objects = stage.get("/api/v1/object").json();
    let named = objects["data"].as_array().unwrap().iter();
    let mut named = named.map(|object| object["object"].as_str().unwrap());
    assert!(named.all(|name| !name.contains("__")));
}
