//! The row beside a document or fact that holds the fields which the server alone writes: an object
//! of its own with the record's buckets, so that it travels like any other row while the record's
//! history stays the people's. It does not know who writes it.

use super::descriptor::{Descriptor, Field, FieldKind, FieldWriter, Kind, Scope};
use super::right::Right;
use crate::base::id::RecordId;

/// What the name of such an object ends in; no other name has two underscores in a row.
const ENDING: &str = "__srv";

/// Lines of this name would have the table of such an object.
pub const LINES: &str = "srv";

/// The field that names the record.
pub const RECORD: &str = "record";

/// The name of the object beside this one.
#[must_use]
pub fn name_of(object: &str) -> String {
    format!("{object}{ENDING}")
}

/// Whether this is the name of an object beside another.
#[must_use]
pub fn is_beside(object: &str) -> bool {
    object.ends_with(ENDING)
}

/// The object that this one lies beside.
#[must_use]
pub fn beside_which(object: &str) -> Option<&str> {
    object.strip_suffix(ENDING)
}

/// The id of the row beside a record.
#[must_use]
pub fn id_of(object: &str, record: RecordId) -> RecordId {
    RecordId::derived(&[b"srv", object.as_bytes(), record.as_bytes()])
}

impl Descriptor {
    /// Whether the server alone writes this field, beside the record.
    #[must_use]
    pub fn is_beside(&self, field: &str) -> bool {
        let field = self.fields.get(field);
        field.is_some_and(|field| field.by == Some(FieldWriter::Server))
    }

    /// Whether nobody writes this field but the server: it lies beside the record, or says how much
    /// of a pot is held.
    #[must_use]
    pub fn is_kept(&self, field: &str) -> bool {
        let pots = self.fields.values().filter_map(|field| field.pot.as_ref());
        let mut held = pots.filter_map(|pot| pot.held.as_deref());
        self.is_beside(field) || held.any(|held| held == field)
    }

    /// Whether any of its fields is the server's alone.
    #[must_use]
    pub fn has_beside(&self) -> bool {
        self.fields.values().any(|field| field.by.is_some())
    }

    /// The object of the rows beside its records; none if it has no field of the server's.
    #[must_use]
    pub fn beside(&self) -> Option<Descriptor> {
        if !self.has_beside() {
            return None;
        }
        let mut fields = std::collections::BTreeMap::new();
        for (name, field) in &self.fields {
            if field.by.is_some() {
                let own = Field {
                    by: None,
                    required: false,
                    credits: None,
                    ..field.clone()
                };
                fields.insert(name.clone(), own);
            }
        }
        let mut record = Field::of_kind(FieldKind::Reference);
        record.of = Some(self.object.clone());
        record.required = true;
        fields.insert(RECORD.to_owned(), record);
        let mut indexes = self.indexes.clone();
        indexes.retain(|index| index.iter().all(|field| self.is_beside(field)));
        let mut rights = std::collections::BTreeMap::new();
        for (role, right) in &self.rights {
            let read = Right {
                read: right.read,
                ..Right::default()
            };
            rights.insert(role.clone(), read);
        }
        Some(Descriptor {
            object: name_of(&self.object),
            version: self.version,
            label: self.label.clone(),
            kind: Kind::Row,
            fields,
            scope: vec![Scope::Through {
                field: RECORD.to_owned(),
                people: true,
            }],
            made_by_verbs: true,
            indexes,
            rights,
            ..Descriptor::default()
        })
    }
}
