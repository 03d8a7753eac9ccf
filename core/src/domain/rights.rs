//! Rights: who may make records and change which fields; the same answer on phone and server.
//! What no descriptor grants is denied. It does not know what guards and rules say.

use std::sync::Arc;

use super::refusal::Refusal;
use super::{spelling, values};
use crate::base::context::Role;
use crate::objects::descriptor::Descriptor;
use crate::objects::{Kind, Path, Registry, Values};

/// What the server checks of a pushed change or fact: that object and paths are known, that values
/// fit their fields, and that the role may do it. `new` says that nobody has the record yet.
pub fn may_write(
    registry: &Registry,
    role: Role,
    object: &str,
    new: bool,
    values: &Values,
) -> Result<(), Refusal> {
    let descriptor = known(registry, object)?;
    may_be_written(descriptor, new)?;
    values::check(descriptor, values)?;
    allow(descriptor, role, new, values.keys().map(String::as_str))
}

/// The object, or a refusal that offers others.
pub(super) fn known<'a>(
    registry: &'a Registry,
    object: &str,
) -> Result<&'a Arc<Descriptor>, Refusal> {
    registry.get(object).ok_or_else(|| {
        let offer = spelling::offer(object, registry.all().map(|known| known.object.as_str()));
        Refusal::bad_input(
            "unknown_object",
            format!("there is no object `{object}`; {offer}"),
        )
        .about("object")
    })
}

/// Refuses what the kind of the object forbids to everybody: rows are the server's, facts stay as
/// they are.
pub(super) fn may_be_written(descriptor: &Descriptor, new: bool) -> Result<(), Refusal> {
    let object = &descriptor.object;
    match descriptor.kind {
        Kind::Document => Ok(()),
        Kind::Fact if new => Ok(()),
        Kind::Fact => {
            let message =
                format!("a `{object}` happened and is never changed; add another that follows it");
            Err(Refusal::rule("fact_is_final", message))
        }
        Kind::Row => {
            let message =
                format!("a `{object}` is kept by the office; ask there to have it changed");
            Err(Refusal::rule("server_owned", message))
        }
    }
}

/// Refuses what the role may not do: making the record, or changing one of the paths.
pub(super) fn allow<'a>(
    descriptor: &Descriptor,
    role: Role,
    new: bool,
    paths: impl Iterator<Item = &'a str>,
) -> Result<(), Refusal> {
    let (right, object) = (descriptor.right(role), &descriptor.object);
    let deny = |what: String| {
        Refusal::rule(
            "not_allowed",
            format!("a {} may not {what}; ask someone who may", role.name()),
        )
        .with("role", role.name())
    };
    if new {
        return if right.create {
            Ok(())
        } else {
            Err(deny(format!("make a `{object}`")))
        };
    }
    if right.edit.is_empty() {
        return Err(deny(format!("change a `{object}`")));
    }
    // Whoever may change anything may move the record through its states; verbs guard the way.
    let may = |path: &str| {
        descriptor.is_state(path) || Path::parse(path).is_some_and(|path| right.may_edit(path))
    };
    let denied: Vec<&str> = paths.filter(|path| !may(path)).collect();
    if denied.is_empty() {
        return Ok(());
    }
    let refusal = deny(format!("change {} of a `{object}`", denied.join(", ")));
    Err(denied.into_iter().fold(refusal, Refusal::about))
}
