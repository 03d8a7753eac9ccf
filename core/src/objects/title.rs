//! By which field people know a record, and which other fields tell two records apart.
//! It does not know how either is shown.

use super::descriptor::{Descriptor, Field, FieldKind};
use super::record::Record;

/// What the name of a text field ends in that holds JSON.
const JSON_ENDING: &str = "_json";
/// What names a record where nothing is searched.
const PLAIN_NAME: &str = "name";

impl Descriptor {
    /// The field that names a record on a screen: the first that is searched, else its `name`.
    #[must_use]
    pub fn title_field(&self) -> Option<&str> {
        let plain = || self.fields.contains_key(PLAIN_NAME).then_some(PLAIN_NAME);
        self.search.first().map(String::as_str).or_else(plain)
    }

    /// What people call a record of this object, if it has a name.
    #[must_use]
    pub fn title<'a>(&self, record: &'a Record) -> Option<&'a str> {
        record.text(self.title_field()?)
    }

    /// Whether people may read what this field holds: not one that is retired, and not JSON.
    #[must_use]
    pub fn is_readable(&self, name: &str) -> bool {
        let readable = |field: &Field| !(field.retired || holds_json(name, field));
        self.fields.get(name).is_some_and(readable)
    }

    /// Fields whose values people tell two records apart by, the most telling first.
    pub fn telling(&self) -> impl Iterator<Item = &str> {
        let searched = self.search.iter().skip(1);
        let indexed = self.indexes.iter().flatten();
        let others = self.fields.keys();
        let all = searched.chain(indexed).chain(others).map(String::as_str);
        all.filter(|name| self.is_readable(name) && self.is_told(name))
    }

    /// Whether a person knows this value by heart: neither an id nor a yes or no.
    fn is_told(&self, name: &str) -> bool {
        let kind = self.fields.get(name).map(|field| field.kind);
        !matches!(
            kind,
            None | Some(FieldKind::Reference | FieldKind::Boolean | FieldKind::Time)
        )
    }
}

fn holds_json(name: &str, field: &Field) -> bool {
    field.kind == FieldKind::Text && name.ends_with(JSON_ENDING)
}
