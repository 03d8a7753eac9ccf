//! What the server said of documents: the verdict that stands for one, and what it refused of a
//! person's. It names no object: descriptors say which rows are verdicts of which documents.

use crate::base::id::UserId;
use crate::objects::descriptor::VerdictOf;
use crate::objects::{ReadError, Reader, Record, Registry, Value};

/// The word of a verdict that says no.
const REJECTED: &str = "rejected";

/// A document, and what the server said of it as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JudgedDocument {
    /// The document.
    pub document: Record,
    /// The verdict.
    pub verdict: Record,
}

/// The verdict on a document as it is now, if it has one.
pub fn standing(
    registry: &Registry,
    reader: &dyn Reader,
    document: &Record,
) -> Result<Option<Record>, ReadError> {
    for descriptor in registry.all() {
        let Some(of) = descriptor.verdict_of.as_ref() else {
            continue;
        };
        if of.object != document.object {
            continue;
        }
        let wanted = [(of.by.as_str(), Value::from(document.id.to_string()))];
        let said = reader.find(&descriptor.object, &wanted)?;
        let standing = said
            .into_iter()
            .find(|verdict| is_about(registry, of, verdict, document));
        if standing.is_some() {
            return Ok(standing);
        }
    }
    Ok(None)
}

/// The documents of a person that the server refused as they are now.
pub fn refused(
    registry: &Registry,
    reader: &dyn Reader,
    person: UserId,
) -> Result<Vec<JudgedDocument>, ReadError> {
    let mut refused = Vec::new();
    for descriptor in registry.all() {
        let Some(of) = descriptor.verdict_of.as_ref() else {
            continue;
        };
        let mine = Value::from(person.to_string());
        let wanted = [("verdict", REJECTED.into()), ("owner", mine)];
        for verdict in reader.find(&descriptor.object, &wanted)? {
            let document = match verdict.reference(&of.by) {
                Some(id) => reader.record(&of.object, id)?,
                None => None,
            };
            if let Some(document) = document
                && is_about(registry, of, &verdict, &document)
            {
                refused.push(JudgedDocument { document, verdict });
            }
        }
    }
    Ok(refused)
}

fn is_about(registry: &Registry, of: &VerdictOf, verdict: &Record, document: &Record) -> bool {
    let lifecycle = registry
        .get(&of.object)
        .and_then(|about| about.lifecycle.as_ref());
    let state = lifecycle.and_then(|lifecycle| document.text(&lifecycle.field));
    let stands = of.states.iter().any(|waits| Some(waits.as_str()) == state);
    let mut same = of.same.iter();
    stands && same.all(|field| verdict.value(field) == document.value(field))
}
