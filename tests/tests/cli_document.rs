//! Runs `docs/cli.md` as it stands, and the README likewise: every `$ ` line of their console
//! blocks, from top to bottom, in one shell and one empty folder, and compares what comes out. It
//! knows the form of the document and nothing of what commands do.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::fmt::Write as _;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use outfield_tests::products;

/// How long the whole document may take.
const PATIENCE: Duration = Duration::from_secs(240);
/// Stands for any text within a line; alone on a line, for any number of lines.
const ANYTHING: &str = "…";

/// One command of the document.
#[derive(Debug, PartialEq, Eq)]
struct DocumentStep {
    /// The line of the document that it begins on.
    line: usize,
    command: String,
    /// The exit code that a comment `# exit 3` at the end of the line names, else 0.
    exit: i32,
    /// The lines below it.
    expected: Vec<String>,
}

const DOCUMENT: &str = "docs/cli.md";
const README: &str = "README.md";

fn text_of(name: &str) -> String {
    std::fs::read_to_string(products::workspace().join(name))
        .unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn document() -> String {
    text_of(DOCUMENT)
}

/// The commands of all console blocks. A line that starts with `> ` continues a command.
fn steps(document: &str) -> Vec<DocumentStep> {
    let mut steps: Vec<DocumentStep> = Vec::new();
    let (mut inside, mut in_command) = (false, false);
    for (at, line) in document.lines().enumerate() {
        if line.starts_with("```") {
            inside = line == "```console";
            in_command = false;
        } else if inside {
            match (
                line.strip_prefix("$ "),
                line.strip_prefix("> "),
                steps.last_mut(),
            ) {
                (Some(command), _, _) => {
                    let (command, exit) = parted(command);
                    steps.push(DocumentStep {
                        line: at + 1,
                        command,
                        exit,
                        expected: Vec::new(),
                    });
                    in_command = true;
                }
                (None, Some(more), Some(step)) if in_command => {
                    step.command.push('\n');
                    step.command.push_str(more);
                }
                (None, _, Some(step)) => {
                    step.expected.push(line.to_owned());
                    in_command = false;
                }
                (None, _, None) => panic!("line {}: a console block starts with `$ `", at + 1),
            }
        }
    }
    steps
}

fn parted(command: &str) -> (String, i32) {
    match command.rsplit_once(" # exit ") {
        Some((command, exit)) => (
            command.trim_end().to_owned(),
            exit.trim().parse().expect("an exit code"),
        ),
        None => (command.to_owned(), 0),
    }
}

/// A shell with all that it started; none of it outlives the test.
struct Shell(Child);

impl Drop for Shell {
    fn drop(&mut self) {
        let group = format!("-{}", self.0.id());
        Command::new("bash")
            .args(["-c", "kill -KILL -- \"$1\"", "-", &group])
            .stderr(Stdio::null())
            .status()
            .ok();
        self.0.wait().ok();
    }
}

/// What a step printed, and its exit code; none if the shell did not come so far.
type StepOutcome = Option<(String, i32)>;

/// Runs all steps in one shell, in an empty folder below `home`.
fn run(steps: &[DocumentStep], home: &Path) -> Vec<StepOutcome> {
    let (work, notes) = (home.join("work"), home.join("notes"));
    std::fs::create_dir_all(&work).unwrap();
    std::fs::create_dir_all(&notes).unwrap();
    let mut script = String::from("set +e\n");
    for (at, step) in steps.iter().enumerate() {
        let note = notes.join(at.to_string());
        std::fs::write(&note, format!("{}\n", step.command)).unwrap();
        let note = note.display();
        writeln!(
            script,
            ". '{note}' > '{note}.out' 2>&1\necho $? > '{note}.exit'"
        )
        .unwrap();
    }
    std::fs::write(notes.join("script"), script).unwrap();
    let path = format!(
        "{}:{}",
        products::folder().unwrap().display(),
        std::env::var("PATH").unwrap()
    );
    let mut bash = Command::new("bash");
    bash.arg(notes.join("script"))
        .current_dir(&work)
        .env("PATH", path)
        .env("HOME", home)
        .env("LC_ALL", "C.UTF-8");
    bash.env_remove("OUTFIELD_NOW")
        .env_remove("BASH_ENV")
        .stdin(Stdio::null())
        .process_group(0);
    let mut shell = Shell(bash.spawn().unwrap());
    let until = Instant::now() + PATIENCE;
    while shell.0.try_wait().unwrap().is_none() && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(50));
    }
    let read =
        |at: usize, end: &str| std::fs::read_to_string(notes.join(format!("{at}.{end}"))).ok();
    let outcome = |at| Some((read(at, "out")?, read(at, "exit")?.trim().parse().ok()?));
    (0..steps.len()).map(outcome).collect()
}

/// Whether lines are as expected, where wildcards stand for anything.
fn agrees(expected: &[String], actual: &[&str]) -> bool {
    match expected.split_first() {
        None => actual.is_empty(),
        Some((first, rest)) if first == ANYTHING => {
            (0..=actual.len()).any(|skip| agrees(rest, &actual[skip..]))
        }
        Some((first, rest)) => actual
            .split_first()
            .is_some_and(|(line, others)| line_agrees(first, line) && agrees(rest, others)),
    }
}

fn line_agrees(expected: &str, actual: &str) -> bool {
    let Some((start, rest)) = expected.split_once(ANYTHING) else {
        return expected == actual;
    };
    let Some(mut left) = actual.strip_prefix(start) else {
        return false;
    };
    let mut pieces: Vec<&str> = rest.split(ANYTHING).collect();
    let end = pieces.pop().unwrap_or_default();
    for piece in pieces {
        let Some(found) = left.find(piece) else {
            return false;
        };
        left = &left[found + piece.len()..];
    }
    left.len() >= end.len() && left.ends_with(end)
}

/// What differs between document and outcome, for whoever mends one of them.
fn difference(name: &str, step: &DocumentStep, outcome: &StepOutcome) -> Option<String> {
    let Some((printed, exit)) = outcome else {
        return Some(format!(
            "{name}:{}: the shell did not come to this\n  $ {}",
            step.line, step.command
        ));
    };
    let actual: Vec<&str> = printed.lines().collect();
    if *exit == step.exit && agrees(&step.expected, &actual) {
        return None;
    }
    let shown = |mark: char, lines: &[&str]| {
        lines
            .iter()
            .map(|line| format!("  {mark} {line}\n"))
            .collect::<String>()
    };
    let expected: Vec<&str> = step.expected.iter().map(String::as_str).collect();
    Some(format!(
        "{name}:{}\n  $ {}\n  exit {exit}, the document says {}\n{}{}",
        step.line,
        step.command,
        step.exit,
        shown('-', &expected),
        shown('+', &actual)
    ))
}

fn check(name: &str, steps: &[DocumentStep]) {
    let home = tempfile::tempdir().unwrap();
    let outcomes = run(steps, home.path());
    let wrong: Vec<String> = steps
        .iter()
        .zip(&outcomes)
        .filter_map(|(step, outcome)| difference(name, step, outcome))
        .collect();
    assert!(
        wrong.is_empty(),
        "- the document, + what came out:\n\n{}",
        wrong.join("\n")
    );
}

#[test]
fn the_document_tells_the_truth() {
    let steps = steps(&document());
    assert!(steps.len() > 30, "the document was not read");
    check(DOCUMENT, &steps);
}

/// The lines of the first block of the README, which stands there to be copied into a shell.
fn first_block(readme: &str) -> Vec<(usize, &str)> {
    let lines = readme.lines().enumerate();
    let inside = lines.skip_while(|(_, line)| *line != "```sh").skip(1);
    inside.take_while(|(_, line)| *line != "```").collect()
}

#[test]
fn the_first_screen_of_the_readme_was_really_run() {
    let readme = text_of(README);
    let block = first_block(&readme);
    assert!(
        block
            .first()
            .is_some_and(|(_, line)| line.starts_with("cargo build"))
    );
    let mut all = Vec::new();
    // The binary is built before the test runs.
    for (at, line) in &block[1..] {
        all.push(DocumentStep {
            line: at + 1,
            command: (*line).to_owned(),
            exit: 0,
            expected: vec![ANYTHING.to_owned()],
        });
    }
    let mut day = steps(&readme);
    let shown = day.len() + day.iter().map(|step| step.expected.len()).sum::<usize>();
    assert!(
        shown == 10 && all.len() > 10,
        "a day in ten lines, and what it needs: {shown} lines"
    );
    for step in &mut day {
        // What is refused says so itself.
        step.exit = if step.expected[0].starts_with("error") {
            3
        } else {
            0
        };
    }
    all.append(&mut day);
    check(README, &all);
}

#[test]
fn what_the_readme_has_people_copy_runs_in_any_shell() {
    let readme = text_of(README);
    let block = first_block(&readme);
    let day = steps(&readme);
    let lines = block.iter().map(|(_, line)| *line);
    for line in lines.chain(day.iter().map(|step| step.command.as_str())) {
        // An interactive zsh knows no comments, and takes these for patterns and history.
        for (at, letter) in line.char_indices() {
            let before = &line[..at];
            let is_quoted =
                before.matches('"').count() % 2 == 1 || before.matches('\'').count() % 2 == 1;
            let is_special = matches!(letter, '#' | '*' | '?' | '[' | '!' | '~');
            assert!(is_quoted || !is_special, "`{letter}` in: {line}");
        }
        assert_eq!(line.matches('\'').count() % 2, 0, "{line}");
    }
    for shell in ["bash", "zsh"] {
        let script: String = block.iter().map(|(_, line)| format!("{line}\n")).collect();
        match Command::new(shell).args(["-n", "-c", &script]).status() {
            Ok(status) => assert!(status.success(), "{shell} does not read it"),
            // Not every machine has both.
            Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::NotFound),
        }
    }
}

#[test]
fn the_document_shows_every_command_and_option() {
    let text = document();
    let steps = steps(&text);
    let runs: Vec<Vec<&str>> = steps
        .iter()
        .flat_map(|step| step.command.lines())
        .map(|line| line.split([' ', '(', ')']).collect())
        .collect();
    let mut missing = Vec::new();
    for command in outfield_cli::commands() {
        let shows = |words: &Vec<&str>| {
            let mut words = words.iter();
            command
                .words
                .iter()
                .all(|wanted| words.any(|word| word == wanted))
        };
        let name = command.words.join(" ");
        if !runs.iter().any(shows) {
            missing.push(format!("`{name}` is never run"));
        }
        let unnamed = command
            .options
            .iter()
            .filter(|option| !text.contains(option.as_str()));
        missing.extend(unnamed.map(|option| format!("`{option}` of `{name}` is never named")));
    }
    assert!(
        missing.is_empty(),
        "docs/cli.md is to be mended:\n{}",
        missing.join("\n")
    );
}

#[test]
fn wildcards_stand_for_text_and_for_lines() {
    let agree = |expected: &str, actual: &str| {
        let expected: Vec<String> = expected.lines().map(str::to_owned).collect();
        agrees(&expected, &actual.lines().collect::<Vec<_>>())
    };
    assert!(agree("id: …\nname: Ana", "id: 7\nname: Ana"));
    assert!(agree("one\n…\nfour", "one\ntwo\nthree\nfour"));
    assert!(agree("…", ""));
    assert!(agree("a…b…b", "a b b b"));
    assert!(!agree("a…b", "a"));
    assert!(!agree("one", "one\ntwo"));
    assert!(!agree("ab…ba", "aba"));
}

#[test]
fn steps_know_their_exit_codes_and_lines_below() {
    let read = steps(
        "text\n```console\n$ false # exit 1\n$ cat <<'END'\n> a\n> END\na\n```\n```sh\n$ not \
            run\n```\n",
    );
    let step = |line, command: &str, exit, expected: &[&str]| DocumentStep {
        line,
        command: command.to_owned(),
        exit,
        expected: expected.iter().map(|line| (*line).to_owned()).collect(),
    };
    assert_eq!(
        read,
        [
            step(3, "false", 1, &[]),
            step(4, "cat <<'END'\na\nEND", 0, &["a"])
        ]
    );
}
