//! Holds the house tidy: walls between rooms, one owner for each outside thing, circles, sizes,
//! headers, names, and objects that are named outside the rules. For each check there is also a
//! planted fault that it must find. It does not know what the code does.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

use std::sync::LazyLock;

use outfield_tests::tidy::finding::{Finding, grouped};
use outfield_tests::tidy::manifests::{self, Manifest};
use outfield_tests::tidy::measure::measure;
use outfield_tests::tidy::objects::{self, StillNamed};
use outfield_tests::tidy::place::ModuleMap;
use outfield_tests::tidy::scan::scan;
use outfield_tests::tidy::shapes::ScannedFile;
use outfield_tests::tidy::still_named::{CEILING, STILL_NAMED};
use outfield_tests::tidy::{circles, names, owners, sizes, walls, workspace};

/// The workspace is read once for all checks.
static SOURCES: LazyLock<Vec<ScannedFile>> = LazyLock::new(workspace::sources);

fn nothing(what: &str, findings: &[Finding]) {
    let count = findings.len();
    assert!(count == 0, "{what}, {count}:\n{}", grouped(findings));
}

#[test]
fn rooms_stay_behind_their_walls() {
    nothing("walls broken", &walls::check(&ModuleMap::new(&SOURCES)));
}

#[test]
fn the_shipped_binary_names_no_demo() {
    nothing("demo in what is shipped", &walls::check_demo(&SOURCES));
}

#[test]
fn manifests_stay_behind_their_walls() {
    let manifests = workspace::manifests();
    nothing(
        "dependencies that may not be",
        &manifests::forbidden(&manifests),
    );
}

#[test]
fn each_outside_thing_has_its_owner() {
    nothing("strangers", &owners::check(&ModuleMap::new(&SOURCES)));
}

#[test]
fn every_dependency_is_used() {
    let manifests = workspace::manifests();
    let map = ModuleMap::new(&SOURCES);
    nothing("unused dependencies", &manifests::unused(&map, &manifests));
}

#[test]
fn nothing_goes_in_circles() {
    nothing("circles", &circles::check(&ModuleMap::new(&SOURCES)));
}

#[test]
fn every_file_says_what_it_is_for_and_is_short() {
    nothing("sizes", &sizes::check(&SOURCES));
}

#[test]
fn one_type_name_has_one_meaning() {
    nothing("names twice", &names::check(&SOURCES));
    nothing("permissions", &names::check_allowed(&SOURCES));
}

#[test]
fn no_object_is_named_outside_the_rules() {
    let named = objects::named(&ModuleMap::new(&SOURCES), &workspace::objects());
    let findings = objects::check(&named, STILL_NAMED, CEILING);
    nothing("objects named", &findings);
}

/// Scans planted sources, given as path and text, each with a header.
fn planted(sources: &[(&str, &str)]) -> Vec<ScannedFile> {
    let mut files = Vec::new();
    for (path, text) in sources {
        files.push(scan(path, &format!("//! Planted.\n{text}\n")));
    }
    files
}

/// The findings' lines and what is wrong, from one check of planted sources.
fn wrongs(findings: &[Finding]) -> Vec<String> {
    let said = findings.iter();
    said.map(|found| format!("{}:{} {}", found.file, found.line, found.wrong))
        .collect()
}

const STORE: (&str, &str) = ("core/src/store/open.rs", "pub struct Opened;");
const STORE_TOP: (&str, &str) = (
    "core/src/store/mod.rs",
    "pub mod open;\npub use open::Opened;",
);
const CORE_TOP: (&str, &str) = ("core/src/lib.rs", "pub mod domain; pub mod store;");

fn wall_findings(text: &str) -> Vec<String> {
    let planted = planted(&[
        CORE_TOP,
        STORE_TOP,
        STORE,
        ("core/src/domain/mod.rs", "pub mod decide;"),
        ("core/src/domain/decide.rs", text),
    ]);
    wrongs(&walls::check(&ModuleMap::new(&planted)))
}

#[test]
fn a_broken_wall_is_found_however_it_is_written() {
    for text in [
        "use crate::store::Opened;",
        "use crate::{base::id, store::{self, open}};",
        "use super::super::store::Opened as Other;",
        "use crate as root;\nuse root::store::Opened;",
        "fn f() { let _ = crate::store::open::Opened; }",
        "fn f(_: &outfield_core::store::Opened) {}",
        "fn f() { assert!(crate::store::is_open()); }",
    ] {
        let found = wall_findings(text);
        assert!(!found.is_empty(), "not found: {text}");
        assert!(found[0].contains("outfield_core::store"), "{found:?}");
    }
}

#[test]
fn clean_rooms_and_unit_tests_break_no_wall() {
    for text in [
        "use crate::base::id;\n// crate::store::open\nconst S: &str = \"crate::store\";",
        "#[cfg(test)]\nmod tests { use crate::store::Opened; }",
        "use super::store_of_words::Word;",
    ] {
        assert_eq!(wall_findings(text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn a_demo_in_the_shipped_binary_is_found() {
    let bad = planted(&[
        ("sync-server/src/demo.rs", ""),
        (
            "sync-server/src/lib.rs",
            "mod demo;\nfn run() { say(\"the demo\"); }",
        ),
    ]);
    assert_eq!(walls::check_demo(&bad).len(), 3);
    let clean = planted(&[("sync-server/cli/src/lib.rs", "fn democracy() {}")]);
    assert_eq!(walls::check_demo(&clean), []);
}

#[test]
fn manifests_are_read() {
    let text = "[package]\nname = \"x\"\n[dependencies]\nrusqlite.workspace = true\n\
                serde = \"1\"\n# tokio = \"1\"\n[lints]\nworkspace = true\n";
    let cli = Manifest::of("sync-server/cli/Cargo.toml", text);
    let found = manifests::forbidden(&[cli]);
    assert_eq!(
        wrongs(&found),
        ["sync-server/cli/Cargo.toml:4 depends on `rusqlite`"]
    );

    let files = planted(&[("sync-server/cli/src/lib.rs", "use serde as s;")]);
    let cli = Manifest::of("sync-server/cli/Cargo.toml", text);
    let found = manifests::unused(&ModuleMap::new(&files), &[cli]);
    assert_eq!(
        wrongs(&found),
        ["sync-server/cli/Cargo.toml:4 no file uses `rusqlite`"]
    );
}

#[test]
fn a_stranger_is_found_however_it_is_written() {
    for text in [
        "use rusqlite::Connection;",
        "use rusqlite as db;",
        "use {serde::Serialize, rusqlite::{params, types::{Value as V}}};",
        "extern crate rusqlite as db;",
        "fn f(_: ::rusqlite::Row) {}",
        "#[derive(rusqlite::Row)] struct S;",
        "fn f() { let _ = vec![rusqlite::params()]; }",
    ] {
        let files = planted(&[("core/src/app/ask.rs", text)]);
        let found = owners::check(&ModuleMap::new(&files));
        assert!(!found.is_empty(), "not found: {text}");
    }
    let clean = "//! rusqlite::\nuse my_rusqlite::X;\n#[cfg(test)] mod t { use rusqlite::Row; }";
    let files = planted(&[
        ("core/src/app/ask.rs", clean),
        ("core/src/store/open.rs", "use rusqlite::Connection;"),
    ]);
    assert_eq!(owners::check(&ModuleMap::new(&files)), []);
}

#[test]
fn circles_of_files_and_folders_are_found() {
    let files = planted(&[
        ("core/src/lib.rs", "pub mod one; pub mod two;"),
        (
            "core/src/one/mod.rs",
            "pub mod a; pub mod b; pub mod c;\npub use a::A;\npub use b::*;",
        ),
        ("core/src/one/a.rs", "use super::B; pub struct A;"),
        (
            "core/src/one/b.rs",
            "pub struct B; fn f() { super::c::go() }",
        ),
        (
            "core/src/one/c.rs",
            "use super::A;\nuse crate::two::Two; pub fn go() {}",
        ),
        ("core/src/two/mod.rs", "pub struct Two(crate::one::A);"),
    ]);
    let found = circles::find(&ModuleMap::new(&files));
    assert_eq!(found.len(), 2, "{found:?}");
    assert_eq!(found[0].members, ["a", "b", "c"]);
    assert_eq!(found[1].members, ["one", "two"]);
}

#[test]
fn a_file_and_the_folder_beside_it_are_found_in_a_circle() {
    let files = planted(&[
        ("core/src/lib.rs", "pub mod check; pub mod registry;"),
        (
            "core/src/check.rs",
            "mod growth;\nuse crate::registry::Registry; pub fn check(_: Registry) {}",
        ),
        ("core/src/check/growth.rs", "pub struct Growth;"),
        (
            "core/src/registry.rs",
            "pub struct Registry; fn f(it: Registry) { crate::check::check(it) }",
        ),
    ]);
    let found = circles::find(&ModuleMap::new(&files));
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].members, ["check", "registry"]);
}

#[test]
fn ways_in_one_direction_and_in_unit_tests_are_no_circle() {
    let files = planted(&[
        (
            "core/src/one/mod.rs",
            "pub mod a; pub mod b;\npub use a::A;\npub use b::B;",
        ),
        ("core/src/one/a.rs", "use super::B; pub struct A;"),
        (
            "core/src/one/b.rs",
            "pub struct B;\n#[cfg(test)] mod tests { use crate::one::A; }",
        ),
        ("core/src/lib.rs", "pub mod one;"),
    ]);
    assert!(circles::find(&ModuleMap::new(&files)).is_empty());
}

#[test]
fn a_mod_with_code_is_a_member_of_a_circle() {
    let files = planted(&[
        ("core/src/lib.rs", "pub mod one;"),
        (
            "core/src/one/mod.rs",
            "mod a;\npub struct Top; fn f() { a::go() }",
        ),
        ("core/src/one/a.rs", "use super::Top; pub fn go() {}"),
    ]);
    assert_eq!(circles::find(&ModuleMap::new(&files)).len(), 1);
}

fn size_findings(text: &str) -> Vec<String> {
    wrongs(&sizes::check(&planted(&[("core/src/x.rs", text)])))
}

#[test]
fn sizes_are_held() {
    let wide = format!("const S: &str = \"{}\";", "x".repeat(100));
    let long_file = "// line\n".repeat(600);
    let long_function = format!("fn f() {{\n{}}}", "    g();\n".repeat(71));
    for (text, wrong) in [
        (wide.as_str(), "characters"),
        (&long_file, "lines"),
        (&long_function, "lines of code"),
        (
            "fn f(a: u8, b: u8, c: u8, d: u8, e: u8, f: u8, g: u8, h: u8) {}",
            "8 parameters",
        ),
        ("fn f((a, b): (u8, u8)) {}", "tuple"),
        ("fn f(pair: &(u8, u8)) {}", "tuple"),
        ("fn f(&(a, _): &Pair) {}", "tuple"),
        ("impl S { fn f(&self, x: (u8, u8)) {} }", "tuple"),
        ("trait T { fn f(&self, x: (u8, u8)); }", "tuple"),
    ] {
        let found = size_findings(text);
        assert_eq!(found.len(), 1, "{text}: {found:?}");
        assert!(found[0].contains(wrong), "{found:?}");
    }
    let headless = scan("core/src/x.rs", "fn f() {}\n");
    assert_eq!(sizes::check(&[headless]).len(), 1);
    let nameless = planted(&[("core/src/utils.rs", "")]);
    assert_eq!(sizes::check(&nameless).len(), 1);
}

#[test]
fn what_is_short_passes() {
    let text = "fn f(a: u8, unit: ()) { map(|(a, b): (u8, u8)| a + b) }\nfn g(x: &[(u8, u8)]) {}";
    assert_eq!(size_findings(text), Vec::<String>::new());
    let comments = format!("fn f() {{\n{}}}", "    // why\n\n".repeat(71));
    assert_eq!(size_findings(&comments), Vec::<String>::new());
}

#[test]
fn a_name_with_two_meanings_is_found() {
    let files = planted(&[
        ("core/src/a.rs", "struct Entry;\nstruct Other;"),
        (
            "tests/tests/b.rs",
            "fn f() { enum Entry {} }\nimpl T for S { type Other = u8; }",
        ),
    ]);
    let found = wrongs(&names::check(&files));
    let said = "core/src/a.rs:2 `Entry` also names a type in tests/tests/b.rs:2";
    assert_eq!(found, [said]);
}

#[test]
fn a_mirror_of_the_bindings_may_stand_twice() {
    let files = planted(&[
        ("core/src/a.rs", "struct Receipt;"),
        ("bindings/src/lib.rs", "struct Receipt;"),
    ]);
    assert_eq!(names::check(&files), []);
    let permissions = names::check_allowed(&files);
    assert_eq!(permissions.len(), names::TWICE.len() - 1);
}

/// What a planted file of the server names, of three objects.
fn named_by(text: &str) -> Vec<String> {
    let files = planted(&[
        ("core/src/lib.rs", "pub mod domain;"),
        (
            "core/src/domain/rules/names.rs",
            "pub const VISIT: &str = \"visit\";",
        ),
        ("sync-server/src/x.rs", text),
    ]);
    let objects = ["visit", "price_list", "user"].map(str::to_owned);
    let named = objects::named(&ModuleMap::new(&files), &objects);
    let names = named.get("sync-server/src/x.rs").cloned();
    names.unwrap_or_default().into_keys().collect()
}

#[test]
fn an_object_is_found_however_it_is_named() {
    for (text, name) in [
        ("fn f() { g(\"visit\") }", "visit"),
        ("const X: &[&str] = &[\"price_list\"];", "price_list"),
        ("fn f() { json!({\"object\": \"visit\"}) }", "visit"),
        ("fn f() { matches!(x, \"visit\") }", "visit"),
        (
            "fn f(x: &str) { match x { \"visit\" => 1, _ => 0 } }",
            "visit",
        ),
        (
            "use outfield_core::domain::rules::names::VISIT as V;",
            "visit",
        ),
        (
            "use outfield_core::domain::{rules::{names}};\nfn f() { g(names::VISIT) }",
            "visit",
        ),
        (
            "use outfield_core::domain::rules::sell::order;",
            "rules::sell",
        ),
        ("fn f() { registry.get(\"user\") }", "user"),
        ("fn f() { self.registry.get(&\"user\".to_owned()) }", "user"),
        ("fn f() { store.record(\"user\", id) }", "user"),
        ("fn f() { if edit.object == \"user\" {} }", "user"),
        ("fn f() { Edit { object: \"user\".into() } }", "user"),
        ("fn f() { json!({\"object\": \"user\"}) }", "user"),
    ] {
        assert_eq!(named_by(text), [name], "{text}");
    }
}

#[test]
fn words_of_who_acts_and_other_texts_name_no_object() {
    for text in [
        "fn f() { json!({\"user\": 1}) }",
        "fn f() { meta.get(\"user\") }",
        "/// The object \"visit\".\nfn visit() {}",
        "fn f() { g(\"a visit\") }",
        "use outfield_core::domain::rules::RULES;",
        "#[cfg(test)] mod tests { fn f() { g(\"visit\") } }",
    ] {
        assert_eq!(named_by(text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn the_list_of_what_is_still_named_only_shrinks() {
    let files = planted(&[("sync-server/src/x.rs", "const X: &str = \"visit\";")]);
    let objects = ["visit", "product"].map(str::to_owned);
    let named = objects::named(&ModuleMap::new(&files), &objects);
    let entry = |names| {
        [StillNamed {
            file: "sync-server/src/x.rs",
            names,
            next: "one place of decision asks it",
        }]
    };
    assert_eq!(objects::check(&named, &entry(&["visit"]), 1), []);
    assert_eq!(objects::check(&named, &entry(&["visit"]), 2).len(), 1);
    assert_eq!(objects::check(&named, &[], 0).len(), 1);
    let found = objects::check(&named, &entry(&["visit", "product"]), 2);
    assert!(found[0].mend.contains("take it off the list"), "{found:?}");
}

#[test]
fn figures_are_measured() {
    let files = planted(&[
        (
            "core/src/a.rs",
            "/// Said.\npub fn f((a, b): (u8, u8)) {\n    x.map(|y| y).unwrap();\n}\n\
             #[cfg(test)]\nmod tests {\n    fn t() {}\n}",
        ),
        ("tests/tests/b.rs", "fn g() {}"),
    ]);
    let figures = measure(&ModuleMap::new(&files));
    assert_eq!(figures.product.code_lines, 3);
    assert_eq!(figures.product.function_lines, [3]);
    assert_eq!(figures.product.tuple_parameters, 1);
    assert_eq!((figures.product.closures, figures.product.unwraps), (1, 1));
    assert_eq!(figures.product.documented_items, 1);
    assert_eq!(figures.tests.code_lines, 5);
    assert!(figures.to_string().contains("lines of code"));
}
