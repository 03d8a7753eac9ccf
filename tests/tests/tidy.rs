//! Holds the house tidy: walls between rooms, one owner for each outside thing, sizes, headers,
//! object names. It reads the sources as text and knows nothing of what they do.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

use std::path::{Path, PathBuf};

/// Who may name an outside crate: crate, and the places below the workspace that own it.
const OWNERS: &[(&str, &[&str])] = &[
    (
        "automerge",
        &["core/src/crdt/", "core/tests/crdt", "tests/"],
    ),
    (
        "rusqlite",
        &[
            "core/src/store/",
            "sync-server/src/tenant/",
            "sync-server/src/office.rs",
            "sync-server/src/error.rs",
            "sync-server/src/demo/proof.rs",
            "tests/",
        ],
    ),
    ("reqwest", &["core/src/sync/http.rs", "tests/"]),
    ("geo", &["core/src/base/place.rs"]),
    ("jiff", &["core/src/base/time.rs"]),
    ("getrandom", &["core/src/app/surroundings.rs"]),
    ("uniffi", &["bindings/src/"]),
    ("uniffi_bindgen", &["tests/"]),
    ("axum", &["sync-server/src/http"]),
    ("futures_util", &["sync-server/src/http"]),
    ("clap", &["sync-server/src/cli/"]),
    ("csv", &["sync-server/src/cli/"]),
    ("indicatif", &["sync-server/src/cli/"]),
];

/// The rooms that never import each other.
const ROOMS: &[&str] = &["domain", "crdt", "store", "sync"];

/// Objects whose names are also words of `base` for who acts; they may stand as keys of JSON and of
/// `meta`, but not behind a door that takes an object.
const IDENTITY_WORDS: &[&str] = &["user", "device", "actor"];
const DOORS: &[&str] = &[
    "registry.get(",
    "descriptor(",
    "record(",
    "find(",
    "object == ",
    "object: ",
];

const FILE_LINES_MAX: usize = 600;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            if name != "target" && !name.starts_with('.') {
                sources(&path, found);
            }
        } else if name.ends_with(".rs") {
            found.push(path);
        }
    }
}

/// Every source as (path below the workspace, text).
fn all() -> Vec<(String, String)> {
    let root = root();
    let mut paths = Vec::new();
    sources(&root, &mut paths);
    paths.sort();
    assert!(paths.len() > 10, "the sources were not found");
    let read = |path: PathBuf| {
        let name = path
            .strip_prefix(&root)
            .unwrap()
            .to_string_lossy()
            .into_owned();
        (name, std::fs::read_to_string(&path).unwrap())
    };
    paths.into_iter().map(read).collect()
}

/// Lines of code, comments left out, up to the unit tests at the end of a file.
fn code(text: &str) -> impl Iterator<Item = &str> {
    let shipped = text.split("\n#[cfg(test)]").next().unwrap_or_default();
    shipped
        .lines()
        .map(str::trim)
        .filter(|line| !line.starts_with("//"))
}

fn nothing(what: &str, found: Vec<String>) {
    assert!(found.is_empty(), "{what}:\n{}", found.join("\n"));
}

#[test]
fn rooms_do_not_import_each_other() {
    let mut found = Vec::new();
    for (name, text) in all() {
        let Some(room) = ROOMS
            .iter()
            .find(|room| name.starts_with(&format!("core/src/{room}/")))
        else {
            continue;
        };
        for other in ROOMS.iter().chain(&["app"]).filter(|other| *other != room) {
            let door = format!("crate::{other}");
            found.extend(
                code(&text)
                    .filter(|line| line.contains(&door))
                    .map(|line| format!("{name}: {line}")),
            );
        }
    }
    nothing("a wall is broken", found);
}

#[test]
fn words_know_no_room_and_objects_know_only_words() {
    let mut found = Vec::new();
    for (name, text) in all() {
        let allowed: &[&str] = match name.as_str() {
            _ if name.starts_with("core/src/base/") => &["base"],
            _ if name.starts_with("core/src/objects/") => &["base", "objects"],
            _ => continue,
        };
        for line in code(&text).filter(|line| line.contains("crate::")) {
            let to = line.split("crate::").nth(1).unwrap_or_default();
            if !allowed
                .iter()
                .any(|room| to.starts_with(&format!("{room}::")))
            {
                found.push(format!("{name}: {line}"));
            }
        }
    }
    nothing("the floor imports a room", found);
}

#[test]
fn each_outside_thing_has_its_owner() {
    let mut found = Vec::new();
    for (name, text) in all() {
        for (outside, owners) in OWNERS {
            if owners.iter().any(|owner| name.starts_with(owner)) {
                continue;
            }
            let uses = |line: &&str| {
                line.contains(&format!("{outside}::")) && !line.contains(&format!("_{outside}::"))
            };
            found.extend(
                code(&text)
                    .filter(uses)
                    .map(|line| format!("{name}: {line}")),
            );
        }
    }
    nothing("an outside thing is used by a stranger", found);
}

#[test]
fn every_file_says_what_it_is_for_and_is_short() {
    let mut found = Vec::new();
    for (name, text) in all() {
        if !text.starts_with("//!") {
            found.push(format!("{name}: no `//!` header"));
        }
        let lines = text.lines().count();
        if lines > FILE_LINES_MAX {
            found.push(format!("{name}: {lines} lines, at most {FILE_LINES_MAX}"));
        }
    }
    nothing("files to mend", found);
}

#[test]
fn no_object_is_named_outside_the_rules() {
    let mut objects = Vec::new();
    let mut folders = vec![root().join("core/objects")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "json") {
                objects.push(path.file_stem().unwrap().to_string_lossy().into_owned());
            }
        }
    }
    let mut found = Vec::new();
    for (name, text) in all() {
        if !name.starts_with("core/src/") || name.starts_with("core/src/domain/rules/") {
            continue;
        }
        for object in &objects {
            let named = format!("\"{object}\"");
            let is_word = IDENTITY_WORDS.contains(&object.as_str());
            let as_object = |line: &&str| {
                !is_word
                    || DOORS
                        .iter()
                        .any(|door| line.contains(&format!("{door}{named}")))
            };
            let lines = code(&text)
                .filter(|line| line.contains(&named))
                .filter(as_object);
            found.extend(lines.map(|line| format!("{name}: {line}")));
        }
    }
    nothing("an object is named outside domain/rules", found);
}

#[test]
fn no_room_is_without_a_name() {
    let nameless = ["utils", "helpers", "manager", "common", "misc"];
    let found = all().into_iter().map(|(name, _)| name);
    let found = found.filter(|name| name.split(['/', '.']).any(|part| nameless.contains(&part)));
    nothing("a name says nothing", found.collect());
}
