//! What the office does beside all that goes on: backups, restores, and imports that grow the logs
//! until they are compacted. They are killed too, and what is left of them must be whole. It does
//! not know what is backed up, nor how an import works.

use std::collections::BTreeMap;
use std::time::Duration;

use rusqlite::Connection;

use super::place;
use super::processes::{RunningProcess, said};
use super::round::KillLoop;
use super::stage::{KillStage, OUTLETS, city_of, code_of};

/// Of a hundred rounds so many have the office at work beside them.
const PERCENT: usize = 20;
/// Of a hundred of those so many are killed.
const KILLED_PERCENT: usize = 70;
/// After so many imports a log was compacted at least once.
const IMPORTS_TO_COMPACT: u64 = 40;
/// What the office does dies before it has run so many milliseconds.
const MOMENT_MS: usize = 200;

impl KillLoop {
    /// Begins a backup, a restore of one that is whole, or an import, in some rounds.
    pub(super) fn office_beside(&mut self) -> Result<Option<RunningProcess>, String> {
        if self.dice.below(100) >= PERCENT {
            return Ok(None);
        }
        if self.dice.below(2) == 0 {
            self.imports += 1;
            return self.stage.start_import(self.imports).map(Some);
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
    pub(super) fn end_office(&mut self, working: RunningProcess) -> Result<(), String> {
        if self.dice.below(100) < KILLED_PERCENT {
            let moment = self.dice.below(MOMENT_MS) as u64;
            std::thread::sleep(Duration::from_millis(moment));
            self.kills += u64::from(working.kill()?.was_killed);
            return Ok(());
        }
        let exit = working.ended()?;
        if exit.code != Some(0) {
            let answer = &exit.answer;
            self.faults
                .push(format!("a backup, a restore or an import: {answer}"));
        }
        Ok(())
    }

    /// The last import comes again and is not disturbed.
    pub(super) fn imports_to_the_end(&mut self) -> Result<(), String> {
        if self.imports == 0 {
            return Ok(());
        }
        let exit = self.stage.start_import(self.imports)?.ended()?;
        match exit.code {
            Some(0) => Ok(()),
            _ => Err(format!("the last import: {}", exit.answer)),
        }
    }
}

/// Each outlet that was imported is there once, as the last import has it.
fn imported(server: &Connection, imports: u64) -> Result<Vec<String>, String> {
    let sql = "SELECT code, city FROM account WHERE code LIKE 'O%'";
    let mut read = server.prepare(sql).map_err(said)?;
    let rows = read.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in rows.map_err(said)? {
        let (code, city) = row.map_err(said)?;
        found.entry(code).or_default().push(city);
    }
    let mut expected = BTreeMap::new();
    for outlet in 0..if imports == 0 { 0 } else { OUTLETS } {
        expected.insert(code_of(outlet), vec![city_of(imports)]);
    }
    let mut problems = Vec::new();
    if found != expected {
        problems.push(format!("{imports} imports left {found:?}"));
    }
    if imports > IMPORTS_TO_COMPACT && place::count(server, "compacted")? == 0 {
        problems.push(format!("{imports} imports compacted no log"));
    }
    Ok(problems)
}

/// Whether what killed backups, restores and imports left is whole, and whether no kill began
/// another epoch.
pub(super) fn judge(stage: &KillStage, imports: u64) -> Result<Vec<String>, String> {
    let server = place::open(&stage.tenant_file()?)?;
    let mut problems = imported(&server, imports)?;
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
