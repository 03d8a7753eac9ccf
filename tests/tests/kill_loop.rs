//! Kills phones and server a few times: nothing is lost, and a loss would be found, and no process
//! is left behind. It knows the words of `kill-loop` and nothing of how it works.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// How long it may take until work is under way, and how long until all has ended after a Ctrl-C.
const PATIENCE: Duration = Duration::from_secs(120);

fn kill_loop(temp: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kill-loop"));
    command
        .args(words)
        .env("TMPDIR", temp)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn run(words: &[&str]) -> (Output, String, String) {
    let temp = tempfile::tempdir().unwrap();
    let output = kill_loop(temp.path(), words).output().unwrap();
    assert_nothing_is_left(temp.path());
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let (told, problems) = (text(&output.stdout), text(&output.stderr));
    (output, told, problems)
}

/// Processes that name this folder.
fn processes(temp: &Path) -> Vec<String> {
    let processes = Command::new("ps").args(["-eo", "args"]).output().unwrap();
    let processes = String::from_utf8_lossy(&processes.stdout).into_owned();
    processes
        .lines()
        .filter(|line| line.contains(temp.to_str().unwrap()))
        .map(str::to_owned)
        .collect()
}

fn assert_nothing_is_left(temp: &Path) {
    assert_eq!(
        std::fs::read_dir(temp).unwrap().count(),
        0,
        "the folder is still there"
    );
    assert_eq!(
        processes(temp),
        Vec::<String>::new(),
        "processes are still there"
    );
}

#[test]
fn nothing_is_lost_or_doubled_when_phones_and_server_die() {
    let (output, told, problems) = run(&["30", "7"]);
    assert!(output.status.success(), "{told}{problems}");
    let numbers: Vec<&str> = told.trim().split(' ').collect();
    let [kills, commands, lost, doubled, seed] = numbers[..] else {
        panic!("{told}")
    };
    assert_eq!(
        [kills, lost, doubled, seed],
        ["kills=30", "lost=0", "doubled=0", "seed=7"]
    );
    assert!(
        commands
            .strip_prefix("commands=")
            .unwrap()
            .parse::<u64>()
            .unwrap()
            >= 30,
        "{told}"
    );
    assert_eq!(problems, "", "no progress where no terminal is");
}

/// Spoils one phone's file; answers what is told and what is amiss.
fn spoilt(defect: &str) -> (String, String) {
    let (output, told, problems) = run(&["12", "7", "--break", defect]);
    assert_eq!(output.status.code(), Some(1), "{told}{problems}");
    assert!(
        problems.contains("digests of Ana's phone and"),
        "{problems}"
    );
    (told, problems)
}

#[test]
fn a_lost_record_is_found() {
    let (told, problems) = spoilt("lose");
    assert!(
        told.contains(" lost=1 doubled=0 seed=7"),
        "{told}{problems}"
    );
    assert!(
        problems.contains("lost in Ana's file: follow_up "),
        "{problems}"
    );
}

#[test]
fn a_doubled_record_is_found() {
    let (told, problems) = spoilt("double");
    assert!(
        told.contains(" lost=0 doubled=1 seed=7"),
        "{told}{problems}"
    );
    assert!(
        problems.contains("doubled in Ana's file, 2 times: contact "),
        "{problems}"
    );
}

#[test]
fn a_forgotten_value_is_found() {
    let (told, problems) = spoilt("forget");
    assert!(
        told.contains(" lost=1 doubled=0 seed=7"),
        "{told}{problems}"
    );
    assert!(
        problems.contains("lost in Ana's file, where name is nothing: contact "),
        "{problems}"
    );
}

/// A loop that is in the middle of its work.
fn begun(temp: &Path) -> Child {
    let mut looping = kill_loop(temp, &["100000", "7"]).spawn().unwrap();
    let began = Instant::now();
    while !processes(temp)
        .iter()
        .any(|line| line.contains(" rep ") && line.contains(" edit "))
    {
        assert!(began.elapsed() < PATIENCE && looping.try_wait().unwrap().is_none());
        std::thread::sleep(Duration::from_millis(5));
    }
    looping
}

#[test]
fn no_process_is_left_when_it_is_killed_itself() {
    let temp = tempfile::tempdir().unwrap();
    let mut looping = begun(temp.path());
    looping.kill().unwrap();
    looping.wait().unwrap();
    let ended = Instant::now();
    while !processes(temp.path()).is_empty() {
        assert!(ended.elapsed() < PATIENCE, "processes are still there");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn it_ends_all_processes_when_it_is_interrupted() {
    let temp = tempfile::tempdir().unwrap();
    let looping = begun(temp.path());
    Command::new("bash")
        .args(["-c", "kill -INT \"$1\"", "-", &looping.id().to_string()])
        .status()
        .unwrap();
    let output = looping.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("ended by the person"),
        "{output:?}"
    );
    assert_nothing_is_left(temp.path());
}

#[test]
fn wrong_words_are_answered_with_the_right_ones() {
    let (output, _, problems) = run(&["many"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        problems.starts_with("usage: kill-loop N [SEED]"),
        "{problems}"
    );
}
