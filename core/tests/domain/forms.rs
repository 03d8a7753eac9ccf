//! What people type has one form in which it is kept: names that look alike are alike, phone
//! numbers are E.164, addresses are one, codes are checked where they are kept. And what a scanner
//! read is found among the products.

use outfield_core::base::context::Role;
use outfield_core::domain::rules::goods::scan::scan;
use serde_json::{Value as Json, json};

use crate::rights::may_write;
use crate::support::{RuleWorld, id, values};

fn edit(object: &str, number: u8, fields: &Json) -> Json {
    json!({"do": "edit", "object": object, "id": id(number), "fields": fields})
}

/// A manager's world with a contact (30).
fn world() -> RuleWorld {
    let mut world = RuleWorld::new();
    world.put("contact", id(30), &json!({"name": "José", "owner": id(1)}));
    world.role = Role::MANAGER;
    world
}

#[test]
fn a_text_is_kept_composed_and_without_what_nobody_sees() {
    let mut world = world();
    for typed in [
        "Jose\u{301}",
        " José ",
        "Jo\u{200b}sé",
        "\u{202a}José\u{202c}",
        "Jos\u{e9}\u{a0}",
    ] {
        world.tell(&edit(
            "contact",
            30,
            &json!({"name": typed, "job_title": typed}),
        ));
        assert_eq!(world.value("contact", id(30), "name"), "José", "{typed:?}");
        assert_eq!(
            world.value("contact", id(30), "job_title"),
            "José",
            "{typed:?}"
        );
    }
    world.check(
        &edit("contact", 30, &json!({"name": "\u{200b}\u{feff}"})),
        "required",
    );
}

#[test]
fn a_text_in_another_form_is_refused_where_it_is_pushed() {
    let world = world();
    let pushed = |name: &str| {
        let written = values(&json!({"name": name}));
        let said = may_write(&world, &Role::REP, "contact", false, &written);
        said.map_or_else(
            |refusal| (refusal.code, refusal.fields),
            |()| ("ok".to_owned(), vec![]),
        )
    };
    for name in [
        "José",
        "José ",
        "A\u{a0}B",
        "two\r\nlines",
        "می\u{200c}خواهم",
        "👨\u{200d}👩\u{200d}👧",
    ] {
        assert_eq!(pushed(name).0, "ok", "{name:?}");
    }
    for name in [
        "Jose\u{301}",
        "Jo\u{200b}e",
        "\u{202e}eoJ",
        "Jo\u{1b}[2Je",
        "Joe\u{feff}",
        "J\u{ad}oe",
    ] {
        assert_eq!(
            pushed(name),
            ("text_form".to_owned(), vec!["name".to_owned()]),
            "{name:?}"
        );
    }
}

#[test]
fn what_was_kept_in_another_form_long_ago_stops_nobody() {
    let mut world = world();
    world.put(
        "contact",
        id(31),
        &json!({"name": "Jose\u{301}", "owner": id(1)}),
    );
    world.tell(&edit("contact", 31, &json!({"job_title": "Buyer"})));
    assert_eq!(world.value("contact", id(31), "name"), "Jose\u{301}");
    world.tell(&edit("contact", 31, &json!({"name": "Jose\u{301}"})));
    assert_eq!(world.value("contact", id(31), "name"), "José");
}

#[test]
fn a_phone_number_is_kept_as_dialled_from_abroad() {
    let mut world = world();
    for typed in [
        "+1 479 555 0100",
        "+1 (479) 555-0100",
        "+1.479.555.0100",
        "001-479-555-0100",
    ] {
        world.tell(&edit("contact", 30, &json!({"phone": typed})));
        assert_eq!(
            world.value("contact", id(30), "phone"),
            "+14795550100",
            "{typed}"
        );
    }
    let refusal = world.refusal(&edit("contact", 30, &json!({"phone": "(479) 555-0100"})));
    assert_eq!(refusal.code, "bad_value");
    assert!(refusal.message.contains("it names no country"), "{refusal}");
}

#[test]
fn a_number_without_a_country_is_of_the_record_s_or_the_company_s() {
    let mut world = world();
    world.put("company", id(40), &json!({"name": "Acme", "country": "US"}));
    world.tell(&edit("contact", 30, &json!({"phone": "(479) 555-0100"})));
    assert_eq!(world.value("contact", id(30), "phone"), "+14795550100");
    let berlin = json!({"country": "DE", "phone": "030 1234567"});
    world.tell(&edit("account", 10, &berlin));
    assert_eq!(world.value("account", id(10), "phone"), "+49301234567");
    world.tell(&edit("account", 10, &json!({"phone": "0711/7654321"})));
    assert_eq!(world.value("account", id(10), "phone"), "+497117654321");
    world.check(
        &edit("contact", 30, &json!({"phone": "555-0100"})),
        "bad_value",
    );
}

#[test]
fn an_address_is_one_and_its_host_is_small() {
    let mut world = world();
    world.tell(&edit("contact", 30, &json!({"email": " Joe@Example.COM "})));
    assert_eq!(world.value("contact", id(30), "email"), "Joe@example.com");
    for typed in [
        "a@example.com;b@example.com",
        "a@example.com,b@example.com",
        "mailto:joe@example.com",
        "joe@@example.com",
        "joe@example..com",
        ".joe@example.com",
        "joe@example.com\u{200b}",
    ] {
        let refusal = world.refusal(&edit("contact", 30, &json!({"email": typed})));
        assert_eq!(refusal.code, "bad_value", "{typed}");
        assert!(
            refusal.message.contains("is not an e-mail address: "),
            "{refusal}"
        );
    }
}

#[test]
fn a_place_s_number_is_checked_where_it_is_kept() {
    let mut world = world();
    world.tell(&edit("account", 10, &json!({"gln": "9501101020016"})));
    for typed in ["9.5011E+12", "9501101020017", "123", "0000000000000"] {
        let refusal = world.refusal(&edit("account", 10, &json!({"gln": typed})));
        assert_eq!(refusal.code, "bad_value", "{typed}");
        assert!(refusal.message.contains("is not a GLN"), "{refusal}");
    }
    let written = values(&json!({"gln": "123"}));
    let pushed = may_write(&world, &Role::MANAGER, "account", false, &written);
    assert_eq!(pushed.unwrap_err().code, "bad_value");
}

/// A world that sells these, by GTIN, unit and name.
fn shop(products: &[[&str; 3]]) -> RuleWorld {
    let mut world = RuleWorld::new();
    for (n, [gtin, unit, name]) in (60..).zip(products) {
        world.put(
            "product",
            id(n),
            &json!({"gtin": gtin, "base_unit": unit, "name": name}),
        );
    }
    world
}

fn scanned(world: &RuleWorld, text: &str) -> Json {
    scan(world, text, "2026-11-24".parse().unwrap()).unwrap()
}

#[test]
fn of_eight_digits_that_are_two_numbers_the_product_that_exists_decides() {
    let (short, long) = ("00000004256212", "00042100005622");
    for (gtin, name) in [(short, "Gum"), (long, "Soda")] {
        let world = shop(&[[gtin, "EA", name]]);
        let shown = scanned(&world, "04256212");
        assert_eq!(
            (&shown["gtin"], &shown["product_name"]),
            (&json!(gtin), &json!(name))
        );
        assert_eq!(
            (&shown["or_gtin"], &shown["choices"]),
            (&Json::Null, &json!([]))
        );
    }
    let both = shop(&[[short, "EA", "Gum"], [long, "EA", "Soda"]]);
    let shown = scanned(&both, "04256212");
    assert_eq!(
        (&shown["product"], &shown["product_name"]),
        (&Json::Null, &Json::Null)
    );
    let choices: Vec<&Json> = shown["choices"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["gtin"])
        .collect();
    assert_eq!(choices, [short, long]);
    assert_eq!(scanned(&both, "]E004256212")["product_name"], "Soda");
    let neither = scanned(&shop(&[]), "04256212");
    assert_eq!(
        (&neither["gtin"], &neither["or_gtin"]),
        (&json!(short), &json!(long))
    );
}

#[test]
fn a_pallet_names_the_product_inside() {
    let world = shop(&[["04006381333931", "EA", "Marker"]]);
    let shown = scanned(&world, "(00)340123450000000000(02)04006381333931(37)24");
    assert_eq!(
        (&shown["product_name"], &shown["count"]),
        (&json!("Marker"), &json!(24))
    );
    assert_eq!(shown["gtin"], Json::Null);
}

#[test]
fn a_scale_s_label_names_product_and_weight_or_price() {
    let mut world = shop(&[
        ["02100001000004", "KGM", "Oranges"],
        ["02300001000008", "EA", "Salad"],
        ["00212345000007", "EA", "Ham"],
        ["02100001027506", "EA", "Itself"],
    ]);
    assert_eq!(scanned(&world, "2100001027506")["product_name"], "Itself");
    world.records.remove(&("product".to_owned(), id(63)));
    for (text, name, measure, value) in [
        ("2100001027506", "Oranges", "net_weight_kg", "2.75"),
        ("2300001012340", "Salad", "price", "12.34"),
        ("212345712343", "Ham", "price", "12.34"),
    ] {
        let full = &text[..text.len() - 1];
        let whole = outfield_core::base::gtin::completed(full).unwrap();
        let shown = scanned(&world, &whole);
        assert_eq!(
            (&shown["product_name"], &shown[measure]),
            (&json!(name), &json!(value)),
            "{text}"
        );
    }
    // A tenant's own pattern comes in place of the common ones.
    world.put(
        "store_code",
        id(70),
        &json!({"name": "Scales", "pattern": "21IIIIIVVVVVC", "carries": "price", "decimals": 2}),
    );
    let shown = scanned(&world, "2100001027506");
    assert_eq!(
        (&shown["price"], &shown["net_weight_kg"]),
        (&json!("27.5"), &Json::Null)
    );
    assert_eq!(shown["gtin"], "02100001000004");
    let salad = outfield_core::base::gtin::completed("230000101234").unwrap();
    assert_eq!(scanned(&world, &salad)["product"], Json::Null);
}

#[test]
fn the_pattern_of_in_store_numbers_and_a_country_are_checked() {
    let mut world = world();
    world.role = Role::ADMIN;
    world.place = outfield_core::base::context::Place::Server;
    let add = |object: &str, fields: Json| json!({"do": "add", "object": object, "fields": fields});
    let code = |pattern: &str| {
        add(
            "store_code",
            json!({"name": "Scales", "pattern": pattern, "carries": "weight_kg", "decimals": 3}),
        )
    };
    world.tell(&code("21IIIIIVVVVVC"));
    for pattern in ["21IIIII", "40IIIIIVVVVVC", "21IVIVIVIVIVC"] {
        world.check(&code(pattern), "bad_value");
    }
    world.check(
        &add("company", json!({"name": "Acme", "country": "Germany"})),
        "bad_value",
    );
    world.tell(&add("company", json!({"name": "Acme", "country": "DE"})));
}
