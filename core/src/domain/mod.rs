//! The business rules: a command and what is known become writes or a refusal.
//! It knows no storage, no Automerge and no wire; it reads through `objects::Reader` alone.

pub mod admit;
pub mod command;
pub mod decide;
pub mod guards;
pub mod judges;
pub mod refusal;
pub mod rules;
pub mod situation;
mod spelling;
mod values;

pub use command::{Choice, Command};
pub use decide::{Decision, decide};
pub use refusal::{Refusal, RefusalKind};

use crate::base::id::RecordId;
use crate::objects::check::{Names, Problem};
use crate::objects::{Descriptor, Reader, Record, Registry, Values};

/// Refuses values that do not fit an object, and a record that would lack what it must have; asks
/// no right, for it is the office that writes. `before` is the record as it is, if there is one.
pub fn check(
    (registry, reader): (&Registry, &dyn Reader),
    descriptor: &Descriptor,
    (before, id): (Option<&Record>, RecordId),
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

/// The names of guards and rules that descriptors may use.
#[must_use]
pub fn names() -> Names {
    Names {
        guards: guards::GUARDS.iter().map(|(name, _)| *name).collect(),
        rules: rules::RULES.iter().map(|(name, _)| *name).collect(),
        judges: judges::JUDGES.iter().map(|(name, _)| *name).collect(),
    }
}

/// The objects that come with this version, checked against the guards and rules that it has.
pub fn registry() -> Result<Registry, Vec<Problem>> {
    Registry::built_in(&names())
}
