//! The golden cases of the ledger: each is steps of data upon a small world of pots, and what
//! stands in them afterwards. It does not know orders.

use outfield_core::domain::{Refusal, names};
use outfield_core::objects::Value;
use serde_json::{Value as Json, json};

use crate::support::{RuleWorld, id};

/// A purse with a floor, a tab with a ceiling, and two facts that move them.
fn pots() -> [Json; 3] {
    [
        json!({
            "object": "x_purse", "version": 1, "label": "Purse", "kind": "row",
            "fields": {
                "name": {"kind": "text", "label": "Name"},
                "free": {"kind": "decimal", "pot": {
                    "floor": "0", "held": "held", "short": "not_enough",
                    "say": "{wanted} are wanted, {room} are there",
                }},
                "held": {"kind": "decimal"},
                "expires_on": {"kind": "day"},
            },
            "scope": [{"bucket": "tenant"}], "indexes": [["name"]], "search": ["name"],
            "rights": {},
        }),
        json!({
            "object": "x_tab", "version": 1, "label": "Tab", "kind": "row",
            "fields": {
                "name": {"kind": "text"},
                "limit": {"kind": "decimal"},
                "used": {"kind": "decimal", "pot": {
                    "ceiling": "limit", "held": "held", "short": "tab_full", "say": "{room} left",
                }},
                "held": {"kind": "decimal"},
            },
            "scope": [{"bucket": "tenant"}], "indexes": [["name"]], "rights": {},
        }),
        json!({
            "object": "x_due", "version": 1, "label": "Due", "kind": "row",
            "fields": {
                "name": {"kind": "text"},
                "open": {"kind": "decimal", "pot": {
                    "floor": "0", "short": "over_allocated", "say": "{room} are open",
                }},
            },
            "scope": [{"bucket": "tenant"}], "indexes": [["name"]], "rights": {},
        }),
    ]
}

/// A fact that says what it does by its `act`.
fn source() -> Json {
    let purse = json!({"pot": "x_purse/free", "by": {"name": "pot"}, "first": "expires_on"});
    let tab = json!({"pot": "x_tab/used", "by": {"name": "tab"}});
    let due = json!({"pot": "x_due/open", "by": {"name": "due"}});
    json!({
        "object": "x_act", "version": 1, "label": "Act", "kind": "fact",
        "fields": {
            "act": {"kind": "choice", "choices": [
                "order", "ship", "pay", "close", "reopen", "take", "give"]},
            "for": {"kind": "reference", "of": "account"},
            "pot": {"kind": "text"}, "tab": {"kind": "text"}, "due": {"kind": "text"},
            "quantity": {"kind": "decimal"}, "on_credit": {"kind": "decimal"},
        },
        "scope": [{"bucket": "tenant"}], "rights": {},
        "posts": {
            "purse": {"when": {"act": ["order"]}, "phase": "hold", "for": "for",
                "quantity": "quantity", "from": purse, "if_kept": true},
            "tab": {"when": {"act": ["order"]}, "phase": "hold", "for": "for",
                "quantity": "on_credit", "from": tab, "if_kept": true},
            "ship_purse": {"when": {"act": ["ship"]}, "phase": "capture", "for": "for",
                "of": "purse", "quantity": "quantity", "if_kept": true},
            "ship_tab": {"when": {"act": ["ship"]}, "phase": "capture", "for": "for",
                "of": "tab", "quantity": "on_credit", "to": due, "if_kept": true},
            "pay": {"when": {"act": ["pay"]}, "quantity": "quantity", "from": due, "to": tab},
            "free": {"when": {"act": ["close"]}, "phase": "release", "for": "for"},
            "again": {"when": {"act": ["reopen"]}, "phase": "resume", "for": "for"},
            "take": {"when": {"act": ["take"]}, "quantity": "quantity", "from": purse},
            "give": {"when": {"act": ["give"]}, "quantity": "quantity", "to": purse},
        },
    })
}

struct Pots {
    world: RuleWorld,
    acts: u8,
}

impl Pots {
    fn new() -> Pots {
        let mut world = RuleWorld::new();
        world.place = outfield_core::base::context::Place::Server;
        for descriptor in pots().iter().chain([&source()]) {
            let file = descriptor["object"].as_str().unwrap();
            let text = descriptor.to_string();
            world.registry.publish(file, &text, &names()).unwrap();
        }
        Pots { world, acts: 150 }
    }

    fn purse(mut self, number: u8, free: &str) -> Pots {
        let row = json!({"name": "A", "free": free});
        self.world.put("x_purse", id(number), &row);
        self
    }

    fn tab(mut self, limit: &str, used: &str) -> Pots {
        let row = json!({"name": "A", "limit": limit, "used": used});
        self.world.put("x_tab", id(60), &row);
        self
    }

    fn due(mut self) -> Pots {
        self.world.put("x_due", id(61), &json!({"name": "A"}));
        self
    }

    /// Does something for an account; what bounds it breaks. A source that breaks one moves
    /// nothing, as a verdict.
    fn does(&mut self, act: &str, account: u8, amounts: [&str; 2]) -> Vec<Refusal> {
        self.acts += 1;
        let source = id(self.acts);
        let mut fact = json!({"act": act, "for": id(account), "pot": "A", "tab": "A", "due": "A"});
        for (field, amount) in ["quantity", "on_credit"].into_iter().zip(amounts) {
            if !amount.is_empty() {
                fact[field] = amount.into();
            }
        }
        self.world.put("x_act", source, &fact);
        let before = (self.world.records.clone(), self.world.set_aside.clone());
        let short = self.world.post("x_act", source);
        if !short.is_empty() {
            (self.world.records, self.world.set_aside) = before;
        }
        short
    }

    #[track_caller]
    fn granted(&mut self, act: &str, account: u8, amounts: [&str; 2]) {
        let short = self.does(act, account, amounts);
        assert!(short.is_empty(), "{act} {amounts:?}: {short:?}");
    }

    #[track_caller]
    fn refused(&mut self, act: &str, account: u8, amounts: [&str; 2], numbers: &Json) {
        let short = self.does(act, account, amounts);
        let [refusal] = &short[..] else {
            panic!("{act} {amounts:?}: {short:?}")
        };
        for (name, number) in numbers.as_object().unwrap() {
            let said = if name == "code" {
                json!(refusal.code)
            } else {
                refusal.numbers[name].clone()
            };
            assert_eq!(said, *number, "{name} of {refusal}");
        }
    }

    fn has(&self, object: &str, number: u8, field: &str) -> String {
        let record = &self.world.records[&(object.to_owned(), id(number))];
        let value = record.value(field);
        value.text().unwrap_or("0").to_owned()
    }

    /// The tab: used, held; and what is due.
    fn credit(&self) -> [String; 3] {
        [
            self.has("x_tab", 60, "used"),
            self.has("x_tab", 60, "held"),
            self.has("x_due", 61, "open"),
        ]
    }
}

const A: u8 = 10;
const B: u8 = 11;

/// Limit 200, wallet 50; order A 124.05 uses the wallet; 74.43 ships; 24.43 is paid.
fn e1() -> Pots {
    let mut pots = Pots::new().purse(50, "50").tab("200", "0").due();
    pots.granted("order", A, ["50", "74.05"]);
    pots
}

#[test]
fn an_order_is_held_shipped_and_paid_e1() {
    let mut pots = e1();
    assert_eq!(pots.has("x_purse", 50, "free"), "0");
    assert_eq!(pots.credit(), ["74.05", "74.05", "0"]);
    pots.granted("ship", A, ["50", "24.43"]);
    assert_eq!(pots.credit(), ["74.05", "49.62", "24.43"]);
    pots.granted("pay", A, ["24.43", ""]);
    assert_eq!(pots.credit(), ["49.62", "49.62", "0"]);
    assert_eq!(pots.has("x_purse", 50, "held"), "0");
}

/// E1 to its end, then order B of 150.
fn e2() -> Pots {
    let mut pots = e1();
    pots.granted("ship", A, ["50", "24.43"]);
    pots.granted("pay", A, ["24.43", ""]);
    pots.granted("order", B, ["", "150"]);
    pots
}

#[test]
fn an_order_that_grows_takes_the_difference_or_stays_as_it_was_e2() {
    let mut pots = e2();
    assert_eq!(pots.credit()[0], "199.62");
    let numbers = json!({"code": "tab_full", "wanted": "160", "room": "0.38"});
    pots.refused("order", B, ["", "310"], &numbers);
    assert_eq!(pots.credit()[..2], ["199.62", "199.62"]);
    pots.granted("order", B, ["", "150.38"]);
    assert_eq!(pots.credit()[0], "200");
    pots.granted("order", B, ["", "140"]);
    assert_eq!(pots.credit()[0], "189.62");
}

#[test]
fn what_is_closed_gives_back_and_takes_again_when_it_is_reopened_e3() {
    let mut pots = e2();
    pots.granted("close", A, ["", ""]);
    assert_eq!(pots.credit(), ["150", "150", "0"]);
    pots.granted("close", A, ["", ""]);
    pots.granted("reopen", A, ["", ""]);
    assert_eq!(pots.credit(), ["199.62", "199.62", "0"]);
    pots.granted("close", A, ["", ""]);
    // A had grown to 50.01 meanwhile.
    for hold in &mut pots.world.set_aside {
        if hold.record == id(A) && hold.posting == "tab" {
            hold.released = "50.01".parse().unwrap();
        }
    }
    let numbers = json!({"code": "tab_full", "room": "50", "wanted": "50.01"});
    pots.refused("reopen", A, ["", ""], &numbers);
    assert_eq!(pots.credit()[0], "150");
}

#[test]
fn a_hold_is_captured_in_parts_and_what_exceeds_it_is_posted_e4_e5() {
    let mut pots = Pots::new().purse(50, "10");
    pots.granted("order", A, ["10", ""]);
    pots.granted("ship", A, ["7", ""]);
    assert_eq!(pots.world.set_aside[0].remaining.to_string(), "3");
    let mut pots = Pots::new().purse(50, "10");
    pots.granted("order", A, ["10", ""]);
    let short = pots.does("ship", A, ["11", ""]);
    assert_eq!(short.len(), 1);
    assert_eq!(short[0].numbers["wanted"], "1");
}

#[test]
fn a_draw_over_several_rows_takes_what_expires_first() {
    let mut pots = Pots::new();
    for (number, free, expires) in [
        (50, "5", "2026-06-01"),
        (51, "9", "2026-05-01"),
        (52, "4", ""),
    ] {
        let mut row = json!({"name": "A", "free": free});
        if !expires.is_empty() {
            row["expires_on"] = expires.into();
        }
        pots.world.put("x_purse", id(number), &row);
    }
    pots.granted("take", A, ["12", ""]);
    let left = [50, 51, 52].map(|number| pots.has("x_purse", number, "free"));
    assert_eq!(left, ["2", "0", "4"]);
    let numbers = json!({"code": "not_enough", "wanted": "7", "room": "6", "over": "1"});
    pots.refused("take", A, ["7", ""], &numbers);
}

#[test]
fn a_group_that_leaves_no_pot_worse_is_never_stopped() {
    let mut pots = Pots::new().purse(50, "-5").tab("10", "30").due();
    pots.granted("give", A, ["2", ""]);
    assert_eq!(pots.has("x_purse", 50, "free"), "-3");
    let numbers = json!({"code": "not_enough", "room": "-3", "wanted": "1"});
    pots.refused("take", A, ["1", ""], &numbers);
}

#[test]
fn where_no_pot_is_kept_nothing_moves_or_it_is_said() {
    let mut pots = Pots::new();
    pots.granted("order", A, ["10", "10"]);
    assert!(pots.world.set_aside.is_empty());
    pots.world.put(
        "x_act",
        id(9),
        &json!({"act": "take", "pot": "A", "quantity": "1"}),
    );
    let refused = pots.world.posting("x_act", id(9));
    assert_eq!(refused.unwrap_err().code, "not_kept");
}

#[test]
fn a_quantity_that_cannot_be_read_or_is_below_nothing_moves_nothing() {
    for (quantity, code) in [("-1", "bad_value"), ("1,5", "unreadable_amount")] {
        let mut pots = Pots::new().purse(50, "10");
        let fact = json!({"act": "take", "pot": "A"});
        pots.world.put("x_act", id(9), &fact);
        pots.world
            .set("x_act", id(9), "quantity", Value::from(quantity));
        let refused = pots.world.posting("x_act", id(9));
        assert_eq!(refused.unwrap_err().code, code);
    }
}
