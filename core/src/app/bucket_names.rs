//! The names and ids under which what is no record is a member of a bucket: conflicts and
//! descriptors. It does not know who puts them there or takes them away.

use crate::base::id::RecordId;

/// The object name under which conflicts are members of a bucket.
pub const CONFLICT: &str = "conflict";
/// The object name under which descriptors are members of a bucket.
pub const DESCRIPTOR: &str = "descriptor";

/// The record under which an object's descriptor is a member of a bucket.
#[must_use]
pub fn descriptor_id(object: &str) -> RecordId {
    RecordId::derived(&[DESCRIPTOR.as_bytes(), object.as_bytes()])
}
