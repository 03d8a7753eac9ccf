//! Takes in records from elsewhere by a stable key: a comparison of three, field by field, of what
//! the source said last, what it says now, and the record. What the source changed is written;
//! what people changed stays; where both did, it is a conflict like any other. It does not know
//! files.

use std::collections::BTreeMap;
use std::sync::Arc;

use outfield_core::base::context::Context;
use outfield_core::base::id::{ChangeHash, RecordId};
use outfield_core::domain::{Command, UNKNOWN_REFERENCE};
use outfield_core::objects::{Descriptor, Kind, Record, Value, Values, Write};
use outfield_core::store::{self, Db, documents, tables};
use rusqlite::{OptionalExtension, params};
use serde_json::json;

use crate::error::ServerError;
use crate::tenant::Tenant;
use crate::work::execute::Seat;

/// What an import came to, in records.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Imported {
    /// Made anew.
    pub created: u64,
    /// Changed where the source changed.
    pub changed: u64,
    /// As they were.
    pub unchanged: u64,
    /// Of those that were changed: where people had changed a field that the source changed too. A
    /// document has a conflict of both values then; a row keeps that of people.
    pub clashed: u64,
    /// Those that may not be written so; nothing of them is.
    pub refused: Vec<RefusedImport>,
}

impl Imported {
    fn add(&mut self, news: &Imported) {
        self.created += news.created;
        self.changed += news.changed;
        self.unchanged += news.unchanged;
        self.clashed += news.clashed;
    }
}

/// Rows of one object, each with its stable key.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ImportedTable {
    /// The object.
    pub object: String,
    /// Keys and values.
    pub rows: Vec<(String, Values)>,
}

/// A record that an import may not write as its source has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedImport {
    /// The source's key.
    pub key: String,
    /// What is wrong and what to do.
    pub reason: String,
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
    /// What the source knew of a document's history when it last said a field otherwise, by field;
    /// under no name, when it first said the others.
    known: BTreeMap<String, Vec<ChangeHash>>,
}

impl LastImport {
    /// The clashing values by what the source knew when it said them last.
    fn apart(&self, clashing: Values) -> BTreeMap<Vec<ChangeHash>, Values> {
        let mut apart: BTreeMap<Vec<ChangeHash>, Values> = BTreeMap::new();
        for (path, value) in clashing {
            let known = self.known.get(&path).or(self.known.get(FIRST));
            let known = known.cloned().unwrap_or_default();
            apart.entry(known).or_default().insert(path, value);
        }
        apart
    }

    /// Notes what the source knows of a document now that it said these fields; at first, all.
    fn note(&mut self, db: &Db, id: RecordId, said: Vec<String>) -> Result<(), ServerError> {
        let Some(heads) = documents::heads(db, id)? else {
            return Ok(());
        };
        if self.known.is_empty() {
            self.known.insert(FIRST.to_owned(), heads);
            return Ok(());
        }
        for path in said {
            self.known.insert(path, heads.clone());
        }
        Ok(())
    }
}

/// The name under which stands what the source knew at first.
const FIRST: &str = "";

/// What the source says otherwise than the last time.
struct SourceNews {
    /// Where nobody else changed the record.
    plain: Values,
    /// Where people did, to something else.
    clashing: Values,
}

impl Tenant {
    /// Takes in rows, each with its stable key and its values; those that are refused are left out
    /// and named. A dry run counts and writes nothing.
    pub fn import(
        &mut self,
        object: &str,
        rows: Vec<(String, Values)>,
        dry_run: bool,
    ) -> Result<Imported, ServerError> {
        let object = object.to_owned();
        let counted = self.import_together(vec![ImportedTable { object, rows }], dry_run)?;
        Ok(counted.into_iter().next().unwrap_or_default())
    }

    /// Takes in rows of several objects that belong together by their keys: of each key of the
    /// first all or none. Counts are by object, in their order; refusals stand with the first.
    pub fn import_together(
        &mut self,
        tables: Vec<ImportedTable>,
        dry_run: bool,
    ) -> Result<Vec<Imported>, ServerError> {
        let context = self.context_of(Seat::Operator)?;
        let mut counted = vec![Imported::default(); tables.len()];
        let mut objects = Vec::new();
        for table in &tables {
            objects.push(self.descriptor(&table.object)?);
        }
        let mut tables = tables.into_iter();
        let first = tables.next().map(|table| table.rows).unwrap_or_default();
        let mut others: Vec<BTreeMap<String, Values>> = Vec::new();
        for table in tables {
            others.push(table.rows.into_iter().collect());
        }
        let tx = store::open::begin(&self.db)?;
        for (key, values) in first {
            let mut rows = vec![Some(values)];
            rows.extend(others.iter_mut().map(|table| table.remove(&key)));
            tx.execute_batch("SAVEPOINT imported_row")?;
            match self.import_rows(&tx, &objects, &context, &key, rows) {
                Ok(news) => {
                    for (counted, news) in counted.iter_mut().zip(news) {
                        counted.add(&news);
                    }
                }
                // What a dry run would have made before is not there.
                Err(error) if dry_run && error.code == UNKNOWN_REFERENCE => {
                    tx.execute_batch("ROLLBACK TO imported_row")?;
                    counted.iter_mut().for_each(|counted| counted.created += 1);
                }
                Err(error) if error.is_of_input() => {
                    tx.execute_batch("ROLLBACK TO imported_row")?;
                    let reason = error.message;
                    counted[0].refused.push(RefusedImport { key, reason });
                }
                Err(error) => return Err(error),
            }
            tx.execute_batch("RELEASE imported_row")?;
        }
        if !dry_run {
            self.note_import(&tx, &objects, &counted)?;
            self.witness.commit(tx)?;
        }
        Ok(counted)
    }

    /// Notes what an import came to.
    fn note_import(
        &self,
        db: &Db,
        objects: &[Arc<Descriptor>],
        counted: &[Imported],
    ) -> Result<(), ServerError> {
        for (descriptor, counted) in objects.iter().zip(counted) {
            let about = json!({
                "object": descriptor.object,
                "created": counted.created,
                "changed": counted.changed,
                "refused": counted.refused.len(),
            });
            self.note_office(db, "imported", &about)?;
        }
        Ok(())
    }

    /// One row of each object; none where a source has none of this key.
    fn import_rows(
        &self,
        db: &Db,
        objects: &[Arc<Descriptor>],
        context: &Context,
        key: &str,
        rows: Vec<Option<Values>>,
    ) -> Result<Vec<Imported>, ServerError> {
        let mut news = Vec::new();
        for (descriptor, values) in objects.iter().zip(rows) {
            let mut counted = Imported::default();
            if let Some(values) = values {
                let id = imported_id(&descriptor.object, key);
                let row = ImportedRow { id, values };
                self.import_row(db, descriptor, context, row, &mut counted)?;
            }
            news.push(counted);
        }
        Ok(news)
    }

    fn import_row(
        &self,
        db: &Db,
        descriptor: &Descriptor,
        context: &Context,
        row: ImportedRow,
        counted: &mut Imported,
    ) -> Result<(), ServerError> {
        let (id, object) = (row.id, descriptor.object.clone());
        let mut last = last_imported(db, id)?;
        let Some(before) = tables::read(db, descriptor, id)? else {
            let mut fields = row.values.clone();
            fields.retain(|_, value| !value.is_null());
            let id = Some(id);
            let command = Command::Add { object, id, fields };
            self.decide_and_apply(db, Seat::Operator, context, &command)?;
            counted.created += 1;
            last.values = row.values;
            last.note(db, row.id, Vec::new())?;
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
        counted.changed += 1;
        counted.clashed += u64::from(!news.clashing.is_empty());
        // Of what clashes the source knows no more than before.
        let said = news.plain.keys().cloned().collect();
        if descriptor.kind == Kind::Document {
            for (known, values) in last.apart(news.clashing) {
                // It is written upon an older history, which no actor has written upon since.
                let apart = context.written_by(self.new_actor());
                let write = Write {
                    object: object.clone(),
                    id,
                    new: false,
                    values,
                    verb: None,
                };
                let (before, known) =
                    (Some(before.clone()), (!known.is_empty()).then_some(&*known));
                self.write_upon(db, &apart, descriptor, before, &write, known)?;
            }
        }
        self.decide_and_apply(db, Seat::Operator, context, &edit(news.plain))?;
        last.note(db, id, said)?;
        last.values.extend(row.values);
        keep_import(db, id, &last)
    }
}

/// A record as the source has it now.
struct ImportedRow {
    id: RecordId,
    values: Values,
}

fn last_imported(db: &Db, id: RecordId) -> Result<LastImport, ServerError> {
    let found: Option<(Vec<u8>, Option<Vec<u8>>)> = db
        .prepare_cached("SELECT vals, known FROM imported WHERE id = ?1")?
        .query_row([id.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((values, known)) = found else {
        return Ok(LastImport::default());
    };
    let known = known.map(|known| minicbor::decode(&known)).transpose();
    Ok(LastImport {
        values: minicbor::decode(&values).map_err(ServerError::broken)?,
        known: known.map_err(ServerError::broken)?.unwrap_or_default(),
    })
}

fn keep_import(db: &Db, id: RecordId, last: &LastImport) -> Result<(), ServerError> {
    let known = minicbor::to_vec(&last.known).map_err(ServerError::broken)?;
    db.prepare_cached("INSERT OR REPLACE INTO imported (id, vals, known) VALUES (?1, ?2, ?3)")?
        .execute(params![
            id.as_bytes(),
            Record::canonical(&last.values),
            known
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
