//! Opens databases, brings them to the newest version, and begins and ends transactions.
//! It does not know what the migrations hold.

use std::cmp::Ordering;
use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Transaction, TransactionBehavior};

use super::error::{StoreError, StoreFault};
use super::schema::{Db, Schema};
use crate::base::decimal::Decimal;
use crate::base::planted::{self, Planted};

/// The oldest SQLite without the WAL-reset bug (3.51.3).
const SQLITE_MIN: i32 = 3_051_003;
/// How long one process waits for another's write.
const BUSY: Duration = Duration::from_secs(30);
/// Bytes that a log keeps once the database has what was in it.
const LOG_BYTES_KEPT: i64 = 4 * 1024 * 1024;
/// Prepared statements kept by a connection.
const STATEMENTS: usize = 256;
/// The name under which SQL compares decimals.
pub(super) const DECIMAL: &str = "decimal";

/// Opens a database file that lies on the disk in plain, makes it when it is missing, and runs the
/// migrations that it lacks. A file of another kind is refused before anything is written to it.
pub fn open(path: &Path, schema: Schema) -> Result<Db, StoreError> {
    ready(connect(path)?, path, schema)
}

/// Opens a database file that was made once. One that is gone, or empty, is not made anew: what it
/// held would seem never to have been.
pub fn open_made(path: &Path, schema: Schema) -> Result<Db, StoreError> {
    let missing = || StoreError::of(StoreFault::Missing, "this file is gone or empty").at(path);
    if !path.is_file() {
        return Err(missing());
    }
    let db = connect(path)?;
    recognise(&db, schema).map_err(|error| error.at(path))?;
    if application_of(&db)? != schema.application {
        return Err(missing());
    }
    ready(db, path, schema)
}

/// A connection to a file, of which nothing was asked yet.
pub(super) fn connect(path: &Path) -> Result<Db, StoreError> {
    if rusqlite::version_number() < SQLITE_MIN {
        return Err(StoreError::new(format!(
            "SQLite {} is too old; 3.51.3 or newer is needed",
            rusqlite::version()
        )));
    }
    let named = |error: rusqlite::Error| StoreError::from(error).at(path);
    let db = Db::open(path).map_err(named)?;
    db.busy_timeout(BUSY).map_err(named)?;
    Ok(db)
}

/// Recognises what was connected to, and makes it ready for work.
pub(super) fn ready(db: Db, path: &Path, schema: Schema) -> Result<Db, StoreError> {
    let named = |error: rusqlite::Error| StoreError::from(error).at(path);
    db.set_prepared_statement_cache_capacity(STATEMENTS);
    recognise(&db, schema).map_err(|error| error.at(path))?;
    // A new value must not make SQLite compile a statement anew, which takes longer than most
    // statements take to run.
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)
        .map_err(named)?;
    // What does not fit into memory must not reach a disk where no key covers it.
    db.pragma_update(None, "temp_store", "memory")
        .map_err(named)?;
    // After a peak the log does not stay as long as it was.
    db.pragma_update(None, "journal_size_limit", LOG_BYTES_KEPT)
        .map_err(named)?;
    // Before the first write, which makes the file: a power cut must not leave a file that is no
    // database. What a log holds may be forgotten only when the database has it, whatever commits
    // wait for.
    durable(&db, true)?;
    for flag in ["fullfsync", "checkpoint_fullfsync"] {
        db.pragma_update(None, flag, !planted::is(Planted::PlainSyncs))
            .map_err(named)?;
    }
    // Only a file that is yet to be made takes this; it is the first write.
    db.pragma_update(None, "auto_vacuum", "incremental")
        .map_err(named)?;
    db.pragma_update(None, "journal_mode", "wal")
        .map_err(named)?;
    // No index uses it, so that a connection without it reads the file as well.
    db.create_collation(DECIMAL, exactly).map_err(named)?;
    migrate(&db, schema).map_err(|error| error.at(path))?;
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

/// Only an empty file, or one of this kind that is no newer than this version, goes on.
pub(super) fn recognise(db: &Db, schema: Schema) -> Result<(), StoreError> {
    let application = application_of(db)?;
    let tables: i64 = db.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if application != schema.application && (application != 0 || tables != 0) {
        return Err(StoreError::new(format!(
            "this file is not {}; name another",
            schema.what
        )));
    }
    steps_done(db, schema).map(drop)
}

/// What kind of file it says it is; 0 if nobody wrote to it yet.
fn application_of(db: &Db) -> Result<i32, StoreError> {
    Ok(db.pragma_query_value(None, "application_id", |row| row.get(0))?)
}

/// How many of the migrations a file has; not more than there are.
fn steps_done(db: &Db, schema: Schema) -> Result<usize, StoreError> {
    let done: u32 = db.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let done = usize::try_from(done).map_err(StoreError::new)?;
    if done > schema.migrations.len() {
        return Err(StoreError::of(
            StoreFault::Newer,
            "this file was written by a newer version; update the app: nothing was changed, and \
             all work is in it",
        ));
    }
    Ok(done)
}

fn migrate(db: &Db, schema: Schema) -> Result<(), StoreError> {
    let newest = schema.migrations.len();
    if steps_done(db, schema)? == newest {
        return Ok(());
    }
    let tx = begin(db)?;
    for sql in schema.migrations.iter().skip(steps_done(&tx, schema)?) {
        tx.execute_batch(sql)?;
    }
    let newest = u32::try_from(newest).map_err(StoreError::new)?;
    tx.pragma_update(None, "application_id", schema.application)?;
    tx.pragma_update(None, "user_version", newest)?;
    commit(tx)
}
