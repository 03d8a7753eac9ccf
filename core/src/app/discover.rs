//! An object that this device has not known until now: its records may have come before it, from a
//! bucket that is pulled earlier or to an older version of the app. It does not know how the object
//! became known.

use std::collections::BTreeSet;

use super::FieldError;
use super::unpublished;
use super::working::{give_up, project};
use crate::base::id::RecordId;
use crate::base::planted::{self, Planted};
use crate::objects::{Kind, Publication, Registry};
use crate::store::{Db, documents, members, meta, tables};

/// How the keys begin under which descriptors lie that this version of the app cannot read.
const UNREAD: &str = "unread/";

/// What came of objects that had no table.
#[derive(Debug, Default)]
pub(super) struct Discovered {
    /// Records that show now.
    pub changed: Vec<(String, RecordId)>,
    /// Buckets that come anew: their rows and facts had no place.
    pub buckets: BTreeSet<String>,
}

/// Makes the tables of all objects; shows the documents that waited for them, and has rows and
/// facts fetched anew.
pub(super) fn discover(db: &Db, registry: &Registry) -> Result<Discovered, FieldError> {
    let mut found = Discovered::default();
    for object in tables::ensure(db, registry)? {
        let Some(descriptor) = registry.get(&object) else {
            continue;
        };
        if planted::is(Planted::ObjectNotDiscovered) {
            continue;
        }
        match descriptor.kind {
            Kind::Document => {
                for (id, _) in documents::all_ids(db)?
                    .into_iter()
                    .filter(|(_, of)| *of == object)
                {
                    if documents::is_elsewhere(db, id)? {
                        // What it shows had no place when it came.
                        found.buckets.extend(members::of(db, id)?);
                        give_up(db, id)?;
                    } else {
                        project(db, descriptor, id, None)?;
                    }
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

/// Adopts a descriptor as JSON. One that only a newer app can read is kept for it: the object
/// stays as it was known, or unknown, and everything else works on. Answers whether it was read.
pub(super) fn adopt_descriptor(
    db: &Db,
    registry: &mut Registry,
    record: RecordId,
    json: &str,
) -> Result<bool, FieldError> {
    let unread = format!("{UNREAD}{record}");
    let said = Publication::read(json).ok();
    let about = said
        .as_ref()
        .map(|said| (said.object().to_owned(), said.version()));
    let taken = said.and_then(|said| registry.take_in(said).ok());
    let (Some((object, version)), Some(_)) = (about, taken) else {
        meta::set(db, &unread, json)?;
        return Ok(false);
    };
    meta::put_descriptor(db, &object, version, json)?;
    unpublished::note(db, &object, false)?;
    meta::remove(db, &unread)?;
    Ok(true)
}

/// Adopts what was published, and what an older version of the app could not read.
pub(super) fn adopt_all(db: &Db, registry: &mut Registry) -> Result<(), FieldError> {
    for json in meta::descriptors(db)? {
        let said = Publication::read(&json).map_err(FieldError::broken)?;
        registry.take_in(said).map_err(FieldError::broken)?;
    }
    for (record, json) in meta::starting(db, UNREAD)? {
        adopt_descriptor(
            db,
            registry,
            record.parse().map_err(FieldError::broken)?,
            &json,
        )?;
    }
    Ok(())
}
