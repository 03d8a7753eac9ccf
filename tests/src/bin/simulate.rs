//! `simulate` runs seeds of the simulation and says which failed. It reads the words of the command
//! line; `outfield_tests::simulate` does the rest.

use std::io::Write;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use outfield_core::base::planted::Planted;
use outfield_tests::seeds::{self, say};
use outfield_tests::simulate::{self, batch};

const USAGE: &str = "usage: simulate --seeds N [--from S] | --hours H [--from S] | --seed S | \
                     --planted all|NAME [--from S]";

/// What is asked for.
enum SimWork {
    Seeds(u64),
    Hours(u64),
    Seed(u64),
    Planted(Vec<Planted>),
}

fn read() -> Option<(SimWork, u64)> {
    let (mut work, mut from) = (None, 1);
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let value = words.next()?;
        let number = || value.parse::<u64>().ok();
        match word.as_str() {
            "--from" => from = number()?,
            "--seeds" => work = Some(SimWork::Seeds(number()?)),
            "--hours" => work = Some(SimWork::Hours(number()?)),
            "--seed" => work = Some(SimWork::Seed(number()?)),
            "--planted" => {
                work = Some(SimWork::Planted(seeds::named(&Planted::SIMULATED, &value)?))
            }
            _ => return None,
        }
    }
    Some((work?, from))
}

fn many(first: u64, count: u64, until: Option<Instant>) -> bool {
    say(&format!("seeds from {first} on\n"));
    let report = batch::run_many(first, count, until);
    say(&report.shown());
    report.holds()
}

/// One seed, twice.
fn one(seed: u64) -> bool {
    let mut outcome = simulate::run(seed, None);
    let difference = batch::difference(&outcome);
    outcome.failure = outcome.failure.or(difference);
    say(&batch::shown(&outcome));
    outcome.failure.is_none()
}

fn main() -> ExitCode {
    let Some((work, from)) = read() else {
        writeln!(std::io::stderr(), "{USAGE}").ok();
        return ExitCode::from(2);
    };
    let holds = match work {
        SimWork::Seeds(count) => many(from, count, None),
        SimWork::Hours(hours) => many(
            from,
            u64::MAX,
            Some(Instant::now() + Duration::from_secs(hours * 3_600)),
        ),
        SimWork::Seed(seed) => one(seed),
        SimWork::Planted(errors) => seeds::search(errors, "seed", batch::SEEDS_TO_FIND, |error| {
            batch::find(error, from)
        }),
    };
    if holds {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
