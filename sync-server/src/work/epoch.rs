//! Epochs: the lives of a tenant on this server. Another begins wherever what was accepted before
//! may be lost, and no number of the lost time is given out again.
//! It does not know how devices tell what they still have.

use outfield_core::base::planted::{self, Planted};
use outfield_core::store::{self, Db};
use serde_json::json;

use crate::error::ServerError;
use crate::tenant::Tenant;
use crate::tenant::height::Height;
use crate::tenant::witness::Testimony;

/// What is left free above the highest number that is known to have been given out: more than any
/// server gives out while nobody notices that its witness was put back too.
const LOST_MAX: u64 = 1 << 32;

/// Numbers that no server gives out in one millisecond. A life begins at its moment's, so that two
/// that begin from one copy share none; they fit 53 bits until the year 2109.
const NUMBERS_A_MS: u64 = 1 << 11;

/// One life of a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Epoch {
    /// The number by which devices know it.
    pub epoch: u64,
    /// When it began, in milliseconds since 1970.
    pub began_at: i64,
    /// Ticks of this life are above this one; ticks of the time that was lost before are not.
    pub tick: u64,
    /// The tick that the file was at when it began: what was told later is lost.
    pub known: u64,
    /// Why it began.
    pub reason: EpochReason,
}

/// Why an epoch began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EpochReason {
    /// The tenant was made.
    Founded,
    /// The tenant's file was put back to an older one, or is a copy.
    Restored,
    /// A device showed that the server lacks what it once said.
    Disproved,
}

impl EpochReason {
    const ALL: [EpochReason; 3] = [
        EpochReason::Founded,
        EpochReason::Restored,
        EpochReason::Disproved,
    ];

    /// Its name, as it is kept.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            EpochReason::Founded => "founded",
            EpochReason::Restored => "restored",
            EpochReason::Disproved => "disproved",
        }
    }

    fn named(name: &str) -> Result<EpochReason, ServerError> {
        let found = Self::ALL.into_iter().find(|reason| reason.name() == name);
        found.ok_or_else(|| ServerError::broken(format!("an epoch began by an unknown `{name}`")))
    }
}

/// The number of the life that a tenant's file is in.
pub(crate) fn epoch_of(db: &Db) -> Result<u64, ServerError> {
    let sql = "SELECT coalesce((SELECT epoch FROM epoch ORDER BY number DESC LIMIT 1), 0)";
    let epoch: i64 = db.prepare_cached(sql)?.query_row([], |row| row.get(0))?;
    Ok(epoch.cast_unsigned())
}

/// Whether this server was ever put back, and so may have lost what it said.
pub(crate) fn was_put_back(db: &Db) -> Result<bool, ServerError> {
    let mut read = db.prepare_cached("SELECT count(*) > 1 FROM epoch")?;
    Ok(read.query_row([], |row| row.get(0))?)
}

impl Tenant {
    /// The number of the life of this tenant.
    pub fn epoch(&self) -> Result<u64, ServerError> {
        epoch_of(&self.db)
    }

    /// All lives of this tenant, the first one first.
    pub fn epochs(&self) -> Result<Vec<Epoch>, ServerError> {
        let sql = "SELECT epoch, began_at, tick, known, reason FROM epoch ORDER BY number";
        let mut statement = self.db.prepare_cached(sql)?;
        let mut rows = statement.query([])?;
        let mut epochs = Vec::new();
        while let Some(row) = rows.next()? {
            epochs.push(Epoch {
                epoch: row.get::<_, i64>(0)?.cast_unsigned(),
                began_at: row.get(1)?,
                tick: row.get::<_, i64>(2)?.cast_unsigned(),
                known: row.get::<_, i64>(3)?.cast_unsigned(),
                reason: EpochReason::named(&row.get::<_, String>(4)?)?,
            });
        }
        Ok(epochs)
    }

    /// Begins another epoch: devices are told of it by the next greeting, and the numbers of the
    /// time before are given out no more.
    pub fn begin_epoch(&mut self, reason: EpochReason) -> Result<(), ServerError> {
        let tx = store::open::begin(&self.db)?;
        self.begin_epoch_in(&tx, reason, Height::of(&tx)?)?;
        Ok(self.witness.commit(tx)?)
    }

    /// Begins another epoch if the tenant's file is not the one that was written here last.
    pub(crate) fn keep_epoch(&mut self) -> Result<(), ServerError> {
        if planted::is(Planted::EpochKept) || self.witness.is_same(&self.db)? {
            return Ok(());
        }
        let tx = store::open::begin(&self.db)?;
        let testimony = self.witness.testimony(&tx)?;
        if let Testimony::PutBack(height) = testimony {
            self.begin_epoch_in(&tx, EpochReason::Restored, height)?;
        }
        if testimony != Testimony::Same {
            self.witness.renew(&tx)?;
        }
        // Killed from here on, the next who opens the file settles its witness.
        store::open::commit(tx)?;
        let tx = store::open::begin(&self.db)?;
        self.witness.settle(&tx)
    }

    /// The one place where an epoch begins, in a transaction; numbers had risen to this height.
    pub(crate) fn begin_epoch_in(
        &self,
        db: &Db,
        reason: EpochReason,
        height: Height,
    ) -> Result<(), ServerError> {
        let known = Height::of(db)?;
        let mut height = height.or(known);
        if reason != EpochReason::Founded {
            let now = self.surroundings.now().0.max(0).cast_unsigned();
            let by_now = now.saturating_mul(NUMBERS_A_MS);
            height.tick = by_now.max(height.tick + LOST_MAX);
            height.verdict = by_now.max(height.verdict + LOST_MAX);
            height.reach(db)?;
        }
        if reason != EpochReason::Founded {
            self.note_office(db, "epoch_begun", &json!({ "reason": reason.name() }))?;
        }
        let entropy = self.surroundings.entropy();
        let drawn = u32::from_be_bytes([entropy[0], entropy[1], entropy[2], entropy[3]]);
        db.execute(
            "INSERT INTO epoch (epoch, began_at, tick, known, reason) VALUES (?1, ?2, ?3, ?4, ?5)",
            (
                self.another_than_before(db, drawn)?,
                self.surroundings.now().0,
                height.tick.cast_signed(),
                known.tick.cast_signed(),
                reason.name(),
            ),
        )?;
        Ok(())
    }

    /// The number that was drawn, or the next one that no life of this tenant had.
    fn another_than_before(&self, db: &Db, drawn: u32) -> Result<u32, ServerError> {
        let mut statement = db.prepare_cached("SELECT 1 FROM epoch WHERE epoch = ?1")?;
        let mut number = drawn;
        while statement.exists([number])? {
            number = number.wrapping_add(1);
        }
        Ok(number)
    }
}
