//! Yesterday's copy of the server's file is put back: nothing that a device still has is lost, what
//! was decided stands, and whoever gives back what the server never said is refused.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod forged;
mod left;

use std::path::PathBuf;

use outfield_tests::server::PutBack;
use outfield_tests::{Phone, World};
use serde_json::{Value as Json, json};

/// Ann and Ben, a shop with goods and credit, a contact that both hold, and a copy of the server's
/// file from before the day.
struct Yesterday {
    world: World,
    ann: Phone,
    ben: Phone,
    shop: String,
    pen: String,
    rosa: String,
    copy: PathBuf,
}

fn yesterday() -> Yesterday {
    let world = World::new();
    let shop = world.account("Harp's", "North");
    world.goods(std::slice::from_ref(&shop));
    let pen = world.office(|office| office.find("product", "name", &"Pen".into()).unwrap()[0].id);
    let (mut ann, mut ben) = (world.phone("Ann"), world.phone("Ben"));
    let contact = json!({"name": "Rosa", "phone": "+14795550100", "roles/r/account": shop});
    let rosa = ann.adds("contact", &contact);
    ann.sync();
    ben.sync();
    let copy = world.place("server").with_extension("yesterday");
    world.server.copy_folder(&copy);
    world.clock.advance(3_600_000);
    Yesterday {
        world,
        ann,
        ben,
        shop,
        pen: pen.to_string(),
        rosa,
        copy,
    }
}

impl Yesterday {
    fn orders(&mut self, pens: &str) -> String {
        let ann = &mut self.ann;
        let order = ann.does(&json!({"do": "new_order", "account": self.shop}));
        ann.does(
            &json!({"do": "set_order_line", "sales_order": order, "product": self.pen,
            "quantity": pens}),
        );
        ann.does(&json!({"do": "submit_order", "sales_order": order}));
        order
    }

    fn puts_back(&self) {
        self.world.clock.advance(60_000);
        let tenant = PutBack::Tenant(self.world.tenant);
        self.world.server.is_put_back(&self.copy, tenant);
    }

    /// All replicas show the same, and the books are right.
    fn agrees(&mut self) {
        self.world.agree(&mut [&mut self.ann, &mut self.ben]);
        let problems = self.world.office(|office| office.check_ledger().unwrap());
        assert!(problems.is_empty(), "{problems:?}");
    }

    fn credit(&self) -> Json {
        let found = self.world.office(|office| {
            let account = self.shop.as_str().into();
            office.find("credit_figure", "account", &account).unwrap()
        });
        json!(found[0].text("held"))
    }
}

#[test]
fn what_a_phone_sent_since_the_copy_is_on_it_and_on_the_server_again() {
    let mut day = yesterday();
    let order = day.orders("3");
    let note = json!({"do": "log_follow_up", "account": day.shop, "note": "After the copy."});
    let note = day.ann.does(&note);
    day.ann
        .edits("contact", &day.rosa, &json!({"mobile": "+14795550109"}));
    day.ann.sync();
    day.ben.sync();
    let number = day.ann.get("sales_order", &order)["number"].clone();
    assert_eq!(day.credit(), "6.6");

    day.puts_back();
    assert_eq!(day.credit(), Json::Null);
    let synced = day.ann.sync();

    assert!(synced["returned"].as_u64().unwrap() >= 3, "{synced}");
    assert_eq!(
        (synced["needs_attention"].clone(), day.ann.unsent()),
        (json!(0), 0)
    );
    let shown = day.ann.get("sales_order", &order);
    assert_eq!(shown["verdict"], "confirmed");
    assert_eq!(shown["number"], number);
    assert_eq!(day.ann.get("follow_up", &note)["note"], "After the copy.");
    let here = day.world.record("contact", &day.rosa);
    assert_eq!(here["mobile"], "+14795550109");
    assert_eq!(day.world.record("sales_order", &order)["number"], number);
    assert_eq!(day.credit(), "6.6");
    day.ben.sync();
    day.agrees();
}

#[test]
fn another_phone_gives_back_what_its_writer_lost_with_the_phone() {
    let mut day = yesterday();
    let order = day.orders("3");
    day.ann
        .edits("contact", &day.rosa, &json!({"mobile": "+14795550109"}));
    day.ann.sync();
    day.ben.sync();

    day.puts_back();
    let synced = day.ben.sync();

    assert!(synced["returned"].as_u64().unwrap() >= 2, "{synced}");
    let here = day.world.record("contact", &day.rosa);
    assert_eq!(here["mobile"], "+14795550109");
    assert_eq!(
        day.world.record("sales_order", &order)["state"],
        "submitted"
    );
    assert_eq!(day.credit(), "6.6");
    // Whoever comes second has nothing to give, and loses nothing.
    day.ann.sync();
    assert_eq!(day.ann.get("sales_order", &order)["verdict"], "confirmed");
    day.agrees();
}

#[test]
fn both_sides_go_on_from_the_copy_and_what_competes_is_listed() {
    let mut day = yesterday();
    day.ann
        .edits("contact", &day.rosa, &json!({"phone": "+14795550111"}));
    day.ann.sync();

    day.puts_back();
    let ben = &mut day.ben;
    ben.edits("contact", &day.rosa, &json!({"phone": "+14795550122"}));
    ben.sync();
    day.ann.sync();
    day.ben.sync();

    let listed = day.ann.conflicts();
    assert_eq!(listed.len(), 1, "{listed:?}");
    assert_eq!(listed[0]["path"], "phone");
    day.agrees();
}

#[test]
fn unsent_work_upon_lost_work_is_sent_when_that_is_back() {
    let mut day = yesterday();
    day.ann
        .edits("contact", &day.rosa, &json!({"mobile": "+14795550109"}));
    day.ann.sync();
    day.ann
        .edits("contact", &day.rosa, &json!({"mobile": "+14795550110"}));

    day.puts_back();
    day.ann.sync();
    day.ann.sync();

    assert_eq!((day.ann.unsent(), day.ann.needs_attention().len()), (0, 0));
    let here = day.world.record("contact", &day.rosa);
    assert_eq!(here["mobile"], "+14795550110");
    assert!(day.ann.conflicts().is_empty());
    day.ben.sync();
    day.agrees();
}

#[test]
fn what_the_office_wrote_since_comes_back_with_the_phones_and_never_over_what_it_wrote_later() {
    let mut day = yesterday();
    let class = day
        .world
        .office(|office| office.find("tax_class", "name", &"Ten".into()).unwrap()[0].id);
    let class = class.to_string();
    let pencil = json!({"name": "Pencil", "base_unit": "EA", "tax_class": class});
    let pencil = day.world.puts("product", None, &pencil);
    day.world
        .puts("product", Some(&day.pen), &json!({"name": "Pen, blue"}));
    day.world
        .puts("tax_class", Some(&class), &json!({"name": "Ten percent"}));
    day.ann.sync();

    day.puts_back();
    day.world
        .puts("tax_class", Some(&class), &json!({"name": "10 %"}));
    day.ann.sync();

    assert_eq!(day.world.record("product", &pencil)["name"], "Pencil");
    assert_eq!(day.world.record("product", &day.pen)["name"], "Pen, blue");
    assert_eq!(day.world.record("tax_class", &class)["name"], "10 %");
    day.ben.sync();
    day.agrees();
}

#[test]
fn a_copy_that_lacks_nothing_costs_nothing() {
    let mut day = yesterday();

    day.puts_back();
    let synced = day.ann.sync();

    assert_eq!(synced["returned"], Json::Null);
    day.ben.sync();
    day.agrees();
}

#[test]
fn a_record_that_left_while_nobody_looked_is_no_lost_record() {
    let mut day = yesterday();
    let south = day.world.territory("South");
    day.world
        .puts("account", Some(&day.shop), &json!({"territory": south}));
    day.world.server.restart();

    day.puts_back();
    day.world
        .puts("account", Some(&day.shop), &json!({"territory": south}));
    let synced = day.ann.sync();

    assert_eq!(synced["returned"], Json::Null, "{synced}");
    assert_eq!(day.ann.needs_attention().len(), 0);
    day.ben.sync();
    day.agrees();
}

#[test]
fn nobody_is_signed_out_because_the_server_was_put_back() {
    let mut day = yesterday();
    // A day later all tokens are others, and Ben has got a second phone.
    day.world.clock.advance_hours(25);
    let mut second = day.world.second_phone("Ben", "Ben's second");
    let note = json!({"do": "log_follow_up", "account": day.shop, "note": "On a new phone."});
    let note = second.does(&note);
    second.sync();
    day.ann
        .edits("contact", &day.rosa, &json!({"mobile": "+14795550109"}));
    day.ann.sync();

    day.puts_back();
    day.ann.sync();
    second.sync();

    let here = day.world.record("contact", &day.rosa);
    assert_eq!(here["mobile"], "+14795550109");
    assert_eq!(
        day.world.record("follow_up", &note)["note"],
        "On a new phone."
    );
    day.world.clock.advance_hours(25);
    day.ann.sync();
    second.sync();
    day.ben.sync();
    let world = &day.world;
    world.agree(&mut [&mut day.ann, &mut day.ben, &mut second]);
}
