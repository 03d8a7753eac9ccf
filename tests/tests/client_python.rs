//! A client in another language, written from `docs/protocol.md` alone, works against a real
//! server: what it pushes reaches a phone, and its lies get the verdicts that the document names.
//! It does not know how the client works.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::path::Path;
use std::process::{Command, Stdio};

use outfield_tests::served::{Yard, binary};
use serde_json::{Value as Json, json};

/// What a phone's command answers; it must succeed.
fn rep(yard: &Yard, words: &[&str]) -> Json {
    let mut command = yard.keeper.command(binary());
    let output = command
        .args(["--json", "rep", "--db"])
        .arg(yard.path("ana.db"))
        .args(words)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let answer: Json = serde_json::from_str(&said).unwrap_or_default();
    assert!(answer["ok"] == true, "{words:?}: {said}");
    answer
}

/// Runs the client and answers what it printed.
fn client(url: &str, code: &str) -> Json {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("python/client.py");
    let mut python = Command::new("python3");
    let python = python
        .arg("-B")
        .arg(script)
        .args([url, code])
        .stdin(Stdio::null());
    let output = python.output().expect("this test needs `python3`");
    let failed = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{failed}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The contact that the client made of what the server told of contacts is on a phone.
fn made_by_its_descriptor(yard: &Yard, told: &Json, account: &str) {
    assert_eq!(told["begun"], "accepted");
    let begun = rep(yard, &["get", "contact", told["made"].as_str().unwrap()]);
    assert_eq!(
        (
            &begun["data"]["name"],
            &begun["data"]["roles"]["one"]["account"]
        ),
        (&json!("Name by its descriptor"), &json!(account))
    );
}

#[test]
fn a_client_from_the_document_reads_writes_makes_a_contact_and_is_caught_lying() {
    let yard = Yard::new();
    let sheet = yard.path("accounts.csv");
    std::fs::write(&sheet, "code,name,state\nK1,Kiosk One,North\n").unwrap();
    yard.office(&[
        "import",
        "accounts",
        sheet.to_str().unwrap(),
        "--territory-column",
        "state",
    ]);
    let served = yard.serve("127.0.0.1:0");
    let ana = yard.user("Ana", "rep");
    rep(&yard, &["enrol", &served.url, &ana]);
    rep(&yard, &["sync"]);
    let account = rep(&yard, &["list", "account"])["data"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let at = format!("roles/r/account={account}");
    let made = rep(
        &yard,
        &["create", "contact", "name=Rosa", "phone=+14795550100", &at],
    );
    rep(&yard, &["sync"]);

    let told = client(&served.url, &yard.user("Py", "rep"));
    assert_eq!(
        (&told["contact"], &told["read"]["phone"]),
        (&made["id"], &json!("+14795550100"))
    );
    assert_eq!(told["rulings"], json!(["accepted", "accepted"]));
    assert_eq!(told["again"], json!(["duplicate", "duplicate"]));
    assert_eq!(
        (&told["now"]["phone"], &told["same"]),
        (&json!("+14795550199"), &json!(true))
    );

    rep(&yard, &["sync"]);
    made_by_its_descriptor(&yard, &told, &account);
    let contact = rep(&yard, &["get", "contact", made["id"].as_str().unwrap()]);
    assert_eq!(
        (&contact["data"]["phone"], &contact["data"]["name"]),
        (&json!("+14795550199"), &json!("Rosa"))
    );
    let fact = rep(&yard, &["get", "follow_up", told["fact"].as_str().unwrap()]);
    assert_eq!(
        fact["data"]["note"],
        json!("From a client in another language")
    );
    assert_eq!(fact["data"]["contact"], made["id"]);

    let lies = [
        ("actor", "foreign_actor"),
        ("checksum", "bad_checksum"),
        ("content", "bad_checksum"),
        ("counter", "wrong_start"),
        ("depends", "needs"),
        ("half", "broken_group"),
        ("replaces", "unknown_operation"),
        ("sequence", "rewrite"),
    ];
    assert_eq!(
        told["lies"],
        Json::Object(
            lies.map(|(lie, ruling)| (lie.to_owned(), ruling.into()))
                .into_iter()
                .collect()
        )
    );
}
