//! The command `demo`: its arguments, and where its story is told.
//! It does not know the story.

use std::ffi::OsString;
use std::io::{self, IsTerminal};
use std::path::PathBuf;

use clap::Args;

use super::answer::{Answer, Failure};
use super::print::{self, Manner};
use crate::demo::{self, Defect, Options};

/// Arguments of `demo`.
#[derive(Debug, Args)]
pub(super) struct Demo {
    /// Stores to import, a CSV file with a column `state`; a small sample without it
    #[arg(long, value_name = "FILE")]
    stores: Option<PathBuf>,
    /// Products to import, a CSV file; a small sample without it
    #[arg(long, value_name = "FILE")]
    products: Option<PathBuf>,
    /// End everything after the proof, and remove the folder
    #[arg(long)]
    exit: bool,
    /// Chooses the stores, and the bytes at which connections break
    #[arg(long, value_name = "N", default_value_t = 4)]
    seed: u64,
    /// Spoil a file before the proof, to see the proof fail
    #[arg(long = "break", value_name = "DEFECT", hide = true, value_parser = Defect::NAMES)]
    defect: Option<String>,
}

/// Takes the separator out of `demo -- --exit`: `cargo demo -- --exit` hands on the one that was meant for cargo.
pub(super) fn joined(mut words: Vec<OsString>) -> Vec<OsString> {
    if words.get(1).is_some_and(|word| word == "demo") && words.get(2).is_some_and(|word| word == "--") {
        words.remove(2);
    }
    words
}

/// Tells the story as it happens; the answer is what was proven.
pub(super) fn demo(manner: Manner, demo: Demo) -> Result<Option<Answer>, Failure> {
    let Demo { stores, products, exit, seed, defect } = demo;
    let defect = defect.as_deref().and_then(Defect::named);
    let options = Options { stores, products, exit, seed, defect };
    // https://no-color.org
    let is_plain = manner.json || std::env::var_os("NO_COLOR").is_some_and(|set| !set.is_empty());
    let colour = !is_plain && io::stdout().is_terminal();
    let outcome = demo::run(&options, &|line| print::meanwhile(manner, line), colour)?;
    // The story has told it to people already.
    let answer = Answer::of(outcome.data, |_| Vec::new());
    match outcome.unproven {
        None => Ok(Some(answer)),
        Some(why) => Err(Failure { partial: Some(Box::new(answer)), ..Failure::broken(why) }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_separator_meant_for_cargo_is_taken_out_and_no_other() {
        let joined = |line: &str| {
            let words = joined(line.split(' ').map(OsString::from).collect());
            words.into_iter().map(|word| word.into_string().unwrap()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(joined("outfield demo -- --exit"), "outfield demo --exit");
        assert_eq!(joined("outfield demo --exit"), "outfield demo --exit");
        assert_eq!(joined("outfield territory add -- -North"), "outfield territory add -- -North");
    }
}
