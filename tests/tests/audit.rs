//! What the office did, and that nobody changes it afterwards without being found.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use outfield_tests::caller::{self, JsonCall};
use outfield_tests::products;
use outfield_tests::served::{Served, Yard, binary};
use rusqlite::Connection;
use serde_json::{Value as Json, json};

const PATIENCE: Duration = Duration::from_secs(20);

/// The file of the only tenant.
fn tenant_file(yard: &Yard) -> PathBuf {
    let found = fs::read_dir(yard.data().join("tenants")).unwrap();
    let mut files = found.map(|entry| entry.unwrap().path());
    files
        .find(|file| file.extension().is_some_and(|end| end == "db"))
        .unwrap()
}

fn entries(yard: &Yard) -> Vec<Json> {
    yard.office(&["audit"])["data"].as_array().unwrap().clone()
}

/// The acts so far, in order.
fn acts(yard: &Yard) -> Vec<String> {
    let entries = entries(yard);
    let acts = entries.iter().map(|entry| entry["act"].as_str().unwrap());
    acts.map(str::to_owned).collect()
}

fn verified(yard: &Yard) -> Json {
    yard.office(&["audit", "--verify"])["data"].clone()
}

fn enrolled(yard: &Yard, served: &Served, name: &str, role: &str) -> Json {
    served.enrol(&yard.user(name, role), name)
}

#[test]
fn every_act_of_the_office_is_noted_with_who_did_it() {
    let yard = Yard::new();
    assert_eq!(acts(&yard), ["tenant_added", "added"]);
    let code = yard.user("Ann", "rep");
    yard.office(&["user", "set", "Ann", "--role", "manager"]);
    let last = entries(&yard).pop().unwrap();
    assert_eq!(last["act"], "changed");
    assert_eq!(last["about"]["fields"]["role"], "manager");
    assert_eq!(last["by"], Json::Null);
    yard.office(&["put", "account", "name=Harp's"]);
    let file = products::workspace().join("tests/objects/request.json");
    yard.office(&["object", "publish", file.to_str().unwrap()]);
    fs::write(yard.path("p.csv"), "gtin,name\n4006381333931,Highlighter\n").unwrap();
    let products = yard.path("p.csv");
    yard.office(&[
        "import",
        "products",
        products.to_str().unwrap(),
        "--dry-run",
    ]);
    yard.office(&["import", "products", products.to_str().unwrap()]);
    let served = yard.serve("127.0.0.1:0");
    let ann = served.enrol(&code, "ann");
    let admin = enrolled(&yard, &served, "Mia", "admin");
    let revoke = JsonCall {
        method: "POST",
        path: "/api/v1/do",
        token: admin["token"].as_str().unwrap(),
        headers: &[],
    };
    let body = json!({"do": "revoke_device", "device": ann["device"]});
    let done = revoke.say(served.address, &body, PATIENCE).unwrap();
    assert_eq!(done.status, 200, "{}", String::from_utf8_lossy(&done.body));
    let last = entries(&yard).pop().unwrap();
    assert_eq!(
        (&last["act"], &last["by"]),
        (&json!("revoke_device"), &admin["user"])
    );
    yard.office(&["device", "revoke", admin["device"].as_str().unwrap()]);
    let acts = acts(&yard);
    assert_eq!(
        acts,
        [
            "tenant_added",
            "added",
            "added",
            "code_made",
            "changed",
            "added",
            "object_published",
            "imported",
            "imported",
            "device_enrolled",
            "added",
            "code_made",
            "device_enrolled",
            "revoke_device",
            "revoke_device",
        ]
    );
    assert_eq!(verified(&yard)["entries"], acts.len());
    let told = json!(entries(&yard)).to_string();
    for secret in [
        code.as_str(),
        ann["token"].as_str().unwrap(),
        ann["refresh_token"].as_str().unwrap(),
    ] {
        assert!(!told.contains(secret));
    }
    // What nobody may do is no act, and what people sell is not the office's.
    caller::get(served.address, "/api/v1/user", "", PATIENCE).unwrap();
    assert_eq!(entries(&yard).len(), acts.len());
}

#[test]
fn a_token_that_was_copied_is_noted() {
    let yard = Yard::new();
    let served = yard.serve("127.0.0.1:0");
    let ann = enrolled(&yard, &served, "Ann", "rep");
    let refresh = |token: &Json| {
        let body = json!({ "refresh_token": token }).to_string();
        caller::post(
            served.address,
            "/sync/v1/refresh",
            "",
            body.as_bytes(),
            PATIENCE,
        )
        .unwrap()
    };
    let renewed = refresh(&ann["refresh_token"]).json();
    let token = renewed["token"].as_str().unwrap();
    caller::get(served.address, "/api/v1/digest", token, PATIENCE).unwrap();
    refresh(&renewed["refresh_token"]);
    refresh(&ann["refresh_token"]);
    assert_eq!(acts(&yard).pop().unwrap(), "token_copied");
}

/// The lines of what `--verify` finds, and its exit code.
fn found(yard: &Yard, more: &[&str]) -> (i32, Vec<String>) {
    let mut command = yard.keeper.command(binary());
    command.args(["--json", "audit", "--verify", "--data"]);
    let output = command.arg(yard.data()).args(more).output().unwrap();
    let said: Json = serde_json::from_slice(&output.stdout).unwrap();
    let faults = said["data"].as_array().cloned().unwrap_or_default();
    let faults = faults
        .iter()
        .map(|fault| fault["message"].as_str().unwrap());
    (
        output.status.code().unwrap(),
        faults.map(str::to_owned).collect(),
    )
}

#[test]
fn an_entry_that_was_changed_dropped_or_moved_is_found_and_named() {
    let gone = |number: u32| format!("entry {number} is gone");
    let other = |number: u32| format!("entry {number} is not as it was written, or not where");
    let swap = "UPDATE audit SET number = -3 WHERE number = 3;
                UPDATE audit SET number = 3 WHERE number = 4;
                UPDATE audit SET number = 4 WHERE number = -3;";
    for (done, faults) in [
        (
            "UPDATE audit SET about = '{}' WHERE number = 2",
            vec![other(2)],
        ),
        (
            "UPDATE audit SET act = 'changed' WHERE number = 3",
            vec![other(3)],
        ),
        (
            "UPDATE audit SET by = zeroblob(16) WHERE number = 3",
            vec![other(3)],
        ),
        (
            "UPDATE audit SET at = at + 1 WHERE number = 5",
            vec![other(5)],
        ),
        (
            "UPDATE audit SET hash = zeroblob(32) WHERE number = 5",
            vec![other(5)],
        ),
        (
            "UPDATE audit SET hash = zeroblob(32) WHERE number = 2",
            vec![other(2), other(3)],
        ),
        ("DELETE FROM audit WHERE number = 3", vec![gone(3)]),
        ("DELETE FROM audit WHERE number = 1", vec![gone(1)]),
        (
            "DELETE FROM audit WHERE number >= 4",
            vec![gone(4), gone(5)],
        ),
        ("DELETE FROM audit", (1..=5).map(gone).collect()),
        (swap, vec![other(3), other(4), other(5)]),
    ] {
        let yard = Yard::new();
        yard.office(&["territory", "add", "South"]);
        yard.office(&["territory", "add", "East"]);
        yard.office(&["territory", "add", "West"]);
        assert_eq!(found(&yard, &[]), (0, Vec::new()));
        let db = Connection::open(tenant_file(&yard)).unwrap();
        db.execute_batch(done).unwrap();
        drop(db);
        assert_eq!(found(&yard, &[]), (5, faults), "{done}");
        let checked = yard.refused(&["check"]);
        assert!(
            checked["data"].to_string().contains("audit_broken"),
            "{done}: {checked}"
        );
    }
}

#[test]
fn a_hash_that_was_noted_elsewhere_shows_that_all_was_written_anew() {
    let yard = Yard::new();
    let noted = verified(&yard)["hash"].as_str().unwrap().to_owned();
    yard.office(&["territory", "add", "South"]);
    assert_eq!(found(&yard, &["--known", &noted]), (0, Vec::new()));
    let db = Connection::open(tenant_file(&yard)).unwrap();
    // Whoever writes all of it anew, and the counter too, leaves no gap behind.
    let anew = "DELETE FROM audit; UPDATE sqlite_sequence SET seq = 0 WHERE name = 'audit'";
    db.execute_batch(anew).unwrap();
    drop(db);
    yard.office(&["territory", "add", "East"]);
    assert_eq!(found(&yard, &[]), (0, Vec::new()));
    let (exit, faults) = found(&yard, &["--known", &noted]);
    assert!(
        exit == 5 && faults[0].contains("none has the hash"),
        "{faults:?}"
    );
}

#[test]
fn a_backup_has_the_entries_and_a_restore_adds_its_own() {
    let yard = Yard::new();
    let noted = verified(&yard)["hash"].as_str().unwrap().to_owned();
    let (backups, before) = (yard.path("backups"), entries(&yard));
    yard.office(&["backup", "--to", backups.to_str().unwrap()]);
    yard.office(&["territory", "add", "Lost"]);
    yard.office(&["restore", "--from", backups.to_str().unwrap(), "--replace"]);
    let after = entries(&yard);
    assert_eq!(after[..before.len()], before);
    assert_eq!(after.len(), before.len() + 1);
    assert_eq!(after[before.len()]["act"], "epoch_begun");
    assert_eq!(after[before.len()]["about"]["reason"], "restored");
    assert_eq!(found(&yard, &["--known", &noted]), (0, Vec::new()));
}
