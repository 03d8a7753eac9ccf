//! Many seeds, one after the other on each core, until there are as many images as were asked for,
//! and what people read of them. It does not know how power is cut.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use outfield_core::base::planted::Planted;

use super::disk::{DiskCache, ImageKind};
use super::run::{PowerOutcome, WantedImages, run};
use crate::seeds::on_every_core;

/// Places of a seed where power is cut, where a number of images is asked for.
const IMAGES_OF_SEED: usize = 250;
/// Images among which a planted error must be found.
pub const IMAGES_TO_FIND: u64 = 5_000;

/// What many seeds came to.
#[derive(Debug)]
pub struct PowerReport {
    outcomes: Vec<PowerOutcome>,
    took: Duration,
}

impl PowerReport {
    /// Whether all held, and every kind was tried on phones and on the server.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.outcomes
            .iter()
            .all(|outcome| outcome.failures.is_empty())
            && self.absent().is_empty()
    }

    fn images(&self) -> BTreeMap<(bool, ImageKind), u64> {
        let mut all = BTreeMap::new();
        for (of, count) in self.outcomes.iter().flat_map(|outcome| &outcome.images) {
            *all.entry(*of).or_default() += count;
        }
        all
    }

    fn absent(&self) -> Vec<(bool, ImageKind)> {
        let images = self.images();
        let all = ImageKind::ALL
            .iter()
            .flat_map(|kind| [(false, *kind), (true, *kind)]);
        all.filter(|of| !images.contains_key(of)).collect()
    }

    /// The report for people.
    #[must_use]
    pub fn shown(&self) -> String {
        let (mut text, images) = (String::new(), self.images());
        let sum = |of: fn(&PowerOutcome) -> u64| self.outcomes.iter().map(of).sum::<u64>();
        let count =
            |is_server: bool, kind: ImageKind| images.get(&(is_server, kind)).copied().unwrap_or(0);
        writeln!(text, "{:<10} {:>8} {:>8}", "images", "phones", "server").ok();
        for kind in ImageKind::ALL {
            let (phones, server) = (count(false, *kind), count(true, *kind));
            writeln!(text, "{:<10} {phones:>8} {server:>8}", kind.name()).ok();
        }
        for (is_server, kind) in self.absent() {
            writeln!(
                text,
                "never tried: {}, {}",
                kind.name(),
                if is_server { "server" } else { "phones" }
            )
            .ok();
        }
        let cached = self
            .outcomes
            .iter()
            .filter(|outcome| outcome.cache() == DiskCache::Kept);
        let cached: u64 = cached.flat_map(|outcome| outcome.images.values()).sum();
        writeln!(text, "{cached} of them on disks that keep their cache").ok();
        for outcome in &self.outcomes {
            for (at, kind, what) in &outcome.failures {
                let (seed, kind) = (outcome.seed, kind.name());
                writeln!(text, "seed {seed}, place {at}, {kind}: {what}").ok();
                writeln!(text, "replay it by: cargo power --seed {seed} --place {at}").ok();
            }
        }
        let failed: usize = self
            .outcomes
            .iter()
            .map(|outcome| outcome.failures.len())
            .sum();
        let (seeds, seconds) = (self.outcomes.len(), self.took.as_secs());
        let tried: u64 = images.values().sum();
        let (places, went_on) = (
            sum(|outcome| outcome.places),
            sum(|outcome| outcome.went_on),
        );
        writeln!(
            text,
            "{tried} images from {seeds} seeds with {places} places, {went_on} lived on with, \
             {failed} failed, {seconds} s"
        )
        .ok();
        text
    }
}

/// Runs seeds from `first` on, on every core, until there are about so many images; `say` hears of
/// each seed.
#[must_use]
pub fn run_images(first: u64, images: usize, say: impl Fn(&str) + Sync) -> PowerReport {
    let seeds = images.div_ceil(IMAGES_OF_SEED).max(2) as u64;
    // Some places leave nothing that was not tried before.
    let wanted = WantedImages::About((images / seeds as usize) * 11 / 10);
    run_many(first, seeds, wanted, say)
}

/// Runs so many seeds from the first on, on every core.
#[must_use]
pub fn run_many(
    first: u64,
    seeds: u64,
    wanted: WantedImages,
    say: impl Fn(&str) + Sync,
) -> PowerReport {
    let began = Instant::now();
    let mut outcomes = on_every_core(|number| {
        let outcome = (number < seeds).then(|| run(first.wrapping_add(number), None, wanted))?;
        let failed = outcome.failures.len();
        say(&format!(
            "seed {}: {} images, {failed} failed\n",
            outcome.seed, outcome.cuts
        ));
        Some(outcome)
    });
    outcomes.sort_by_key(|outcome| outcome.seed);
    PowerReport {
        outcomes,
        took: began.elapsed(),
    }
}

/// How many images it takes to find a planted error, and what the last one says; none within the
/// bound.
#[must_use]
pub fn find(planted: Planted, first: u64) -> Option<(u64, String)> {
    let mut images = 0;
    for seed in first.. {
        let outcome = run(seed, Some(planted), WantedImages::First(IMAGES_OF_SEED));
        images += outcome.cuts;
        if let Some((.., what)) = outcome.failures.into_iter().next() {
            return Some((images, what));
        }
        if images >= IMAGES_TO_FIND {
            return None;
        }
    }
    None
}
