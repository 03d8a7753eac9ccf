//! Writes by the office itself, on the same road as a push: documents as changes, rows and facts
//! whole, each into its logs. It does not know who in the office asked.

use outfield_core::app::fact_hash;
use outfield_core::base::id::RecordId;
use outfield_core::objects::path::line_path;
use outfield_core::objects::{Descriptor, Kind, Record, Stamp, Value, Values, Write};
use outfield_core::store::{self, Db, StoreReader, tables};

use super::apply::{AdmittedChange, apply_change, apply_fact, write_row};
use super::authors;
use super::log::{Placement, buckets_holding};
use crate::error::ServerError;
use crate::tenant::Tenant;
use crate::tenant::cache::DocumentCache;

impl Tenant {
    /// Writes in one durable transaction.
    pub fn write(&mut self, writes: &[Write]) -> Result<(), ServerError> {
        let tx = store::open::begin(&self.db)?;
        self.write_in(&tx, writes)?;
        Ok(store::open::commit(tx)?)
    }

    /// Writes within a transaction that the caller began on this tenant's file.
    pub(crate) fn write_in(&self, db: &Db, writes: &[Write]) -> Result<(), ServerError> {
        writes
            .iter()
            .try_for_each(|write| self.write_one(db, write))
    }

    fn write_one(&self, db: &Db, write: &Write) -> Result<(), ServerError> {
        let store = &self.store(db);
        let descriptor = self.descriptor(&write.object)?;
        let before = tables::read(db, &descriptor, write.id)?;
        match descriptor.kind {
            Kind::Row => write_row(store, &descriptor, before, write),
            Kind::Fact => self.write_fact(store, &descriptor, write),
            Kind::Document => self.write_document(store, &descriptor, before, write),
        }
    }

    fn write_fact(
        &self,
        store: &StoreReader<'_>,
        descriptor: &Descriptor,
        write: &Write,
    ) -> Result<(), ServerError> {
        authors::sign(store, self.actor)?;
        let record = Record {
            object: write.object.clone(),
            id: write.id,
            values: write.values.clone(),
            stamp: Some(Stamp::once(self.surroundings.now(), self.actor)),
        };
        let hash = fact_hash(record.id, &Record::canonical(&record.values));
        let placement = Placement::of(store, &record)?;
        apply_fact(store, descriptor, hash, &record, &placement)
    }

    fn write_document(
        &self,
        store: &StoreReader<'_>,
        descriptor: &Descriptor,
        before: Option<Record>,
        write: &Write,
    ) -> Result<(), ServerError> {
        let mut changed = write.values.clone();
        if let Some(before) = &before {
            changed.retain(|path, value| before.value(path) != value);
        }
        if changed.is_empty() {
            return Ok(());
        }
        authors::sign(store, self.actor)?;
        let open = DocumentCache::default().take(store.db, write.id)?;
        let is_new = open.is_none();
        let mut document = open.unwrap_or_default();
        let change = document.write(self.actor, self.surroundings.now(), &changed)?;
        let admitted = AdmittedChange {
            descriptor,
            record: write.id,
            change: &change,
            written: &changed,
            document: &document,
            is_new,
            was_closed: before.is_some_and(|before| descriptor.is_closed(&before.values)),
            held_in: &buckets_holding(store.db, write.id)?,
        };
        apply_change(store, &admitted)
    }
}

/// Row values as one write of the office.
pub(crate) fn row(object: &str, id: RecordId, values: &[(&str, Value)]) -> Write {
    let values = values
        .iter()
        .map(|(path, value)| ((*path).to_owned(), value.clone()))
        .collect();
    Write {
        object: object.to_owned(),
        id,
        new: true,
        values,
    }
}

/// The values that give a user these territories and take all others away.
pub(crate) fn territories(before: Option<&Record>, now: &[RecordId]) -> Values {
    let mut values = Values::new();
    if let Some(before) = before {
        let held = before
            .values
            .keys()
            .filter(|path| path.starts_with("territories/"));
        values.extend(held.map(|path| (path.clone(), Value::Null)));
    }
    for territory in now {
        let id = territory.to_string();
        values.insert(
            line_path("territories", &id, "territory"),
            id.clone().into(),
        );
    }
    values
}
