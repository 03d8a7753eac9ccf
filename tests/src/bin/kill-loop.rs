//! `kill-loop N [SEED]` kills real phones and a real server N times while they work, then proves
//! that nothing that was answered is lost or doubled. It reads the words of the command line;
//! `outfield_tests::kill` does the rest.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::Write;
use std::process::ExitCode;

use outfield_tests::kill::{self, KillDefect, KillPlan};

const USAGE: &str = "usage: kill-loop N [SEED] [--keep] [--break lose|double|forget]";
/// Seeds that nobody chose stay below this, so that they are easy to type.
const SEEDS: u64 = 1_000_000;

fn plan(words: Vec<String>) -> Option<KillPlan> {
    let mut plan = KillPlan {
        kills: 0,
        seed: RandomState::new().build_hasher().finish() % SEEDS,
        defect: None,
        keep: false,
    };
    let mut numbers = Vec::new();
    let mut words = words.into_iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--keep" => plan.keep = true,
            "--break" => plan.defect = Some(KillDefect::named(&words.next()?)?),
            number => numbers.push(number.parse::<u64>().ok()?),
        }
    }
    match numbers.as_slice() {
        [kills] => plan.kills = *kills,
        [kills, seed] => (plan.kills, plan.seed) = (*kills, *seed),
        _ => return None,
    }
    Some(plan)
}

fn main() -> ExitCode {
    let Some(plan) = plan(std::env::args().skip(1).collect()) else {
        // Where even standard error is closed, the exit code alone tells.
        writeln!(std::io::stderr(), "{USAGE}").ok();
        return ExitCode::from(2);
    };
    let seed = plan.seed;
    match kill::run(&plan) {
        Ok(outcome) => {
            for problem in &outcome.problems {
                writeln!(std::io::stderr(), "{problem}").ok();
            }
            let printed = writeln!(std::io::stdout(), "{outcome}");
            if outcome.holds() && printed.is_ok() {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            }
        }
        Err(message) => {
            writeln!(std::io::stderr(), "error: {message} (seed {seed})").ok();
            ExitCode::FAILURE
        }
    }
}
