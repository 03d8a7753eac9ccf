//! Takes in records from elsewhere by a stable key: a comparison of three, field by field, of what
//! the source said last, what it says now, and the record. What the source changed is written;
//! what people changed stays; where both did, it is a conflict like any other. It does not know
//! files.

use outfield_core::base::context::Context;
use outfield_core::base::id::{ChangeHash, RecordId};
use outfield_core::domain::{Command, UNKNOWN_REFERENCE};
use outfield_core::objects::{Descriptor, Kind, Record, Value, Values, Write};
use outfield_core::store::{self, Db, documents, tables};
use rusqlite::{OptionalExtension, params};

use crate::error::ServerError;
use crate::tenant::Tenant;
use crate::work::execute::Seat;

/// Refused rows that one answer tells of.
const REFUSED_MAX: usize = 20;

/// What an import came to, in records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Imported {
    /// Made anew.
    pub created: u64,
    /// Changed where the source changed.
    pub changed: u64,
    /// As they were.
    pub unchanged: u64,
    /// Changed by the source and by people to different values: those of people still show.
    pub clashed: u64,
}

/// The id of the record that a source knows by this key.
#[must_use]
pub fn imported_id(object: &str, key: &str) -> RecordId {
    RecordId::derived(&[b"import", object.as_bytes(), key.as_bytes()])
}

/// What the last import knew of a record.
#[derive(Default)]
struct LastImport {
    /// What the source said.
    values: Values,
    /// The history of the document once it was written; none before this was kept.
    heads: Option<Vec<ChangeHash>>,
}

/// What the source says otherwise than the last time.
struct SourceNews {
    /// Where nobody else changed the record.
    plain: Values,
    /// Where people did, to something else.
    clashing: Values,
}

impl Tenant {
    /// Takes in rows, each with its stable key and its values, all or none. A dry run counts and
    /// writes nothing. All rows that are refused are named, up to a number.
    pub fn import(
        &mut self,
        object: &str,
        rows: Vec<(String, Values)>,
        dry_run: bool,
    ) -> Result<Imported, ServerError> {
        let descriptor = self.descriptor(object)?;
        let context = self.context_of(Seat::Operator)?;
        // What clashes is written upon an older history, which no actor has written upon since.
        let apart = context.written_by(self.new_actor());
        let (mut counted, mut refused) = (Imported::default(), Vec::new());
        let tx = store::open::begin(&self.db)?;
        for (key, values) in rows {
            let id = imported_id(object, &key);
            let row = ImportedRow { id, values };
            match self.import_row(&tx, &descriptor, [&context, &apart], row, &mut counted) {
                // What a dry run would have made before is not there.
                Err(error) if dry_run && error.code == UNKNOWN_REFERENCE => {}
                Err(error) if error.is_of_input() => refused.push((key, error)),
                taken => taken?,
            }
            if refused.len() == REFUSED_MAX {
                break;
            }
        }
        if !refused.is_empty() {
            return Err(rows_refused(refused));
        }
        if !dry_run {
            store::open::commit(tx)?;
        }
        Ok(counted)
    }

    fn import_row(
        &self,
        db: &Db,
        descriptor: &Descriptor,
        [context, apart]: [&Context; 2],
        row: ImportedRow,
        counted: &mut Imported,
    ) -> Result<(), ServerError> {
        let (id, object) = (row.id, descriptor.object.clone());
        let mut last = last_imported(db, id)?;
        let Some(before) = tables::read(db, descriptor, id)? else {
            counted.created += 1;
            let mut fields = row.values.clone();
            fields.retain(|_, value| !value.is_null());
            let id = Some(id);
            let command = Command::Add { object, id, fields };
            self.decide_and_apply(db, Seat::Operator, context, &command)?;
            last.values = row.values;
            return keep_import(db, row.id, &last);
        };
        let news = news(&last.values, &row.values, &before);
        if news.plain.is_empty() && news.clashing.is_empty() {
            counted.unchanged += 1;
            return Ok(());
        }
        let mut fields = news.plain.clone();
        fields.extend(news.clashing.clone());
        let edit = |fields| Command::Edit {
            object: object.clone(),
            id,
            fields,
        };
        self.decide(db, Seat::Operator, context, &edit(fields))?;
        if news.clashing.is_empty() {
            counted.changed += 1;
        } else {
            counted.clashed += 1;
            if descriptor.kind == Kind::Document {
                let write = Write {
                    object: object.clone(),
                    id,
                    new: false,
                    values: news.clashing,
                    verb: None,
                };
                let known = last.heads.as_deref();
                self.write_upon(db, apart, descriptor, Some(before), &write, known)?;
            }
        }
        self.decide_and_apply(db, Seat::Operator, context, &edit(news.plain))?;
        last.values.extend(row.values);
        keep_import(db, id, &last)
    }
}

/// A record as the source has it now.
struct ImportedRow {
    id: RecordId,
    values: Values,
}

fn rows_refused(refused: Vec<(String, ServerError)>) -> ServerError {
    let told: Vec<String> = refused
        .iter()
        .map(|(key, error)| format!("`{key}`: {}", error.message))
        .collect();
    let mut fields: Vec<String> = refused
        .into_iter()
        .flat_map(|(_, error)| error.fields)
        .collect();
    fields.sort();
    fields.dedup();
    ServerError {
        fields,
        ..ServerError::bad_input(
            "rows_refused",
            format!("nothing was taken in; {}", told.join("; ")),
        )
    }
}

fn last_imported(db: &Db, id: RecordId) -> Result<LastImport, ServerError> {
    let found: Option<(Vec<u8>, Option<Vec<u8>>)> = db
        .prepare_cached("SELECT vals, heads FROM imported WHERE id = ?1")?
        .query_row([id.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((values, heads)) = found else {
        return Ok(LastImport::default());
    };
    let heads = heads.map(|heads| minicbor::decode(&heads)).transpose();
    Ok(LastImport {
        values: minicbor::decode(&values).map_err(ServerError::broken)?,
        heads: heads.map_err(ServerError::broken)?,
    })
}

fn keep_import(db: &Db, id: RecordId, last: &LastImport) -> Result<(), ServerError> {
    let heads = documents::heads(db, id)?;
    let heads = heads.map(minicbor::to_vec).transpose();
    db.prepare_cached("INSERT OR REPLACE INTO imported (id, vals, heads) VALUES (?1, ?2, ?3)")?
        .execute(params![
            id.as_bytes(),
            Record::canonical(&last.values),
            heads.map_err(ServerError::broken)?
        ])?;
    Ok(())
}

/// What the source says otherwise than the last time; null clears, and what it does not speak of
/// stays.
fn news(last: &Values, now: &Values, record: &Record) -> SourceNews {
    let (mut plain, mut clashing) = (Values::new(), Values::new());
    for (path, value) in now {
        let said = last.get(path).unwrap_or(&Value::Null);
        let shown = record.value(path);
        if said == value || shown == value {
            continue;
        }
        let by_people = shown != said;
        let news = if by_people { &mut clashing } else { &mut plain };
        news.insert(path.clone(), value.clone());
    }
    SourceNews { plain, clashing }
}
