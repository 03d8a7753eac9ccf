//! What is set aside of pots, by the record that it is set aside for.
//! It does not know why.

use rusqlite::{Row, params};

use super::error::StoreError;
use super::schema::Db;
use crate::base::decimal::Decimal;
use crate::base::id::RecordId;
use crate::objects::{Hold, PotAddress};

const COLUMNS: &str = "record, posting, line, object, pot, path, remaining, captured, released";

/// What is set aside for a record, by posting, line and pot.
pub fn of_record(db: &Db, record: RecordId) -> Result<Vec<Hold>, StoreError> {
    let sql =
        format!("SELECT {COLUMNS} FROM hold WHERE record = ?1 ORDER BY posting, line, pot, path");
    let mut statement = db.prepare_cached(&sql)?;
    let mut rows = statement.query([record.as_bytes()])?;
    let mut holds = Vec::new();
    while let Some(row) = rows.next()? {
        holds.push(read(row)?);
    }
    Ok(holds)
}

/// What is set aside of a pot still, by record.
pub fn of_pot(db: &Db, pot: &PotAddress) -> Result<Vec<Hold>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM hold WHERE pot = ?1 AND path = ?2 AND remaining <> '0'
         ORDER BY record, posting, line"
    );
    let mut statement = db.prepare_cached(&sql)?;
    let mut rows = statement.query(params![pot.row.as_bytes(), pot.path])?;
    let mut holds = Vec::new();
    while let Some(row) = rows.next()? {
        holds.push(read(row)?);
    }
    Ok(holds)
}

/// Keeps a hold as it is now.
pub fn put(db: &Db, hold: &Hold) -> Result<(), StoreError> {
    let sql = format!(
        "INSERT OR REPLACE INTO hold ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"
    );
    db.prepare_cached(&sql)?.execute(params![
        hold.record.as_bytes(),
        hold.posting,
        hold.line,
        hold.pot.object,
        hold.pot.row.as_bytes(),
        hold.pot.path,
        hold.remaining.to_string(),
        hold.captured.to_string(),
        hold.released.to_string(),
    ])?;
    Ok(())
}

fn read(row: &Row<'_>) -> Result<Hold, StoreError> {
    let id = |at: usize| -> Result<RecordId, StoreError> {
        Ok(RecordId::from_slice(&row.get::<_, Vec<u8>>(at)?)?)
    };
    let number = |at: usize| -> Result<Decimal, StoreError> {
        row.get::<_, String>(at)?.parse().map_err(StoreError::new)
    };
    Ok(Hold {
        record: id(0)?,
        posting: row.get(1)?,
        line: row.get(2)?,
        pot: PotAddress {
            object: row.get(3)?,
            row: id(4)?,
            path: row.get(5)?,
        },
        remaining: number(6)?,
        captured: number(7)?,
        released: number(8)?,
    })
}
