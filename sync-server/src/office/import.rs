//! Takes in records from elsewhere by a stable key: a second time it writes only what its source
//! changed since, and leaves alone what people changed. It does not know files.

use outfield_core::base::id::RecordId;
use outfield_core::objects::{Record, Value, Values, Write};
use outfield_core::store::{self, Db, tables};
use rusqlite::{OptionalExtension, params};

use crate::error::ServerError;
use crate::tenant::Tenant;

/// What an import came to, in records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Imported {
    /// Made anew.
    pub created: u64,
    /// Changed where the source changed.
    pub changed: u64,
    /// As they were.
    pub unchanged: u64,
}

/// The id of the record that a source knows by this key.
#[must_use]
pub fn imported_id(object: &str, key: &str) -> RecordId {
    RecordId::derived(&[b"import", object.as_bytes(), key.as_bytes()])
}

impl Tenant {
    /// Takes in rows, each with its stable key and its values, all or none. A dry run counts and
    /// writes nothing.
    pub fn import(
        &mut self,
        object: &str,
        rows: Vec<(String, Values)>,
        dry_run: bool,
    ) -> Result<Imported, ServerError> {
        let descriptor = self.descriptor(object)?;
        let mut counted = Imported::default();
        let tx = store::open::begin(&self.db)?;
        for (key, values) in rows {
            let id = imported_id(object, &key);
            let mut last = last_imported(&tx, id)?;
            let is_here = tables::read(&tx, &descriptor, id)?.is_some();
            let write = Write {
                object: object.to_owned(),
                id,
                new: !is_here,
                values: news(&last, &values),
            };
            if is_here && write.values.is_empty() {
                counted.unchanged += 1;
                continue;
            }
            *(if is_here {
                &mut counted.changed
            } else {
                &mut counted.created
            }) += 1;
            last.extend(values);
            self.write_in(&tx, &[write])?;
            tx.prepare_cached("INSERT OR REPLACE INTO imported (id, vals) VALUES (?1, ?2)")?
                .execute(params![id.as_bytes(), Record::canonical(&last)])?;
        }
        if !dry_run {
            store::open::commit(tx)?;
        }
        Ok(counted)
    }
}

fn last_imported(db: &Db, id: RecordId) -> Result<Values, ServerError> {
    let bytes: Option<Vec<u8>> = db
        .prepare_cached("SELECT vals FROM imported WHERE id = ?1")?
        .query_row([id.as_bytes()], |row| row.get(0))
        .optional()?;
    bytes.map_or(Ok(Values::new()), |bytes| {
        minicbor::decode(&bytes).map_err(ServerError::broken)
    })
}

/// What the source says otherwise than the last time; null clears, and what it does not speak of
/// stays.
fn news(last: &Values, now: &Values) -> Values {
    let is_news =
        |(path, value): &(&String, &Value)| last.get(*path).unwrap_or(&Value::Null) != *value;
    now.iter()
        .filter(is_news)
        .map(|(path, value)| (path.clone(), value.clone()))
        .collect()
}
