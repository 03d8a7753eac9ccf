//! What a guard, a rule or a judge is handed.
//! It does not know who asks.

use super::proof::Proofs;
use crate::base::context::Context;
use crate::base::id::RecordId;
use crate::objects::descriptor::Descriptor;
use crate::objects::{Reader, Record, Registry, Value, Values, Write};

/// Everything a guard or a rule may look at.
#[derive(Clone, Copy)]
pub struct Situation<'a> {
    /// The known objects.
    pub registry: &'a Registry,
    /// The object whose verb it is.
    pub descriptor: &'a Descriptor,
    /// The record before anything is written; without values when the verb makes it.
    pub record: &'a Record,
    /// Whether the verb makes the record.
    pub new: bool,
    /// The record's id.
    pub id: RecordId,
    /// What the person handed in, checked.
    pub input: &'a Values,
    /// The door to other records.
    pub reader: &'a dyn Reader,
    /// Who acts and when.
    pub context: &'a Context,
    /// Whether a judge is asked what it would say, before the document says what was foreseen.
    pub foresees: bool,
    /// What shows that actions of visits were done.
    pub proofs: Proofs,
}

impl Situation<'_> {
    /// An input; null where none was given.
    #[must_use]
    pub fn input(&self, name: &str) -> &Value {
        const NULL: &Value = &Value::Null;
        self.input.get(name).unwrap_or(NULL)
    }

    /// An input's text without spaces around it, if it has any.
    #[must_use]
    pub fn words(&self, name: &str) -> Option<&str> {
        self.input(name)
            .text()
            .map(str::trim)
            .filter(|text| !text.is_empty())
    }

    /// The write of values to the record itself.
    #[must_use]
    pub fn write<const N: usize>(&self, values: [(&str, Value); N]) -> Write {
        let values = values
            .into_iter()
            .map(|(path, value)| (path.to_owned(), value))
            .collect();
        Write {
            object: self.descriptor.object.clone(),
            id: self.id,
            new: false,
            values,
            verb: None,
        }
    }
}
