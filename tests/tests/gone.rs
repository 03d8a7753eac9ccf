//! A file of the server's that is gone or was emptied: it is said by name, everywhere, and nothing
//! is made in its place. The binary is asked, and a phone whose work must not seem to be lost.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::path::PathBuf;

use outfield_core::app::FieldError;
use outfield_tests::served::Yard;
use serde_json::{Value as Json, json};

/// The database of the only tenant, which no process has open.
fn tenant_file(yard: &Yard) -> PathBuf {
    let mut files = fs::read_dir(yard.data().join("tenants")).unwrap();
    let is_database = |path: &PathBuf| path.extension().is_some_and(|ending| ending == "db");
    files
        .find_map(|entry| Some(entry.unwrap().path()).filter(is_database))
        .expect("the tenant has a file")
}

fn codes(answer: &Json) -> Vec<&str> {
    let wrong = answer["data"].as_array().unwrap();
    wrong
        .iter()
        .map(|it| it["code"].as_str().unwrap())
        .collect()
}

#[test]
fn a_tenant_whose_file_is_gone_is_never_made_anew() {
    let yard = Yard::new();
    let file = tenant_file(&yard);
    let kept = fs::read(&file).unwrap();
    for spoil in [
        |file: &PathBuf| fs::remove_file(file),
        |file: &PathBuf| fs::write(file, b""),
    ] {
        spoil(&file).unwrap();
        let is_there = file.exists();
        let listed = yard.refused(&["territory", "list"]);
        assert_eq!(listed["error"]["code"], "file_missing", "{listed}");
        let checked = yard.refused(&["check"]);
        assert_eq!(codes(&checked), ["file_missing"], "{checked}");
        assert_eq!(file.exists(), is_there);
        assert_eq!(fs::metadata(&file).map_or(0, |of| of.len()), 0);
    }
    fs::write(&file, kept).unwrap();
    assert_eq!(codes(&yard.office(&["check"])), [""; 0]);
    yard.office(&["territory", "list"]);
}

#[test]
fn a_phone_keeps_all_while_its_tenant_has_no_file() {
    let yard = Yard::new();
    let served = yard.serve("127.0.0.1:0");
    let mut phone = yard.phone(&served, "Ann");
    let address = served.address.to_string();
    drop(served);
    let file = tenant_file(&yard);
    let aside = yard.path("aside.db");
    fs::rename(&file, &aside).unwrap();
    let command = json!({"do": "add", "object": "contact", "fields": {"name": "Joe"}});
    phone.execute(&command.to_string()).unwrap();

    let served = yard.serve(&address);
    match phone.sync() {
        Err(FieldError::TryLater { .. }) => {}
        other => panic!("{other:?}"),
    }
    assert!(!file.exists());
    assert_eq!(phone.status().unwrap().data["unsent"], 1);
    drop(served);

    fs::rename(&aside, &file).unwrap();
    let _served = yard.serve(&address);
    phone.sync().unwrap();
    assert_eq!(phone.status().unwrap().data["unsent"], 0);
}

#[test]
fn a_list_that_is_gone_is_never_made_anew() {
    let yard = Yard::new();
    let list = yard.data().join("outfield.db");
    let kept = fs::read(&list).unwrap();
    fs::remove_file(&list).unwrap();
    for words in [
        &["tenant", "add", "Acme"][..],
        &["territory", "list"],
        &["check"],
    ] {
        let answer = yard.refused(words);
        assert_eq!(answer["error"]["code"], "list_missing", "{answer}");
        assert!(!list.exists());
    }
    fs::write(&list, kept).unwrap();
    yard.office(&["territory", "list"]);
}
