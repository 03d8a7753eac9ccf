//! What a guard or rule is handed, and the table of guards that descriptors name.
//! It does not know who asks nor what is written once every guard agrees.

use super::refusal::Refusal;
use super::rules::{actions, follow_up, visit};
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
        self.input(name).text().map(str::trim).filter(|text| !text.is_empty())
    }

    /// The write of values to the record itself.
    #[must_use]
    pub fn write<const N: usize>(&self, values: [(&str, Value); N]) -> Write {
        let values = values.into_iter().map(|(path, value)| (path.to_owned(), value)).collect();
        Write { object: self.descriptor.object.clone(), id: self.id, new: false, values }
    }
}

/// A condition that must hold before a verb is done.
pub type Guard = fn(&Situation<'_>) -> Result<(), Refusal>;

/// All guards by name.
pub const GUARDS: &[(&str, Guard)] = &[
    ("checked_in", visit::checked_in),
    ("mandatory_actions_done", actions::mandatory_actions_done),
    ("names_what_it_follows", follow_up::names_what_it_follows),
    ("no_other_visit_open", visit::no_other_visit_open),
    ("not_yet_checked_in", visit::not_yet_checked_in),
];

/// The guard with this name. A device that lacks it is too old for the descriptor.
pub fn guard(name: &str) -> Result<Guard, Refusal> {
    named(GUARDS, name)
}

/// The entry of a table, or a refusal that says to update.
pub(super) fn named<T: Copy>(table: &[(&str, T)], name: &str) -> Result<T, Refusal> {
    let found = table.iter().find(|(known, _)| *known == name).map(|(_, found)| *found);
    found.ok_or_else(|| {
        Refusal::rule("update_needed", format!("this version does not know the rule `{name}`; update the app"))
    })
}
