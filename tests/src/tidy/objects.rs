//! Objects that are named outside `core/src/domain/rules`, however it is written: as a string, also
//! in a macro or a constant, by a constant of `rules::names`, or by the module of a rule's area.

use std::collections::{BTreeMap, BTreeSet};

use super::finding::Finding;
use super::place::ModuleMap;

/// Where no object should be named.
const NAMELESS_FOLDERS: &[&str] = &[
    "core/src/",
    "sync-server/src/",
    "sync-server/cli/src/",
    "bindings/src/",
];
/// Where objects are named.
const RULES_FOLDER: &str = "core/src/domain/rules/";
/// The one file that joins what areas export.
const TABLE: &str = "core/src/domain/table.rs";
/// The module of the constants, from the crate down.
const NAMES_MODULE: &str = "outfield_core::domain::rules::names";
const RULES_MODULE: &str = "outfield_core::domain::rules";

/// Objects whose names are also words of `base` for who acts; they may stand as keys of JSON and of
/// `meta`, but not behind a door that takes an object.
const IDENTITY_WORDS: &[&str] = &["user", "device", "actor"];
/// What takes an object; `.name` stands for a function or method of whatever it is called on.
const DOORS: &[&str] = &[
    "registry.get",
    ".descriptor",
    ".record",
    ".find",
    "object==",
    "object!=",
    "object:",
];

/// What one file may still name, and the step after which it need not.
pub struct StillNamed {
    /// The file.
    pub file: &'static str,
    /// Objects, and areas as `rules::area`.
    pub names: &'static [&'static str],
    /// What has to happen first.
    pub next: &'static str,
}

/// What each file names, with the line where it does so first.
pub type NamedByFile = BTreeMap<String, BTreeMap<String, usize>>;

fn is_checked(path: &str) -> bool {
    let mut folders = NAMELESS_FOLDERS.iter();
    folders.any(|folder| path.starts_with(folder)) && !path.starts_with(RULES_FOLDER)
}

fn takes_object(door: &str) -> bool {
    DOORS.iter().any(|known| match known.strip_prefix('.') {
        Some(function) => door.rsplit('.').next() == Some(function),
        None => door == *known,
    })
}

/// The object or area that a path names.
fn named_by_path(path: &[String], objects: &[String]) -> Option<String> {
    let path = path.join("::");
    if let Some(rest) = path.strip_prefix(NAMES_MODULE) {
        let constant = rest.trim_start_matches("::").to_lowercase();
        return objects.contains(&constant).then_some(constant);
    }
    let rest = path.strip_prefix(RULES_MODULE)?.strip_prefix("::")?;
    let area = rest.split("::").next()?;
    let is_module = area.starts_with(char::is_lowercase);
    (is_module && rest != "rule").then(|| format!("rules::{area}"))
}

/// Everything that is named where it should not be.
pub fn named(map: &ModuleMap<'_>, objects: &[String]) -> NamedByFile {
    let mut found = NamedByFile::new();
    for (index, file) in map.files.iter().enumerate() {
        if !is_checked(&file.path) {
            continue;
        }
        let mut names: BTreeMap<String, usize> = BTreeMap::new();
        for written in file.texts.iter().filter(|written| !written.test) {
            let is_word = IDENTITY_WORDS.contains(&written.text.as_str());
            let at_door = written.door.as_deref().is_some_and(takes_object);
            if objects.contains(&written.text) && (!is_word || at_door) {
                let first = names.entry(written.text.clone()).or_insert(written.line);
                *first = written.line.min(*first);
            }
        }
        for reach in map.reaches(index) {
            if let Some(name) = named_by_path(&reach.path, objects) {
                if file.path == TABLE && name.starts_with("rules::") {
                    continue;
                }
                let first = names.entry(name).or_insert(reach.line);
                *first = reach.line.min(*first);
            }
        }
        if !names.is_empty() {
            found.insert(file.path.clone(), names);
        }
    }
    found
}

/// What is named beyond the list, entries of the list that nothing needs any more, and a ceiling
/// that is not the list's length.
pub fn check(named: &NamedByFile, still: &[StillNamed], ceiling: usize) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut allowed: BTreeSet<(&str, &str)> = BTreeSet::new();
    let list = |wrong: String, mend: &str| Finding {
        file: "tests/src/tidy/still_named.rs".to_owned(),
        line: 1,
        wrong,
        mend: mend.to_owned(),
    };
    for entry in still {
        for name in entry.names {
            allowed.insert((entry.file, name));
            let names = named.get(entry.file);
            if !names.is_some_and(|names| names.contains_key(*name)) {
                let wrong = format!("{} no longer names `{name}`", entry.file);
                findings.push(list(wrong, "take it off the list, and lower the ceiling"));
            }
        }
    }
    if allowed.len() != ceiling {
        let wrong = format!("{} names, and a ceiling of {ceiling}", allowed.len());
        findings.push(list(
            wrong,
            "the ceiling is the list's length and only falls",
        ));
    }
    for (file, names) in named {
        for (name, line) in names {
            if !allowed.contains(&(file.as_str(), name.as_str())) {
                findings.push(Finding {
                    file: file.clone(),
                    line: *line,
                    wrong: format!("names `{name}`"),
                    mend: "let data say it, or ask a rule or a question by its name".to_owned(),
                });
            }
        }
    }
    findings
}
