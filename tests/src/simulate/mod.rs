//! The simulation: a server, phones and people on real SQLite files in one process, with time,
//! luck, network and disk from one seed; a model beside it says what must be. `docs/reliability.md`
//! says what is simulated and what is not.

pub mod batch;
mod commands;
pub(crate) mod disk;
mod documents;
pub(crate) mod file_log;
mod files;
mod happen;
pub(crate) mod ledger;
pub(crate) mod model;
pub(crate) mod panics;
pub(crate) mod profile;
mod proof;
mod run;
pub(crate) mod stage;
mod trouble;

pub use self::run::{SimOutcome, run};
pub use self::trouble::{Counts, Trouble};
