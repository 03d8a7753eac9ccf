//! Rows that the server wrote once and lost: which a device may give back, and what follows from
//! them. It does not know how a row shows as the server's own word.

use outfield_core::base::context::Context;
use outfield_core::base::id::RecordId;
use outfield_core::domain::ledger::{Ledger, post};
use outfield_core::objects::{Descriptor, Record, Value, Write};
use outfield_core::store::{Db, StoreReader, tables};
use rusqlite::{OptionalExtension, params};

use super::authors;
use super::journal::Cause;
use super::ledger::{carry, flag};
use super::rows::set_row;
use super::write_row::write_row;
use crate::error::ServerError;
use crate::tenant::Tenant;

/// The time of which this server has lost what it wrote: from the moment of the older database that
/// was put back, to the epoch that began then.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct LostTime {
    /// The clock of accepted work when it began and ended; nothing was lost while they are equal.
    after: u64,
    until: u64,
    /// When the epoch began, in milliseconds since 1970.
    ended_at: i64,
}

impl LostTime {
    /// The time that was lost last.
    pub(crate) fn of(tenant: &Tenant) -> Result<LostTime, ServerError> {
        let mut epochs = tenant.epochs()?;
        let Some(epoch) = epochs.pop().filter(|_| !epochs.is_empty()) else {
            return Ok(LostTime::default());
        };
        Ok(LostTime {
            after: epoch.known,
            until: epoch.tick,
            ended_at: epoch.began_at,
        })
    }

    /// Whether a row as it was told at this tick is one that was lost: it is not here at all, or
    /// nobody wrote it since, and it was not given back as of a later moment.
    pub(crate) fn was_of(
        &self,
        store: &StoreReader<'_>,
        descriptor: &Descriptor,
        id: RecordId,
        tick: u64,
    ) -> Result<bool, ServerError> {
        if tables::read(store.db, descriptor, id)?.is_none() {
            return Ok(true);
        }
        Ok(self.after < tick
            && tick <= self.until
            && given_back_as_of(store.db, id)?.is_none_or(|before| before < tick)
            && !self.was_written_since(store.db, id)?)
    }

    fn was_written_since(&self, db: &Db, id: RecordId) -> Result<bool, ServerError> {
        let sql = "SELECT 1 FROM journal WHERE record = ?1 AND at >= ?2 AND cause <> ?3";
        let mut statement = db.prepare_cached(sql)?;
        Ok(statement.exists(params![id.as_bytes(), self.ended_at, GIVEN_BACK])?)
    }
}

/// Why a row was written that a device gave back.
const GIVEN_BACK: &str = "given back";

/// The moment as of which a row was given back, by the clock of accepted work.
fn given_back_as_of(db: &Db, id: RecordId) -> Result<Option<u64>, ServerError> {
    let mut read = db.prepare_cached("SELECT tick FROM regained WHERE record = ?1")?;
    let found = read.query_row([id.as_bytes()], |row| row.get::<_, i64>(0));
    Ok(found.optional()?.map(i64::cast_unsigned))
}

/// A row that was lost is as it was told at this tick, and what it posts is posted, once. What is
/// held of a pot, and how much is in one that is here already, the ledger alone knows: they follow
/// from what posts.
pub(crate) fn apply_regained_row(
    store: &StoreReader<'_>,
    context: &Context,
    descriptor: &Descriptor,
    row: &Record,
    tick: u64,
) -> Result<(), ServerError> {
    let db = store.db;
    let cause = Cause {
        context,
        why: GIVEN_BACK,
    };
    db.prepare_cached("INSERT OR REPLACE INTO regained (record, tick) VALUES (?1, ?2)")?
        .execute(params![row.id.as_bytes(), tick.cast_signed()])?;
    let before = tables::read(db, descriptor, row.id)?;
    if authors::regain(store, row)? {
        return Ok(());
    }
    let mut values = row.values.clone();
    // What was there and is not told was cleared.
    for path in before.iter().flat_map(|before| before.values.keys()) {
        values.entry(path.clone()).or_insert(Value::Null);
    }
    for field in of_the_ledger(descriptor, before.is_none()) {
        values.remove(field);
    }
    if descriptor.verdict_of.is_none() {
        let write = Write {
            object: row.object.clone(),
            id: row.id,
            new: before.is_none(),
            values,
            verb: None,
        };
        return write_row(store, cause, descriptor, before, &write);
    }
    set_row(store, cause, descriptor, row.id, before, &values)?;
    post_again(store, context, descriptor, row)
}

/// The fields of a row that the ledger alone writes; a new row begins with what its pots had.
fn of_the_ledger(descriptor: &Descriptor, is_new: bool) -> Vec<&str> {
    let mut fields = Vec::new();
    for (name, field) in &descriptor.fields {
        let Some(pot) = &field.pot else { continue };
        fields.extend(pot.held.as_deref());
        if !is_new {
            fields.extend(
                [Some(name.as_str()), pot.as_of.as_deref()]
                    .into_iter()
                    .flatten(),
            );
        }
    }
    fields
}

/// A verdict that was given stands, and moves what it moved. What it takes beyond a bound by now is
/// flagged, for it was granted all the same.
fn post_again(
    store: &StoreReader<'_>,
    context: &Context,
    descriptor: &Descriptor,
    verdict: &Record,
) -> Result<(), ServerError> {
    let asker = descriptor
        .verdict_of
        .as_ref()
        .and_then(|of| verdict.reference(&of.by))
        .unwrap_or(verdict.id);
    let ledger = Ledger {
        registry: store.registry,
        reader: store,
        asker,
        granted: &[],
    };
    let why = format!("{} {}", verdict.object, verdict.id);
    let cause = Cause { context, why: &why };
    let posted = post(&ledger, descriptor, verdict)?;
    carry(store, cause, verdict, &posted)?;
    for broken in &posted.short {
        flag(store, cause, verdict, broken)?;
    }
    Ok(())
}
