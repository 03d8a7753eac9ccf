//! Time that a test moves, and luck that a seed decides.
//! It does not know who reads the clock.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use outfield_core::base::context::Surroundings;
use outfield_core::base::id::ChangeHash;
use outfield_core::base::time::Timestamp;

/// A clock of a world; it stands still unless somebody moves time or waits. Those of one world
/// share its time, and each may be off by as much as somebody says.
#[derive(Debug)]
pub struct Clock {
    time: Arc<AtomicI64>,
    off: AtomicI64,
}

impl Clock {
    /// A clock of a new world, where it is this moment.
    #[must_use]
    pub fn at(moment: &str) -> Arc<Clock> {
        let time = Arc::new(AtomicI64::new(Timestamp::parse(moment).unwrap().0));
        Arc::new(Clock {
            time,
            off: AtomicI64::new(0),
        })
    }

    /// Another clock of the same world.
    #[must_use]
    pub fn another(&self) -> Arc<Clock> {
        Arc::new(Clock {
            time: Arc::clone(&self.time),
            off: AtomicI64::new(self.off.load(Ordering::Relaxed)),
        })
    }

    /// The moment it shows.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        Timestamp(self.time.load(Ordering::Relaxed) + self.off.load(Ordering::Relaxed))
    }

    /// Somebody sets it: from now on it is this much ahead of the world's time, or behind it.
    pub fn set_off(&self, ms: i64) {
        self.off.store(ms, Ordering::Relaxed);
    }

    /// Lets time pass in the whole world.
    pub fn advance(&self, ms: i64) {
        self.time.fetch_add(ms, Ordering::Relaxed);
    }

    /// Lets hours pass.
    pub fn advance_hours(&self, hours: i64) {
        self.advance(hours * 3_600_000);
    }
}

/// What one installation sees of the world: the clock, and random bytes that its name and the seed
/// decide.
#[derive(Debug)]
pub struct Luck {
    clock: Arc<Clock>,
    seed: ChangeHash,
    drawn: AtomicU64,
}

impl Luck {
    /// The luck of the installation of this name.
    #[must_use]
    pub fn of(clock: &Arc<Clock>, seed: u64, name: &str) -> Arc<Luck> {
        let seed = ChangeHash::of(&[&seed.to_be_bytes(), name.as_bytes()].concat());
        Arc::new(Luck {
            clock: Arc::clone(clock),
            seed,
            drawn: AtomicU64::new(0),
        })
    }
}

impl Surroundings for Luck {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn entropy(&self) -> [u8; 32] {
        let drawn = self.drawn.fetch_add(1, Ordering::Relaxed);
        ChangeHash::of(&[&self.seed.0[..], &drawn.to_be_bytes()].concat()).0
    }

    fn wait(&self, ms: u64) {
        self.clock.advance(i64::try_from(ms).unwrap());
    }
}
