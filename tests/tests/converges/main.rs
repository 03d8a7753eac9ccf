//! The promise of the whole as a property: whatever people do on their phones, in whatever order
//! they sync, however the line breaks, in the end all show the same, nothing is lost and nothing is
//! doubled.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod deeds;
mod run;

use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use crate::deeds::{hard_step, step};
use crate::run::Run;

/// The same cases each time, unless the environment names a seed or a number of cases
/// (`PROPTEST_RNG_SEED`, `PROPTEST_CASES`).
fn cases(usual: u32) -> ProptestConfig {
    let said = ProptestConfig::default();
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() {
        said.cases
    } else {
        usual
    };
    let rng_seed = if said.rng_seed == RngSeed::Random {
        RngSeed::Fixed(1)
    } else {
        said.rng_seed
    };
    ProptestConfig {
        cases,
        rng_seed,
        failure_persistence: None,
        max_shrink_iters: 300,
        ..said
    }
}

proptest! {
    #![proptest_config(cases(40))]

    #[test]
    fn phones_agree_whatever_people_do_and_however_the_line_breaks(
        steps in prop::collection::vec(step(3), 20..140),
    ) {
        let mut run = Run::new();
        steps.into_iter().for_each(|step| run.happens(step));
        run.agrees();
        run.nothing_is_lost_or_doubled();
    }

    #[test]
    fn work_is_kept_whatever_the_office_takes_away_and_whatever_is_copied(
        steps in prop::collection::vec(hard_step(4), 20..140),
    ) {
        let mut run = Run::new();
        steps.into_iter().for_each(|step| run.happens(step));
        run.agrees();
        run.nothing_is_lost();
    }
}
