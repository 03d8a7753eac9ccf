//! Which record a person means who types a name where an id could stand. It knows neither how
//! candidates are looked for, nor where the name was typed.

use serde_json::{Value as Json, json};

use super::Refusal;
use super::spelling::{distance, quoted};
use super::values::UNKNOWN_REFERENCE;
use crate::base::id::RecordId;
use crate::objects::{Descriptor, Record};

/// Records that are looked at for one name.
pub const CANDIDATES_MAX: usize = 1000;
/// Records that one message names.
const NAMED_MAX: usize = 5;
/// Values that tell one of several apart.
const APART_MAX: usize = 2;
/// Letters of a name or value that a message shows.
const LETTERS_MAX: usize = 60;

/// A name that was typed for a record.
#[derive(Clone, Copy)]
pub struct TypedName<'a> {
    /// The object that the record is of.
    pub descriptor: &'a Descriptor,
    /// The field or argument that it was typed for.
    pub field: &'a str,
    /// The name.
    pub text: &'a str,
}

impl TypedName<'_> {
    /// The record among these candidates that has exactly this name, else the one that has it but
    /// for capitals; none if no candidate is called so.
    pub fn among(&self, candidates: &[Record]) -> Result<Option<RecordId>, Refusal> {
        let wanted = self.text.trim();
        let lowered = wanted.to_lowercase();
        let called = |is_it: &dyn Fn(&str) -> bool| -> Vec<&Record> {
            let title = |record: &Record| self.descriptor.title(record).is_some_and(is_it);
            candidates.iter().filter(|one| title(one)).collect()
        };
        let mut meant = called(&|title| title.trim() == wanted);
        if meant.is_empty() {
            meant = called(&|title| title.trim().to_lowercase() == lowered);
        }
        // Where not all were looked at, nobody knows that there is no other.
        let is_cut = candidates.len() >= CANDIDATES_MAX;
        match met(&meant) {
            Met::One(id) if !is_cut => Ok(Some(id)),
            Met::None if !is_cut => Ok(None),
            Met::One(_) | Met::None => Err(self.too_many()),
            Met::Several => Err(self.ambiguous(&meant)),
        }
    }

    fn too_many(&self) -> Refusal {
        let (object, field) = (&self.descriptor.object, self.field);
        let text = shortened(self.text);
        let message = format!(
            "`{field}`: the names of {CANDIDATES_MAX} of `{object}` or more begin with `{text}`; \
             give the id"
        );
        Refusal::bad_input("ambiguous_reference", message).about(field)
    }

    fn ambiguous(&self, meant: &[&Record]) -> Refusal {
        let (object, field) = (&self.descriptor.object, self.field);
        let text = shortened(self.text);
        let named: Vec<&Record> = meant.iter().copied().take(NAMED_MAX).collect();
        let apart = self.apart(&named);
        let told: Vec<String> = named
            .iter()
            .map(|record| {
                let values: Vec<String> = apart
                    .iter()
                    .filter_map(|name| shown(record, name))
                    .collect();
                format!("{} ({})", record.id, values.join(", ")).replace(" ()", "")
            })
            .collect();
        let more = if meant.len() > NAMED_MAX {
            ", and others"
        } else {
            ""
        };
        let message = format!(
            "`{field}`: {} of `{object}` are called `{text}`: {}{more}; give the id",
            meant.len(),
            told.join(", ")
        );
        let ids: Vec<Json> = named.iter().map(|record| json!(record.id)).collect();
        Refusal::bad_input("ambiguous_reference", message)
            .about(field)
            .with("candidates", ids)
    }

    /// Fields in which these records of one name differ.
    fn apart(&self, named: &[&Record]) -> Vec<&str> {
        let title = self.descriptor.title_field();
        let mut apart: Vec<&str> = Vec::new();
        for name in self.descriptor.telling() {
            let mut values: Vec<String> = Vec::new();
            values.extend(named.iter().filter_map(|record| shown(record, name)));
            let told = values.len();
            values.sort();
            values.dedup();
            let differs = values.len() > 1 || (values.len() == 1 && told < named.len());
            if differs && Some(name) != title && !apart.contains(&name) {
                apart.push(name);
            }
        }
        apart.truncate(APART_MAX);
        apart
    }

    /// No record has this name; these have one that resembles it.
    #[must_use]
    pub fn unknown(&self, resembling: &[Record]) -> Refusal {
        let (object, field) = (&self.descriptor.object, self.field);
        let text = shortened(self.text);
        let lowered = self.text.to_lowercase();
        let mut near: Vec<(usize, &str)> = resembling
            .iter()
            .filter_map(|record| self.descriptor.title(record))
            .map(|title| (distance(&lowered, &title.to_lowercase()), title))
            .collect();
        near.sort();
        near.dedup();
        near.truncate(NAMED_MAX);
        let names: Vec<String> = near.iter().map(|(_, title)| shortened(title)).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let offer = if names.is_empty() {
            "look for it by `search`, or give the id".to_owned()
        } else {
            format!("did you mean {}?", quoted(&names))
        };
        let message = format!("`{field}`: there is no `{object}` called `{text}` here; {offer}");
        Refusal::bad_input(UNKNOWN_REFERENCE, message).about(field)
    }
}

/// How many records a name met.
enum Met {
    None,
    One(RecordId),
    Several,
}

fn met(meant: &[&Record]) -> Met {
    match meant {
        [] => Met::None,
        [one] => Met::One(one.id),
        _ => Met::Several,
    }
}

fn shown(record: &Record, name: &str) -> Option<String> {
    let value = record.value(name);
    if value.is_null() {
        return None;
    }
    let text = value.text().map(shortened);
    Some(text.unwrap_or_else(|| value.to_json().to_string()))
}

fn shortened(text: &str) -> String {
    let mut short: String = text.chars().take(LETTERS_MAX).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}
