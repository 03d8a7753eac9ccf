//! Time and randomness as the command line has them: those of the system, or the moment that
//! `OUTFIELD_NOW` names. It does not know who asks.

use outfield_core::app::System;
use outfield_core::base::context::Surroundings;
use outfield_core::base::time::Timestamp;

use crate::answer::CliFailure;

/// The variable that names the moment, for tests and for documents that must come out alike each
/// day.
const NOW: &str = "OUTFIELD_NOW";

/// Time and randomness of this process.
pub(crate) struct ProcessSurroundings {
    fixed: Option<Timestamp>,
    system: System,
}

impl ProcessSurroundings {
    /// Reads the variable once, and makes sure that the system has randomness.
    pub(crate) fn open() -> Result<ProcessSurroundings, CliFailure> {
        ProcessSurroundings::at(
            std::env::var_os(NOW).map(|text| text.to_string_lossy().into_owned()),
        )
    }

    fn at(moment: Option<String>) -> Result<ProcessSurroundings, CliFailure> {
        let fixed = match moment.filter(|text| !text.is_empty()) {
            None => None,
            Some(text) => Some(Timestamp::parse(&text).map_err(|error| {
                CliFailure::bad_input(
                    "bad_now",
                    format!("{NOW}: {error}; mend the variable or unset it"),
                )
            })?),
        };
        Ok(ProcessSurroundings {
            fixed,
            system: System::open()?,
        })
    }
}

impl Surroundings for ProcessSurroundings {
    fn now(&self) -> Timestamp {
        self.fixed.unwrap_or_else(|| self.system.now())
    }

    fn entropy(&self) -> [u8; 32] {
        self.system.entropy()
    }

    fn wait(&self, ms: u64) {
        self.system.wait(ms);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(moment: Option<&str>) -> Result<ProcessSurroundings, CliFailure> {
        ProcessSurroundings::at(moment.map(str::to_owned))
    }

    #[test]
    fn a_named_moment_stands_still() {
        let surroundings = opened(Some("2026-11-24T08:30:00Z")).ok().unwrap();
        assert_eq!(surroundings.now(), Timestamp(1_795_509_000_000));
        surroundings.wait(2);
        assert_eq!(surroundings.now(), Timestamp(1_795_509_000_000));
    }

    #[test]
    fn without_one_the_systems_clock_runs() {
        for moment in [None, Some("")] {
            let surroundings = opened(moment).ok().unwrap();
            let before = surroundings.now();
            surroundings.wait(2);
            assert!(surroundings.now() > before && before > Timestamp(1_700_000_000_000));
        }
    }

    #[test]
    fn a_moment_that_is_none_is_bad_input() {
        let failure = opened(Some("tomorrow")).err().unwrap();
        assert_eq!((failure.exit, failure.code.as_str()), (2, "bad_now"));
    }

    #[test]
    fn no_draw_repeats() {
        let (one, other) = (opened(None).ok().unwrap(), opened(None).ok().unwrap());
        let draws = std::collections::BTreeSet::from([
            one.entropy(),
            one.entropy(),
            other.entropy(),
            other.entropy(),
        ]);
        assert_eq!(draws.len(), 4);
    }
}
