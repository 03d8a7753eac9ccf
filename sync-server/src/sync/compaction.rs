//! Compaction: a bucket's log names each record once up to a number, and what they say is packed
//! once for all devices. Sums, digests and what a device holds in the end stay as they were. It
//! does not know who asks for a bucket.

use std::collections::BTreeMap;

use outfield_core::base::id::RecordId;
use outfield_core::base::limits::REMOVALS_KEPT_MS;
use outfield_core::store::{self, Db, members};
use outfield_core::sync::frames::{Frame, Want};
use outfield_core::sync::wire;
use rusqlite::{OptionalExtension, params};

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
struct BucketPart {
    first: u64,
    last: u64,
    bytes: Vec<u8>,
}

/// A part to which frames are added.
struct OpenPart {
    first: u64,
    last: u64,
    encoder: wire::Encoder,
}

impl OpenPart {
    fn begin(first: u64) -> Result<OpenPart, ServerError> {
        Ok(OpenPart {
            first,
            last: first,
            encoder: wire::Encoder::thorough().map_err(ServerError::broken)?,
        })
    }

    fn finish(self) -> Result<BucketPart, ServerError> {
        Ok(BucketPart {
            first: self.first,
            last: self.last,
            bytes: self.encoder.finish().map_err(ServerError::broken)?,
        })
    }
}

/// What a bucket held at one moment, packed: made by whoever reads, kept by whoever writes.
pub struct PackedBucket {
    bucket: String,
    upto: u64,
    parts: Vec<BucketPart>,
}

/// Up to where a bucket is compacted.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Compacted {
    /// Up to here the log names each record once.
    pub upto: u64,
    /// Whoever stands below this may lack a removal that is forgotten.
    pub floor: u64,
}

impl Tenant {
    /// The wanted buckets that are worth packing before they are told.
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
    pub fn pack(&self, bucket: &str) -> Result<PackedBucket, ServerError> {
        let tx = store::open::snapshot(&self.db)?;
        let upto = members::bucket(&tx, bucket)?.unwrap_or_default().cursor;
        let tick = log::tick(&tx)?;
        let mut parts = Vec::new();
        let mut open: Option<OpenPart> = None;
        for entry in self.newest(bucket, upto)? {
            if !members::is_in(&tx, bucket, entry.id)? {
                continue;
            }
            let Some(frame) = self.whole(&entry)? else {
                continue;
            };
            let mut part = match open.take() {
                Some(part) => part,
                None => OpenPart::begin(entry.seq)?,
            };
            part.last = entry.seq;
            let seal = self.seal_of(&frame, None, tick)?.map(Frame::Seal);
            for frame in [Some(frame), seal].into_iter().flatten() {
                part.encoder.push(&frame).map_err(ServerError::broken)?;
            }
            if part.encoder.taken() < PART_BYTES {
                open = Some(part);
            } else {
                parts.push(part.finish()?);
            }
        }
        if let Some(part) = open {
            parts.push(part.finish()?);
        }
        Ok(PackedBucket {
            bucket: bucket.to_owned(),
            upto,
            parts,
        })
    }

    /// The newest entry of each record that a bucket's log names up to a number and that is there,
    /// ascending.
    fn newest(&self, bucket: &str, upto: u64) -> Result<Vec<LoggedEntry>, ServerError> {
        let mut newest: BTreeMap<RecordId, LoggedEntry> = BTreeMap::new();
        for entry in self.logged(bucket, 0..upto + 1)? {
            newest.insert(entry.id, entry);
        }
        let mut entries: Vec<LoggedEntry> = newest.into_values().collect();
        entries.retain(|entry| entry.op != LogOp::Remove);
        entries.sort_unstable_by_key(|entry| entry.seq);
        Ok(entries)
    }

    /// Keeps what was packed, and forgets what the log says twice up to there.
    pub fn keep_packed(&mut self, packed: &PackedBucket) -> Result<(), ServerError> {
        store::open::durable(&self.db, true)?;
        let tx = store::open::begin(&self.db)?;
        let before = self.compacted(&packed.bucket)?;
        let bucket = members::ensure_bucket(&tx, &packed.bucket)?;
        if before.upto > packed.upto {
            return Ok(());
        }
        let upto = packed.upto.cast_signed();
        put_parts(&tx, bucket, &packed.parts)?;
        forget_doubles(&tx, bucket, upto)?;
        let now = self.surroundings.now().0;
        let floor = forget_removals(&tx, bucket, upto, now)?.max(before.floor);
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
        self.witness.commit(tx)?;
        Ok(store::room::give_back(&self.db)?)
    }

    /// Compacts a bucket and packs what it holds.
    pub fn compact(&mut self, bucket: &str) -> Result<(), ServerError> {
        let packed = self.pack(bucket)?;
        self.keep_packed(&packed)
    }

    /// Up to where a bucket is compacted.
    pub(super) fn compacted(&self, bucket: &str) -> Result<Compacted, ServerError> {
        let sql = "SELECT upto, floor FROM compacted \
                   WHERE bucket = (SELECT number FROM bucket WHERE name = ?1)";
        let found = self
            .db
            .prepare_cached(sql)?
            .query_row([bucket], |row| {
                Ok(Compacted {
                    upto: row.get::<_, i64>(0)?.cast_unsigned(),
                    floor: row.get::<_, i64>(1)?.cast_unsigned(),
                })
            })
            .optional()?;
        Ok(found.unwrap_or_default())
    }

    /// First numbers of the parts of a bucket that lie wholly beyond a cursor, ascending.
    pub(super) fn parts_beyond(&self, bucket: &str, from: u64) -> Result<Vec<u64>, ServerError> {
        let sql = "SELECT first FROM base \
                   WHERE bucket = (SELECT number FROM bucket WHERE name = ?1) AND first > ?2 \
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
    pub(super) fn part(&self, bucket: &str, first: u64) -> Result<Vec<u8>, ServerError> {
        let sql = "SELECT bytes FROM base \
                   WHERE bucket = (SELECT number FROM bucket WHERE name = ?1) AND first = ?2";
        Ok(self
            .db
            .prepare_cached(sql)?
            .query_row(params![bucket, first.cast_signed()], |row| row.get(0))?)
    }
}

/// Keeps these parts in the place of those that a bucket had.
fn put_parts(db: &Db, bucket: i64, parts: &[BucketPart]) -> Result<(), ServerError> {
    db.execute("DELETE FROM base WHERE bucket = ?1", [bucket])?;
    for BucketPart { first, last, bytes } in parts {
        let (first, last) = (first.cast_signed(), last.cast_signed());
        db.execute(
            "INSERT INTO base VALUES (?1, ?2, ?3, ?4)",
            params![bucket, first, last, bytes],
        )?;
    }
    Ok(())
}

/// Leaves one entry a record in a bucket's log up to a number.
fn forget_doubles(db: &Db, bucket: i64, upto: i64) -> Result<(), ServerError> {
    db.execute(
        "DELETE FROM log WHERE bucket = ?1 AND seq <= ?2
         AND seq NOT IN (SELECT max(seq) FROM log WHERE bucket = ?1 AND seq <= ?2 GROUP BY id)",
        params![bucket, upto],
    )?;
    // Who stands before one of these is told the record whole, whatever happened to it.
    db.execute(
        "UPDATE log SET op = ?3, hash = NULL \
         WHERE bucket = ?1 AND seq <= ?2 AND op NOT IN (?3, ?4)",
        params![bucket, upto, LogOp::Enter as i64, LogOp::Remove as i64],
    )?;
    Ok(())
}

/// Forgets the removals that are older than any honest cursor; answers the highest that was
/// forgotten.
fn forget_removals(db: &Db, bucket: i64, upto: i64, now: i64) -> Result<u64, ServerError> {
    let old: Option<i64> = db.query_row(
        "SELECT max(tick) FROM tick_at WHERE at <= ?1",
        [now.saturating_sub(REMOVALS_KEPT_MS)],
        |row| row.get(0),
    )?;
    let Some(old) = old else { return Ok(0) };
    let of = "FROM log WHERE bucket = ?1 AND seq <= ?2 AND tick <= ?3 AND op = ?4";
    let bound = params![bucket, upto, old, LogOp::Remove as i64];
    let highest: Option<i64> =
        db.query_row(&format!("SELECT max(seq) {of}"), bound, |row| row.get(0))?;
    db.execute(&format!("DELETE {of}"), bound)?;
    Ok(highest.unwrap_or(0).cast_unsigned())
}

/// The buckets among what a device asks for.
pub(super) fn wanted(asked: &[Frame]) -> impl Iterator<Item = &Want> {
    asked.iter().filter_map(|frame| {
        if let Frame::Want(want) = frame {
            Some(want)
        } else {
            None
        }
    })
}
