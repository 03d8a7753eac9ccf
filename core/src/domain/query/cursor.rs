//! The place where a page ended, as a text that the next page is asked with. It says nothing that
//! its reader was not shown, and lets nobody see more. It does not know how pages are found.

use crate::base::hex;
use crate::base::id::{ChangeHash, RecordId, UserId};
use crate::base::limits::CURSOR_LETTERS_MAX;
use crate::domain::refusal::Refusal;
use crate::objects::query::{PageMark, ordered_kind};
use crate::objects::{Descriptor, FieldKind, Query, Value};

/// What a cursor holds: what it belongs to, and the place.
type CursorParts = (ChangeHash, Vec<Value>, RecordId);

/// The cursor of a place in the answer to a query.
pub(super) fn written(query: &Query, mark: &PageMark, user: UserId) -> String {
    let parts: CursorParts = (seal(query, mark, user), mark.values.clone(), mark.id);
    // Writing into a vector cannot fail.
    let bytes = minicbor::to_vec(&parts).unwrap_or_default();
    hex::letters(&bytes)
}

/// The place that a cursor of this query names.
pub(super) fn read(
    text: &str,
    query: &Query,
    descriptor: &Descriptor,
    user: UserId,
) -> Result<PageMark, Refusal> {
    let text = Some(text).filter(|text| text.len() <= CURSOR_LETTERS_MAX);
    let parts = text.and_then(hex::bytes).and_then(|bytes| {
        let parts: Result<CursorParts, _> = minicbor::decode(&bytes);
        parts.ok()
    });
    if let Some((said, values, id)) = parts {
        let mark = PageMark { values, id };
        if said == seal(query, &mark, user) && fits(&mark, query, descriptor) {
            return Ok(mark);
        }
    }
    let message = "`after` is no `next` of an answer to this query; leave it out to begin anew";
    Err(Refusal::bad_input("bad_cursor", message).about("after"))
}

/// What ties a place to the query and to whoever asked it.
fn seal(query: &Query, mark: &PageMark, user: UserId) -> ChangeHash {
    // A query came from JSON, so it becomes JSON.
    let asked = serde_json::to_vec(query).unwrap_or_default();
    let place = minicbor::to_vec((&mark.values, mark.id)).unwrap_or_default();
    let mut all = ChangeHash::of(&asked).0.to_vec();
    all.extend(user.as_bytes());
    all.extend(place);
    ChangeHash::of(&all)
}

/// Whether the query could have made this place.
fn fits(mark: &PageMark, query: &Query, descriptor: &Descriptor) -> bool {
    let kinds: Vec<Option<FieldKind>> = if query.near.is_some() {
        vec![Some(FieldKind::Integer)]
    } else {
        let each = query.keys();
        each.map(|order| ordered_kind(descriptor, &order.by))
            .collect()
    };
    let each = kinds.iter().zip(&mark.values);
    kinds.len() == mark.values.len() && each.into_iter().all(|(kind, value)| is_of(*kind, value))
}

fn is_of(kind: Option<FieldKind>, value: &Value) -> bool {
    match (kind, value) {
        (Some(_), Value::Null)
        | (Some(FieldKind::Boolean), Value::Bool(_))
        | (Some(FieldKind::Integer | FieldKind::Time), Value::Int(_)) => true,
        (Some(FieldKind::Boolean | FieldKind::Integer | FieldKind::Time) | None, _) => false,
        (Some(_), Value::Text(_)) => true,
        (Some(_), Value::Bool(_) | Value::Int(_)) => false,
    }
}
