//! Writes by the office itself, on the same road as a push: documents as changes, rows and facts
//! whole, each into its logs. It does not know who in the office asked.

use std::collections::BTreeSet;

use outfield_core::app::fact_hash;
use outfield_core::base::id::{RecordId, UserId};
use outfield_core::objects::path::line_path;
use outfield_core::objects::{
    Bucket, Descriptor, Kind, Record, Registry, Stamp, Value, Values, Write,
};
use outfield_core::store::{self, Db, tables};

use super::apply::{apply_change, apply_fact, apply_row};
use super::{authors, log};
use crate::error::ServerError;
use crate::people::reach::{self, buckets_of};
use crate::tenant::Tenant;
use crate::tenant::cache::Cache;

/// The object whose rows say who follows which territories.
const USER: &str = "user";

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
        let descriptor = self.descriptor(&write.object)?;
        let before = tables::read(db, &descriptor, write.id)?;
        let (object, id) = (write.object.clone(), write.id);
        match descriptor.kind {
            Kind::Row => write_row(db, &self.registry, (&descriptor, id), before, &write.values),
            Kind::Fact => {
                authors::sign(db, &self.registry, self.actor)?;
                let stamp = Some(Stamp::once(self.surroundings.now(), self.actor));
                let values = write.values.clone();
                let hash = fact_hash(id, &Record::canonical(&values));
                apply_fact(
                    db,
                    &self.registry,
                    (&descriptor, hash),
                    &Record {
                        object,
                        id,
                        values,
                        stamp,
                    },
                )
            }
            Kind::Document => {
                let changed: Values = write
                    .values
                    .iter()
                    .filter(|(path, value)| {
                        before
                            .as_ref()
                            .is_none_or(|record| record.value(path) != *value)
                    })
                    .map(|(path, value)| (path.clone(), value.clone()))
                    .collect();
                if changed.is_empty() {
                    return Ok(());
                }
                authors::sign(db, &self.registry, self.actor)?;
                let mut document = Cache::default().take(db, id)?.unwrap_or_default();
                let change = document.write(self.actor, self.surroundings.now(), &changed)?;
                apply_change(
                    db,
                    &self.registry,
                    (&descriptor, id),
                    &document,
                    (&change, &changed),
                )
            }
        }
    }
}

/// Changes a row, or makes it: what was there, and what is written; nulls clear.
pub(crate) fn write_row(
    db: &Db,
    registry: &Registry,
    (descriptor, id): (&Descriptor, RecordId),
    before: Option<Record>,
    written: &Values,
) -> Result<(), ServerError> {
    let mut values = before.map(|record| record.values).unwrap_or_default();
    values.extend(written.clone());
    values.retain(|_, value| !value.is_null());
    let record = Record {
        object: descriptor.object.clone(),
        id,
        values,
        stamp: None,
    };
    apply_row(db, registry, descriptor, &record)?;
    if record.object == USER {
        follow_territories(db, &record)
    } else {
        Ok(())
    }
}

fn follow_territories(db: &Db, user: &Record) -> Result<(), ServerError> {
    let now: BTreeSet<String> = buckets_of(user).iter().map(Bucket::to_string).collect();
    reach::follow(db, UserId(user.id.0), &now, log::tick(db)?)
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
