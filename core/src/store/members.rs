//! Which records a bucket holds, at which version, and the bucket's state sum over them.
//! It does not know who follows a bucket.

use rusqlite::{OptionalExtension, params};

use super::error::StoreError;
use super::schema::Db;
use crate::base::id::RecordId;
use crate::base::version::Version;

/// Where a bucket stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BucketState {
    /// The last operation taken in (phone) or logged (server).
    pub cursor: u64,
    /// Wrapping 64-bit sum of the weights of its members.
    pub sum: u64,
}

/// The number of a bucket, which is made when it is not there.
pub fn ensure_bucket(db: &Db, name: &str) -> Result<i64, StoreError> {
    let mut find = db.prepare_cached("SELECT number FROM bucket WHERE name = ?1")?;
    if let Some(number) = find.query_row([name], |row| row.get(0)).optional()? {
        return Ok(number);
    }
    db.prepare_cached("INSERT INTO bucket (name) VALUES (?1)")?
        .execute([name])?;
    Ok(db.last_insert_rowid())
}

/// Where one bucket stands.
pub fn bucket(db: &Db, name: &str) -> Result<Option<BucketState>, StoreError> {
    let mut statement = db.prepare_cached("SELECT cursor, sum FROM bucket WHERE name = ?1")?;
    let found = statement
        .query_row([name], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?))
        })
        .optional()?;
    Ok(found.map(|(cursor, sum)| BucketState {
        cursor: cursor.cast_unsigned(),
        sum: sum.cast_unsigned(),
    }))
}

/// Where all buckets stand, by name.
pub fn buckets(db: &Db) -> Result<Vec<(String, BucketState)>, StoreError> {
    let mut statement = db.prepare_cached("SELECT name, cursor, sum FROM bucket ORDER BY name")?;
    let rows = statement.query_map([], |row| {
        let (cursor, sum) = (
            row.get::<_, i64>(1)?.cast_unsigned(),
            row.get::<_, i64>(2)?.cast_unsigned(),
        );
        Ok((row.get(0)?, BucketState { cursor, sum }))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Moves a bucket's cursor.
pub fn set_cursor(db: &Db, name: &str, cursor: u64) -> Result<(), StoreError> {
    db.prepare_cached("UPDATE bucket SET cursor = ?2 WHERE name = ?1")?
        .execute(params![name, cursor.cast_signed()])?;
    Ok(())
}

/// A bucket that is being filled: what changes its sum is gathered and becomes true with `settle`.
#[derive(Debug)]
pub struct Filling {
    /// Its name.
    pub name: String,
    number: i64,
    change: u64,
    cursor: Option<u64>,
}

impl Filling {
    /// Begins to fill a bucket.
    pub fn begin(db: &Db, name: &str) -> Result<Filling, StoreError> {
        Ok(Filling {
            name: name.to_owned(),
            number: ensure_bucket(db, name)?,
            change: 0,
            cursor: None,
        })
    }

    /// The last operation that was taken in.
    pub fn reached(&mut self, cursor: u64) {
        self.cursor = Some(cursor);
    }

    /// Makes a record a member at this version, and moves it there in every bucket that holds it;
    /// answers the object that it was of until now, if that was another.
    pub fn set(
        &mut self,
        db: &Db,
        id: RecordId,
        object: &str,
        version: Version,
    ) -> Result<Option<String>, StoreError> {
        let mut read =
            db.prepare_cached("SELECT bucket, version, object FROM member WHERE id = ?1")?;
        let mut rows = read.query([id.as_bytes()])?;
        let (mut here, mut others, mut other) = (None, Vec::new(), None);
        while let Some(row) = rows.next()? {
            let held = row.get::<_, i64>(1)?.cast_unsigned();
            match row.get(0)? {
                number if number != self.number => others.push((number, Version(held))),
                _ => {
                    here = Some(Version(held));
                    let was: String = row.get(2)?;
                    other = (was != object).then_some(was);
                }
            }
        }
        for (number, held) in others.into_iter().filter(|(_, held)| *held != version) {
            move_to(db, number, id, held, version)?;
        }
        if here == Some(version) && other.is_none() {
            return Ok(None);
        }
        db.prepare_cached(
            "INSERT OR REPLACE INTO member (bucket, id, object, version) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![
            self.number,
            id.as_bytes(),
            object,
            version.0.cast_signed()
        ])?;
        let old = here.map_or(0, |held| held.weight(id));
        self.change = self
            .change
            .wrapping_add(version.weight(id))
            .wrapping_sub(old);
        Ok(other)
    }

    /// Makes sum and cursor true.
    pub fn settle(&mut self, db: &Db) -> Result<(), StoreError> {
        let change = std::mem::take(&mut self.change);
        if change != 0 {
            add_to_sum(db, self.number, change)?;
        }
        match self.cursor.take() {
            Some(cursor) => set_cursor(db, &self.name, cursor),
            None => Ok(()),
        }
    }
}

fn add_to_sum(db: &Db, number: i64, change: u64) -> Result<(), StoreError> {
    let mut read = db.prepare_cached("SELECT sum FROM bucket WHERE number = ?1")?;
    let sum: i64 = read.query_row([number], |row| row.get(0))?;
    let sum = sum.cast_unsigned().wrapping_add(change).cast_signed();
    db.prepare_cached("UPDATE bucket SET sum = ?2 WHERE number = ?1")?
        .execute([number, sum])?;
    Ok(())
}

/// Makes a record a member at this version, or moves it to this version; answers the object that it
/// was of until now, if that was another.
pub fn set(
    db: &Db,
    bucket: &str,
    id: RecordId,
    object: &str,
    version: Version,
) -> Result<Option<String>, StoreError> {
    let number = ensure_bucket(db, bucket)?;
    let mut read =
        db.prepare_cached("SELECT version, object FROM member WHERE bucket = ?1 AND id = ?2")?;
    let found = read.query_row(params![number, id.as_bytes()], |row| {
        Ok((row.get::<_, i64>(0)?, row.get(1)?))
    });
    let (before, was): (Option<i64>, Option<String>) = found.optional()?.unzip();
    let other = was.filter(|was| was != object);
    if before == Some(version.0.cast_signed()) && other.is_none() {
        return Ok(None);
    }
    let old = before.map_or(0, |before| Version(before.cast_unsigned()).weight(id));
    db.prepare_cached(
        "INSERT OR REPLACE INTO member (bucket, id, object, version) VALUES (?1, ?2, ?3, ?4)",
    )?
    .execute(params![
        number,
        id.as_bytes(),
        object,
        version.0.cast_signed()
    ])?;
    add_to_sum(db, number, version.weight(id).wrapping_sub(old))?;
    Ok(other)
}

/// Moves a record to this version in every bucket that holds it.
pub fn update(db: &Db, id: RecordId, version: Version) -> Result<(), StoreError> {
    let mut read = db.prepare_cached("SELECT bucket, version FROM member WHERE id = ?1")?;
    let held: Vec<(i64, i64)> = read
        .query_map([id.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    for (number, before) in held
        .into_iter()
        .filter(|(_, before)| *before != version.0.cast_signed())
    {
        move_to(db, number, id, Version(before.cast_unsigned()), version)?;
    }
    Ok(())
}

/// Moves a member of a bucket from one version to another.
fn move_to(
    db: &Db,
    bucket: i64,
    id: RecordId,
    from: Version,
    to: Version,
) -> Result<(), StoreError> {
    db.prepare_cached("UPDATE member SET version = ?3 WHERE bucket = ?1 AND id = ?2")?
        .execute(params![bucket, id.as_bytes(), to.0.cast_signed()])?;
    add_to_sum(db, bucket, to.weight(id).wrapping_sub(from.weight(id)))
}

/// Takes a record out of a bucket; answers whether another bucket still holds it.
pub fn remove(db: &Db, bucket: &str, id: RecordId) -> Result<bool, StoreError> {
    let number = ensure_bucket(db, bucket)?;
    let before: Option<i64> = db
        .prepare_cached("DELETE FROM member WHERE bucket = ?1 AND id = ?2 RETURNING version")?
        .query_row(params![number, id.as_bytes()], |row| row.get(0))
        .optional()?;
    if let Some(before) = before {
        add_to_sum(
            db,
            number,
            0_u64.wrapping_sub(Version(before.cast_unsigned()).weight(id)),
        )?;
    }
    Ok(!of(db, id)?.is_empty())
}

/// Names of the buckets that hold a record.
pub fn of(db: &Db, id: RecordId) -> Result<Vec<String>, StoreError> {
    let sql = "SELECT b.name FROM member m JOIN bucket b ON b.number = m.bucket WHERE m.id = ?1 \
               ORDER BY b.name";
    let mut statement = db.prepare_cached(sql)?;
    let rows = statement.query_map([id.as_bytes()], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The object of a record that is in any bucket.
pub fn object_of(db: &Db, id: RecordId) -> Result<Option<String>, StoreError> {
    let mut statement = db.prepare_cached("SELECT object FROM member WHERE id = ?1 LIMIT 1")?;
    Ok(statement
        .query_row([id.as_bytes()], |row| row.get(0))
        .optional()?)
}

/// Names of the buckets that hold records of an object.
pub fn holding(db: &Db, object: &str) -> Result<Vec<String>, StoreError> {
    let sql = "SELECT DISTINCT b.name FROM member m JOIN bucket b ON b.number = m.bucket WHERE \
               m.object = ?1";
    let mut statement = db.prepare_cached(sql)?;
    let rows = statement.query_map([object], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The version at which buckets hold a record.
pub fn version_of(db: &Db, id: RecordId) -> Result<Option<Version>, StoreError> {
    let mut statement = db.prepare_cached("SELECT version FROM member WHERE id = ?1 LIMIT 1")?;
    let found: Option<i64> = statement
        .query_row([id.as_bytes()], |row| row.get(0))
        .optional()?;
    Ok(found.map(|version| Version(version.cast_unsigned())))
}

/// How many records a bucket holds.
pub fn count(db: &Db, bucket: &str) -> Result<u64, StoreError> {
    let sql =
        "SELECT count(*) FROM member WHERE bucket = (SELECT number FROM bucket WHERE name = ?1)";
    Ok(db
        .prepare_cached(sql)?
        .query_row([bucket], |row| row.get::<_, i64>(0))?
        .cast_unsigned())
}

/// Whether this bucket holds a record.
pub fn is_in(db: &Db, bucket: &str, id: RecordId) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM member WHERE bucket = (SELECT number FROM bucket WHERE name = ?1) \
               AND id = ?2";
    Ok(db
        .prepare_cached(sql)?
        .exists(params![bucket, id.as_bytes()])?)
}

/// Whether one of these buckets holds a record.
pub fn is_member(db: &Db, id: RecordId, buckets: &[String]) -> Result<bool, StoreError> {
    Ok(of(db, id)?.iter().any(|bucket| buckets.contains(bucket)))
}

/// Members of a bucket by id: id, object, version.
pub fn ids(db: &Db, bucket: &str) -> Result<Vec<(RecordId, String, Version)>, StoreError> {
    let sql = "SELECT m.id, m.object, m.version FROM member m JOIN bucket b ON b.number = m.bucket
               WHERE b.name = ?1 ORDER BY m.id";
    let mut statement = db.prepare_cached(sql)?;
    let rows = statement.query_map([bucket], |row| {
        Ok((
            row.get::<_, Vec<u8>>(0)?,
            row.get(1)?,
            row.get::<_, i64>(2)?,
        ))
    })?;
    rows.map(|row| {
        let (id, object, version) = row?;
        Ok((
            RecordId::from_slice(&id)?,
            object,
            Version(version.cast_unsigned()),
        ))
    })
    .collect()
}

/// Takes all members out of a bucket, to fill it anew; their records stay.
pub fn clear(db: &Db, name: &str) -> Result<(), StoreError> {
    let number = ensure_bucket(db, name)?;
    db.prepare_cached("DELETE FROM member WHERE bucket = ?1")?
        .execute([number])?;
    db.prepare_cached("UPDATE bucket SET sum = 0, cursor = 0 WHERE number = ?1")?
        .execute([number])?;
    Ok(())
}

/// Forgets a bucket and its members; their records stay until they are swept.
pub fn drop_bucket(db: &Db, name: &str) -> Result<(), StoreError> {
    let number = ensure_bucket(db, name)?;
    db.prepare_cached("DELETE FROM member WHERE bucket = ?1")?
        .execute([number])?;
    db.prepare_cached("DELETE FROM bucket WHERE number = ?1")?
        .execute([number])?;
    Ok(())
}

/// The state sum of a bucket, computed anew from its members.
pub fn recompute(db: &Db, bucket: &str) -> Result<u64, StoreError> {
    Ok(ids(db, bucket)?.iter().fold(0, |sum, (id, _, version)| {
        version.weight(*id).wrapping_add(sum)
    }))
}
