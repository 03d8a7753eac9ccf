//! Kills real phones and a real server at random moments while people work, and proves that what
//! was answered is kept. This file tells the order of things; `round` works and kills, `proof`
//! judges.

use std::io::{IsTerminal, Write};

mod draw;
mod ledger;
mod office;
mod place;
mod plan;
mod processes;
mod proof;
mod round;
mod stage;

pub use plan::{KillDefect, KillOutcome, KillPlan};
use processes::Interruption;
use round::KillLoop;
use stage::KillStage;

/// Rounds in a row that may pass without a kill.
const IDLE_ROUNDS_MAX: u64 = 200;

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
        imports,
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
    outcome.problems.extend(office::judge(&stage, imports)?);
    if plan.keep && !outcome.holds() {
        outcome
            .problems
            .push(format!("the files are in {}", stage.keep().display()));
    }
    Ok(outcome)
}
