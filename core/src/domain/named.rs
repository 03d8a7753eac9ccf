//! What descriptors name and Rust defines: guards, rules, judges; and questions, which people ask
//! by name. It does not know which there are: `table` does.

use serde_json::Value as Json;

use super::refusal::Refusal;
use super::situation::Situation;
use crate::base::context::Context;
use crate::base::id::{IdError, RecordId};
use crate::objects::{Reader, Registry, Value, Values, Write};

/// A condition that must hold before a verb is done.
pub type Guard = fn(&Situation<'_>) -> Result<(), Refusal>;

/// What a verb writes beside its state and its inputs.
pub type Rule = fn(&Situation<'_>) -> Result<Vec<Write>, Refusal>;

/// What examines a document that asks for a verdict: the situation's record is as it asks. Phones
/// ask it too before they ask the server, by what is known there.
pub type Judge = fn(&Situation<'_>) -> Result<Findings, Refusal>;

/// What a judge found who has nothing against it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings {
    /// Values of the verdict, and of the document those that its writer foresees.
    pub found: Values,
    /// Values of the document's fields that the server alone writes.
    pub beside: Values,
    /// For what the yes waits still.
    pub waits: Option<Refusal>,
}

/// What a screen asks of what is here; nothing is written.
pub type Question = fn(&Inquiry<'_>) -> Result<Json, Refusal>;

/// What a question is handed.
#[derive(Clone, Copy)]
pub struct Inquiry<'a> {
    /// The known objects.
    pub registry: &'a Registry,
    /// The door to records.
    pub reader: &'a dyn Reader,
    /// Who asks and when.
    pub context: &'a Context,
    /// What was said with the question, by name.
    pub input: &'a Values,
}

impl Inquiry<'_> {
    /// A text that was said with the question.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.input.get(name).and_then(Value::text)
    }

    /// The record that the question is about, said as `id`.
    pub fn id(&self) -> Result<RecordId, Refusal> {
        let id = self.text("id").unwrap_or_default();
        id.parse()
            .map_err(|error: IdError| Refusal::bad_input("bad_id", error.to_string()).about("id"))
    }
}

/// The entry of this name among those of all areas, or a refusal that says to update.
pub(super) fn named<T: Copy>(areas: &[&[(&str, T)]], name: &str) -> Result<T, Refusal> {
    for (known, found) in areas.iter().copied().flatten() {
        if *known == name {
            return Ok(*found);
        }
    }
    Err(unknown(name))
}

/// The refusal of a name that only a newer version knows.
pub(in crate::domain) fn unknown(name: &str) -> Refusal {
    let message = format!("this version does not know the rule `{name}`; update the app");
    Refusal::rule("update_needed", message)
}
