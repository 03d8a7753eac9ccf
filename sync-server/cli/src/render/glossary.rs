//! What ids and moments are for people: the name of the record that a reference means, and the
//! clock of the person's time zone. It does not know where names are kept.

use std::cell::RefCell;
use std::collections::BTreeMap;

use outfield_core::app::Device;
use outfield_core::base::id::RecordId;
use outfield_core::base::time::Timestamp;
use outfield_core::objects::descriptor::Field;
use outfield_core::objects::{Descriptor, FieldKind, Path, Registry};
use outfield_server::tenant::Tenant;
use serde_json::{Map, Value as Json};

use super::record::text;

/// Members that are moments in RFC 3339, beside the fields of records.
const MOMENTS: &[&str] = &[
    "created_at",
    "changed_at",
    "at",
    "since",
    "judged_at",
    "last_verified",
];
/// The member that is shown as it was written down.
const COMMAND: &str = "command";

/// A place that knows what records are called: a device, or a tenant of the office.
pub(crate) trait NamePlace {
    /// The objects that it knows.
    fn objects(&self) -> &Registry;
    /// The time zone of whoever reads.
    fn zone(&self) -> String;
    /// What a record is called; none if it is not here or has no name.
    fn called(&self, object: &str, id: RecordId) -> Option<String>;
}

impl NamePlace for Device {
    fn objects(&self) -> &Registry {
        self.registry()
    }

    fn zone(&self) -> String {
        self.time_zone().to_owned()
    }

    fn called(&self, object: &str, id: RecordId) -> Option<String> {
        // A name that cannot be read hides nothing: its id is shown.
        self.title(object, id).ok().flatten()
    }
}

impl NamePlace for Tenant {
    fn objects(&self) -> &Registry {
        self.registry()
    }

    fn zone(&self) -> String {
        self.time_zone().unwrap_or_default()
    }

    fn called(&self, object: &str, id: RecordId) -> Option<String> {
        self.title(object, id).ok().flatten()
    }
}

/// Names and moments, each name looked up once.
pub(crate) struct Glossary<'a> {
    place: &'a dyn NamePlace,
    zone: String,
    known: RefCell<BTreeMap<String, Option<String>>>,
}

impl<'a> Glossary<'a> {
    /// The names that a place knows.
    pub(crate) fn of(place: &'a dyn NamePlace) -> Glossary<'a> {
        Glossary {
            place,
            zone: place.zone(),
            known: RefCell::default(),
        }
    }

    /// The descriptor of an object, if it is known.
    pub(crate) fn descriptor(&self, object: &str) -> Option<&'a Descriptor> {
        self.place.objects().get(object).map(AsRef::as_ref)
    }

    /// A value as people read it in a cell: a name in place of an id where there is one.
    pub(crate) fn value(&self, field: &Field, value: &Json) -> String {
        if field.kind == FieldKind::Time {
            return self.moment(value);
        }
        self.name(field, value).unwrap_or_else(|| text(value))
    }

    /// A moment, given in milliseconds or as RFC 3339, by the reader's clock.
    pub(crate) fn moment(&self, value: &Json) -> String {
        let parsed = || Timestamp::parse(value.as_str()?).ok();
        match value.as_i64().map(Timestamp).or_else(parsed) {
            Some(moment) => moment.minute_in(&self.zone),
            None => text(value),
        }
    }

    fn name(&self, field: &Field, value: &Json) -> Option<String> {
        let (object, id) = (field.of.as_deref()?, value.as_str()?);
        self.title(object, id)
    }

    /// What the record of this id is called.
    pub(crate) fn title(&self, object: &str, id: &str) -> Option<String> {
        let mut known = self.known.borrow_mut();
        if let Some(name) = known.get(id) {
            return name.clone();
        }
        let name = id.parse().ok().and_then(|id| self.place.called(object, id));
        known.insert(id.to_owned(), name.clone());
        name
    }

    /// An answer as people read it: names beside ids, and moments by their clock.
    pub(crate) fn told(&self, data: &Json) -> Json {
        let mut told = data.clone();
        self.tell_all(&mut told);
        told
    }

    /// Values of an object's fields by path, as people read them.
    pub(crate) fn told_values(&self, object: &str, values: &Map<String, Json>) -> Json {
        let mut told = values.clone();
        let descriptor = self.descriptor(object);
        let field = |path: &str| descriptor?.field(Path::parse(path)?);
        for (path, value) in &mut told {
            if let Some(field) = field(path) {
                self.tell(field, value);
            }
        }
        told.into()
    }

    fn tell_all(&self, data: &mut Json) {
        match data {
            Json::Array(items) => items.iter_mut().for_each(|item| self.tell_all(item)),
            Json::Object(members) => self.tell_members(members),
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
        }
    }

    fn tell_members(&self, members: &mut Map<String, Json>) {
        let object = members.get("object").and_then(Json::as_str);
        let descriptor = object.and_then(|object| self.descriptor(object));
        for (name, value) in members {
            let field = descriptor.and_then(|of| of.fields.get(name));
            let shape = descriptor.and_then(|of| of.lines.get(name));
            if let Some(field) = field {
                self.tell(field, value);
            } else if let (Some(shape), Json::Object(lines)) = (shape, &mut *value) {
                for line in lines.values_mut().filter_map(Json::as_object_mut) {
                    self.tell_line(&shape.fields, line);
                }
            } else if MOMENTS.contains(&name.as_str()) && value.is_string() {
                *value = self.moment(value).into();
            } else if name != COMMAND {
                self.tell_all(value);
            }
        }
    }

    fn tell_line(&self, fields: &BTreeMap<String, Field>, line: &mut Map<String, Json>) {
        for (name, value) in line {
            if let Some(field) = fields.get(name) {
                self.tell(field, value);
            }
        }
    }

    fn tell(&self, field: &Field, value: &mut Json) {
        if field.kind == FieldKind::Time && !value.is_null() {
            *value = self.moment(value).into();
        } else if let Some(name) = self.name(field, value) {
            *value = format!("{name} ({})", text(value)).into();
        }
    }
}
