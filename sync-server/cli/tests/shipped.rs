//! The binary `outfield` as it is shipped, alone in a folder: it holds nothing of the demo, and
//! says so. It knows nothing of the story.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value as Json;

/// Words of the story, which only the demo tells.
const WORDS_OF_THE_STORY: &[&str] = &["Harvest Foods", "Maria Lopez", "is switched off again"];

fn shipped(folder: &Path) -> PathBuf {
    let program = folder.join("outfield");
    std::fs::copy(env!("CARGO_BIN_EXE_outfield"), &program).unwrap();
    program
}

/// Runs the demo by a binary beside which there is no `outfield-demo`.
fn demo_alone(arguments: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(shipped(folder.path()));
    command.arg("demo").args(arguments);
    command.output().unwrap()
}

#[test]
fn without_the_demo_beside_it_the_demo_is_refused() {
    let output = demo_alone(&["--exit"]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), output.stdout), (Some(2), Vec::new()));
    assert!(
        said.starts_with("error: the demo is a program of its own, and `")
            && said.contains("/outfield-demo` cannot be started: No such file or directory")
            && said.ends_with("; `cargo demo` builds and runs it\n")
            && said.lines().count() == 1,
        "{said}"
    );
}

#[test]
fn the_refusal_is_one_json_object_where_json_is_wanted() {
    let output = demo_alone(&["--exit", "--json"]);
    let answer: Json = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(answer["error"]["code"], "no_demo");
}

#[test]
fn an_argument_that_the_demo_does_not_have_is_refused_at_once() {
    let output = demo_alone(&["--story", "another"]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(
        said.starts_with("error: unexpected argument '--story' found; "),
        "{said}"
    );
}

#[test]
fn nothing_of_the_story_is_in_it() {
    let program = std::fs::read(env!("CARGO_BIN_EXE_outfield")).unwrap();
    let holds = |word: &str| {
        let word = word.as_bytes();
        program.windows(word.len()).any(|part| part == word)
    };
    assert!(holds("the demo is a program of its own"));
    let found: Vec<_> = WORDS_OF_THE_STORY
        .iter()
        .filter(|word| holds(word))
        .collect();
    assert!(found.is_empty(), "{found:?}");
}
