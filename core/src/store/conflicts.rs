//! Conflicts as durable rows. The server's are the authority; a phone's own are provisional until
//! they come. It does not know how they are found or closed.

use rusqlite::{OptionalExtension, params};

use super::error::StoreError;
use super::schema::Db;
use crate::base::id::{ConflictId, RecordId};
use crate::objects::{Conflict, ConflictState};

/// Keeps a conflict as it is now on the server.
pub fn put(db: &Db, conflict: &Conflict) -> Result<(), StoreError> {
    write(db, conflict, false)
}

fn write(db: &Db, conflict: &Conflict, provisional: bool) -> Result<(), StoreError> {
    let body = minicbor::to_vec(conflict).map_err(StoreError::new)?;
    db.prepare_cached(
        "INSERT OR REPLACE INTO conflict (id, object, record, path, state, provisional, body)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute(params![
        conflict.id.as_bytes(),
        conflict.object,
        conflict.record.as_bytes(),
        conflict.path,
        conflict.state.name(),
        provisional,
        body
    ])?;
    Ok(())
}

/// The conflict with this id.
pub fn get(db: &Db, id: ConflictId) -> Result<Option<Conflict>, StoreError> {
    let mut statement = db.prepare_cached("SELECT body FROM conflict WHERE id = ?1")?;
    let body: Option<Vec<u8>> = statement
        .query_row([id.as_bytes()], |row| row.get(0))
        .optional()?;
    body.map(|body| minicbor::decode(&body).map_err(StoreError::new))
        .transpose()
}

/// The conflicts that wait for a person, by record and path. One that a provisional one supersedes
/// waits in that one; it is not marked so, for the provisional one may go again.
pub fn open(db: &Db) -> Result<Vec<Conflict>, StoreError> {
    let open = |which: &str| {
        format!("SELECT body FROM conflict WHERE state = 'open' {which} ORDER BY record, path, id")
    };
    let found = select(db, &open("AND provisional"), &[])?;
    let mut all = select(db, &open(""), &[])?;
    all.retain(|conflict| !found.iter().any(|later| later.supersedes(conflict)));
    Ok(all)
}

/// Keeps a conflict that this device found by itself, in the place of those that it found before.
pub fn put_provisional(db: &Db, conflict: &Conflict) -> Result<(), StoreError> {
    let sql = "SELECT body FROM conflict WHERE record = ?1 AND path = ?2 AND state = 'open' AND \
               provisional";
    for older in select(db, sql, &[&conflict.record.as_bytes(), &conflict.path])? {
        if conflict.supersedes(&older) {
            remove(db, older.id)?;
        }
    }
    write(db, conflict, true)
}

/// All conflicts of a record, closed ones included.
pub fn of_record(db: &Db, record: RecordId) -> Result<Vec<Conflict>, StoreError> {
    select(
        db,
        "SELECT body FROM conflict WHERE record = ?1 ORDER BY path, id",
        &[&record.as_bytes()],
    )
}

/// The open conflicts of a record, those included that this device found by itself.
pub fn open_of(db: &Db, record: RecordId) -> Result<Vec<Conflict>, StoreError> {
    let sql = "SELECT body FROM conflict WHERE record = ?1 AND state = 'open' ORDER BY path, id";
    select(db, sql, &[&record.as_bytes()])
}

/// The open conflicts that this one supersedes.
pub fn superseded(db: &Db, by: &Conflict) -> Result<Vec<Conflict>, StoreError> {
    let sql =
        "SELECT body FROM conflict WHERE record = ?1 AND path = ?2 AND state = 'open' ORDER BY id";
    let mut older = select(db, sql, &[&by.record.as_bytes(), &by.path])?;
    older.retain(|older| by.supersedes(older));
    Ok(older)
}

fn select(db: &Db, sql: &str, bound: &[&dyn rusqlite::ToSql]) -> Result<Vec<Conflict>, StoreError> {
    let mut statement = db.prepare_cached(sql)?;
    let rows = statement.query_map(bound, |row| row.get::<_, Vec<u8>>(0))?;
    rows.map(|body| minicbor::decode(&body?).map_err(StoreError::new))
        .collect()
}

/// Moves a conflict that is here to another state.
pub fn set_state(db: &Db, id: ConflictId, state: ConflictState) -> Result<(), StoreError> {
    let Some(conflict) = get(db, id)? else {
        return Ok(());
    };
    let body = minicbor::to_vec(conflict.moved_to(state)).map_err(StoreError::new)?;
    db.prepare_cached("UPDATE conflict SET state = ?2, body = ?3 WHERE id = ?1")?
        .execute(params![id.as_bytes(), state.name(), body])?;
    Ok(())
}

/// Takes one conflict away.
pub fn remove(db: &Db, id: ConflictId) -> Result<(), StoreError> {
    db.prepare_cached("DELETE FROM conflict WHERE id = ?1")?
        .execute([id.as_bytes()])?;
    Ok(())
}

/// Ids of the conflicts that the server confirmed and no bucket holds any more.
pub fn strays(db: &Db) -> Result<Vec<ConflictId>, StoreError> {
    let sql = "SELECT id FROM conflict c
               WHERE NOT provisional AND NOT EXISTS (SELECT 1 FROM member m WHERE m.id = c.id)
               ORDER BY id";
    let mut statement = db.prepare_cached(sql)?;
    let rows = statement.query_map([], |row| row.get::<_, Vec<u8>>(0))?;
    rows.map(|id| Ok(ConflictId::from_slice(&id?)?)).collect()
}

/// Forgets a record's provisional conflicts: all its work was judged, so the server's rows say
/// everything.
pub fn clear_provisional(db: &Db, record: RecordId) -> Result<(), StoreError> {
    db.prepare_cached("DELETE FROM conflict WHERE record = ?1 AND provisional")?
        .execute([record.as_bytes()])?;
    Ok(())
}
