//! The simulation: a server, phones and people on real SQLite files in one process, with time,
//! luck, network and disk from one seed; a model beside it says what must be. `docs/reliability.md`
//! says what is simulated and what is not.

pub mod batch;
mod commands;
pub(crate) mod disk;
mod documents;
mod happen;
pub(crate) mod ledger;
pub(crate) mod model;
pub(crate) mod profile;
mod proof;
pub(crate) mod stage;
mod trouble;

use std::panic::{AssertUnwindSafe, catch_unwind};

use outfield_core::base::planted::{Planted, plant};

use crate::simulate::profile::Profile;
use crate::simulate::stage::{SimStage, Trace};
pub use crate::simulate::trouble::{Counts, Trouble};

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
    batch::quiet();
    plant(planted);
    let trace = Trace::default();
    let mut counts = Counts::default();
    let lived = catch_unwind(AssertUnwindSafe(|| {
        let mut stage = SimStage::new(stage::folder(), Profile::of(seed), trace.clone());
        (0..stage.profile.steps).for_each(|_| stage.step());
        counts.clone_from(&stage.counts);
        stage.proves();
    }));
    plant(None);
    stage::run_version(false);
    let failure = lived.err().map(|_| batch::last_words());
    let trace = trace.take();
    SimOutcome {
        seed,
        trace,
        counts,
        failure,
    }
}
