//! Work that the server has not judged yet, each entry with the command that made it.
//! It does not know how it is sent.

use rusqlite::{OptionalExtension, Row, params};

use super::error::StoreError;
use super::schema::Db;
use crate::base::id::{ActorId, ChangeHash, GroupId, RecordId};
use crate::base::limits::GROUP_ENTRIES_MAX;
use crate::base::time::Timestamp;

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryKind {
    /// A change of a document.
    Change = 0,
    /// A fact.
    Fact = 1,
}

impl EntryKind {
    /// The kind that a number in a table stands for.
    pub(super) fn of(number: i64) -> EntryKind {
        match number {
            1 => EntryKind::Fact,
            _ => EntryKind::Change,
        }
    }
}

/// The group in which an entry goes: its entries become true together or not at all, and lie one
/// behind the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntryGroup {
    /// Its id.
    pub id: GroupId,
    /// How many entries it has.
    pub count: u64,
}

/// What is put into the outbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEntry {
    /// What it is.
    pub kind: EntryKind,
    /// The object's name.
    pub object: String,
    /// The record.
    pub record: RecordId,
    /// Names it on the wire.
    pub hash: ChangeHash,
    /// The change, or the fact's canonical values.
    pub bytes: Vec<u8>,
    /// The command that made it, as JSON.
    pub command: String,
    /// Who wrote it.
    pub actor: ActorId,
    /// When, by the device's clock.
    pub at: Timestamp,
    /// The server's clock up to which the device held everything when it was written.
    pub knew: u64,
    /// The verb of the object by which it was done, if one was.
    pub verb: Option<String>,
    /// The group in which it goes; none if it goes alone.
    pub group: Option<EntryGroup>,
}

/// An entry with the number under which it waits; numbers only grow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxEntry {
    /// Its number.
    pub number: i64,
    /// What it is.
    pub kind: EntryKind,
    /// The object's name.
    pub object: String,
    /// The record.
    pub record: RecordId,
    /// Names it on the wire.
    pub hash: ChangeHash,
    /// The change, or the fact's canonical values.
    pub bytes: Vec<u8>,
    /// The command that made it, as JSON.
    pub command: String,
    /// Who wrote it.
    pub actor: ActorId,
    /// When, by the device's clock.
    pub at: Timestamp,
    /// The server's clock up to which the device held everything when it was written.
    pub knew: u64,
    /// The verb of the object by which it was done, if one was.
    pub verb: Option<String>,
    /// The group in which it goes; none if it goes alone.
    pub group: Option<EntryGroup>,
}

const COLUMNS: &str = "number, kind, object, record, hash, bytes, command, actor, at, knew, verb, \
                       group_id, group_count";

/// Puts an entry behind all others; answers its number.
pub fn push(db: &Db, entry: &NewEntry) -> Result<i64, StoreError> {
    db.prepare_cached(
        "INSERT INTO outbox (kind, object, record, hash, bytes, command, actor, at, knew, verb, \
         group_id, group_count)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    )?
    .execute(params![
        entry.kind as i64,
        entry.object,
        entry.record.as_bytes(),
        &entry.hash.0[..],
        entry.bytes,
        entry.command,
        entry.actor.as_bytes(),
        entry.at.0,
        entry.knew.cast_signed(),
        entry.verb,
        entry.group.map(|group| group.id.0.to_vec()),
        entry.group.map(|group| group.count.cast_signed())
    ])?;
    Ok(db.last_insert_rowid())
}

/// All entries, oldest first.
pub fn all(db: &Db) -> Result<Vec<OutboxEntry>, StoreError> {
    select(db, "ORDER BY number", &[])
}

/// The oldest entries after a number that fit these limits, at least one if there is any; a group
/// is never cut.
pub fn batch(
    db: &Db,
    after: i64,
    entries_max: usize,
    bytes_max: usize,
) -> Result<Vec<OutboxEntry>, StoreError> {
    // One more than fits tells whether the last group goes on.
    let most = entries_max.max(GROUP_ENTRIES_MAX).saturating_add(1);
    let limit = i64::try_from(most).unwrap_or(i64::MAX);
    let mut entries = select(
        db,
        "WHERE number > ?1 ORDER BY number LIMIT ?2",
        &[&after, &limit],
    )?;
    let mut bytes = 0;
    let fits = entries.iter().take(entries_max).take_while(|entry| {
        bytes += entry.bytes.len();
        bytes <= bytes_max
    });
    let keep = fits.count().max(1);
    let keep = between_groups(&entries, keep);
    entries.truncate(keep);
    Ok(entries)
}

/// The last place up to this one at which no group is cut; behind the first group if it is longer.
fn between_groups(entries: &[OutboxEntry], most: usize) -> usize {
    let is_cut = |at: usize| match (entries.get(at.wrapping_sub(1)), entries.get(at)) {
        (Some(last), Some(next)) => last.group.is_some() && last.group == next.group,
        (None, _) | (_, None) => false,
    };
    let before = (1..=most).rev().find(|at| !is_cut(*at));
    before.unwrap_or_else(|| {
        let mut behind = most..entries.len();
        behind.find(|at| !is_cut(*at)).unwrap_or(entries.len())
    })
}

/// The entries of one group, oldest first.
pub fn of_group(db: &Db, group: GroupId) -> Result<Vec<OutboxEntry>, StoreError> {
    select(
        db,
        "WHERE group_id = ?1 ORDER BY number",
        &[&group.as_bytes()],
    )
}

/// The entries of one record, oldest first.
pub fn of_record(db: &Db, record: RecordId) -> Result<Vec<OutboxEntry>, StoreError> {
    select(
        db,
        "WHERE record = ?1 ORDER BY number",
        &[&record.as_bytes()],
    )
}

/// Whether something of this object waits.
pub fn is_any_of(db: &Db, object: &str) -> Result<bool, StoreError> {
    let mut read = db.prepare_cached("SELECT 1 FROM outbox WHERE object = ?1 LIMIT 1")?;
    Ok(read.exists([object])?)
}

/// Takes the entry with this hash out.
pub fn take(db: &Db, hash: ChangeHash) -> Result<Option<OutboxEntry>, StoreError> {
    let sql = format!("DELETE FROM outbox WHERE hash = ?1 RETURNING {COLUMNS}");
    let mut statement = db.prepare_cached(&sql)?;
    let taken = statement
        .query_row([&hash.0[..]], |row| Ok(entry(row)))
        .optional()?;
    taken.transpose()
}

/// How many entries wait.
pub fn count(db: &Db) -> Result<u64, StoreError> {
    let count: i64 = db.query_row("SELECT count(*) FROM outbox", [], |row| row.get(0))?;
    Ok(count.cast_unsigned())
}

/// The least tick that was known when any of the entries was written.
pub fn least_known(db: &Db) -> Result<Option<u64>, StoreError> {
    let least: Option<i64> = db.query_row("SELECT min(knew) FROM outbox", [], |row| row.get(0))?;
    Ok(least.map(i64::cast_unsigned))
}

/// The highest number that was ever given out.
pub fn last_number(db: &Db) -> Result<u64, StoreError> {
    let sql = "SELECT seq FROM sqlite_sequence WHERE name = 'outbox'";
    let number: Option<i64> = db.query_row(sql, [], |row| row.get(0)).optional()?;
    Ok(number.unwrap_or(0).cast_unsigned())
}

/// Numbers to come are above this one.
pub fn skip_to(db: &Db, number: u64) -> Result<(), StoreError> {
    let sql = "UPDATE sqlite_sequence SET seq = max(seq, ?1) WHERE name = 'outbox'";
    if db.execute(sql, [number.cast_signed()])? == 0 {
        db.execute(
            "INSERT INTO sqlite_sequence (name, seq) VALUES ('outbox', ?1)",
            [number.cast_signed()],
        )?;
    }
    Ok(())
}

/// The entry with this hash.
pub fn find(db: &Db, hash: ChangeHash) -> Result<Option<OutboxEntry>, StoreError> {
    Ok(select(db, "WHERE hash = ?1", &[&&hash.0[..]])?.pop())
}

fn select(
    db: &Db,
    rest: &str,
    bound: &[&dyn rusqlite::ToSql],
) -> Result<Vec<OutboxEntry>, StoreError> {
    let mut statement = db.prepare_cached(&format!("SELECT {COLUMNS} FROM outbox {rest}"))?;
    let mut rows = statement.query(bound)?;
    let mut entries = Vec::new();
    while let Some(row) = rows.next()? {
        entries.push(entry(row)?);
    }
    Ok(entries)
}

fn entry(row: &Row<'_>) -> Result<OutboxEntry, StoreError> {
    let id: Option<Vec<u8>> = row.get(11)?;
    let count: Option<i64> = row.get(12)?;
    let group = match (id, count) {
        (Some(id), Some(count)) => Some(EntryGroup {
            id: GroupId::from_slice(&id)?,
            count: count.cast_unsigned(),
        }),
        (_, None) | (None, _) => None,
    };
    Ok(OutboxEntry {
        number: row.get(0)?,
        kind: EntryKind::of(row.get(1)?),
        object: row.get(2)?,
        record: RecordId::from_slice(row.get_ref(3)?.as_blob().map_err(StoreError::new)?)?,
        hash: ChangeHash::from_slice(row.get_ref(4)?.as_blob().map_err(StoreError::new)?)?,
        bytes: row.get(5)?,
        command: row.get(6)?,
        actor: ActorId::from_slice(row.get_ref(7)?.as_blob().map_err(StoreError::new)?)?,
        at: Timestamp(row.get(8)?),
        knew: row.get::<_, i64>(9)?.cast_unsigned(),
        verb: row.get(10)?,
        group,
    })
}
