//! What a run of the kill loop is asked for, and what came of it. It does not know how it is done.

use std::fmt::{self, Display, Formatter};

/// What is to be done.
#[derive(Debug, Clone, Copy)]
pub struct KillPlan {
    /// How many processes are killed.
    pub kills: u64,
    /// What decides commands and moments.
    pub seed: u64,
    /// What is spoilt before the proof, so that the proof must fail.
    pub defect: Option<KillDefect>,
    /// Whether files stay where they are when something does not hold.
    pub keep: bool,
}

/// A way to spoil one phone's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KillDefect {
    /// A follow-up that was answered is gone.
    Lose,
    /// A contact that was answered stands there twice.
    Double,
    /// A value that was answered is gone.
    Forget,
}

impl KillDefect {
    /// The defect of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<KillDefect> {
        let all = [
            ("lose", KillDefect::Lose),
            ("double", KillDefect::Double),
            ("forget", KillDefect::Forget),
        ];
        all.iter()
            .find(|(known, _)| *known == name)
            .map(|(_, defect)| *defect)
    }
}

/// What came of it.
#[derive(Debug, Default)]
pub struct KillOutcome {
    /// Processes that were killed while they ran.
    pub kills: u64,
    /// Commands that people gave.
    pub commands: u64,
    /// Records and values that were answered, and are not where they must be.
    pub lost: u64,
    /// Records that are somewhere more often than they were asked for.
    pub doubled: u64,
    /// The seed.
    pub seed: u64,
    /// All that does not hold, in words; what is lost and doubled, and whatever else is amiss.
    pub problems: Vec<String>,
}

impl KillOutcome {
    /// Whether all is as it must be.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.lost == 0 && self.doubled == 0 && self.problems.is_empty()
    }
}

impl Display for KillOutcome {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let KillOutcome {
            kills,
            commands,
            lost,
            doubled,
            seed,
            ..
        } = self;
        write!(
            out,
            "kills={kills} commands={commands} lost={lost} doubled={doubled} seed={seed}"
        )
    }
}
