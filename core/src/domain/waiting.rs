//! The question `waiting`: what was asked of the server and has no answer yet, of any object.
//! It does not know what is asked.

use serde_json::{Value as Json, json};

use super::named::Inquiry;
use super::refusal::Refusal;

/// Each as `object`, `record`, `name` (what people call it), `verdict` (the object of the answer)
/// and `since`, the longest first.
pub(super) fn asked(inquiry: &Inquiry<'_>) -> Result<Json, Refusal> {
    let mut shown = Vec::new();
    for ask in inquiry.reader.asks()? {
        let record = inquiry.reader.record(&ask.object, ask.record)?;
        let descriptor = inquiry.registry.get(&ask.object);
        let named = record.as_ref().zip(descriptor);
        let name = named.and_then(|(record, of)| of.title(record));
        shown.push(json!({
            "object": ask.object,
            "record": ask.record,
            "name": name,
            "verdict": ask.verdict,
            "since": ask.since.rfc3339(),
        }));
    }
    Ok(shown.into())
}
