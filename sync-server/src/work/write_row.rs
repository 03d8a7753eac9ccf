//! Rows as people decide them: the office's figures are movements, a user's territories are
//! followed. It does not ask whether it may.

use std::collections::BTreeSet;

use outfield_core::base::id::UserId;
use outfield_core::base::time::Timestamp;
use outfield_core::domain::rules::names::USER;
use outfield_core::objects::{Bucket, Descriptor, Record, Value, Write};
use outfield_core::store::{Db, StoreReader};

use rusqlite::params;

use super::blobs;
use super::journal::Cause;
use super::ledger::{Adjusted, adjust};
use super::log;
use super::rows::{SetRow, set_row};
use crate::error::ServerError;
use crate::people::reach::{self, buckets_of};

/// Changes a row as someone decided, or makes it: what was there, and what is written; nulls clear.
/// What that does to pots, the ledger keeps.
pub(crate) fn write_row(
    store: &StoreReader<'_>,
    cause: Cause<'_>,
    descriptor: &Descriptor,
    before: Option<Record>,
    write: &Write,
) -> Result<(), ServerError> {
    let was = before.as_ref().map(|record| record.values.clone());
    let set = set_row(store, cause, descriptor, write.id, before, &write.values)?;
    let Some(SetRow { row, number }) = set else {
        return Ok(());
    };
    blobs::note_written(store.db, descriptor, &row, cause.context.user)?;
    let adjusted = Adjusted {
        row: &row,
        before: was.as_ref(),
        number,
    };
    adjust(store, cause, descriptor, &adjusted)?;
    if row.object == USER {
        note_leaving(store.db, cause.context.now, &row)?;
        follow_territories(store.db, &row)
    } else {
        Ok(())
    }
}

/// What somebody wrote before leaving is told apart by the clock at which that was.
fn note_leaving(db: &Db, now: Timestamp, user: &Record) -> Result<(), ServerError> {
    if user.value("active") != &Value::Bool(false) {
        db.execute("DELETE FROM leaver WHERE user = ?1", [user.id.as_bytes()])?;
        return Ok(());
    }
    db.execute(
        "INSERT OR IGNORE INTO leaver (user, tick, at) VALUES (?1, ?2, ?3)",
        params![user.id.as_bytes(), log::tick(db)?.cast_signed(), now.0],
    )?;
    Ok(())
}

fn follow_territories(db: &Db, user: &Record) -> Result<(), ServerError> {
    let now: BTreeSet<String> = buckets_of(user).iter().map(Bucket::to_string).collect();
    reach::follow(db, UserId(user.id.0), &now, log::tick(db)?)
}
