//! What a tenant's file says of itself to whoever watches the server: counts, found without opening
//! the tenant. It does not know who watches.

use std::fs;
use std::path::Path;
use std::time::Duration;

use outfield_core::base::time::Timestamp;
use outfield_core::store::Db;
use rusqlite::{OpenFlags, params};

use super::open::VERSION;
use crate::error::ServerError;
use crate::limits::SILENT_DAYS;

/// How long another's work on the file is waited for.
const BUSY: Duration = Duration::from_secs(2);
/// Devices that were not heard of for longer are not waited for.
const LAG_DAYS: u32 = 7;

/// What a tenant's file says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct TenantGauges {
    /// Bytes of the file and of SQLite's log beside it.
    pub(crate) bytes: u64,
    pub(crate) conflicts_open: u64,
    pub(crate) quarantined: u64,
    /// Devices whose access has not ended.
    pub(crate) devices: u64,
    /// Those of them that were not heard of for so many days, by [`SILENT_DAYS`].
    pub(crate) silent: [u64; SILENT_DAYS.len()],
    /// How far the furthest device that was heard of lately was behind, in ticks.
    pub(crate) lag_ticks: u64,
    /// Devices that said they hold work, and have not sent it.
    pub(crate) unsent: u64,
    /// How long the longest of them has waited since it said so, in milliseconds.
    pub(crate) unsent_ms: u64,
}

impl TenantGauges {
    /// What this file says now; none of one that an older version left.
    pub(crate) fn read(path: &Path, now: Timestamp) -> Result<Option<TenantGauges>, ServerError> {
        // A file that is not there is not made.
        let db = Db::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        db.busy_timeout(BUSY)?;
        let version: i64 = db.pragma_query_value(None, "user_version", |row| row.get(0))?;
        if usize::try_from(version).unwrap_or(0) < VERSION {
            return Ok(None);
        }
        let count = |sql: &str| -> Result<u64, ServerError> {
            let count: i64 = db.query_row(sql, [], |row| row.get(0))?;
            Ok(count.max(0).cast_unsigned())
        };
        let log = path.with_extension("db-wal");
        let lengths = [path, &log].map(|file| fs::metadata(file).map_or(0, |it| it.len()));
        let mut gauges = TenantGauges {
            bytes: lengths.iter().sum(),
            conflicts_open: count("SELECT count(*) FROM conflict WHERE state = 'open'")?,
            quarantined: count("SELECT count(*) FROM quarantine")?,
            devices: count("SELECT count(*) FROM installation WHERE revoked_at IS NULL")?,
            ..TenantGauges::default()
        };
        for (silent, days) in gauges.silent.iter_mut().zip(SILENT_DAYS) {
            *silent = silent_since(&db, now.days_before(days))?;
        }
        let lag = "SELECT coalesce(max(seq), 0) - coalesce((SELECT min(tick) FROM installation
                     WHERE revoked_at IS NULL AND heard_at >= ?1), max(seq), 0)
                   FROM sqlite_sequence WHERE name = 'log'";
        let lag: i64 = db.query_row(lag, [now.days_before(LAG_DAYS).0], |row| row.get(0))?;
        gauges.lag_ticks = lag.max(0).cast_unsigned();
        let unsent = "SELECT count(*), coalesce(min(unsent_since), ?1) FROM installation
                      WHERE revoked_at IS NULL AND unsent_since IS NOT NULL";
        let (unsent, since): (i64, i64) =
            db.query_row(unsent, [now.0], |row| Ok((row.get(0)?, row.get(1)?)))?;
        gauges.unsent = unsent.cast_unsigned();
        gauges.unsent_ms = now.0.saturating_sub(since).max(0).cast_unsigned();
        Ok(Some(gauges))
    }
}

/// Devices with access that were not heard of since this moment.
fn silent_since(db: &Db, moment: Timestamp) -> Result<u64, ServerError> {
    let sql = "SELECT count(*) FROM installation
               WHERE revoked_at IS NULL AND coalesce(heard_at, 0) < ?1";
    let count: i64 = db.query_row(sql, params![moment.0], |row| row.get(0))?;
    Ok(count.cast_unsigned())
}
