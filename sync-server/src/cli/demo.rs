//! The command `demo`: its arguments, and where its story is told.
//! It does not know the story.

use std::cell::RefCell;
use std::ffi::OsString;
use std::io::{self, IsTerminal};
use std::path::PathBuf;

use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::answer::{Answer, Failure};
use super::print::{self, Manner};
use crate::demo::{self, Defect, Options, Teller};

/// Arguments of `demo`.
#[derive(Debug, Args)]
pub(super) struct Demo {
    /// Stores to import, a CSV file with a column `state`, which names their territory; a small
    /// sample without it
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
    /// Prove once more with a file spoiled, to see the proof fail
    #[arg(long = "break", value_name = "DEFECT", hide = true, value_delimiter = ',', value_parser = Defect::names())]
    defects: Vec<String>,
}

/// Takes the separator out of `demo -- --exit`: `cargo demo -- --exit` hands on the one that was
/// meant for cargo.
pub(super) fn joined(mut words: Vec<OsString>) -> Vec<OsString> {
    if words.get(1).is_some_and(|word| word == "demo")
        && words.get(2).is_some_and(|word| word == "--")
    {
        words.remove(2);
    }
    words
}

/// Where the story is told: lines to whoever reads the answer, and a bar below them to a person at
/// a terminal.
struct Terminal {
    manner: Manner,
    is_watched: bool,
    bar: RefCell<Option<ProgressBar>>,
}

/// How the bar looks.
const BAR: &str = "  {bar:30} {pos}/{len}  {wide_msg}";

impl Terminal {
    fn open(manner: Manner) -> Terminal {
        let is_watched = !manner.json && !manner.quiet && io::stdout().is_terminal();
        Terminal {
            manner,
            is_watched,
            bar: RefCell::new(None),
        }
    }

    fn bar(of: usize) -> ProgressBar {
        // It hides by itself where standard error is no terminal.
        let bar = ProgressBar::with_draw_target(Some(of as u64), ProgressDrawTarget::stderr());
        match ProgressStyle::with_template(BAR) {
            Ok(style) => bar.with_style(style.progress_chars("━╸─")),
            Err(_) => bar,
        }
    }
}

impl Teller for Terminal {
    fn line(&self, text: &str) {
        let tell = || print::meanwhile(self.manner, text);
        match self.bar.borrow().as_ref() {
            Some(bar) => bar.suspend(tell),
            None => tell(),
        }
    }

    fn progress(&self, done: usize, of: usize, now: &str) {
        if self.is_watched {
            let mut bar = self.bar.borrow_mut();
            let bar = bar.get_or_insert_with(|| Terminal::bar(of));
            bar.set_length(of as u64);
            bar.set_message(now.to_owned());
            bar.set_position(done as u64);
        }
    }

    fn rests(&self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }

    fn has_colour(&self) -> bool {
        // https://no-color.org
        self.is_watched && std::env::var_os("NO_COLOR").is_none_or(|set| set.is_empty())
    }
}

/// Tells the story as it happens; the answer is what was proven.
pub(super) fn demo(manner: Manner, demo: Demo) -> Result<Option<Answer>, Failure> {
    let Demo {
        stores,
        products,
        exit,
        seed,
        defects,
    } = demo;
    let defects = defects
        .iter()
        .filter_map(|name| Defect::named(name))
        .collect();
    let options = Options {
        stores,
        products,
        exit,
        seed,
        defects,
    };
    let terminal = Terminal::open(manner);
    let outcome = demo::run(&options, &terminal);
    terminal.rests();
    let outcome = outcome?;
    // The story has told it to people already.
    let answer = Answer::of(outcome.data, |_| Vec::new());
    match outcome.unproven {
        None => Ok(Some(answer)),
        Some(why) => Err(Failure {
            partial: Some(Box::new(answer)),
            ..Failure::broken(why)
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_separator_meant_for_cargo_is_taken_out_and_no_other() {
        let joined = |line: &str| {
            let words = joined(line.split(' ').map(OsString::from).collect());
            words
                .into_iter()
                .map(|word| word.into_string().unwrap())
                .collect::<Vec<_>>()
                .join(" ")
        };
        assert_eq!(joined("outfield demo -- --exit"), "outfield demo --exit");
        assert_eq!(joined("outfield demo --exit"), "outfield demo --exit");
        assert_eq!(
            joined("outfield territory add -- -North"),
            "outfield territory add -- -North"
        );
    }
}
