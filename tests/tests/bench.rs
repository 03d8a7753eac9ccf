//! The benchmark works: a quick run measures every figure and every step of growth. It asserts no
//! time.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeSet;
use std::process::{Command, Output};

use outfield_tests::bench::figures::{FIGURES, GROWTH};
use serde_json::Value as Json;

fn bench_all(words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_bench-all"))
        .args(words)
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn names<'a>(list: &'a Json, key: &str) -> BTreeSet<&'a str> {
    list.as_array()
        .unwrap()
        .iter()
        .map(|one| one[key].as_str().unwrap())
        .collect()
}

#[test]
fn a_quick_run_measures_every_figure_and_prints_it_beside_its_budget() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("figures.json");
    let output = bench_all(&["--quick", "--json", file.to_str().unwrap()]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let told: Json = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();

    let mut measured = names(&told["figures"], "name");
    for figure in told["figures"].as_array().unwrap() {
        assert!(
            figure["ours"].is_u64() && figure["meets"].is_boolean() && figure["budget"].is_string(),
            "{figure}"
        );
    }
    // Only the library is built by a long run alone.
    assert!(
        measured.insert("mobile library, stripped")
            && told["skipped"].as_object().unwrap().len() == 1
    );
    assert_eq!(measured, FIGURES.iter().map(|figure| figure.name).collect());
    assert_eq!(
        names(&told["growth"], "part"),
        GROWTH.iter().copied().collect()
    );

    let table = text(&output.stdout);
    assert!(
        FIGURES.iter().all(|figure| table.contains(figure.name)),
        "{table}"
    );
    assert!(
        ["cpu", "cores", "memory", "kernel", "sqlite", "commit"]
            .iter()
            .all(|key| told["machine"][key] != Json::Null)
    );
}

#[test]
fn one_part_is_measured_alone_and_what_is_not_known_is_named() {
    let output = bench_all(&["--quick", "--only", "search"]);
    assert!(
        text(&output.stdout).contains("search a prefix"),
        "{}",
        text(&output.stderr)
    );
    assert!(!text(&output.stdout).contains("edit one field"));
    let wrong = [
        &["--only", "everything"][..],
        &["--stores", "no-such-file.csv"],
        &["--json"],
        &["--quickly"],
    ];
    for words in wrong {
        let output = bench_all(words);
        assert!(
            !output.status.success() && text(&output.stderr).contains(words[words.len() - 1]),
            "{words:?}"
        );
        assert!(output.stdout.is_empty(), "nothing is measured");
    }
}
