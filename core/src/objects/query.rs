//! A question for records as one value: of which object, which of them, in what order, and from
//! where on. It does not know which fields there are, nor how records are found.

use serde::{Deserialize, Serialize};

use super::condition::Condition;
use super::descriptor::{Descriptor, FieldKind};
use super::value::Value;
use crate::base::id::RecordId;
use crate::base::limits::QUERY_PAGE;

/// The name that orders by id.
pub const BY_ID: &str = "id";
/// The name that orders by when a record was made.
pub const BY_CREATED: &str = "created_at";
/// The name that orders by when a record was last changed.
pub const BY_CHANGED: &str = "changed_at";

/// What is looked for. What is written of it tells two queries apart: neither the page nor whether
/// matches are counted makes another query of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Query {
    /// The object.
    pub object: String,
    /// What must hold of its records.
    #[serde(default, rename = "where")]
    pub condition: Option<Condition>,
    /// What they are ordered by; the id decides between equals.
    #[serde(default)]
    pub order: Vec<OrderBy>,
    /// Only records near a place, nearest first.
    #[serde(default)]
    pub near: Option<NearBy>,
    /// Beginnings of words that searched fields must have.
    #[serde(default)]
    pub search: Option<String>,
    /// The `next` of the page before.
    #[serde(default, skip_serializing)]
    pub after: Option<String>,
    /// At most so many records.
    #[serde(default = "page", skip_serializing)]
    pub limit: usize,
    /// Whether all that match are counted too.
    #[serde(default, skip_serializing)]
    pub count: bool,
}

fn page() -> usize {
    QUERY_PAGE
}

/// One field that records are ordered by; those without a value come last either way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderBy {
    /// The field, or `id`, `created_at`, `changed_at`.
    pub by: String,
    /// Whether the greatest comes first.
    #[serde(default)]
    pub down: bool,
}

/// A circle on the earth.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NearBy {
    /// Its middle, `latitude,longitude`.
    pub at: String,
    /// How far from there, in metres.
    pub within_m: i64,
}

/// The place of a record in the order of an answer, whether or not the record is still there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageMark {
    /// What the record is ordered by: the values in turn, or its distance.
    pub values: Vec<Value>,
    /// The record.
    pub id: RecordId,
}

/// The kind of values that records are ordered by under this name; none if by no such name.
#[must_use]
pub fn ordered_kind(descriptor: &Descriptor, by: &str) -> Option<FieldKind> {
    match by {
        BY_CREATED | BY_CHANGED => Some(FieldKind::Time),
        by => descriptor.fields.get(by).map(|field| field.kind),
    }
}

impl Query {
    /// The first page of all records of an object, by id.
    #[must_use]
    pub fn of(object: &str) -> Query {
        Query {
            object: object.to_owned(),
            condition: None,
            order: Vec::new(),
            near: None,
            search: None,
            after: None,
            limit: QUERY_PAGE,
            count: false,
        }
    }

    /// What the records are ordered by before their ids.
    pub fn keys(&self) -> impl Iterator<Item = &OrderBy> {
        self.order.iter().filter(|order| order.by != BY_ID)
    }
}
