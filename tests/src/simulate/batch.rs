//! Many seeds, one after the other on each core, and what people read of them.
//! It does not know what happens in a run.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use outfield_core::base::planted::Planted;

use super::run::{SimOutcome, run};
use super::trouble::{Counts, Trouble};
use crate::seeds::on_every_core;

/// Steps of a failing seed that are shown.
const SHOWN: usize = 30;
/// Of so many seeds one runs twice.
const TWICE_ONE_OF: u64 = 20;
/// Seeds within which a planted error must be found.
pub const SEEDS_TO_FIND: u64 = 300;

/// What a batch of seeds came to.
#[derive(Debug, Default)]
pub struct SimReport {
    /// How many seeds ran.
    pub seeds: u64,
    /// How often each trouble came about.
    pub counts: Counts,
    /// The seeds that failed.
    pub failures: Vec<SimOutcome>,
    /// How long it took.
    pub took: Duration,
}

impl SimReport {
    fn add(&mut self, outcome: SimOutcome) {
        self.seeds += 1;
        for (trouble, times) in &outcome.counts {
            *self.counts.entry(*trouble).or_default() += times;
        }
        if outcome.failure.is_some() {
            self.failures.push(outcome);
        }
    }

    /// Troubles that never came about.
    #[must_use]
    pub fn absent(&self) -> Vec<Trouble> {
        Trouble::ALL
            .iter()
            .copied()
            .filter(|trouble| !self.counts.contains_key(trouble))
            .collect()
    }

    /// Whether all held, and every trouble came about.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.failures.is_empty() && self.absent().is_empty()
    }

    /// The report for people.
    #[must_use]
    pub fn shown(&self) -> String {
        let mut text = String::new();
        for trouble in Trouble::ALL {
            let times = self.counts.get(trouble).copied().unwrap_or(0);
            writeln!(text, "{times:>8}  {}", trouble.name()).ok();
        }
        for failure in &self.failures {
            write!(text, "{}", shown(failure)).ok();
        }
        for trouble in self.absent() {
            writeln!(text, "never came about: {}", trouble.name()).ok();
        }
        let seconds = self.took.as_secs();
        writeln!(
            text,
            "{} seeds, {} failed, {seconds} s",
            self.seeds,
            self.failures.len()
        )
        .ok();
        text
    }
}

/// A failing seed: its last steps, what did not hold, and how to see it again.
#[must_use]
pub fn shown(outcome: &SimOutcome) -> String {
    let SimOutcome {
        seed,
        trace,
        failure,
        ..
    } = outcome;
    let mut text = String::new();
    let from = trace.len().saturating_sub(SHOWN);
    for (number, step) in trace.iter().enumerate().skip(from) {
        writeln!(text, "{number:>5}  {step}").ok();
    }
    if let Some(failure) = failure {
        writeln!(text, "seed {seed} failed: {failure}").ok();
        writeln!(text, "replay it by: cargo simulate --seed {seed}").ok();
    }
    text
}

/// What a second run of a seed does otherwise, if anything: one seed gives one trace.
#[must_use]
pub fn difference(outcome: &SimOutcome) -> Option<String> {
    let again = run(outcome.seed, None);
    let same = outcome
        .trace
        .iter()
        .zip(&again.trace)
        .take_while(|(one, other)| one == other)
        .count();
    (*outcome != again).then(|| format!("a second run differs from step {same} on"))
}

/// Runs seeds from `first` on, so many or until this time is over, on every core.
#[must_use]
pub fn run_many(first: u64, count: u64, until: Option<Instant>) -> SimReport {
    let began = Instant::now();
    let outcomes = on_every_core(|number| {
        if number >= count || until.is_some_and(|until| Instant::now() >= until) {
            return None;
        }
        let mut outcome = run(first.wrapping_add(number), None);
        if number.is_multiple_of(TWICE_ONE_OF) && outcome.failure.is_none() {
            outcome.failure = difference(&outcome);
        }
        if outcome.failure.is_none() {
            outcome.trace.clear();
        }
        Some(outcome)
    });
    let mut report = SimReport::default();
    outcomes.into_iter().for_each(|outcome| report.add(outcome));
    report.failures.sort_by_key(|outcome| outcome.seed);
    report.took = began.elapsed();
    report
}

/// The seed, counted from `first`, that finds a planted error, and what it says; none within the
/// bound.
#[must_use]
pub fn find(planted: Planted, first: u64) -> Option<(u64, String)> {
    (0..SEEDS_TO_FIND).find_map(|number| {
        let seed = first.wrapping_add(number);
        let failure = run(seed, Some(planted)).failure?;
        // What fails without it as well is another error.
        run(seed, None)
            .failure
            .is_none()
            .then_some((number + 1, failure))
    })
}
