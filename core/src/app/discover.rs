//! An object that this device has not known until now: its records may have come before it, from a bucket that is
//! pulled earlier or to an older version of the app. It does not know how the object became known.

use std::collections::BTreeSet;

use super::FieldError;
use super::working::project;
use crate::base::id::RecordId;
use crate::objects::{Kind, Registry};
use crate::store::{Db, documents, members, tables};

/// What came of objects that had no table.
#[derive(Debug, Default)]
pub(super) struct Discovered {
    /// Records that show now.
    pub changed: Vec<(String, RecordId)>,
    /// Buckets that come anew: their rows and facts had no place.
    pub buckets: BTreeSet<String>,
}

/// Makes the tables of all objects; shows the documents that waited for them, and has rows and facts fetched anew.
pub(super) fn discover(db: &Db, registry: &Registry) -> Result<Discovered, FieldError> {
    let mut found = Discovered::default();
    for object in tables::ensure(db, registry)? {
        let Some(descriptor) = registry.get(&object) else { continue };
        match descriptor.kind {
            Kind::Document => {
                for (id, _) in documents::all_ids(db)?.into_iter().filter(|(_, of)| *of == object) {
                    project(db, descriptor, id, None)?;
                    found.changed.push((object.clone(), id));
                }
            }
            Kind::Fact | Kind::Row => {
                for bucket in members::holding(db, &object)? {
                    members::set_cursor(db, &bucket, 0)?;
                    found.buckets.insert(bucket);
                }
            }
        }
    }
    Ok(found)
}
