//! Takes everything off a phone's database. It does not know why.

use super::error::StoreError;
use super::schema::Db;

/// The tables that SQLite and the search keep for themselves.
const KEPT: &[&str] = &["sqlite_", "search"];

/// Takes out every row of every table, within the caller's transaction; numbers that were given out
/// stay so.
pub fn all(db: &Db) -> Result<(), StoreError> {
    let mut statement = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")?;
    let names = statement.query_map([], |row| row.get::<_, String>(0))?;
    for name in names.collect::<Result<Vec<_>, _>>()? {
        if KEPT.iter().all(|kept| !name.starts_with(kept)) {
            db.execute_batch(&format!("DELETE FROM \"{name}\""))?;
        }
    }
    db.execute_batch(
        "DELETE FROM search_entry; INSERT INTO search (search) VALUES ('delete-all')",
    )?;
    Ok(())
}

/// Gives the room of what was taken out back to the disk, and leaves none of it in the log.
pub fn shrink(db: &Db) -> Result<(), StoreError> {
    db.execute_batch("VACUUM")?;
    db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    Ok(())
}
