//! Runs the demo as a person would, with its own sample: it must hold, and it must be able to fail.
//! It knows the words of the story and nothing of how the demo works.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use serde_json::Value as Json;

/// How long a demo that is told to end may take for that.
const PATIENCE: Duration = Duration::from_secs(60);

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

/// The binary of this build: cargo leaves what is up to date as it is.
fn binary() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let test = std::env::current_exe().unwrap();
        let folder = test.parent().and_then(Path::parent).unwrap().to_owned();
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args([
            "build",
            "--workspace",
            "--bin",
            "outfield",
            "--bin",
            "outfield-demo",
            "--locked",
            "--offline",
            "--quiet",
            "--target-dir",
        ]);
        cargo.arg(folder.parent().unwrap()).current_dir(root());
        if folder.ends_with("release") {
            cargo.arg("--release");
        }
        assert!(
            cargo.status().unwrap().success(),
            "`cargo build --bin outfield` failed"
        );
        folder.join("outfield")
    })
}

/// A demo whose folder lies in a place of its own.
fn demo(temp: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(binary());
    command
        .arg("demo")
        .args(arguments)
        .env("TMPDIR", temp)
        .stdin(Stdio::null());
    command
}

fn run(arguments: &[&str]) -> (Output, String) {
    let temp = tempfile::tempdir().unwrap();
    let output = demo(temp.path(), arguments).output().unwrap();
    assert_nothing_is_left(temp.path());
    let told = String::from_utf8(output.stdout.clone()).unwrap();
    (output, told)
}

/// No folder, and no process that has a file in it.
fn assert_nothing_is_left(temp: &Path) {
    assert_eq!(
        std::fs::read_dir(temp).unwrap().count(),
        0,
        "the demo's folder is still there"
    );
    assert_eq!(server_below(temp), None, "the demo's server is still there");
}

/// The command of a server that works below a folder.
fn server_below(temp: &Path) -> Option<String> {
    let processes = Command::new("ps").args(["-eo", "args"]).output().unwrap();
    let processes = String::from_utf8_lossy(&processes.stdout).into_owned();
    let found = processes
        .lines()
        .find(|line| line.contains(temp.to_str().unwrap()) && line.contains("serve"));
    found.map(str::to_owned)
}

#[test]
fn the_story_is_told_and_all_claims_hold() {
    let (output, told) = run(&["--exit"]);
    assert!(
        output.status.success(),
        "{told}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    for wanted in [
        "1223 m from the account, 185 m are allowed",
        "says why: Parking is closed",
        "mandatory and not done",
        "the phone dies (SIGKILL)",
        "the server's answer is lost",
        "dies meanwhile (SIGKILL)",
        "is started again on the same folder",
        "credit_exceeded: ",
        "is shown what two have edited",
        "✓ kept: ",
        " commands answered for 60 records",
        "✓ nothing doubled: 3 contacts, 3 follow-ups, 20 inventory-checks, \
         13 sales-orders, 21 visits",
        "✓ nothing waits",
        "✓ one conflict, whole in each of the 3 files",
        "✓ both phones showed it",
        "✓ it is closed",
        "✓ merged: email of Maria Lopez",
        "✓ both counts of one shelf stay",
        "✓ refused once: Ben's order",
        "✓ credit holds",
        "✓ to the cent: 13 orders, 24 lines",
        "✓ the figures below are the story's: 35 fractions counted again here \
         from 21 visits, 20 made, 13 with an order",
        "✓ Ann's phone is the server's equal",
        "✓ Ben's phone is the server's equal",
        "✓ Cem's phone is the server's equal",
        "  territory AR ",
        "9/14   64.3%",
        "All 15 claims hold.",
    ] {
        assert!(told.contains(wanted), "`{wanted}` is not in:\n{told}");
    }
    assert!(!told.contains('\u{1b}'), "no colour where no terminal is");
}

/// Each defect that can be planted, and how the claims begin that must fail for it, and no others.
const DEFECTS: &[(&str, &[&str])] = &[
    (
        "lose-visit",
        &[
            "not all that was answered is kept: ben.db: visit",
            "something is doubled or missing: ben.db has 14 visit records",
            "figures are wrong: ",
            "Ben: the server's digest",
        ],
    ),
    (
        "double-visit",
        &[
            "something is doubled or missing: ben.db has 16 visit records",
            "figures are wrong: ",
            "Ben: the server's digest",
        ],
    ),
    (
        "move-visit",
        &[
            "not all that was answered is kept: ben.db: visit",
            "figures are wrong: ",
            "Ben: the server's digest",
        ],
    ),
    (
        "forget-email",
        &[
            "not all that was answered is kept",
            "ben.db: email of Maria Lopez is nothing",
            "Ben: the server's digest",
        ],
    ),
    (
        "lose-count",
        &[
            "not all that was answered is kept",
            "ben.db has lost Ann's count",
            "Ben: the server's digest",
        ],
    ),
    ("lose-side", &["the conflict in ben.db has lost the value"]),
    ("swap-sides", &["Ben's phone showed the conflict as"]),
    ("reopen-conflict", &["the conflict in ben.db is open"]),
    (
        "lose-choice",
        &[
            "ben.db has 0 choices; one is due",
            "Ben: the server's digest",
        ],
    ),
    (
        "forget-refusal",
        &[
            "not each order has its verdict: ben.db: an order of Ben has",
            "a sum is wrong",
            "Ben: the server's digest",
        ],
    ),
    (
        "add-cent",
        &["a sum is wrong: ben.db", "Ben: the server's digest"],
    ),
    (
        "overdraw",
        &[
            "ben.db: 499.99 of 500.00 is used; confirmed orders come to",
            "Ben: the server's digest",
        ],
    ),
];

#[test]
fn each_defect_is_found_by_the_claims_that_it_is_against_and_by_no_others() {
    let names: Vec<&str> = DEFECTS.iter().map(|(defect, _)| *defect).collect();
    let (output, told) = run(&["--exit", "--break", &names.join(",")]);
    assert_eq!(output.status.code(), Some(5), "{told}");
    assert!(told.contains(" of 195 claims do NOT hold"), "{told}");
    let whole = told
        .split("\nThe proof, by code")
        .nth(1)
        .unwrap_or_default();
    assert_eq!(
        (whole.matches("✓ ").count(), whole.matches("✗ ").count()),
        (15, 0),
        "the files themselves are whole"
    );
    for (defect, claims) in DEFECTS {
        let heading = format!("The proof, where a file is spoiled: {defect}\n");
        let proof = told
            .split_once(&heading)
            .and_then(|(_, after)| after.split("\n\n").next())
            .unwrap_or_default();
        let failed: Vec<&str> = proof
            .lines()
            .filter_map(|line| line.trim().strip_prefix("✗ "))
            .collect();
        assert_eq!(
            failed.len() + proof.matches("✓ ").count(),
            15,
            "{defect}: {proof}"
        );
        let is_found = |(claim, failed): (&&str, &&str)| failed.starts_with(claim);
        let all = claims.len() == failed.len() && claims.iter().zip(&failed).all(is_found);
        assert!(all, "{defect}: {claims:#?}\n{failed:#?}");
    }
}

#[test]
fn one_json_object_answers_and_the_seed_chooses() {
    let (output, told) = run(&["--exit", "--json", "--seed", "1"]);
    let answer: Json = serde_json::from_str(&told).expect("one JSON object");
    assert!(output.status.success(), "{answer}");
    assert_eq!(
        (&answer["ok"], &answer["data"]["seed"]),
        (&Json::Bool(true), &Json::from(1))
    );
    assert!(
        answer["data"]["claims"]
            .as_array()
            .unwrap()
            .iter()
            .all(|claim| claim["holds"] == Json::Bool(true))
    );
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("arrives at"),
        "the story is told beside the answer"
    );
}

#[test]
fn it_lingers_with_commands_to_try_until_it_is_told_to_end() {
    let temp = tempfile::tempdir().unwrap();
    let story = temp.path().join("story");
    let folder = temp.path().join("folder");
    std::fs::create_dir(&folder).unwrap();
    let out = std::fs::File::create(&story).unwrap();
    let mut lingering = demo(&folder, &["--seed", "3"]).stdout(out).spawn().unwrap();
    let began = Instant::now();
    let told = loop {
        let told = std::fs::read_to_string(&story).unwrap();
        if told.contains("Ctrl-C ends the server") {
            break told;
        }
        assert!(
            began.elapsed() < PATIENCE && lingering.try_wait().unwrap().is_none(),
            "{told}"
        );
        std::thread::sleep(Duration::from_millis(20));
    };
    for command in told
        .lines()
        .filter(|line| line.contains(" rep --db ") || line.contains(" user list "))
    {
        let tried = Command::new("bash")
            .args(["-ec", command])
            .env("NO_PROXY", "127.0.0.1")
            .output()
            .unwrap();
        assert!(
            tried.status.success() || command.contains("curl"),
            "{command}\n{tried:?}"
        );
    }
    Command::new("bash")
        .args(["-c", "kill -INT \"$1\"", "-", &lingering.id().to_string()])
        .status()
        .unwrap();
    assert!(lingering.wait().unwrap().success());
    assert_nothing_is_left(&folder);
}

#[test]
fn the_server_of_a_demo_that_is_killed_ends_too() {
    let temp = tempfile::tempdir().unwrap();
    let mut killed = demo(temp.path(), &[])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let told = BufReader::new(killed.stdout.take().unwrap());
    assert!(
        told.lines()
            .any(|line| line.unwrap().contains("listens at")),
        "it never came to a server"
    );
    killed.kill().unwrap();
    killed.wait().unwrap();
    let began = Instant::now();
    while server_below(temp.path()).is_some() {
        assert!(
            began.elapsed() < PATIENCE,
            "the demo's server is still there"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn the_proof_imports_nothing_of_the_core() {
    let proof = root().join("tests/demo/src/proof");
    let files: Vec<_> = std::fs::read_dir(proof).unwrap().collect();
    assert!(files.len() > 5, "the proof was not found");
    for file in files {
        let file = file.unwrap().path();
        let text = std::fs::read_to_string(&file).unwrap();
        let shipped = text.split("\n#[cfg(test)]").next().unwrap();
        let foreign = shipped
            .lines()
            .find(|line| line.contains("outfield_core") || line.contains("crate::"));
        assert_eq!(foreign, None, "{}", file.display());
    }
}
