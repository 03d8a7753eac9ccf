//! How far series of human numbers were given. It does not know what is numbered.

use rusqlite::{OptionalExtension, params};

use super::error::StoreError;
use super::schema::Db;
use crate::objects::number::given;
use crate::objects::{Descriptor, Values};

/// The highest number of a series that was given here; 0 if none was.
pub fn last(db: &Db, series: &str) -> Result<u64, StoreError> {
    let last: Option<i64> = db
        .prepare_cached("SELECT last FROM number_series WHERE series = ?1")?
        .query_row([series], |row| row.get(0))
        .optional()?;
    Ok(last.unwrap_or(0).cast_unsigned())
}

/// Notes the numbers that a new record of these values took.
pub fn note(db: &Db, descriptor: &Descriptor, values: &Values) -> Result<(), StoreError> {
    for number in given(descriptor, values) {
        let count = i64::try_from(number.count).unwrap_or(i64::MAX);
        db.prepare_cached(
            "INSERT INTO number_series (series, last) VALUES (?1, ?2)
             ON CONFLICT (series) DO UPDATE SET last = max(last, excluded.last)",
        )?
        .execute(params![number.series, count])?;
    }
    Ok(())
}
