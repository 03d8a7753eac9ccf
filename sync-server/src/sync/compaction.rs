//! Compaction: a bucket's log names each record once up to a number, and what they say is packed
//! once for all devices. Sums, digests and what a device holds in the end stay as they were. It
//! does not know who asks for a bucket.

use std::collections::BTreeMap;

use outfield_core::base::id::RecordId;
use outfield_core::base::limits::REMOVALS_KEPT_MS;
use outfield_core::store::{self, members};
use outfield_core::sync::frames::Frame;
use outfield_core::sync::wire;
use rusqlite::{OptionalExtension, params};

use super::pull::wanted;
use crate::error::ServerError;
use crate::people::Session;
use crate::tenant::Tenant;
use crate::work::log::{self, LogOp, LoggedEntry};

/// Bytes of frames in one part, before packing: enough for frames to resemble each other.
const PART_BYTES: usize = 4 * 1024 * 1024;
/// Entries from which an answer, or what the log grew by, is worth packing.
const DUE_ENTRIES: u64 = 1_000;
/// How many times its members a log may grow by before it is compacted, however short the answers
/// are.
const GROWTH_MAX: u64 = 4;

/// Some of what a bucket holds, packed.
struct Part {
    first: u64,
    last: u64,
    bytes: Vec<u8>,
}

/// What a bucket held at one moment, packed: made by whoever reads, kept by whoever writes.
pub struct Cut {
    bucket: String,
    upto: u64,
    parts: Vec<Part>,
}

/// Up to where a bucket is compacted.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Compacted {
    /// Up to here the log names each record once.
    pub upto: u64,
    /// Whoever stands below this may lack a removal that is forgotten.
    pub floor: u64,
}

impl Tenant {
    /// The wanted buckets whose base is worth cutting before they are told.
    pub fn due(&self, session: &Session, asked: &[Frame]) -> Result<Vec<String>, ServerError> {
        let mut due = Vec::new();
        for want in wanted(asked).filter(|want| session.buckets.contains(&want.bucket)) {
            let Some(state) = members::bucket(&self.db, &want.bucket)? else {
                continue;
            };
            let grown = state.cursor - self.compacted(&want.bucket)?.upto;
            let asked = state.cursor.saturating_sub(want.cursor).min(grown);
            if grown > DUE_ENTRIES
                && (asked > DUE_ENTRIES
                    || grown > GROWTH_MAX * members::count(&self.db, &want.bucket)?)
            {
                due.push(want.bucket.clone());
            }
        }
        Ok(due)
    }

    /// Packs what a bucket holds now. It only reads.
    pub fn cut(&self, bucket: &str) -> Result<Cut, ServerError> {
        let tx = store::open::snapshot(&self.db)?;
        let upto = members::bucket(&tx, bucket)?.unwrap_or_default().cursor;
        let mut newest: BTreeMap<RecordId, LoggedEntry> = BTreeMap::new();
        for entry in self.logged(bucket, 0..upto + 1)? {
            newest.insert(entry.id, entry);
        }
        let mut entries: Vec<LoggedEntry> = newest
            .into_values()
            .filter(|entry| entry.op != LogOp::Remove)
            .collect();
        entries.sort_unstable_by_key(|entry| entry.seq);
        let mut parts = Vec::new();
        let mut open: Option<(u64, u64, wire::Encoder)> = None;
        for entry in &entries {
            if !members::is_in(&tx, bucket, entry.id)? {
                continue;
            }
            let Some(frame) = self.whole(entry)? else {
                continue;
            };
            let (first, _, mut encoder) = match open.take() {
                Some(part) => part,
                None => (
                    entry.seq,
                    0,
                    wire::Encoder::thorough().map_err(ServerError::broken)?,
                ),
            };
            encoder.push(&frame).map_err(ServerError::broken)?;
            if encoder.taken() < PART_BYTES {
                open = Some((first, entry.seq, encoder));
            } else {
                parts.push(Part {
                    first,
                    last: entry.seq,
                    bytes: encoder.finish().map_err(ServerError::broken)?,
                });
            }
        }
        if let Some((first, last, encoder)) = open {
            parts.push(Part {
                first,
                last,
                bytes: encoder.finish().map_err(ServerError::broken)?,
            });
        }
        Ok(Cut {
            bucket: bucket.to_owned(),
            upto,
            parts,
        })
    }

    /// Keeps what was packed, and forgets what the log says twice up to there.
    pub fn keep(&mut self, cut: &Cut) -> Result<(), ServerError> {
        store::open::durable(&self.db, true)?;
        let tx = store::open::begin(&self.db)?;
        let before = self.compacted(&cut.bucket)?;
        let bucket = members::ensure_bucket(&tx, &cut.bucket)?;
        if before.upto > cut.upto {
            return Ok(());
        }
        tx.execute("DELETE FROM base WHERE bucket = ?1", [bucket])?;
        for Part { first, last, bytes } in &cut.parts {
            let (first, last) = (first.cast_signed(), last.cast_signed());
            tx.execute(
                "INSERT INTO base VALUES (?1, ?2, ?3, ?4)",
                params![bucket, first, last, bytes],
            )?;
        }
        let upto = cut.upto.cast_signed();
        tx.execute(
            "DELETE FROM log WHERE bucket = ?1 AND seq <= ?2
             AND seq NOT IN (SELECT max(seq) FROM log WHERE bucket = ?1 AND seq <= ?2 GROUP BY id)",
            params![bucket, upto],
        )?;
        // Who stands before one of these is told the record whole, whatever happened to it.
        let sql = "UPDATE log SET op = ?3, hash = NULL WHERE bucket = ?1 AND seq <= ?2 AND op NOT IN (?3, ?4)";
        tx.execute(
            sql,
            params![bucket, upto, LogOp::Enter as i64, LogOp::Remove as i64],
        )?;
        let now = self.surroundings.now().0;
        let floor = self.forget_removals(bucket, upto, now)?.max(before.floor);
        tx.execute(
            "INSERT OR REPLACE INTO compacted (bucket, upto, floor) VALUES (?1, ?2, ?3)",
            params![bucket, upto, floor.cast_signed()],
        )?;
        tx.execute(
            "DELETE FROM payload WHERE hash NOT IN (SELECT hash FROM log WHERE hash IS NOT NULL)",
            [],
        )?;
        let tick = log::tick(&tx)?.cast_signed();
        tx.execute(
            "INSERT OR IGNORE INTO tick_at (tick, at) VALUES (?1, ?2)",
            params![tick, now],
        )?;
        Ok(store::open::commit(tx)?)
    }

    /// Compacts a bucket and packs what it holds.
    pub fn compact(&mut self, bucket: &str) -> Result<(), ServerError> {
        let cut = self.cut(bucket)?;
        self.keep(&cut)
    }

    /// Forgets the removals that are older than any honest cursor; answers the highest that was
    /// forgotten.
    fn forget_removals(&self, bucket: i64, upto: i64, now: i64) -> Result<u64, ServerError> {
        let old: Option<i64> = self.db.query_row(
            "SELECT max(tick) FROM tick_at WHERE at <= ?1",
            [now.saturating_sub(REMOVALS_KEPT_MS)],
            |row| row.get(0),
        )?;
        let Some(old) = old else { return Ok(0) };
        let of = "FROM log WHERE bucket = ?1 AND seq <= ?2 AND tick <= ?3 AND op = ?4";
        let bound = params![bucket, upto, old, LogOp::Remove as i64];
        let highest: Option<i64> =
            self.db
                .query_row(&format!("SELECT max(seq) {of}"), bound, |row| row.get(0))?;
        self.db.execute(&format!("DELETE {of}"), bound)?;
        Ok(highest.unwrap_or(0).cast_unsigned())
    }

    /// Up to where a bucket is compacted.
    pub(crate) fn compacted(&self, bucket: &str) -> Result<Compacted, ServerError> {
        let sql = "SELECT upto, floor FROM compacted WHERE bucket = (SELECT number FROM bucket WHERE name = ?1)";
        let read = |row: &rusqlite::Row<'_>| {
            let (upto, floor) = (
                row.get::<_, i64>(0)?.cast_unsigned(),
                row.get::<_, i64>(1)?.cast_unsigned(),
            );
            Ok(Compacted { upto, floor })
        };
        Ok(self
            .db
            .prepare_cached(sql)?
            .query_row([bucket], read)
            .optional()?
            .unwrap_or_default())
    }

    /// First numbers of the parts of a bucket that lie wholly beyond a cursor, ascending.
    pub(crate) fn parts(&self, bucket: &str, from: u64) -> Result<Vec<u64>, ServerError> {
        let sql = "SELECT first FROM base WHERE bucket = (SELECT number FROM bucket WHERE name = ?1) AND first > ?2
                   ORDER BY first";
        let mut statement = self.db.prepare_cached(sql)?;
        let firsts = statement.query_map(params![bucket, from.cast_signed()], |row| {
            row.get::<_, i64>(0)
        })?;
        Ok(firsts
            .map(|first| first.map(i64::cast_unsigned))
            .collect::<Result<_, _>>()?)
    }

    /// The bytes of one part.
    pub(crate) fn part(&self, bucket: &str, first: u64) -> Result<Vec<u8>, ServerError> {
        let sql = "SELECT bytes FROM base WHERE bucket = (SELECT number FROM bucket WHERE name = ?1) AND first = ?2";
        Ok(self
            .db
            .prepare_cached(sql)?
            .query_row(params![bucket, first.cast_signed()], |row| row.get(0))?)
    }
}
