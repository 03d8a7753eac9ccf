//! Kills real phones and a real server at random moments while people work, and proves that what
//! was answered is kept. This file tells the order of things; `round` works and kills, `proof`
//! judges.

use std::fmt::{self, Display, Formatter};
use std::io::{IsTerminal, Write};

mod draw;
mod ledger;
mod place;
mod processes;
mod proof;
mod round;
mod stage;

use processes::Interruption;
use round::KillLoop;
use stage::KillStage;

/// Rounds in a row that may pass without a kill.
const IDLE_ROUNDS_MAX: u64 = 200;

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

/// Works, kills, restarts, syncs and judges. No process is left, whichever way this ends.
pub fn run(plan: &KillPlan) -> Result<KillOutcome, String> {
    let interruption = Interruption::listen()?;
    let mut looping = KillLoop::begin(KillStage::set(interruption)?, plan.seed)?;
    let terminal = std::io::stderr().is_terminal();
    let (mut last, mut idle) = (0, 0);
    while looping.kills < plan.kills {
        looping.round(plan.kills - looping.kills)?;
        idle = if looping.kills == last { idle + 1 } else { 0 };
        last = looping.kills;
        if idle > IDLE_ROUNDS_MAX {
            return Err(format!("{IDLE_ROUNDS_MAX} rounds killed nothing"));
        }
        if terminal {
            // Progress that cannot be shown harms nothing.
            write!(std::io::stderr(), "\rkills {last} of {} ", plan.kills).ok();
        }
    }
    if terminal {
        writeln!(std::io::stderr()).ok();
    }
    looping.settle()?;
    let KillLoop {
        stage,
        ledger,
        kills,
        commands,
        faults,
        ..
    } = looping;
    if let Some(defect) = plan.defect {
        proof::spoil(&stage, &ledger, defect)?;
    }
    let mut outcome = KillOutcome {
        kills,
        commands,
        seed: plan.seed,
        problems: faults,
        ..KillOutcome::default()
    };
    proof::judge(&stage, &ledger, &mut outcome)?;
    if plan.keep && !outcome.holds() {
        outcome
            .problems
            .push(format!("the files are in {}", stage.keep().display()));
    }
    Ok(outcome)
}
