//! Backups and restores beside all that goes on: they are killed too, and what is left of them must
//! be whole. It does not know what is backed up.

use std::time::Duration;

use super::place;
use super::processes::RunningProcess;
use super::round::KillLoop;
use super::stage::KillStage;

/// Of a hundred rounds so many have a backup or a restore beside them.
const PERCENT: usize = 12;
/// Of a hundred of those so many are killed.
const KILLED_PERCENT: usize = 70;
/// A backup dies before it has run so many milliseconds.
const MOMENT_MS: usize = 200;

impl KillLoop {
    /// Begins a backup, or a restore of one that is whole, in some rounds.
    pub(super) fn copy_beside(&mut self) -> Result<Option<RunningProcess>, String> {
        if self.dice.below(100) >= PERCENT {
            return Ok(None);
        }
        let restores = self.stage.is_backed_up() && self.dice.below(2) == 0;
        let started = if restores {
            self.stage.start_restore()
        } else {
            self.stage.start_backup()
        };
        started.map(Some)
    }

    /// Kills it, or waits until it is done.
    pub(super) fn end_copy(&mut self, copying: RunningProcess) -> Result<(), String> {
        if self.dice.below(100) < KILLED_PERCENT {
            let moment = self.dice.below(MOMENT_MS) as u64;
            std::thread::sleep(Duration::from_millis(moment));
            self.kills += u64::from(copying.kill()?.was_killed);
            return Ok(());
        }
        let exit = copying.ended()?;
        if exit.code != Some(0) {
            let answer = &exit.answer;
            self.faults.push(format!("a backup or restore: {answer}"));
        }
        Ok(())
    }
}

/// Whether what killed backups and restores left is whole, and whether no kill began another epoch.
pub(super) fn judge(stage: &KillStage) -> Result<Vec<String>, String> {
    let mut problems = Vec::new();
    let server = place::open(&stage.tenant_file()?)?;
    let epochs = place::count(&server, "epoch")?;
    if epochs != 1 {
        problems.push(format!("a kill began another epoch: there are {epochs}"));
    }
    if !stage.is_backed_up() {
        return Ok(problems);
    }
    for words in [
        stage.check_of_backups(),
        stage.last_restore(),
        stage.check_of_restored(),
    ] {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let exit = stage.launcher.run(&words)?;
        if exit.code != Some(0) {
            problems.push(format!("`{}`: {}", words.join(" "), exit.answer));
        }
    }
    Ok(problems)
}
