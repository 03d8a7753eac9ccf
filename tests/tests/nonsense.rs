//! Nonsense on the command line: each gets one JSON object with a code and one line, the right exit
//! code, and changes nothing. The binary itself is asked, as a script would.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStringExt as _;

use outfield_tests::served::{Yard, binary};
use serde_json::{Value as Json, json};

/// A rep with an order and a visit at a shop that buys pens.
struct RepDesk {
    yard: Yard,
    order: String,
    visit: String,
}

fn desk() -> RepDesk {
    let yard = Yard::new();
    for (file, text) in [
        ("accounts", "code,name,t\n1,Harp's,North\n"),
        ("products", "gtin,name\n96385074,Gum\n"),
    ] {
        let path = yard.path(&format!("{file}.csv"));
        std::fs::write(&path, text).unwrap();
        let mut words = vec!["import", file, path.to_str().unwrap()];
        if file == "accounts" {
            words.extend(["--territory-column", "t"]);
        }
        yard.office(&words);
    }
    let served = yard.serve("127.0.0.1:0");
    drop(yard.phone(&served, "Ann"));
    let mut desk = RepDesk {
        yard,
        order: String::new(),
        visit: String::new(),
    };
    let said = |words: &[&str]| {
        desk.says(&words.iter().map(OsString::from).collect::<Vec<_>>())
            .1
    };
    let account = said(&["list", "account"])["data"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let id = |json: Json| json["id"].as_str().unwrap().to_owned();
    (desk.order, desk.visit) = (
        id(said(&["order", "new", &account])),
        id(said(&["visit", "start", &account])),
    );
    desk
}

impl RepDesk {
    /// The exit code and the one JSON object that a rep's command prints.
    fn says(&self, words: &[OsString]) -> (i32, Json) {
        let mut command = self.yard.keeper.command(binary());
        command
            .args(["--json", "rep", "--db"].map(OsStr::new))
            .arg(self.yard.path("Ann.db"))
            .args(words);
        let output = command.output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(
            output.stderr.is_empty() && text.ends_with('\n') && text.matches('\n').count() == 1,
            "{words:?}: {text}"
        );
        (
            output.status.code().unwrap(),
            serde_json::from_str(&text).unwrap(),
        )
    }

    /// What a rep's command shows to a person, failures too; nothing of it steers a terminal.
    #[track_caller]
    fn shows(&self, words: &[&str]) -> String {
        let mut command = self.yard.keeper.command(binary());
        command
            .args(["rep", "--db"])
            .arg(self.yard.path("Ann.db"))
            .args(words);
        let output = command.output().unwrap();
        let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        let steers = |letter: char| {
            let turns = matches!(letter, '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}')
                || matches!(letter, '\u{2066}'..='\u{2069}' | '\u{61c}');
            turns || letter.is_control() && letter != '\n'
        };
        assert!(!text.contains(steers), "{words:?}: {text:?}");
        text
    }

    /// A command is refused as bad input with this code, in one line.
    #[track_caller]
    fn refuses(&self, words: &[&str], code: &str) {
        let words: Vec<OsString> = words.iter().map(OsString::from).collect();
        let (exit, said) = self.says(&words);
        assert_eq!(
            (exit, &said["error"]["code"]),
            (2, &Json::from(code)),
            "{words:?}: {said}"
        );
        let message = said["error"]["message"].as_str().unwrap();
        assert!(!message.is_empty() && !message.contains('\n'), "{message}");
    }
}

#[test]
fn nonsense_in_orders_gets_one_line_that_says_what_is_wrong_and_changes_nothing() {
    let desk = desk();
    let (order, visit, huge) = (desk.order.as_str(), desk.visit.as_str(), "9".repeat(400));
    let before = desk.says(&["digest".into()]);
    for quantity in [
        "-1",
        "0",
        "1e3",
        "NaN",
        "1,5",
        "0x10",
        "1.0000001",
        "1000000001",
        "a\nb",
        &huge,
    ] {
        desk.refuses(&["order", "add", order, "96385074", quantity], "bad_value");
    }
    desk.refuses(&["order", "add", order, "96385074", ""], "required");
    for product in ["", "\"^*", &huge, "4006381333931"] {
        desk.refuses(&["order", "set", order, product, "1"], "unknown_product");
    }
    for name in ["x", "a\nb", "x 4006381333932", "\u{1b}[2J"] {
        let set = ["order", "set", order, name, "1"];
        desk.refuses(&set, "unknown_reference");
    }
    desk.refuses(&["order", "set", order, "4006381333932", "1"], "bad_scan");
    for unit in ["KGM", "each", "a\nb", &huge] {
        desk.refuses(
            &["order", "add", order, "96385074", "1", "--unit", unit],
            "unknown_unit",
        );
    }
    for discount in ["-1", "101", "x", "1.1234567", &huge] {
        desk.refuses(
            &[
                "order",
                "add",
                order,
                "96385074",
                "1",
                "--discount",
                discount,
            ],
            "bad_value",
        );
    }
    desk.refuses(&["order", "submit", visit], "unknown_record");
    desk.refuses(&["order", "show", "x"], "unknown_reference");
    desk.refuses(&["order", "new", order], "unknown_reference");
    assert_eq!(desk.says(&["digest".into()]), before);
}

#[test]
fn nonsense_in_visits_gets_one_line_that_says_what_is_wrong_and_changes_nothing() {
    let desk = desk();
    let (order, visit) = (desk.order.as_str(), desk.visit.as_str());
    let before = desk.says(&["digest".into()]);
    for count in [
        "facings=-1",
        "facings=1.5",
        "facings=9223372036854775807",
        "price=1e9",
        "expiry=2026-02-30",
        "own=maybe",
    ] {
        desk.refuses(
            &["visit", "count", visit, "96385074", "status=present", count],
            "bad_value",
        );
    }
    desk.refuses(
        &["visit", "count", visit, "123", "status=present"],
        "unknown_product",
    );
    desk.refuses(
        &["visit", "count", order, "96385074", "status=present"],
        "not_found",
    );
    for day in ["", "today", "2026-02-30", "99999-01-01"] {
        desk.refuses(&["figures", "--day", day], "bad_value");
    }
    for scan in ["", "(01)", "]C1", "4006381333932"] {
        desk.refuses(&["scan", scan], "bad_scan");
    }
    let (exit, said) = desk.says(&["scan".into(), OsString::from_vec(vec![b'a', 0xff])]);
    assert_eq!((exit, &said["error"]["code"]), (2, &Json::from("usage")));
    assert_eq!(desk.says(&["digest".into()]), before);
}

#[test]
fn a_refusal_tells_the_numbers_behind_it_and_only_then() {
    let desk = desk();
    let says = |words: &[&str]| {
        let words: Vec<OsString> = words.iter().map(OsString::from).collect();
        desk.says(&words)
    };
    let (_, accounts) = says(&["list", "account"]);
    let account = accounts["data"][0]["id"].as_str().unwrap();
    let (exit, said) = says(&["visit", "start", account]);
    assert_eq!((exit, &said["error"]["code"]), (3, &"visit_open".into()));
    let numbers = json!({ "account": "Harp's", "visit": desk.visit });
    assert_eq!(said["error"]["numbers"], numbers);
    let (_, said) = says(&["visit", "check-out", "no-id"]);
    assert_eq!(said["error"].get("numbers"), None, "{said}");
}

#[test]
fn no_name_steers_a_terminal_or_breaks_a_row() {
    let desk = desk();
    let long = format!("Long {}", "x".repeat(8_000));
    let names = [
        "Tab\tbed",
        "Line\nbroken\r\nname",
        "\u{1b}[2J Clearing",
        "\u{9b}2J Clearing too",
        "\u{202e}gninruT\u{202c}",
        "Marked\u{200f}\u{2066}",
        &long,
    ];
    for name in names {
        let name = format!("name={name}").into();
        let (exit, said) = desk.says(&["create".into(), "contact".into(), name]);
        assert_eq!(exit, 0, "{said}");
    }
    let shown = desk.shows(&["list", "contact"]);
    assert_eq!(shown.lines().count(), names.len() + 1, "{shown}");
    assert!(shown.contains("Tab bed  ") && shown.contains("Line broken name  "));
    // What steers is taken out where it comes in, so that nothing of it is left to be shown.
    assert!(shown.contains("[2J Clearing  ") && shown.contains(&long));
    assert!(shown.contains("gninruT  ") && shown.contains("Marked  "));
    let found = desk.shows(&["search", "clearing"]);
    assert_eq!(found.lines().count(), 3, "{found}");
    let one = desk.shows(&["get", "contact", "[2J Clearing"]);
    assert!(one.contains("\nname: [2J Clearing\n"), "{one}");
    let refused = desk.shows(&["get", "contact", "\u{1b}[2J Clearin"]);
    assert!(refused.contains("did you mean `[2J Clearing`"), "{refused}");
}
