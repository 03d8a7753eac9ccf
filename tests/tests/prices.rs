//! Prices are the same bytes on phone and server, whatever is asked: baskets that have a price,
//! baskets that name what is not there, and baskets that name what is there and not the rep's.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeMap;
use std::time::Duration;

use outfield_core::app::FieldError;
use outfield_server::envelope;
use outfield_tests::dice::Dice;
use outfield_tests::served::Yard;
use outfield_tests::{Phone, World, caller};
use serde_json::{Map, Value as Json, json};

/// Baskets that phone and server price.
const BASKETS: usize = 1_000;
/// How long an answer may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);
/// A tenant's own object whose rows are the person's that they name.
const BADGE: &str = r#"{"object": "x_badge", "version": 1, "label": "Badge", "kind": "row",
  "fields": {"owner": {"kind": "reference", "of": "user"}, "name": {"kind": "text"}},
  "scope": [{"bucket": "user", "field": "owner"}], "rights": {"rep": {"read": true}}}"#;

/// Shops in North, where the reps are, and in South, and goods with lists and promotions of all
/// kinds.
struct Market {
    world: World,
    near: String,
    far: String,
    badge: String,
    goods: Vec<String>,
}

fn product(world: &World, name: &str, price: &str, class: &str) -> String {
    let list = world
        .office(|office| office.find("price_list", "name", &"Standard".into()))
        .unwrap()[0]
        .id;
    let fields = json!({
        "name": name, "base_unit": "EA", "tax_class": class, "category": "office",
        "units/case/unit": "XCS",
        "units/case/numerator": 12,
    });
    let product = world.puts("product", None, &fields);
    if !price.is_empty() {
        let entry =
            json!({"price_list": list, "product": product, "unit": "EA", "unit_price": price});
        world.puts("price_entry", None, &entry);
    }
    product
}

fn market() -> Market {
    let world = World::new();
    let (near, far) = (
        world.account("Harp's", "North"),
        world.account("Hill's", "South"),
    );
    world.publishes(BADGE);
    drop(world.hires("Sue", outfield_core::base::context::Role::REP, &["South"]));
    let badge = world.puts(
        "x_badge",
        None,
        &json!({"owner": world.user("Sue"), "name": "Sue's"}),
    );
    let ten = world.puts(
        "tax_class",
        None,
        &json!({"name": "Ten", "category": "S", "rate_percent": "10"}),
    );
    let four = world.puts(
        "tax_class",
        None,
        &json!({"name": "Four", "category": "S", "rate_percent": "4.75"}),
    );
    let mut goods = vec![
        product(&world, "Pen", "2", &ten),
        product(&world, "Not for sale yet", "", &ten),
    ];
    for (name, price) in [
        ("Ink", "0.333333"),
        ("Pad", "2.8207"),
        ("Glue", "7.995"),
        ("Ruler", "1.1"),
    ] {
        goods.push(product(&world, name, price, &four));
    }
    own_prices(&world, &goods[0], &near, &far);
    promotions(&world, &goods[0], &far);
    Market {
        world,
        near,
        far,
        badge,
        goods,
    }
}

/// Lists for the two shops alone, with steps.
fn own_prices(world: &World, pen: &str, near: &str, far: &str) {
    for (name, account, price) in [("Near", near, "1.75"), ("Far", far, "1.5")] {
        let list = json!({
            "name": name, "applies_to": "account", "account": account, "currency": "USD",
            "list_version": 2,
        });
        let list = world.puts("price_list", None, &list);
        for (minimum, unit) in [("0", "EA"), ("2", "XCS")] {
            let entry = json!({
                "price_list": list, "product": pen, "unit": unit, "minimum_quantity": minimum,
                "unit_price": price,
            });
            world.puts("price_entry", None, &entry);
        }
    }
}

/// Promotions of a line, of an order, and of the other shop.
fn promotions(world: &World, pen: &str, far: &str) {
    for (name, level, more) in [
        (
            "Dozen",
            "line",
            json!({"product": pen, "hurdle": "quantity", "hurdle_quantity": "12"}),
        ),
        (
            "Fifty",
            "order",
            json!({"hurdle": "value", "hurdle_value": "50", "currency": "USD"}),
        ),
        (
            "Far off",
            "line",
            json!({"account": far, "hurdle": "quantity", "hurdle_quantity": "1"}),
        ),
    ] {
        let mut fields = json!({
            "name": name, "promotion_version": 1, "level": level, "reward": "percent",
            "reward_percent": "3",
        });
        fields
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        world.puts("promotion", None, &fields);
    }
}

/// Mostly the first of these, now and then another.
fn mostly<'a>(dice: &mut Dice, usual: &[&'a str], odd: &[&'a str]) -> &'a str {
    let of = if dice.roll(50) == 0 { odd } else { usual };
    of[dice.roll(of.len())]
}

/// A basket, each part of which is wrong now and then.
fn basket(dice: &mut Dice, market: &Market) -> Json {
    let goods: Vec<&str> = market.goods.iter().map(String::as_str).collect();
    let (near, far, badge) = (
        market.near.as_str(),
        market.far.as_str(),
        market.badge.as_str(),
    );
    let nowhere = [
        "01940c3e-5b1a-7cc0-8000-0123456789ab",
        "",
        "nothing",
        "line\nbreak",
        "\u{1F58A} \"",
        near,
        badge,
    ];
    let lines = (0..=dice.roll(6)).map(|_| {
        let digits = dice.roll(30).to_string();
        let quantity = mostly(
            dice,
            &["", ".5", ".125"],
            &["e3", ".1234567", "0000000000", "-", " ", ",5"],
        );
        let mut line = json!({
            "quantity": digits + quantity, "unit": mostly(dice, &["EA", "XCS", "XCS"], &["KGM",
            "KGM", "each", "", "X\nS"]),
            "discount_percent": mostly(dice, &["0", "5", "12.5", "33.333"], &["100.1", "-1", "all",
            "1e400"]),
        });
        line["product"] = mostly(dice, &goods, &nowhere).into();
        match dice.roll(40) {
            0 => line["unit_price"] = "1".into(),
            1 => drop(line.as_object_mut().unwrap().remove("quantity")),
            2..=5 => {
                line = json!({"quantity": line["quantity"], "unit_price": mostly(dice, &["2.8207",
                    "-3"], &["1.1234567", "x"])});
            }
            _ => {}
        }
        if line["unit_price"].is_string() || dice.roll(100) == 0 {
            line["tax_rate"] = mostly(dice, &["0", "8.5"], &["1001", "-1", ""]).into();
        }
        line
    });
    let lines: Vec<Json> = lines.collect();
    let mut basket = json!({
        "currency": mostly(dice, &["USD"], &["EUR", "JPY", "XXY", "usd", ""]), "lines": lines,
        "tax_mode": mostly(dice, &["exclusive", "inclusive"], &["both", ""]),
        "tax_rounding": mostly(dice, &["line", "document"], &["never"]),
    });
    if dice.roll(2) == 0 {
        basket["account"] = mostly(
            dice,
            &[near, near, near, near, near, far],
            &[badge, market.goods[0].as_str(), "nobody", ""],
        )
        .into();
    }
    if dice.roll(8) == 0 {
        basket["at"] = mostly(
            dice,
            &["2026-11-25"],
            &["yesterday", "2026-02-30", "9999-12-31"],
        )
        .into();
    }
    basket
}

/// A refusal as a door tells it.
#[derive(Debug, PartialEq)]
struct ToldRefusal {
    code: String,
    message: String,
    fields: Vec<String>,
    numbers: Map<String, Json>,
}

/// What a phone and the server say of a basket: an answer, or a refusal in its parts.
fn both(market: &Market, phone: &mut Phone, basket: &str) -> [Result<String, ToldRefusal>; 2] {
    let token = phone.token();
    let priced = phone.device().price(basket);
    let here = priced.map(|priced| envelope::done(None, &priced));
    let here = here.map_err(|error| match error {
        FieldError::Refused {
            code,
            message,
            fields,
            numbers,
            ..
        } => ToldRefusal {
            code,
            message,
            fields,
            numbers,
        },
        other @ (FieldError::TryLater { .. }
        | FieldError::SignIn { .. }
        | FieldError::Broken { .. }) => {
            panic!("{other:?}: {basket}")
        }
    });
    let there = market.world.office(|office| {
        let session = office.authenticate(&token).unwrap();
        office.price(&session, basket).map_err(|error| ToldRefusal {
            code: error.code,
            message: error.message,
            fields: error.fields,
            numbers: error.numbers,
        })
    });
    [here, there]
}

#[test]
fn phone_and_server_say_the_same_of_every_basket() {
    let market = market();
    let mut ann = market.world.phone("Ann");
    let mut dice = Dice::new(7);
    let mut met = BTreeMap::<String, usize>::new();
    for number in 0..BASKETS {
        let basket = basket(&mut dice, &market).to_string();
        let [here, there] = both(&market, &mut ann, &basket);
        assert_eq!(here, there, "{number}: {basket}");
        match here {
            Ok(text) => {
                assert!(
                    text.starts_with("{\"ok\":true,\"id\":null,\"data\":{\"currency\":\"")
                        && text.ends_with("}\n")
                );
                *met.entry("priced".to_owned()).or_default() += 1;
            }
            Err(refusal) => *met.entry(refusal.code).or_default() += 1,
        }
    }
    let codes = [
        "priced",
        "bad_value",
        "required",
        "unknown_account",
        "unknown_product",
        "unknown_unit",
        "no_price",
    ];
    for code in codes {
        assert!(
            met.get(code).is_some_and(|times| *times >= 5),
            "{code} is met too seldom: {met:?}"
        );
    }
}

#[test]
fn what_is_not_the_reps_is_not_there_when_the_server_prices_for_the_rep() {
    let market = market();
    let pens = |account: &str| {
        let lines = json!([{"product": market.goods[0], "quantity": "24"}]);
        json!({"currency": "USD", "tax_mode": "exclusive", "tax_rounding": "line",
            "account": account, "lines": lines})
        .to_string()
    };
    let mut ann = market.world.phone("Ann");
    for stranger in [&market.far, &market.badge] {
        let [here, there] = both(&market, &mut ann, &pens(stranger));
        assert_eq!(here.as_ref().unwrap_err().code, "unknown_account");
        assert_eq!(here, there);
    }
    market.world.sets("Ann", None, Some(&["South"]));
    ann.sync();
    let [here, there] = both(&market, &mut ann, &pens(&market.far));
    assert!(here.as_ref().unwrap().contains("Far off"), "{here:?}");
    assert_eq!(here, there);
    let [here, there] = both(&market, &mut ann, &pens(&market.near));
    assert_eq!(here.as_ref().unwrap_err().code, "unknown_account");
    assert_eq!(here, there);
}

#[test]
fn an_administrator_with_an_empty_device_is_told_the_same_by_the_server() {
    let market = market();
    let mut mia = market
        .world
        .phone_for("Mia", outfield_core::base::context::Role::ADMIN, &[]);
    for account in [&market.near, &market.far] {
        let basket = json!({
            "currency": "USD", "tax_mode": "exclusive", "tax_rounding": "line", "account": account,
            "lines": [],
        });
        let [here, there] = both(&market, &mut mia, &basket.to_string());
        assert_eq!(here, there);
    }
}

#[test]
fn a_refusal_over_http_is_what_the_command_line_prints_byte_for_byte() {
    let yard = Yard::new();
    let served = yard.serve("127.0.0.1:0");
    let mut device = yard.phone(&served, "Ann");
    let token = device.token().unwrap().data["token"]
        .as_str()
        .unwrap()
        .to_owned();
    drop(device);
    let deep = "[".repeat(100_000);
    let many = format!(
        "{{\"currency\":\"USD\",\"tax_mode\":\"exclusive\",\"tax_rounding\":\"line\",\
         \"lines\":[{}{{}}]}}",
        "{\"unit_price\":\"1\",\"tax_rate\":\"0\",\"quantity\":1},".repeat(50_000),
    );
    assert!(many.len() > 2 * 1024 * 1024);
    let huge = " ".repeat(10_000_000);
    let texts = [
        "",
        "null",
        "{",
        "{\"currency\":\"XXY\"}",
        "{\"currency\":\"US\nD\"}",
        "{\"currency\":\"U\\u0000D\"}",
        "{\"currency\":\"U\\nS\\n\\nD\"}",
        "{\"currency\":\"USD\",\"currency\":\"USD\"}",
        "\u{feff}{}",
        &deep,
        &many,
        &huge,
    ];
    for text in texts {
        let file = yard.path("basket.json");
        std::fs::write(&file, text).unwrap();
        let words = ["--json", "rep", "--db"].map(std::ffi::OsStr::new);
        let mut command = yard.keeper.command(outfield_tests::served::binary());
        command
            .args(words)
            .arg(yard.path("Ann.db"))
            .args(["price", "--basket"])
            .arg(&file);
        let printed = command.output().unwrap();
        let heard = caller::post(
            served.address,
            "/api/v1/price",
            &token,
            text.as_bytes(),
            PATIENCE,
        )
        .unwrap();
        let (printed, heard) = (
            String::from_utf8(printed.stdout).unwrap(),
            String::from_utf8(heard.body).unwrap(),
        );
        let code = if text.len() == huge.len() {
            "too_large"
        } else {
            "bad_"
        };
        assert!(
            printed.starts_with(&format!("{{\"ok\":false,\"error\":{{\"code\":\"{code}")),
            "{printed}"
        );
        assert_eq!(printed, heard);
    }
}
