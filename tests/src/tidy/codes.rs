//! Finds every code by which something is refused, with the kinds of no that it is said as and the
//! first words that go with it: in sources, in what the verbs of objects require, and in what their
//! pots say. It does not know what refuses.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use super::workspace;

/// Who says no, by the name of the function that makes the refusal.
const MAKERS: &[(&str, RefusalWay)] = &[
    ("bad_input(", RefusalWay::BadInput),
    ("not_found(", RefusalWay::BadInput),
    ("rule(", RefusalWay::Rule),
    ("refused(", RefusalWay::Rule),
    ("too_large(", RefusalWay::TooLarge),
    ("rejected(", RefusalWay::Entry),
    ("Rejection::new(", RefusalWay::Entry),
    ("history(", RefusalWay::Entry),
    ("GateError::new(", RefusalWay::Entry),
];

/// In which way a code is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RefusalWay {
    /// The input is wrong.
    BadInput,
    /// It holds too much at once.
    TooLarge,
    /// A rule or a right is against it.
    Rule,
    /// Of a pushed entry alone.
    Entry,
}

impl RefusalWay {
    /// Its name, the HTTP status and the exit code of the command line that follow from it.
    #[must_use]
    pub fn told(self) -> [&'static str; 3] {
        match self {
            RefusalWay::BadInput => ["input", "400", "2"],
            RefusalWay::TooLarge => ["too much", "413", "2"],
            RefusalWay::Rule => ["rule", "403", "3"],
            RefusalWay::Entry => ["entry", "", ""],
        }
    }
}

/// A code, as the sources say it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FoundCode {
    /// In which ways.
    pub ways: BTreeSet<RefusalWay>,
    /// The first message that stands beside it.
    pub says: String,
}

/// All codes of what ships, ascending.
#[must_use]
pub fn codes() -> BTreeMap<String, FoundCode> {
    let mut found: BTreeMap<String, FoundCode> = BTreeMap::new();
    for path in workspace::files(".rs") {
        if path.starts_with("core/src") || path.starts_with("sync-server/") {
            find(&workspace::text(&path), &mut found);
        }
    }
    for path in workspace::files(".json") {
        if path.starts_with("core/objects/") {
            let descriptor = workspace::text(&path);
            find_required(&descriptor, &mut found);
            find_short(&descriptor, &mut found);
        }
    }
    found
}

/// The codes that the verbs of a descriptor refuse by where what they require does not hold.
pub fn find_required(descriptor: &str, found: &mut BTreeMap<String, FoundCode>) {
    let json: Json = serde_json::from_str(descriptor).expect("a descriptor is JSON");
    let verbs = json["verbs"].as_object().into_iter().flatten();
    let required = verbs.filter_map(|(_, verb)| verb["require"].as_array());
    for requirement in required.flatten() {
        let text = |name: &str| requirement[name].as_str().unwrap_or_default().to_owned();
        let entry = found.entry(text("code")).or_default();
        entry.ways.insert(RefusalWay::Rule);
        if entry.says.is_empty() {
            entry.says = text("say");
        }
    }
}

/// The codes by which draws from the pots of a descriptor are refused.
pub fn find_short(descriptor: &str, found: &mut BTreeMap<String, FoundCode>) {
    let json: Json = serde_json::from_str(descriptor).expect("a descriptor is JSON");
    let fields = json["fields"].as_object().into_iter().flatten();
    for (_, field) in fields.filter(|(_, field)| field["pot"].is_object()) {
        let text = |name: &str| field["pot"][name].as_str().unwrap_or_default().to_owned();
        let entry = found.entry(text("short")).or_default();
        entry.ways.insert(RefusalWay::Rule);
        if entry.says.is_empty() {
            entry.says = text("say");
        }
    }
}

/// The codes in one source.
pub fn find(source: &str, found: &mut BTreeMap<String, FoundCode>) {
    let source = source.split("#[cfg(test)]").next().unwrap_or_default();
    for (maker, way) in MAKERS {
        for (at, _) in source.match_indices(maker) {
            let rest = source[at + maker.len()..].trim_start();
            let Some(code) = literal(rest).filter(|code| is_code(code)) else {
                continue;
            };
            let entry = found.entry(code.clone()).or_default();
            entry.ways.insert(*way);
            if entry.says.is_empty() {
                let behind = &rest[code.len() + 2..];
                entry.says = message(behind, &source[..at]);
            }
        }
    }
}

fn is_code(text: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    !text.is_empty() && text.bytes().all(is_letter)
}

/// The text in quotes that a source begins with, its continued lines joined.
fn literal(source: &str) -> Option<String> {
    let mut rest = source.strip_prefix('"')?.chars().peekable();
    let mut text = String::new();
    while let Some(letter) = rest.next() {
        match letter {
            '"' => return Some(text),
            '\\' if rest.peek() == Some(&'\n') => {
                while rest.next_if(|letter| letter.is_whitespace()).is_some() {}
            }
            '\\' => text.extend(rest.next()),
            _ => text.push(letter),
        }
    }
    None
}

/// The message behind a code, or the last that was put together before it.
fn message(behind: &str, before: &str) -> String {
    let behind = behind.trim_start_matches(',').trim_start();
    let behind = behind
        .strip_prefix("format!(")
        .unwrap_or(behind)
        .trim_start();
    if let Some(said) = literal(behind) {
        return said;
    }
    let Some(at) = before
        .rfind("let message =")
        .filter(|_| behind.starts_with("message"))
    else {
        return String::new();
    };
    let put = before[at + "let message =".len()..].trim_start();
    let put = put.strip_prefix("format!(").unwrap_or(put).trim_start();
    literal(put).unwrap_or_default()
}
