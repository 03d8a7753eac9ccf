//! Opens databases, brings them to the newest version, and begins and ends transactions.
//! It does not know what the migrations hold.

use std::cmp::Ordering;
use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Transaction, TransactionBehavior};

use super::error::StoreError;
use super::schema::{Db, Schema};
use crate::base::decimal::Decimal;
use crate::base::planted::{self, Planted};

/// The oldest SQLite without the WAL-reset bug (3.51.3).
const SQLITE_MIN: i32 = 3_051_003;
/// How long one process waits for another's write.
const BUSY: Duration = Duration::from_secs(30);
/// Prepared statements kept by a connection.
const STATEMENTS: usize = 256;
/// The name under which SQL compares decimals.
pub(super) const DECIMAL: &str = "decimal";

/// Opens a database file, makes it when it is missing, and runs the migrations that it lacks. A
/// file of another kind is refused before anything is written to it.
pub fn open(path: &Path, schema: Schema) -> Result<Db, StoreError> {
    if rusqlite::version_number() < SQLITE_MIN {
        return Err(StoreError::new(format!(
            "SQLite {} is too old; 3.51.3 or newer is needed",
            rusqlite::version()
        )));
    }
    let named = |error: rusqlite::Error| StoreError::new(format!("{}: {error}", path.display()));
    let db = Db::open(path).map_err(named)?;
    db.busy_timeout(BUSY).map_err(named)?;
    db.set_prepared_statement_cache_capacity(STATEMENTS);
    let named_too = |error: StoreError| StoreError::new(format!("{}: {error}", path.display()));
    recognise(&db, schema).map_err(named_too)?;
    // A new value must not make SQLite compile a statement anew, which takes longer than most
    // statements take to run.
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)
        .map_err(named)?;
    // Before the first write, which makes the file: a power cut must not leave a file that is no
    // database. What a log holds may be forgotten only when the database has it, whatever commits
    // wait for.
    durable(&db, true)?;
    for flag in ["fullfsync", "checkpoint_fullfsync"] {
        db.pragma_update(None, flag, !planted::is(Planted::PlainSyncs))
            .map_err(named)?;
    }
    db.pragma_update(None, "journal_mode", "wal")
        .map_err(named)?;
    // No index uses it, so that a connection without it reads the file as well.
    db.create_collation(DECIMAL, exactly).map_err(named)?;
    migrate(&db, schema).map_err(named_too)?;
    Ok(db)
}

/// Which of two decimals in text is the greater, exactly; what is none comes after all numbers.
fn exactly(one: &str, other: &str) -> Ordering {
    match (one.parse::<Decimal>(), other.parse::<Decimal>()) {
        (Ok(one), Ok(other)) => one.cmp(&other),
        (Ok(_), Err(_)) => Ordering::Less,
        (Err(_), Ok(_)) => Ordering::Greater,
        (Err(_), Err(_)) => one.cmp(other),
    }
}

/// Whether commits wait for the disk: yes for a person's work and before an answer, no for what can
/// be fetched again. How they wait is set once, when the file opens: each change of those flags
/// makes SQLite compile every statement anew.
pub fn durable(db: &Db, yes: bool) -> Result<(), StoreError> {
    let level = match yes && !planted::is(Planted::CommitsNotAwaited) {
        _ if planted::is(Planted::NothingSynced) => "off",
        true => "full",
        false => "normal",
    };
    Ok(db.pragma_update(None, "synchronous", level)?)
}

/// A number that changes whenever another connection has written to the file.
pub fn others_wrote(db: &Db) -> Result<i64, StoreError> {
    Ok(db.pragma_query_value(None, "data_version", |row| row.get(0))?)
}

/// Begins a writing transaction; other writers wait.
pub fn begin(db: &Db) -> Result<Transaction<'_>, StoreError> {
    #[cfg(feature = "planted")]
    super::disk::moment(db, super::disk::Moment::Begins)?;
    Ok(Transaction::new_unchecked(
        db,
        TransactionBehavior::Immediate,
    )?)
}

/// Begins a reading transaction: one state of the database until it is dropped. What is read then
/// agrees with itself, and takes the file's lock once.
pub fn snapshot(db: &Db) -> Result<Transaction<'_>, StoreError> {
    Ok(Transaction::new_unchecked(
        db,
        TransactionBehavior::Deferred,
    )?)
}

/// Makes a transaction true.
pub fn commit(transaction: Transaction<'_>) -> Result<(), StoreError> {
    #[cfg(feature = "planted")]
    return super::disk::commit(transaction);
    #[cfg(not(feature = "planted"))]
    Ok(transaction.commit()?)
}

/// Carries out a part of a transaction: what it wrote goes again if it comes to an error.
pub fn attempt<T, E: From<StoreError>>(
    db: &Db,
    part: impl FnOnce() -> Result<T, E>,
) -> Result<T, E> {
    let said = |sql: &str| db.execute_batch(sql).map_err(StoreError::from);
    said("SAVEPOINT part")?;
    let outcome = part();
    // Where the disk is full, SQLite has taken back the whole transaction already.
    if outcome.is_err() && db.is_autocommit() {
        return outcome;
    }
    if outcome.is_err() {
        said("ROLLBACK TO part")?;
    }
    said("RELEASE part")?;
    outcome
}

/// Only an empty file, or one of this kind, goes on.
fn recognise(db: &Db, schema: Schema) -> Result<(), StoreError> {
    let application: i32 = db.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let tables: i64 = db.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if application == schema.application || (application == 0 && tables == 0) {
        return Ok(());
    }
    Err(StoreError::new(format!(
        "this file is not {}; name another",
        schema.what
    )))
}

fn migrate(db: &Db, schema: Schema) -> Result<(), StoreError> {
    let version = |db: &Db| db.pragma_query_value(None, "user_version", |row| row.get::<_, u32>(0));
    let newest = u32::try_from(schema.migrations.len()).map_err(StoreError::new)?;
    if version(db)? == newest {
        return Ok(());
    }
    let tx = begin(db)?;
    let at = version(&tx)?;
    if at > newest {
        return Err(StoreError::new(
            "this file was written by a newer version; update the app",
        ));
    }
    for sql in schema.migrations.iter().skip(at as usize) {
        tx.execute_batch(sql)?;
    }
    tx.pragma_update(None, "application_id", schema.application)?;
    tx.pragma_update(None, "user_version", newest)?;
    commit(tx)
}
