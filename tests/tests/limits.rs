//! What is too large is refused in words before anything is written, and never stops the rest.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use outfield_core::base::limits::{CHANGE_BYTES_MAX, TEXT_BYTES_MAX};
use outfield_tests::{Phone, World};
use serde_json::{Map, Value as Json, json};

/// An object whose records can be large: twelve long texts.
fn diary(kind: &str) -> String {
    let texts: Map<String, Json> = (0..12)
        .map(|n| (format!("page_{n}"), json!({"kind": "text"})))
        .collect();
    let edit = if kind == "document" {
        json!(["*"])
    } else {
        json!([])
    };
    let descriptor = json!({
        "object": format!("x_{kind}_diary"), "version": 1, "label": "Diary", "kind": kind,
        "fields": texts,
        "scope": [{"bucket": "tenant"}], "rights": {"rep": {"read": true, "create": true,
        "edit": edit}},
    });
    descriptor.to_string()
}

fn ann() -> (World, Phone, Phone) {
    let world = World::new();
    ["document", "fact"]
        .iter()
        .for_each(|kind| world.publishes(&diary(kind)));
    let (ann, ben) = (world.phone("Ann"), world.phone("Ben"));
    (world, ann, ben)
}

/// So many pages of as much text as one may hold, told apart by a letter.
fn pages(count: usize, letter: &str) -> Json {
    let pages = (0..count).map(|n| (format!("page_{n}"), json!(letter.repeat(TEXT_BYTES_MAX))));
    Json::Object(pages.collect())
}

#[test]
fn a_text_may_be_as_long_as_its_limit_and_no_longer() {
    let (world, mut ann, mut ben) = ann();
    let diary = ann.adds("x_document_diary", &pages(1, "a"));
    let longer = json!({"page_1": "b".repeat(TEXT_BYTES_MAX + 1)});
    let edit = json!({"do": "edit", "object": "x_document_diary", "id": diary, "fields": longer});
    assert_eq!(
        ann.refused(&edit),
        ("bad_value".to_owned(), vec!["page_1".to_owned()])
    );
    world.agree(&mut [&mut ann, &mut ben]);
}

#[test]
fn what_fits_no_change_or_fact_is_refused_and_holds_up_nothing() {
    let (world, mut ann, mut ben) = ann();
    const { assert!(9 * TEXT_BYTES_MAX > CHANGE_BYTES_MAX) };
    for object in ["x_document_diary", "x_fact_diary"] {
        let large = json!({"do": "add", "object": object, "fields": pages(9, "a")});
        assert_eq!(ann.refused(&large).0, "too_many_bytes", "{object}");
    }
    assert_eq!(ann.unsent(), 0);
    let (diary, fact) = (
        ann.adds("x_document_diary", &pages(7, "a")),
        ann.adds("x_fact_diary", &pages(7, "a")),
    );
    world.agree(&mut [&mut ann, &mut ben]);
    assert_eq!(
        ben.get("x_document_diary", &diary)["page_6"],
        ben.get("x_fact_diary", &fact)["page_6"]
    );
}

#[test]
fn a_record_whose_history_is_full_says_so_and_others_go_on() {
    let (world, mut ann, mut ben) = ann();
    let diary = ann.adds("x_document_diary", &pages(1, "a"));
    let mut written = 0;
    let code = loop {
        written += 1;
        let letters = format!("{written:04}").repeat(TEXT_BYTES_MAX / 4);
        let edit = json!({"do": "edit", "object": "x_document_diary", "id": diary,
            "fields": {"page_0": letters}});
        match ann.tries(&edit) {
            Ok(_) => assert!(written < 200, "there is no end"),
            Err(_) => break ann.refused(&edit).0,
        }
    };
    assert_eq!((code.as_str(), written > 20), ("document_full", true));
    let other = ann.adds("x_document_diary", &pages(1, "z"));
    world.agree(&mut [&mut ann, &mut ben]);
    assert_eq!(
        ben.get("x_document_diary", &diary),
        ann.get("x_document_diary", &diary)
    );
    assert_eq!(ben.get("x_document_diary", &other)["id"], json!(other));
}

#[test]
fn more_than_one_batch_goes_in_several() {
    let (world, mut ann, mut ben) = ann();
    let diaries: Vec<String> = (0..130)
        .map(|n| ann.adds("x_document_diary", &json!({"page_0": n.to_string()})))
        .collect();
    for letter in ["a", "b", "c", "d", "e", "f", "g"] {
        ann.adds("x_fact_diary", &pages(6, letter));
    }
    ann.line.calls();
    world.agree(&mut [&mut ann]);
    let pushes = ann
        .line
        .calls()
        .iter()
        .filter(|path| path.ends_with("/push"))
        .count();
    assert_eq!(
        pushes, 3,
        "a hundred entries, then as many bytes as go, then the rest"
    );
    world.agree(&mut [&mut ben]);
    assert_eq!(ben.get("x_document_diary", &diaries[129])["page_0"], "129");
}
