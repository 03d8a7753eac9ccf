//! What a seed decides before anything happens: who is there, which commands and troubles are
//! switched off, and how often the others come. It does not know what they do.

use outfield_core::base::id::ChangeHash;

use super::trouble::Trouble;
use crate::dice::Dice;

/// Of so many commands one is switched off in a run; the same of troubles.
const OFF_ONE_OF: usize = 4;
/// Steps of a run.
const STEPS_MIN: usize = 60;
const STEPS_MORE: usize = 90;

/// Days of silence after which phones lock, where they do.
const LEASE_DAYS: u32 = 9;

/// The make-up of one run.
#[derive(Debug, Clone)]
pub(crate) struct Profile {
    pub(crate) seed: u64,
    /// How many people there are.
    pub(crate) people: usize,
    /// How many things happen.
    pub(crate) steps: usize,
    /// Of so many steps one is a trouble.
    pub(crate) trouble_one_of: usize,
    /// Which fields of an object everybody writes to.
    pub(crate) hot: usize,
    /// Whether databases may be copied and come back: then work may be there twice.
    pub(crate) copies: bool,
    /// How many copies of the server's folder are kept, any of which may be put back; none comes
    /// back where none is kept.
    pub(crate) server_copies: usize,
    /// After how many days of silence phones lock; none if they never do.
    pub(crate) lease_days: Option<u32>,
    /// Whether SQLite alone touches its files: nothing is killed, full, copied or restored, and
    /// nobody takes photos.
    pub(crate) leaves_files: bool,
}

impl Profile {
    pub(crate) fn of(seed: u64) -> Profile {
        let mut dice = dice(seed, "profile");
        Profile {
            seed,
            people: 3 + dice.roll(3),
            steps: STEPS_MIN + dice.roll(STEPS_MORE),
            trouble_one_of: 3 + dice.roll(6),
            hot: dice.roll(1_000),
            copies: dice.roll(3) == 0,
            server_copies: dice.roll(3).saturating_sub(1) * (1 + dice.roll(2)),
            lease_days: (dice.roll(3) == 0).then_some(LEASE_DAYS),
            leaves_files: false,
        }
    }

    /// A run of a few people and so many steps in which SQLite alone touches its files.
    pub(crate) fn short(seed: u64, steps: usize) -> Profile {
        let of = Profile::of(seed);
        Profile {
            people: of.people - 1,
            steps,
            copies: false,
            lease_days: None,
            leaves_files: true,
            ..of
        }
    }

    /// The dice of this run for one purpose.
    pub(crate) fn dice(&self, purpose: &str) -> Dice {
        dice(self.seed, purpose)
    }

    /// Whether people give this command in this run.
    pub(crate) fn gives(&self, command: &str) -> bool {
        self.is_on(command)
    }

    /// Whether this goes wrong in this run.
    pub(crate) fn suffers(&self, trouble: Trouble) -> bool {
        let copies = [Trouble::DatabaseCopied, Trouble::DatabaseRestored].contains(&trouble);
        let touches_files = copies
            || [
                Trouble::PhoneKilled,
                Trouble::ServerKilled,
                Trouble::PhoneFull,
                Trouble::ServerFull,
                Trouble::FileArrived,
                Trouble::FileResumed,
                Trouble::FilesLost,
            ]
            .contains(&trouble);
        (self.copies || !copies)
            && (self.lease_days.is_some() || trouble != Trouble::LeaseOver)
            && (self.server_copies > 0 || trouble != Trouble::ServerPutBack)
            && !(touches_files && self.leaves_files)
            && self.is_on(trouble.name())
    }

    fn is_on(&self, name: &str) -> bool {
        dice(self.seed, name).roll(OFF_ONE_OF) != 0
    }
}

/// Neighbouring seeds have nothing in common.
fn dice(seed: u64, purpose: &str) -> Dice {
    let mut first = [0; 8];
    first.copy_from_slice(
        &ChangeHash::of(&[&seed.to_be_bytes(), purpose.as_bytes()].concat()).0[..8],
    );
    Dice::new(u64::from_be_bytes(first))
}
