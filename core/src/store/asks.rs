//! What this device asked of the server and has no answer to, and by how much pots move if it is
//! granted. It does not know what is asked.

use rusqlite::{params, params_from_iter};

use super::error::StoreError;
use super::schema::Db;
use crate::base::decimal::Decimal;
use crate::base::id::RecordId;
use crate::base::time::Timestamp;
use crate::objects::PotAddress;
use crate::objects::ask::OpenAsk;

/// Notes that a document asks; since when stays as it was noted first.
pub fn note(db: &Db, ask: &OpenAsk) -> Result<(), StoreError> {
    db.prepare_cached(
        "INSERT INTO ask (record, verdict, object, since) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (record, verdict) DO UPDATE SET answered = 0",
    )?
    .execute(params![
        ask.record.as_bytes(),
        ask.verdict,
        ask.object,
        ask.since.0
    ])?;
    forget_pending(db, ask.record, &ask.verdict)
}

/// Notes by how much a pot moves if it is granted.
pub fn note_pending(
    db: &Db,
    ask: &OpenAsk,
    pot: &PotAddress,
    delta: Decimal,
) -> Result<(), StoreError> {
    db.prepare_cached(
        "INSERT OR REPLACE INTO pending (record, verdict, pot, path, object, delta)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute(params![
        ask.record.as_bytes(),
        ask.verdict,
        pot.row.as_bytes(),
        pot.path,
        pot.object,
        delta.to_string()
    ])?;
    Ok(())
}

/// Forgets an ask that was taken back or refused: nothing of it moves.
pub fn forget(db: &Db, record: RecordId, verdict: &str) -> Result<(), StoreError> {
    db.prepare_cached("DELETE FROM ask WHERE record = ?1 AND verdict = ?2")?
        .execute(params![record.as_bytes(), verdict])?;
    forget_pending(db, record, verdict)
}

fn forget_pending(db: &Db, record: RecordId, verdict: &str) -> Result<(), StoreError> {
    db.prepare_cached("DELETE FROM pending WHERE record = ?1 AND verdict = ?2")?
        .execute(params![record.as_bytes(), verdict])?;
    Ok(())
}

/// The verdict is here. The pots may come after it: until all is verified both count.
pub fn answered(db: &Db, record: RecordId, verdict: &str) -> Result<(), StoreError> {
    db.prepare_cached("UPDATE ask SET answered = 1 WHERE record = ?1 AND verdict = ?2")?
        .execute(params![record.as_bytes(), verdict])?;
    Ok(())
}

/// All is verified: the pots say what was answered.
pub fn settle(db: &Db) -> Result<(), StoreError> {
    db.execute_batch(
        "DELETE FROM pending WHERE (record, verdict) IN
           (SELECT record, verdict FROM ask WHERE answered = 1);
         DELETE FROM ask WHERE answered = 1;",
    )?;
    Ok(())
}

/// What waits for an answer, the longest first.
pub fn open(db: &Db) -> Result<Vec<OpenAsk>, StoreError> {
    select(db, "answered = 0", [])
}

/// What a record asks.
pub fn of_record(db: &Db, record: RecordId) -> Result<Vec<OpenAsk>, StoreError> {
    select(db, "record = ?1", [record])
}

fn select<const N: usize>(
    db: &Db,
    condition: &str,
    bound: [RecordId; N],
) -> Result<Vec<OpenAsk>, StoreError> {
    let sql = format!(
        "SELECT record, verdict, object, since FROM ask WHERE {condition}
         ORDER BY since, record, verdict"
    );
    let mut statement = db.prepare_cached(&sql)?;
    let bound = bound.iter().map(|id| id.0.to_vec());
    let mut rows = statement.query(params_from_iter(bound))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(OpenAsk {
            record: RecordId::from_slice(&row.get::<_, Vec<u8>>(0)?)?,
            verdict: row.get(1)?,
            object: row.get(2)?,
            since: Timestamp(row.get(3)?),
        });
    }
    Ok(found)
}

/// By how much a pot moves if all that is asked is granted, without what one record asks.
pub fn pending(db: &Db, pot: &PotAddress, except: RecordId) -> Result<Vec<Decimal>, StoreError> {
    let mut statement = db.prepare_cached(
        "SELECT delta FROM pending WHERE pot = ?1 AND path = ?2 AND record <> ?3",
    )?;
    let mut rows = statement.query(params![pot.row.as_bytes(), pot.path, except.as_bytes()])?;
    let mut deltas = Vec::new();
    while let Some(row) = rows.next()? {
        deltas.push(row.get::<_, String>(0)?.parse().map_err(StoreError::new)?);
    }
    Ok(deltas)
}
