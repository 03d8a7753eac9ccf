//! What the demo is to do. It does not know how it is asked for.

use std::path::PathBuf;

use crate::defect::PlantedDefect;

/// What the demo is to do.
#[derive(Debug, Clone, Default)]
pub(crate) struct StoryOptions {
    /// The binary `outfield`.
    pub(crate) program: PathBuf,
    /// Stores to import; the sample if none.
    pub(crate) stores: Option<PathBuf>,
    /// Products to import; the sample if none.
    pub(crate) products: Option<PathBuf>,
    /// Whether to end everything after the proof.
    pub(crate) exit: bool,
    /// Chooses stores, numbers, and the bytes at which connections break.
    pub(crate) seed: u64,
    /// What to spoil before the proof, to see it fail: one proof each, on copies of the files.
    pub(crate) defects: Vec<PlantedDefect>,
}
