//! What a phone's clock says of the day of an order, held between the last time that the phone was
//! told what it follows and the moment that the server hears of it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use outfield_tests::line::Fault;
use outfield_tests::{Phone, World};
use serde_json::{Value as Json, json};

const DAY_MS: i64 = 24 * 3_600_000;

/// A pen costs 2.00, and 1.60 until and with 24 November 2026, which is today.
struct Autumn {
    world: World,
    ann: Phone,
    shop: String,
    pen: String,
}

fn autumn() -> Autumn {
    let world = World::new();
    let shop = world.account("Harp's", "North");
    world.sets_policy(&json!({}));
    let class = json!({"name": "Ten", "category": "S", "rate_percent": "10"});
    let class = world.puts("tax_class", None, &class);
    let pen = json!({"name": "Pen", "base_unit": "EA", "tax_class": class});
    let pen = world.puts("product", None, &pen);
    let list = world.office(|office| office.find("price_list", "name", &"Standard".into()));
    let list = list.unwrap()[0].id.to_string();
    let entry = json!({"price_list": list, "product": pen, "unit": "EA", "unit_price": "2"});
    world.puts("price_entry", None, &entry);
    let mut autumn = Autumn {
        ann: world.phone("Ann"),
        world,
        shop,
        pen,
    };
    autumn.cheap("Autumn", &json!({"valid_to": "2026-11-24"}));
    autumn.ann.sync();
    autumn
}

impl Autumn {
    /// A fifth less on pens.
    fn cheap(&self, name: &str, when: &Json) {
        let mut fields = json!({
            "name": name, "promotion_version": 1, "level": "line", "reward": "percent",
            "reward_percent": "20", "product": self.pen, "hurdle": "quantity",
            "hurdle_quantity": "1",
        });
        let more = when.as_object().unwrap().clone();
        fields.as_object_mut().unwrap().extend(more);
        self.world.puts("promotion", None, &fields);
    }

    /// Hands in ten pens.
    fn orders(&mut self) -> String {
        let order = self
            .ann
            .does(&json!({"do": "new_order", "account": self.shop}));
        self.ann.does(&json!({
            "do": "set_order_line", "sales_order": order, "product": self.pen, "quantity": "10",
        }));
        self.hands_in(&order);
        order
    }

    fn hands_in(&mut self, order: &str) {
        self.ann
            .does(&json!({"do": "submit_order", "sales_order": order}));
    }

    /// Where an order stands: status, gross, the day it counts from, what was said against it.
    fn shown(&mut self, order: &str) -> [Json; 4] {
        let shown = self.ann.device().order(order).unwrap().data;
        [
            shown["status"].clone(),
            shown["gross"].clone(),
            shown["counts_from"].clone(),
            shown["verdict"]["code"].clone(),
        ]
    }
}

#[test]
fn an_order_taken_in_time_and_heard_of_late_has_the_prices_of_its_day() {
    let mut autumn = autumn();
    let order = autumn.orders();
    autumn.world.clock.advance(3 * DAY_MS);
    autumn.ann.sync();
    let shown = autumn.shown(&order);
    assert_eq!(
        shown,
        [json!("confirmed"), json!("17.60"), Json::Null, Json::Null]
    );
}

#[test]
fn what_ended_before_the_phone_was_told_is_not_bought_by_setting_the_clock_back() {
    let mut autumn = autumn();
    autumn.world.clock.advance(2 * DAY_MS);
    // Something new is told, and with it that it is the 26th.
    autumn.cheap("Winter", &json!({"valid_from": "2027-01-01"}));
    autumn.ann.sync();
    autumn.ann.clock.set_off(-2 * DAY_MS);
    let order = autumn.orders();
    assert_eq!(autumn.shown(&order)[1], json!("17.60"));
    autumn.ann.sync();
    let shown = autumn.shown(&order);
    let day = json!("2026-11-26");
    assert_eq!(
        shown,
        [
            json!("rejected"),
            json!("22.00"),
            day.clone(),
            json!("wrong_day")
        ]
    );

    // It is worth what it is worth, whatever the clock says now.
    autumn.hands_in(&order);
    autumn.ann.sync();
    let shown = autumn.shown(&order);
    assert_eq!(shown, [json!("confirmed"), json!("22.00"), day, Json::Null]);
}

#[test]
fn whoever_breaks_off_before_the_end_was_told_no_less() {
    let mut autumn = autumn();
    autumn.world.clock.advance(2 * DAY_MS);
    autumn.cheap("Winter", &json!({"valid_from": "2027-01-01"}));
    for _ in 0..10 {
        autumn.ann.line.fault("/pull", Fault::AnswerLost);
    }
    autumn.ann.syncs().unwrap_err();
    autumn.ann.line.mend();
    autumn.ann.clock.set_off(-2 * DAY_MS);
    let order = autumn.orders();
    autumn.ann.sync();
    assert_eq!(autumn.shown(&order)[3], json!("wrong_day"));
}

#[test]
fn what_begins_later_is_not_bought_by_setting_the_clock_ahead() {
    let mut autumn = autumn();
    autumn.cheap("Winter", &json!({"valid_from": "2026-11-27"}));
    autumn.world.clock.advance(2 * DAY_MS);
    autumn.ann.sync();
    autumn.ann.clock.set_off(DAY_MS - 1);
    let order = autumn.orders();
    autumn.ann.sync();
    let shown = autumn.shown(&order);
    let day = json!("2026-11-26");
    assert_eq!(
        shown,
        [json!("rejected"), json!("22.00"), day, json!("wrong_day")]
    );
}

#[test]
fn a_clock_that_is_wrong_costs_nothing_where_no_price_hangs_on_it() {
    let mut autumn = autumn();
    autumn.world.clock.advance(2 * DAY_MS);
    autumn.cheap("Winter", &json!({"valid_from": "2027-01-01"}));
    autumn.ann.sync();
    autumn.ann.clock.set_off(-DAY_MS);
    let order = autumn.orders();
    autumn.ann.sync();
    let shown = autumn.shown(&order);
    let day = json!("2026-11-26");
    assert_eq!(shown, [json!("confirmed"), json!("22.00"), day, Json::Null]);
}
