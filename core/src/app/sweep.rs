//! Takes off the device what no bucket holds any more. Only when all buckets are verified: what
//! moves from one to another never leaves the screen. It does not know why something left its
//! bucket.

use super::FieldError;
use super::bucket_names::{CONFLICT, DESCRIPTOR, descriptor_id};
use super::unpublished;
use crate::base::id::RecordId;
use crate::objects::Registry;
use crate::store::{Db, conflicts, documents, doubts, members, meta, outbox, seals, tables};

/// The key under which a database remembers that something left a bucket.
const DUE: &str = "sweep";

/// Something left a bucket; the next verified sync looks whether another holds it.
pub(super) fn sweep_later(db: &Db) -> Result<(), FieldError> {
    Ok(meta::set(db, DUE, "due")?)
}

/// Takes off what no bucket holds; answers objects and ids. Records with unsent work
/// stay, and those that the server may have lost, to be looked at again.
pub(super) fn sweep(db: &Db, registry: &Registry) -> Result<Vec<(String, RecordId)>, FieldError> {
    let mut gone = Vec::new();
    if meta::get(db, DUE)?.is_none() {
        return Ok(gone);
    }
    meta::remove(db, DUE)?;
    let mut strays: Vec<(String, RecordId)> = documents::strays(db)?;
    for descriptor in registry.kept() {
        strays.extend(
            tables::strays(db, descriptor)?
                .into_iter()
                .map(|id| (descriptor.object.clone(), id)),
        );
    }
    strays.sort();
    strays.dedup();
    for (object, id) in strays {
        let is_in_doubt = doubts::version(db, id)?.is_some();
        if is_in_doubt || !outbox::of_record(db, id)?.is_empty() {
            sweep_later(db)?;
            continue;
        }
        if documents::object_of(db, id)?.as_ref() == Some(&object) {
            documents::remove(db, id)?;
        }
        if let Some(descriptor) = registry.get(&object) {
            tables::remove(db, descriptor, id)?;
        }
        seals::keep_only(db, id, &[])?;
        gone.push((object, id));
    }
    for (object, _) in meta::descriptor_versions(db)? {
        let id = descriptor_id(&object);
        if !members::of(db, id)?.is_empty() {
            continue;
        }
        let is_waited_for = unpublished::is_waited_for(db, &object)?;
        unpublished::note(db, &object, is_waited_for)?;
        if is_waited_for {
            sweep_later(db)?;
        } else {
            meta::remove_descriptor(db, &object)?;
            gone.push((DESCRIPTOR.to_owned(), id));
        }
    }
    for id in conflicts::strays(db)? {
        conflicts::remove(db, id)?;
        gone.push((CONFLICT.to_owned(), RecordId(id.0)));
    }
    Ok(gone)
}
