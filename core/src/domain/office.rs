//! What must hold of values that the office writes by itself.
//! It asks no right, and no guard: those are asked of people.

use super::refusal::Refusal;
use super::values;
use crate::base::id::RecordId;
use crate::objects::{Descriptor, Reader, Record, Registry, Values};

/// Refuses values that do not fit an object, and a record that would lack what it must have; asks
/// no right, for it is the office that writes. `before` is the record as it is, if there is one.
pub fn check(
    registry: &Registry,
    reader: &dyn Reader,
    descriptor: &Descriptor,
    id: RecordId,
    before: Option<&Record>,
    written: &Values,
) -> Result<(), Refusal> {
    values::check(descriptor, written)?;
    let field = |path: &str| values::field(descriptor, path);
    let fields = written
        .iter()
        .filter_map(|(path, value)| Some((path.as_str(), field(path)?, value)));
    values::check_references(registry, reader, fields)?;
    let blank = Record {
        object: descriptor.object.clone(),
        id,
        values: Values::new(),
        stamp: None,
    };
    let after = values::after(before.unwrap_or(&blank), written);
    values::say_required(values::missing(descriptor, &after).into_iter().collect())?;
    values::check_shares(descriptor, &after)
}
