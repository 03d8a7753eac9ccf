//! Every input that fuzzing kept, through what fuzzing asserts: what was found once is looked for
//! on every compiler.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::path::Path;

use outfield_tests::fuzz::TARGETS;

fn check(target: &str) {
    let (_, run) = TARGETS.iter().find(|(name, _)| *name == target).unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/corpus")
        .join(target);
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    assert!(files.len() > 5, "the inputs were not found");
    for file in files {
        let bytes = std::fs::read(&file).unwrap();
        if std::panic::catch_unwind(|| run(&bytes)).is_err() {
            panic!(
                "{} does not hold; what failed is told above",
                file.display()
            );
        }
    }
}

#[test]
fn codes_of_the_corpus_hold() {
    check("codes");
}

#[test]
fn descriptors_of_the_corpus_hold() {
    check("descriptors");
}

#[test]
fn frames_of_the_corpus_hold() {
    check("frames");
}

#[test]
fn changes_and_documents_of_the_corpus_hold() {
    check("gate");
}

#[test]
fn files_of_the_corpus_hold() {
    check("import");
}

#[test]
fn lists_of_the_corpus_hold() {
    check("query");
}
