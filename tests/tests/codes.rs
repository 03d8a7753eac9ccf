//! Every code by which something is refused stands in `docs/codes.md`, with how it is said.
//! `OUTFIELD_CODES=write` writes the page anew.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use outfield_tests::tidy::codes::{FoundCode, RefusalWay, codes, find, find_required};

const HEAD: &str = "# Codes of refusals

Every `code` that the core, its objects and the server refuse by, made from the sources by a test.

- *input*: the command or request is wrong, HTTP 400, exit 2.
- *too much*: it holds more than is taken at once, HTTP 413, exit 2.
- *rule*: a rule or a right is against it, HTTP 403, exit 3.
- *entry*: said of a pushed entry, which is kept in quarantine. A code of *input* or *rule* is said
  of entries as well, where the server asks the same again.

Messages say what is wrong and what to do; `{..}` stands for what they name. Beside these, doors
have codes of their own (`docs/rest.md`, `docs/cli.md`, `docs/protocol.md`), and so have the objects
of a tenant, in what their verbs `require`.

| code | kind | HTTP | exit | says |
|---|---|---|---|---|
";

fn page(codes: &BTreeMap<String, FoundCode>) -> String {
    let mut page = HEAD.to_owned();
    for (code, found) in codes {
        let ways: Vec<[&str; 3]> = found.ways.iter().map(|way| way.told()).collect();
        let column = |at: usize| {
            let mut told: Vec<&str> = ways.iter().map(|way| way[at]).collect();
            told.retain(|word| !word.is_empty());
            told.join(", ")
        };
        let says = found.says.replace('|', "\\|");
        let (kind, http, exit) = (column(0), column(1), column(2));
        writeln!(page, "| `{code}` | {kind} | {http} | {exit} | {says} |").unwrap();
    }
    page
}

#[test]
fn every_code_stands_in_the_list() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/codes.md");
    let made = page(&codes());
    if std::env::var("OUTFIELD_CODES").is_ok_and(|what| what == "write") {
        std::fs::write(&file, &made).unwrap();
    }
    let there = std::fs::read_to_string(&file).unwrap_or_default();
    for (made, there) in made.lines().zip(there.lines()) {
        assert_eq!(made, there, "write it anew: OUTFIELD_CODES=write");
    }
    assert_eq!(made.lines().count(), there.lines().count());
}

#[test]
fn a_code_is_found_with_its_kind_and_its_words() {
    let source = "
        return Err(Refusal::rule(\"too_late\", format!(\"it is {hour}; \\
            come earlier\")));
        let message = \"nothing here\";
        Err(rejected(\"too_late\", message))
        Refusal::bad_input(code, message)";
    let mut found = BTreeMap::new();
    find(source, &mut found);
    let ways = [RefusalWay::Rule, RefusalWay::Entry].into();
    let says = "it is {hour}; come earlier".to_owned();
    assert_eq!(
        found,
        BTreeMap::from([("too_late".to_owned(), FoundCode { ways, says })])
    );
}

#[test]
fn a_code_is_found_in_what_a_verb_requires() {
    let descriptor = r#"{"verbs": {"sell": {"label": "Sell"}, "close": {"require": [
        {"if": {"role": ["rep"]}, "code": "too_soon", "say": "wait | ask"}]}}}"#;
    let mut found = BTreeMap::new();
    find_required(descriptor, &mut found);
    let (ways, says) = ([RefusalWay::Rule].into(), "wait | ask".to_owned());
    assert_eq!(
        found,
        BTreeMap::from([("too_soon".to_owned(), FoundCode { ways, says })])
    );
}
