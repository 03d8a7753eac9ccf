//! What became of a record on the server: what was written there, and what moved because of it.
//! It does not know what the values mean.

use outfield_core::base::id::RecordId;
use outfield_core::base::time::Timestamp;
use outfield_core::objects::{Phase, beside};
use outfield_core::store::Db;
use serde_json::{Value as Json, json};

use crate::error::ServerError;
use crate::people::Session;
use crate::tenant::Tenant;
use crate::work::journal;

impl Tenant {
    /// The trail of a record that the asker may see.
    pub fn trail_for(
        &self,
        session: &Session,
        object: &str,
        id: &str,
    ) -> Result<Json, ServerError> {
        self.get(session, object, id)?;
        let id: RecordId = id.parse().map_err(ServerError::broken)?;
        self.trail_of(object, id)
    }

    /// The trail of any record: `writes` (at, by, cause, before, after), oldest first, and
    /// `movements` of pots that it is, that it made, or that are held for it.
    pub fn trail(&self, id: &str) -> Result<Json, ServerError> {
        let id: RecordId = id.parse().map_err(|error| {
            ServerError::bad_input("bad_id", format!("id: {error}")).about("id")
        })?;
        let held = outfield_core::store::members::object_of(&self.db, id)?;
        let Some(object) = held else {
            return Err(ServerError::not_found(format!("there is no record {id}")));
        };
        self.trail_of(&object, id)
    }

    fn trail_of(&self, object: &str, id: RecordId) -> Result<Json, ServerError> {
        let mut writes = journal::of_record(&self.db, id)?;
        if self.registry.beside(object).is_some() {
            writes.extend(journal::of_record(&self.db, beside::id_of(object, id))?);
        }
        for write in &mut writes {
            for side in ["before", "after"] {
                if let Some(values) = write[side].as_object_mut() {
                    values.remove(beside::RECORD);
                }
            }
        }
        writes.sort_by(|one, other| one["at"].as_str().cmp(&other["at"].as_str()));
        let movements = movements(&self.db, id)?;
        Ok(json!({ "object": object, "writes": writes, "movements": movements }))
    }
}

/// Movements of a pot, by a source, or of what is held for a record; oldest first.
fn movements(db: &Db, id: RecordId) -> Result<Vec<Json>, ServerError> {
    let mut statement = db.prepare_cached(
        "SELECT at, source, posting, line, phase, from_row, from_path, to_row, to_path, held_for,
           quantity, unit
         FROM movement WHERE from_row = ?1 OR to_row = ?1 OR source = ?1 OR held_for = ?1
         ORDER BY tick, at, source, posting, line, id",
    )?;
    let mut rows = statement.query([id.as_bytes()])?;
    let mut told = Vec::new();
    while let Some(row) = rows.next()? {
        let id = |at: usize| -> Result<Option<RecordId>, ServerError> {
            let bytes: Option<Vec<u8>> = row.get(at)?;
            let id = bytes.map(|bytes| RecordId::from_slice(&bytes)).transpose();
            id.map_err(ServerError::broken)
        };
        told.push(json!({
            "at": Timestamp(row.get(0)?).rfc3339(),
            "source": id(1)?,
            "posting": row.get::<_, String>(2)?,
            "line": row.get::<_, String>(3)?,
            "phase": Phase::numbered(row.get(4)?),
            "from": end(id(5)?, row.get(6)?),
            "to": end(id(7)?, row.get(8)?),
            "held_for": id(9)?,
            "quantity": row.get::<_, String>(10)?,
            "unit": row.get::<_, String>(11)?,
        }));
    }
    Ok(told)
}

/// A pot as `id/field`; null where it lies outside.
fn end(row: Option<RecordId>, path: Option<String>) -> Json {
    match (row, path) {
        (Some(row), Some(path)) => json!(format!("{row}/{path}")),
        (_, _) => Json::Null,
    }
}
