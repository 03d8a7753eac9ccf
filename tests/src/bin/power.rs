//! `power` cuts the power at writes of simulated runs and says which images failed. It reads the
//! words of the command line; `outfield_tests::power` does the rest.

use std::io::Write;
use std::process::ExitCode;

use outfield_core::base::planted::Planted;
use outfield_tests::power::{self, WantedImages, batch};
use outfield_tests::seeds::{self, say};

const USAGE: &str = "usage: power --images N [--from S] | --seeds N [--from S] | \
                     --seed S [--place P] | --planted all|NAME [--from S]";

/// What is asked for.
enum PowerWork {
    Images(usize),
    Seeds(u64),
    Seed(u64),
    Planted(Vec<Planted>),
}

fn read() -> Option<(PowerWork, u64, WantedImages)> {
    let (mut work, mut from, mut wanted) = (None, 1, WantedImages::About(usize::MAX));
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let value = words.next()?;
        let number = || value.parse::<u64>().ok();
        match word.as_str() {
            "--from" => from = number()?,
            "--place" => wanted = WantedImages::At(usize::try_from(number()?).ok()?),
            "--images" => work = Some(PowerWork::Images(usize::try_from(number()?).ok()?)),
            "--seeds" => work = Some(PowerWork::Seeds(number()?)),
            "--seed" => work = Some(PowerWork::Seed(number()?)),
            "--planted" => work = Some(PowerWork::Planted(seeds::named(&Planted::CUT, &value)?)),
            _ => return None,
        }
    }
    Some((work?, from, wanted))
}

fn shown(report: &batch::PowerReport) -> bool {
    say(&report.shown());
    report.holds()
}

fn one(seed: u64, wanted: WantedImages) -> bool {
    let outcome = power::run(seed, None, wanted);
    for (at, kind, what) in &outcome.failures {
        say(&format!("place {at}, {}: {what}\n", kind.name()));
    }
    let failed = outcome.failures.len();
    say(&format!(
        "seed {seed}: {} images at {} places, {failed} failed\n",
        outcome.cuts, outcome.places
    ));
    failed == 0
}

fn main() -> ExitCode {
    let Some((work, from, wanted)) = read() else {
        writeln!(std::io::stderr(), "{USAGE}").ok();
        return ExitCode::from(2);
    };
    let holds = match work {
        PowerWork::Images(count) => {
            say(&format!("seeds from {from} on\n"));
            shown(&batch::run_images(from, count, say))
        }
        PowerWork::Seeds(count) => shown(&batch::run_many(from, count, wanted, say)),
        PowerWork::Seed(seed) => one(seed, wanted),
        PowerWork::Planted(errors) => {
            seeds::search(errors, "image", batch::IMAGES_TO_FIND, |error| {
                batch::find(error, from)
            })
        }
    };
    if holds {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
