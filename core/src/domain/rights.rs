//! Rights: who may make records, change which fields, do which verbs, and write for whom; the same
//! answer on phone and server. What no descriptor grants is denied. It does not know what guards
//! and rules say.

use std::sync::Arc;

use super::refusal::Refusal;
use super::{spelling, values};
use crate::base::context::{Context, Place};
use crate::base::planted::{self, Planted};
use crate::objects::Right;
use crate::objects::beside;
use crate::objects::descriptor::Descriptor;
use crate::objects::{FieldKind, Kind, Path, Reader, Registry, Values};

/// The field that names the person a record belongs to.
pub(super) const OWNER: &str = "owner";

/// Who wants something, and what is known there.
#[derive(Clone, Copy)]
pub struct Decider<'a> {
    /// The known objects.
    pub registry: &'a Registry,
    /// The door to records.
    pub reader: &'a dyn Reader,
    /// The person, the moment, the place.
    pub context: &'a Context,
}

impl Decider<'_> {
    /// Whether these values may be written to a record: that object and paths are known, that
    /// values fit their fields, and that the role may do it. `new` says that nobody has the record
    /// yet.
    pub fn may_write(&self, object: &str, new: bool, written: &Values) -> Result<(), Refusal> {
        let descriptor = known(self.registry, object)?;
        self.may_be_written(descriptor, new)?;
        values::check(descriptor, written)?;
        self.may_change(descriptor, new, written)
    }

    /// Refuses what the role may not do: making the record, changing one of the paths, or handing
    /// it to another person.
    pub(super) fn may_change(
        &self,
        descriptor: &Descriptor,
        new: bool,
        written: &Values,
    ) -> Result<(), Refusal> {
        let right = self.right(descriptor);
        refuse_kept(descriptor, written)?;
        if new {
            self.may_make(descriptor, &right)?;
        } else {
            self.may_edit(descriptor, &right, written)?;
        }
        self.writes_for(descriptor, &right, written)
    }

    /// Refuses what the kind of the object forbids to everybody: rows are the server's, facts stay
    /// as they are.
    pub(super) fn may_be_written(&self, descriptor: &Descriptor, new: bool) -> Result<(), Refusal> {
        let object = &descriptor.object;
        match (descriptor.kind, self.context.place) {
            (Kind::Document, _) | (Kind::Row, Place::Server) => Ok(()),
            (Kind::Fact, _) if new => Ok(()),
            (Kind::Fact, _) => {
                let message = format!(
                    "a `{object}` happened and is never changed; add another that follows it"
                );
                Err(Refusal::rule("fact_is_final", message))
            }
            (Kind::Row, Place::Device) => {
                let message = format!(
                    "a `{object}` is kept on the server; do it when you are connected, or ask the \
                     office to have it changed"
                );
                Err(Refusal::rule("server_owned", message))
            }
        }
    }

    /// What this person's role may do with an object; nothing where its descriptor is silent. A
    /// role that a tenant made may do what the role may that it is like, unless the descriptor
    /// names it. Whoever runs the server may do all that rules let.
    #[must_use]
    pub fn right(&self, descriptor: &Descriptor) -> Right {
        if self.context.is_operator() {
            return Right::everything();
        }
        let Context { role, rank, .. } = self.context;
        let is_named = descriptor.rights.contains_key(role);
        descriptor.right(if is_named { role } else { rank })
    }

    /// Refuses a verb that the role may not do.
    pub(super) fn may_do(&self, descriptor: &Descriptor, verb: &str) -> Result<(), Refusal> {
        if self.right(descriptor).may_do(verb) {
            return Ok(());
        }
        Err(self.deny(&format!("do `{verb}`")))
    }

    fn may_make(&self, descriptor: &Descriptor, right: &Right) -> Result<(), Refusal> {
        if right.create {
            return Ok(());
        }
        Err(self.deny(&format!("make a `{}`", descriptor.object)))
    }

    fn may_edit(
        &self,
        descriptor: &Descriptor,
        right: &Right,
        written: &Values,
    ) -> Result<(), Refusal> {
        let object = &descriptor.object;
        if right.edit.is_empty() {
            return Err(self.deny(&format!("change a `{object}`")));
        }
        let mut denied = Vec::new();
        for path in written.keys() {
            // Verbs guard the way of the state; what they are, `Right::verbs` says.
            let may = descriptor.is_state(path)
                || Path::parse(path).is_some_and(|path| right.may_edit(path));
            if !may {
                denied.push(path.as_str());
            }
        }
        if denied.is_empty() {
            return Ok(());
        }
        let refusal = self.deny(&format!("change {} of a `{object}`", denied.join(", ")));
        Err(denied.into_iter().fold(refusal, Refusal::about))
    }

    /// Refuses a record that would be another person's, unless the role may write for others.
    fn writes_for(
        &self,
        descriptor: &Descriptor,
        right: &Right,
        written: &Values,
    ) -> Result<(), Refusal> {
        if right.others {
            return Ok(());
        }
        let myself = self.context.user.to_string();
        for (path, value) in written {
            let is_mine = value.is_null() || value.text() == Some(&myself);
            if is_mine || !names_person(descriptor, path) {
                continue;
            }
            let what = format!("write a `{}` for someone else", descriptor.object);
            return Err(self.deny(&what).about(path.as_str()));
        }
        Ok(())
    }

    fn deny(&self, what: &str) -> Refusal {
        let role = self.context.role.name();
        let message = format!("a {role} may not {what}; ask someone who may");
        Refusal::rule("not_allowed", message).with("role", role)
    }
}

/// Whether the value at this path says whose a record is: its owner, and whose bucket it goes to.
fn names_person(descriptor: &Descriptor, path: &str) -> bool {
    let is_owner = path == OWNER
        && descriptor
            .fields
            .get(OWNER)
            .is_some_and(|field| field.kind == FieldKind::Reference);
    is_owner || descriptor.is_of_person(path)
}

/// Refuses what the server alone writes, whoever asks: fields that lie beside the record, and what
/// is held of pots.
fn refuse_kept(descriptor: &Descriptor, written: &Values) -> Result<(), Refusal> {
    let mut kept: Vec<&str> = written.keys().map(String::as_str).collect();
    kept.retain(|path| descriptor.is_kept(path));
    if kept.is_empty() || planted::is(Planted::ServerFieldTaken) {
        return Ok(());
    }
    let message = format!(
        "{} of a `{}` follows from what else happens; the server alone writes it",
        kept.join(", "),
        descriptor.object
    );
    let refusal = Refusal::rule("server_owned", message);
    Err(kept.into_iter().fold(refusal, Refusal::about))
}

/// The object, or a refusal that offers others.
pub(super) fn known<'a>(
    registry: &'a Registry,
    object: &str,
) -> Result<&'a Arc<Descriptor>, Refusal> {
    let found = registry.get(object);
    let found = found.filter(|known| !beside::is_beside(&known.object));
    found.ok_or_else(|| {
        let offer = spelling::offer(object, registry.all().map(|known| known.object.as_str()));
        Refusal::bad_input(
            "unknown_object",
            format!("there is no object `{object}`; {offer}"),
        )
        .about("object")
    })
}
