//! What a decision writes: a record, and the values that change by path.
//! It does not know how a write becomes a change, a fact or a row.

use super::record::Values;
use crate::base::id::RecordId;

/// One record's part of a decision. Only values that really change are in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    /// The object's name.
    pub object: String,
    /// The record.
    pub id: RecordId,
    /// Whether this write makes the record.
    pub new: bool,
    /// The values by path; `Null` clears one.
    pub values: Values,
    /// The verb of the object by which it is done, if one is.
    pub verb: Option<String>,
}
