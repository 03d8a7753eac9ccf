//! Names in place of ids, where a person types or reads a reference: one way for phone and office.
//! It does not know which object is meant; descriptors say by which field people know a record.

use super::{Device, FieldError};
use crate::base::id::RecordId;
use crate::domain::Refusal;
use crate::domain::reference::{CANDIDATES_MAX, TypedName};
use crate::objects::{Descriptor, ReadError, Record, Value};
use crate::store::{StoreError, StoreReader, named, query, tables};

/// Records of a misspelt name's kind that are looked at for an offer.
const RESEMBLING_MAX: usize = 200;

/// A reference as a person typed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reference<'a> {
    /// The object that it refers to.
    pub object: &'a str,
    /// The field or argument that it was typed for.
    pub field: &'a str,
    /// An id or a name.
    pub typed: &'a str,
}

/// The id of the record that a typed reference means. An id is taken as it is, and so is anything
/// of an object whose records have no searched name: whoever uses it says what is wrong with it.
pub fn refer(reader: &StoreReader<'_>, reference: Reference<'_>) -> Result<String, Refusal> {
    let as_typed = || Ok(reference.typed.to_owned());
    if reference.typed.trim().is_empty() || reference.typed.parse::<RecordId>().is_ok() {
        return as_typed();
    }
    let Some(descriptor) = reader.registry.get(reference.object) else {
        return as_typed();
    };
    let Some(title) = descriptor.search.first() else {
        return as_typed();
    };
    let name = TypedName {
        descriptor,
        field: reference.field,
        text: reference.typed,
    };
    let candidates = candidates(reader, name, title).map_err(ReadError::from)?;
    if let Some(id) = name.among(&candidates)? {
        return Ok(id.to_string());
    }
    let resembling = named::resembling(reader.db, descriptor, name.text, RESEMBLING_MAX);
    Err(name.unknown(&resembling.map_err(ReadError::from)?))
}

/// Records that may have this name: by the index of the field that names them where it has one,
/// else by the search.
fn candidates(
    reader: &StoreReader<'_>,
    name: TypedName<'_>,
    title: &str,
) -> Result<Vec<Record>, StoreError> {
    let descriptor = name.descriptor;
    let is_indexed = |index: &Vec<String>| index.first().is_some_and(|first| first == title);
    if descriptor.indexes.iter().any(is_indexed) {
        let wanted = [(title, Value::from(name.text.trim()))];
        let found = query::find(reader.db, descriptor, &wanted)?;
        if !found.is_empty() {
            return Ok(found);
        }
    }
    named::beginning(reader.db, descriptor, name.text, CANDIDATES_MAX)
}

/// What people call a record, if it is here and has a name.
pub fn title(
    reader: &StoreReader<'_>,
    object: &str,
    id: RecordId,
) -> Result<Option<String>, StoreError> {
    let known: Option<&Descriptor> = reader.registry.get(object).map(AsRef::as_ref);
    let Some(descriptor) = known.filter(|known| known.title_field().is_some()) else {
        return Ok(None);
    };
    let record = tables::read(reader.db, descriptor, id)?;
    Ok(record.and_then(|record| descriptor.title(&record).map(str::to_owned)))
}

impl Device {
    /// The id of the record that a person means by an id or a unique name.
    pub fn refer(&self, reference: Reference<'_>) -> Result<String, FieldError> {
        let _still = self.still()?;
        Ok(refer(&self.reader(), reference)?)
    }

    /// What people call a record, if it is here and has a name.
    pub fn title(&self, object: &str, id: RecordId) -> Result<Option<String>, FieldError> {
        Ok(title(&self.reader(), object, id)?)
    }

    /// The time zone of this device's person; UTC where nobody is enrolled.
    #[must_use]
    pub fn time_zone(&self) -> &str {
        let zone = self.identity.as_ref();
        zone.map_or("UTC", |identity| identity.time_zone.as_str())
    }
}
