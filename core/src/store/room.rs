//! Gives the room that a database no longer needs back to the disk, a share at a time. It does not
//! know what was taken out.

use super::error::StoreError;
use super::schema::Db;

/// Free pages of 4 KiB that a file keeps for what comes next.
const PAGES_KEPT: i64 = 256;
/// What part of a file may be free: one in so many.
const KEPT_SHARE: i64 = 4;
/// Pages that are given back at once: nobody waits for longer than it takes to move these.
const PAGES_AT_ONCE: i64 = 4096;

/// Gives back free pages where they are more than a quarter of the file, at most 16 MiB of them. A
/// file from before this was known keeps its pages, and uses them again.
pub fn give_back(db: &Db) -> Result<(), StoreError> {
    let of = |name: &str| db.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let (free, all) = (of("freelist_count")?, of("page_count")?);
    if free <= PAGES_KEPT || free * KEPT_SHARE <= all {
        return Ok(());
    }
    let mut statement = db.prepare(&format!("PRAGMA incremental_vacuum({PAGES_AT_ONCE})"))?;
    let mut steps = statement.query([])?;
    // Each step gives back one page.
    while steps.next()?.is_some() {}
    Ok(())
}
