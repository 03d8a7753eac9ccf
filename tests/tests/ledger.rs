//! The ledger between phones and server: what a confirmed order holds and gives back, figures that
//! the office writes, what the server alone writes, and what an auditor sees of it. The golden
//! cases of pots by themselves are in the core.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use outfield_core::app::FieldError;
use outfield_tests::{Fault, Phone, World};
use serde_json::{Value as Json, json};

/// A shop with credit of 200.00, a pen at 2.20 with tax of which there are 100, and two reps.
struct Trade {
    world: World,
    ann: Phone,
    ben: Phone,
    shop: String,
    pen: String,
    credit: String,
    stock: String,
}

fn trade() -> Trade {
    let world = World::new();
    let shop = world.account("Harp's", "North");
    world.goods(&[]);
    let pen = world
        .office(|office| office.find("product", "name", &"Pen".into()))
        .unwrap()[0]
        .id
        .to_string();
    let credit = json!({"account": shop, "currency": "USD", "limit": "200", "used": "0"});
    let credit = world.puts("credit_figure", None, &credit);
    let stock = json!({"product": pen, "warehouse": "Main", "available": "100"});
    let stock = world.puts("stock_figure", None, &stock);
    let (ann, ben) = (world.phone("Ann"), world.phone("Ben"));
    Trade {
        world,
        ann,
        ben,
        shop,
        pen,
        credit,
        stock,
    }
}

fn about(verb: &str, order: &str) -> Json {
    json!({"do": verb, "sales_order": order})
}

fn because(verb: &str, order: &str) -> Json {
    json!({"do": verb, "sales_order": order, "reason": "The shop asked"})
}

impl Trade {
    fn line(&self, order: &str, pens: &str) -> Json {
        json!({"do": "set_order_line", "sales_order": order, "product": self.pen,
            "quantity": pens})
    }

    /// An order of Ann's for so many pens, submitted and unsent.
    #[track_caller]
    fn submitted(&mut self, pens: &str) -> String {
        let order = self
            .ann
            .does(&json!({"do": "new_order", "account": self.shop}));
        let line = self.line(&order, pens);
        self.ann.does(&line);
        self.ann.does(&about("submit_order", &order));
        self.world.clock.advance(1_000);
        order
    }

    #[track_caller]
    fn confirmed(&mut self, pens: &str) -> String {
        let order = self.submitted(pens);
        self.ann.sync();
        assert_eq!(self.shown(&order)["status"], "confirmed");
        order
    }

    fn shown(&mut self, order: &str) -> Json {
        self.ann.device().order(order).unwrap().data
    }

    /// Used and held of credit, available and reserved of stock, as the server has it.
    fn pots(&self) -> [String; 4] {
        let of = |object: &str, id: &str, field: &str| {
            let record = self.world.record(object, id);
            record[field].as_str().unwrap_or("0").to_owned()
        };
        [
            of("credit_figure", &self.credit, "used"),
            of("credit_figure", &self.credit, "held"),
            of("stock_figure", &self.stock, "available"),
            of("stock_figure", &self.stock, "reserved"),
        ]
    }

    /// The server's books hold, and both phones are the server.
    #[track_caller]
    fn holds(&mut self) {
        let wrong = self.world.office(|office| office.check_ledger()).unwrap();
        assert_eq!(wrong, Vec::<Json>::new());
        self.world.agree(&mut [&mut self.ann, &mut self.ben]);
    }

    /// What waits and what room there is, when Ann's phone refuses an order for its credit.
    #[track_caller]
    fn short(&mut self, order: &str) -> [String; 2] {
        let refused = self.ann.tries(&about("submit_order", order)).unwrap_err();
        let FieldError::Refused { code, numbers, .. } = refused else {
            panic!("{refused}")
        };
        assert_eq!(code, "credit_exceeded");
        ["waiting", "room"].map(|name| numbers[name].as_str().unwrap().to_owned())
    }

    /// Ann asks for something and hears the answer.
    #[track_caller]
    fn answer(&mut self, command: &Json) -> Json {
        self.world.clock.advance(1_000);
        self.ann.does(command);
        self.ann.sync();
        let order = command["sales_order"].as_str().unwrap();
        self.shown(order)["wish"]["answer"].clone()
    }
}

#[test]
fn a_confirmed_order_holds_credit_and_stock_until_it_is_cancelled() {
    let mut trade = trade();
    let order = trade.confirmed("10");
    assert_eq!(trade.pots(), ["22", "22", "90", "10"]);
    let answer = trade.answer(&because("cancel_order", &order));
    assert_eq!(answer["verdict"], "granted");
    assert_eq!(trade.pots(), ["0", "0", "100", "0"]);
    trade.holds();
    let shown = trade.ben.device().order(&order).unwrap().data;
    assert_eq!(shown["status"], "cancelled");
    assert_eq!(
        trade.ben.get("sales_order", &order)["standing"],
        "cancelled"
    );
    assert_eq!(
        trade.ann.refused(&about("amend_order", &order)).0,
        "order_cancelled"
    );
}

#[test]
fn what_an_order_waits_for_is_listed_until_the_answer_is_here() {
    let mut trade = trade();
    let order = trade.submitted("10");
    let waiting = trade.ann.device().waiting().unwrap().data;
    assert_eq!(
        (&waiting[0]["record"], &waiting[0]["verdict"]),
        (&json!(order), &json!("order_verdict"))
    );
    assert_eq!(waiting[0]["name"], trade.shown(&order)["number"]);
    let second = trade
        .ann
        .does(&json!({"do": "new_order", "account": trade.shop}));
    let line = trade.line(&second, "82");
    trade.ann.does(&line);
    let [waits, room] = trade.short(&second);
    assert_eq!((waits.as_str(), room.as_str()), ("22.00", "178.00"));
    trade.ann.sync();
    assert_eq!(trade.ann.device().waiting().unwrap().data, json!([]));
    // What waited is used now, and not counted twice.
    let [waits, room] = trade.short(&second);
    assert_eq!((waits.as_str(), room.as_str()), ("0.00", "178.00"));
    let line = trade.line(&second, "80");
    trade.ann.does(&line);
    trade.ann.does(&about("submit_order", &second));
    trade.holds();
}

#[test]
fn an_order_is_closed_reopened_held_and_amended_over_several_syncs() {
    let mut trade = trade();
    let order = trade.confirmed("10");
    assert_eq!(
        trade.answer(&because("hold_order", &order))["verdict"],
        "granted"
    );
    assert_eq!(trade.shown(&order)["status"], "on_hold");
    assert_eq!(trade.pots(), ["22", "22", "90", "10"]);
    assert_eq!(
        trade.answer(&about("resume_order", &order))["verdict"],
        "granted"
    );
    assert_eq!(
        trade.answer(&because("close_order", &order))["verdict"],
        "granted"
    );
    assert_eq!(trade.pots(), ["0", "0", "100", "0"]);
    assert_eq!(
        trade.answer(&because("reopen_order", &order))["verdict"],
        "granted"
    );
    assert_eq!(trade.pots(), ["22", "22", "90", "10"]);
    trade.ann.does(&about("amend_order", &order));
    let line = trade.line(&order, "15");
    trade.ann.does(&line);
    trade.ann.does(&about("submit_order", &order));
    trade.world.clock.advance(1_000);
    trade.ann.sync();
    let shown = trade.shown(&order);
    assert_eq!(
        (&shown["revision"], &shown["gross"]),
        (&json!(2), &json!("33.00"))
    );
    assert_eq!(trade.pots(), ["33", "33", "85", "15"]);
    trade.holds();
    let found = trade
        .world
        .office(|office| office.find("sales_order", "standing", &"confirmed".into()))
        .unwrap();
    assert_eq!(found.len(), 1, "a confirmed order is found as such");
}

#[test]
fn an_answer_that_is_lost_draws_once_e10() {
    let mut trade = trade();
    trade.submitted("10");
    for _ in 0..3 {
        trade.ann.line.fault("/push", Fault::AnswerLost);
        drop(trade.ann.syncs());
    }
    trade.ann.sync();
    assert_eq!(trade.pots(), ["22", "22", "90", "10"]);
    trade.holds();
}

#[test]
fn the_office_adjusts_a_figure_and_what_orders_hold_stays_e11_e12() {
    let mut trade = trade();
    trade.world.puts(
        "credit_figure",
        Some(&trade.credit),
        &json!({"limit": "1000"}),
    );
    trade.ann.sync();
    let order = trade.confirmed("88");
    assert_eq!(trade.pots()[2..], ["12", "88"]);
    trade.world.puts(
        "stock_figure",
        Some(&trade.stock),
        &json!({"available": "50"}),
    );
    assert_eq!(trade.pots()[2..], ["50", "88"]);
    let trail = trade
        .world
        .office(|office| office.trail(&trade.stock))
        .unwrap();
    let last = trail["movements"]
        .as_array()
        .unwrap()
        .last()
        .unwrap()
        .clone();
    assert_eq!(
        (&last["posting"], &last["quantity"], &last["from"]),
        (&json!("adjust"), &json!("38"), &Json::Null)
    );
    // Counted: 83 fewer than the shelf was said to have.
    trade.world.puts(
        "stock_figure",
        Some(&trade.stock),
        &json!({"available": "-14"}),
    );
    let flags = trade.world.office(|office| office.all("flag")).unwrap();
    let [flag] = &flags[..] else {
        panic!("{flags:?}")
    };
    assert_eq!(flag["code"], "reserved_short");
    let numbers: Json = serde_json::from_str(flag["numbers_json"].as_str().unwrap()).unwrap();
    assert_eq!(numbers["records"], json!([order]));
    assert_eq!(trade.pots()[2..], ["-14", "88"]);
    trade.holds();
    let refused = trade.world.office(|office| {
        let id = trade.stock.parse().unwrap();
        let values = outfield_tests::world::values(&json!({"reserved": "0"}));
        office.put("stock_figure", Some(id), values)
    });
    assert_eq!(refused.unwrap_err().code, "server_owned");
    let twice = trade.world.office(|office| {
        let fields = json!({"product": trade.pen, "warehouse": "Main", "available": "1"});
        office.put("stock_figure", None, outfield_tests::world::values(&fields))
    });
    assert_eq!(twice.unwrap_err().code, "exists");
}

#[test]
fn the_trail_of_an_order_says_what_moved_and_why() {
    let mut trade = trade();
    let order = trade.confirmed("10");
    trade.answer(&because("cancel_order", &order));
    let trail = trade.world.office(|office| office.trail(&order)).unwrap();
    let writes = trail["writes"].as_array().unwrap();
    let standings: Vec<&Json> = writes
        .iter()
        .map(|write| &write["after"]["standing"])
        .collect();
    assert_eq!(standings, [&json!("confirmed"), &json!("cancelled")]);
    assert!(
        writes[0]["cause"]
            .as_str()
            .unwrap()
            .starts_with("order_verdict ")
    );
    let ann = trade.world.user("Ann");
    assert!(writes.iter().all(|write| write["by"] == json!(ann)));
    let phases: Vec<&str> = trail["movements"]
        .as_array()
        .unwrap()
        .iter()
        .map(|movement| movement["phase"].as_str().unwrap())
        .collect();
    assert_eq!(phases, ["hold", "hold", "release", "release"]);
}

#[test]
fn a_cancelled_order_that_was_confirmed_meanwhile_is_asked_to_be_cancelled_again() {
    let mut trade = trade();
    let order = trade.submitted("10");
    // Ben holds the order as submitted, and calls it off; Ann's submission is judged first.
    trade.ann.sync();
    trade.ben.sync();
    assert_eq!(
        trade.ben.get("sales_order", &order)["standing"],
        "confirmed"
    );
    trade.ben.does(&because("cancel_order", &order));
    trade.world.clock.advance(1_000);
    let close = because("close_order", &order);
    trade.ann.does(&close);
    trade.ann.sync();
    trade.ben.sync();
    trade.holds();
    // The first wish was granted; two people wished two things, and that is a conflict like any.
    let shown = trade.shown(&order);
    assert!(
        ["closed", "cancelled"].contains(&shown["status"].as_str().unwrap()),
        "{shown}"
    );
    assert_eq!(trade.pots(), ["0", "0", "100", "0"]);
}

#[test]
fn two_phones_that_amend_one_order_send_it_back_o3() {
    let mut trade = trade();
    let order = trade.confirmed("10");
    trade.ben.sync();
    let line = |pens: &str| trade.line(&order, pens);
    let (twelve, fourteen) = (line("12"), line("14"));
    trade.ann.does(&about("amend_order", &order));
    trade.ben.does(&about("amend_order", &order));
    trade.ann.does(&twelve);
    trade.ben.does(&fourteen);
    trade.ben.does(&about("submit_order", &order));
    trade.ann.sync();
    trade.ben.sync();
    let shown = trade.ben.device().order(&order).unwrap().data;
    assert_eq!(shown["status"], "confirmed");
    assert_eq!(shown["amendment"]["status"], "rejected");
    assert_eq!(shown["verdict"]["code"], "changed_meanwhile");
    assert_eq!(trade.pots(), ["22", "22", "90", "10"]);
    trade.holds();
}

/// A purse of the office's, and a fact that takes from it.
const PURSE: &str = r#"{
    "object": "x_purse", "version": 1, "label": "Purse", "kind": "row",
    "fields": {
        "name": {"kind": "text", "label": "Name", "required": true},
        "free": {"kind": "decimal", "label": "Free", "pot": {
            "floor": "0", "short": "not_enough",
            "say": "{wanted} are taken, {room} were there"}}
    },
    "scope": [{"bucket": "tenant"}], "indexes": [["name"]], "search": ["name"],
    "rights": {"rep": {"read": true}, "admin": {"read": true, "create": true, "edit": ["*"]}}
}"#;
const TAKEN: &str = r#"{
    "object": "x_taken", "version": 1, "label": "Taken", "kind": "fact",
    "fields": {
        "purse": {"kind": "text", "label": "Purse", "required": true},
        "quantity": {"kind": "decimal", "label": "How much", "required": true},
        "owner": {"kind": "reference", "label": "By whom", "of": "user"}
    },
    "scope": [{"bucket": "user", "field": "owner"}],
    "posts": {"take": {"quantity": "quantity",
        "from": {"pot": "x_purse/free", "by": {"name": "purse"}}}},
    "rights": {"rep": {"read": true, "create": true}}
}"#;

#[test]
fn a_fact_that_takes_more_than_there_is_happened_and_is_flagged_e5() {
    let mut trade = trade();
    trade.world.publishes(PURSE);
    trade.world.publishes(TAKEN);
    let purse = trade
        .world
        .puts("x_purse", None, &json!({"name": "Van", "free": "10"}));
    trade.ann.sync();
    let take = |purse: &str, quantity: &str| json!({"purse": purse, "quantity": quantity});
    trade.ann.adds("x_taken", &take("Van", "7"));
    trade.ann.adds("x_taken", &take("Van", "4"));
    trade.ann.sync();
    assert_eq!(trade.world.record("x_purse", &purse)["free"], "-1");
    let flags = trade.world.office(|office| office.all("flag")).unwrap();
    let [flag] = &flags[..] else {
        panic!("{flags:?}")
    };
    assert_eq!(
        (&flag["code"], &flag["state"]),
        (&json!("not_enough"), &json!("open"))
    );
    assert_eq!(flag["message"], "4 are taken, 3 were there");
    assert_eq!(flag["person"], json!(trade.world.user("Ann")));
    trade.ann.sync();
    assert_eq!(
        trade.ann.get("flag", flag["id"].as_str().unwrap())["code"],
        "not_enough"
    );
    trade.holds();
}

#[test]
fn a_fact_that_moves_what_nobody_keeps_or_no_amount_is_refused_alone() {
    let mut trade = trade();
    trade.world.publishes(PURSE);
    trade.world.publishes(TAKEN);
    trade.ann.sync();
    trade
        .ann
        .adds("x_taken", &json!({"purse": "Nowhere", "quantity": "1"}));
    trade
        .ann
        .adds("x_taken", &json!({"purse": "Nowhere", "quantity": "-1"}));
    let contact = trade.ann.adds("contact", &json!({"name": "Rosa"}));
    trade.ann.sync();
    let held = trade.ann.needs_attention();
    let codes: Vec<&Json> = held.iter().map(|held| &held["code"]).collect();
    assert_eq!(codes, [&json!("not_kept"), &json!("bad_value")]);
    assert_eq!(trade.ann.unsent(), 0);
    assert_eq!(trade.world.record("contact", &contact)["name"], "Rosa");
    trade.holds();
}
