//! One seed, taped and cut at the places that are wanted. It does not know of other seeds.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use outfield_core::base::id::ChangeHash;
use outfield_core::base::planted::Planted;

use super::disk::{Disk, DiskCache, Image, ImageKind, machine_of};
use super::journal;
use super::live::{self, Lived};
use super::proof::{PowerCut, SERVER};
use crate::dice::Dice;
use crate::simulate::panics;

/// Of so many images one is lived on with until all agree; the others are opened and looked at.
const GOES_ON_ONE_OF: usize = 4;

/// Which images of a seed are tried.
#[derive(Debug, Clone, Copy)]
pub enum WantedImages {
    /// About so many, over the whole run.
    About(usize),
    /// The one at this place of the tape.
    At(usize),
    /// About so many, until one fails.
    First(usize),
}

/// What a seed came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PowerOutcome {
    /// The seed.
    pub seed: u64,
    /// Images tried, by whose power was cut (the server's?) and what became of the writes.
    pub images: BTreeMap<(bool, ImageKind), u64>,
    /// How many of them were lived on with.
    pub went_on: u64,
    /// Places where power was cut.
    pub cuts: u64,
    /// Writes, syncs and deletions of the run.
    pub places: u64,
    /// Images that failed: the place, what kind, and what did not hold.
    pub failures: Vec<(usize, ImageKind, String)>,
}

impl PowerOutcome {
    /// The kind of disk that all have in this run.
    #[must_use]
    pub fn cache(&self) -> DiskCache {
        if self.seed.is_multiple_of(2) {
            DiskCache::Kept
        } else {
            DiskCache::Emptied
        }
    }
}

/// Cuts the power in one seed, with an error planted or none.
#[must_use]
pub fn run(seed: u64, planted: Option<Planted>, wanted: WantedImages) -> PowerOutcome {
    panics::quiet();
    let mut outcome = PowerOutcome {
        seed,
        ..PowerOutcome::default()
    };
    match catch_unwind(|| live::live(seed, planted)) {
        Ok(lived) => cut(&lived, wanted, &mut outcome),
        Err(_) => {
            journal::end();
            outcome
                .failures
                .push((0, ImageKind::Kept, panics::last_words()));
        }
    }
    outcome
}

fn cut(lived: &Lived, wanted: WantedImages, outcome: &mut PowerOutcome) {
    let (mut disk, mut seen) = (Disk::new(outcome.cache()), BTreeSet::new());
    outcome.places = lived.tape.len() as u64;
    for (number, entry) in lived.tape.iter().enumerate() {
        disk.takes(entry);
        let at = number + 1;
        let mut dice = lived.profile.dice(&format!("power cut {at}"));
        let is_wanted = match wanted {
            WantedImages::About(count) => dice.roll(lived.tape.len()) < count,
            WantedImages::At(wanted) => at == wanted,
            WantedImages::First(count) => {
                outcome.failures.is_empty() && dice.roll(lived.tape.len()) < count
            }
        };
        if !is_wanted {
            continue;
        }
        let machine = machine_of(&entry.file);
        let Some((kind, image)) = new_image(&disk, machine, &mut seen, &mut dice) else {
            continue;
        };
        let case = PowerCut {
            lived,
            at,
            machine,
            image: &image,
        };
        outcome.cuts += 1;
        *outcome.images.entry((machine == SERVER, kind)).or_default() += 1;
        let goes_on = dice.roll(GOES_ON_ONE_OF) == 0;
        match catch_unwind(AssertUnwindSafe(|| case.proves(goes_on, &mut dice))) {
            Ok(went_on) => outcome.went_on += u64::from(went_on),
            Err(_) => outcome.failures.push((at, kind, panics::last_words())),
        }
    }
}

/// An image of a machine that was not tried yet, if there is one.
fn new_image(
    disk: &Disk,
    machine: &str,
    seen: &mut BTreeSet<ChangeHash>,
    dice: &mut Dice,
) -> Option<(ImageKind, Image)> {
    let first = dice.roll(ImageKind::ALL.len());
    (0..ImageKind::ALL.len())
        .map(|more| ImageKind::ALL[(first + more) % ImageKind::ALL.len()])
        .find_map(|kind| {
            let is_hit = |file: &Path| machine_of(file) == machine;
            let image = disk.image(kind, is_hit, dice);
            let hit = image.iter().filter(|(name, _)| is_hit(name));
            let print: Vec<u8> = hit
                .flat_map(|(name, bytes)| fingerprint(name, bytes))
                .collect();
            seen.insert(ChangeHash::of(&print)).then_some((kind, image))
        })
}

fn fingerprint(name: &Path, bytes: &[u8]) -> Vec<u8> {
    [
        name.as_os_str().as_encoded_bytes(),
        &ChangeHash::of(bytes).0[..],
    ]
    .concat()
}
