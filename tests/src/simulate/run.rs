//! One seed from beginning to end. It does not know of other seeds.

use std::panic::{AssertUnwindSafe, catch_unwind};

use outfield_core::base::planted::{Planted, plant};

use super::panics;
use super::profile::Profile;
use super::stage::{self, SimStage, Trace};
use super::trouble::Counts;

/// What came of one seed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SimOutcome {
    /// The seed.
    pub seed: u64,
    /// What happened, step by step, and what all showed in the end.
    pub trace: Vec<String>,
    /// How often each trouble came about.
    pub counts: Counts,
    /// What did not hold.
    pub failure: Option<String>,
}

/// Runs one seed, with an error planted or none.
#[must_use]
pub fn run(seed: u64, planted: Option<Planted>) -> SimOutcome {
    panics::quiet();
    plant(planted);
    let trace = Trace::default();
    let mut counts = Counts::default();
    let lived = catch_unwind(AssertUnwindSafe(|| {
        let mut stage = SimStage::new(stage::folder(), Profile::of(seed), trace.clone());
        if stage.profile.server_copies > 0 {
            stage.keeps_server_copy();
        }
        (0..stage.profile.steps).for_each(|_| stage.step());
        counts.clone_from(&stage.counts);
        stage.proves();
    }));
    plant(None);
    stage::run_version(false);
    let failure = lived.err().map(|_| panics::last_words());
    let trace = trace.take();
    SimOutcome {
        seed,
        trace,
        counts,
        failure,
    }
}
