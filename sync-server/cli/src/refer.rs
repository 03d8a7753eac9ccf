//! Names that a person typed where an id could stand: finds which parts of a command are
//! references, and has the device or the office say whom they mean. It does not know how names are
//! matched, nor which objects there are.

use outfield_core::app::{Device, Reference};
use outfield_core::objects::descriptor::Field;
use outfield_core::objects::{FieldKind, Registry};
use outfield_server::tenant::Tenant;
use serde_json::{Map, Value as Json};

use super::answer::CliFailure;
use super::fields;

/// A place that knows which record a name means.
pub(crate) trait ReferencePlace {
    /// The objects that it knows.
    fn known_objects(&self) -> &Registry;
    /// The id of the record that is meant.
    fn meant(&self, reference: Reference<'_>) -> Result<String, CliFailure>;
}

impl ReferencePlace for Device {
    fn known_objects(&self) -> &Registry {
        self.registry()
    }

    fn meant(&self, reference: Reference<'_>) -> Result<String, CliFailure> {
        Ok(self.refer(reference)?)
    }
}

impl ReferencePlace for Tenant {
    fn known_objects(&self) -> &Registry {
        self.registry()
    }

    fn meant(&self, reference: Reference<'_>) -> Result<String, CliFailure> {
        Ok(self.refer(reference)?)
    }
}

/// The id of the record of an object that an argument means.
pub(crate) fn id(
    place: &impl ReferencePlace,
    object: &str,
    typed: &str,
) -> Result<String, CliFailure> {
    place.meant(Reference {
        object,
        field: object,
        typed,
    })
}

/// A value that was typed for a field, its name replaced by the id where it is a reference.
pub(crate) fn value(
    place: &impl ReferencePlace,
    field: Option<&Field>,
    name: &str,
    typed: Json,
) -> Result<Json, CliFailure> {
    let field = field.filter(|field| field.kind == FieldKind::Reference);
    let object = field.and_then(|field| field.of.as_deref());
    let (Some(object), Some(text)) = (object, typed.as_str()) else {
        return Ok(typed);
    };
    let reference = Reference {
        object,
        field: name,
        typed: text,
    };
    Ok(place.meant(reference)?.into())
}

/// The values of an object's fields by path, as they were typed.
pub(crate) fn values(
    place: &impl ReferencePlace,
    object: &str,
    typed: Map<String, Json>,
) -> Result<Map<String, Json>, CliFailure> {
    let mut values = Map::new();
    for (path, json) in typed {
        let field = fields::of(place.known_objects(), object, &path);
        let json = value(place, field, &path, json)?;
        values.insert(path, json);
    }
    Ok(values)
}

/// The inputs of a verb, and the record that it is done to, as they were typed.
pub(crate) fn inputs(
    place: &impl ReferencePlace,
    verb: &str,
    typed: Map<String, Json>,
) -> Result<Map<String, Json>, CliFailure> {
    let Some((descriptor, known)) = place.known_objects().verb(verb) else {
        return Ok(typed);
    };
    let mut inputs = Map::new();
    for (name, json) in typed {
        let json = match json.as_str() {
            Some(text) if name == descriptor.object => id(place, &name, text)?.into(),
            Some(_) | None => value(place, descriptor.input(known, &name), &name, json)?,
        };
        inputs.insert(name, json);
    }
    Ok(inputs)
}
