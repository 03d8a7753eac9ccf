//! Names in place of ids, where people type them: whom they mean on a phone and in the office, who
//! is told what when they mean nobody or several, and that no name is dear to look up.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use outfield_core::app::{FieldError, Reference};
use outfield_tests::{Phone, World};
use serde_json::{Value as Json, json};

/// A name that was typed for an account.
fn account(typed: &str) -> Reference<'_> {
    Reference {
        object: "account",
        field: "account",
        typed,
    }
}

/// Whom a name means on a phone: the id, or the code and message of the refusal.
fn meant(phone: &mut Phone, reference: Reference<'_>) -> Result<String, String> {
    match phone.device().refer(reference) {
        Ok(id) => Ok(id),
        Err(FieldError::Refused { code, message, .. }) => Err(format!("{code}: {message}")),
        Err(error) => panic!("{error:?}"),
    }
}

fn shop(world: &World, name: &str, fields: &Json) -> String {
    let id = world.account(name, "North");
    if fields != &json!({}) {
        world.puts("account", Some(&id), fields);
    }
    id
}

#[test]
fn a_unique_name_means_its_record_on_a_phone_and_in_the_office() {
    let world = World::new();
    let harps = shop(&world, "Harp's Café", &json!({"city": "Rogers"}));
    let loud = shop(&world, "CORNER", &json!({}));
    let quiet = shop(&world, "corner", &json!({}));
    let mut ann = world.phone("Ann");
    ann.sync();
    for (typed, expected) in [
        ("Harp's Café", &harps),
        (" harp's café ", &harps),
        ("HARP'S CAFÉ", &harps),
        // The exact name comes before the one that differs in capitals.
        ("CORNER", &loud),
        ("corner", &quiet),
        // An id is an id, whoever is called so.
        (harps.as_str(), &harps),
        (
            "01940c3e-5b1a-7cc0-8000-0123456789ab",
            &"01940c3e-5b1a-7cc0-8000-0123456789ab".into(),
        ),
    ] {
        assert_eq!(
            meant(&mut ann, account(typed)).as_ref(),
            Ok(expected),
            "{typed}"
        );
        let office = world.office(|office| office.refer(account(typed)));
        assert_eq!(office.ok().as_ref(), Some(expected), "{typed}");
    }
    // Whoever is called by an accent or a part of the name is somebody else.
    for typed in ["Harp's Cafe", "Harp's", "Harp's Café Rogers", "Rogers"] {
        let refused = meant(&mut ann, account(typed)).unwrap_err();
        assert!(
            refused.starts_with("unknown_reference: "),
            "{typed}: {refused}"
        );
    }
}

#[test]
fn a_name_of_nobody_or_of_several_is_refused_with_what_helps() {
    let world = World::new();
    let mut ids = Vec::new();
    for number in 1..=7 {
        let code = format!("C-{number}");
        ids.push(shop(
            &world,
            "Corner Store",
            &json!({"code": code, "region": "Arkansas"}),
        ));
    }
    shop(&world, "Harp's", &json!({}));
    let mut ann = world.phone("Ann");
    ann.sync();
    assert_eq!(
        meant(&mut ann, account("Haprs")),
        Err(
            "unknown_reference: `account`: there is no `account` called `Haprs` here; \
             look for it by `search`, or give the id"
                .to_owned()
        )
    );
    assert_eq!(
        meant(&mut ann, account("Harps")),
        Err(
            "unknown_reference: `account`: there is no `account` called `Harps` here; \
             did you mean `Harp's`?"
                .to_owned()
        )
    );
    let refused = meant(&mut ann, account("corner store")).unwrap_err();
    let head = "ambiguous_reference: `account`: 7 of `account` are called `corner store`: ";
    assert!(refused.starts_with(head), "{refused}");
    assert!(refused.ends_with(", and others; give the id"), "{refused}");
    assert_eq!(ids.iter().filter(|id| refused.contains(*id)).count(), 5);
    assert!(
        refused.contains("(C-1)") && !refused.contains("Arkansas"),
        "{refused}"
    );
}

#[test]
fn nonsense_in_a_name_means_nobody() {
    let world = World::new();
    shop(&world, "Harp's", &json!({}));
    let mut ann = world.phone("Ann");
    ann.sync();
    let long = "x".repeat(10_000);
    for typed in [
        "\"",
        "^",
        "*",
        "' OR 1=1 --",
        "a\" OR \"b",
        "NEAR(a b)",
        "words:a",
        "\u{1b}[2J",
        "\u{202e}",
        "a\nb",
        "-",
        "{}",
        long.as_str(),
    ] {
        let refused = meant(&mut ann, account(typed)).unwrap_err();
        assert!(
            refused.starts_with("unknown_reference: "),
            "{typed}: {refused}"
        );
        assert!(refused.len() < 400, "{} bytes", refused.len());
    }
    assert_eq!(meant(&mut ann, account("")), Ok(String::new()));
    let nameless = Reference {
        object: "visit",
        ..account("Harp's")
    };
    assert_eq!(meant(&mut ann, nameless), Ok("Harp's".to_owned()));
}

#[test]
fn where_too_many_begin_alike_nobody_is_guessed() {
    let world = World::new();
    for number in 0..1001 {
        let name = format!("Pen {number}");
        world.puts("product", None, &json!({"name": name}));
    }
    let product = |typed| Reference {
        object: "product",
        field: "product",
        typed,
    };
    world.office(|office| {
        assert!(office.refer(product("pen 1000")).is_ok());
        let refused = office.refer(product("Pen")).err().unwrap();
        assert_eq!(refused.code, "ambiguous_reference", "{}", refused.message);
        assert!(
            refused.message.contains("1000 of `product` or more"),
            "{}",
            refused.message
        );
    });
}
