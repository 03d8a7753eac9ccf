//! What one write is made of: the record before, what a new one has by itself, and the check of
//! what is left to write. It does not know which command asks.

use super::decision::Decision;
use super::refusal::Refusal;
use super::{rights, values};
use crate::base::context::Context;
use crate::base::id::RecordId;
use crate::objects::descriptor::Descriptor;
use crate::objects::{FieldKind, Reader, Record, Registry, Value, Values, Write};

/// The field that names the person a record belongs to.
const OWNER: &str = "owner";

/// What stays the same during one decision.
pub(super) struct Decider<'a> {
    pub(super) registry: &'a Registry,
    pub(super) reader: &'a dyn Reader,
    pub(super) context: &'a Context,
}

impl Decider<'_> {
    /// Drops what does not change, then checks right and required fields of what is left.
    pub(super) fn finish(
        &self,
        descriptor: &Descriptor,
        before: &Record,
        new: bool,
        values: Values,
    ) -> Result<Decision, Refusal> {
        let id = before.id;
        let values = values::changes(before, values);
        if values.is_empty() && !new {
            return Ok(Decision {
                id,
                writes: Vec::new(),
                resolves: None,
            });
        }
        values::check(descriptor, &values)?;
        rights::allow(
            descriptor,
            self.context.role,
            new,
            values.keys().map(String::as_str),
        )?;
        // What was missing before (an older version did not ask for it) stops nobody.
        let mut missing = values::missing(descriptor, &values::after(before, &values));
        if !new {
            let already = values::missing(descriptor, before);
            missing.retain(|path| !already.contains(path));
        }
        values::say_required(missing.into_iter().collect())?;
        let object = descriptor.object.clone();
        if values.is_empty() {
            return Err(Refusal::bad_input(
                "required",
                format!("a `{object}` needs at least one value"),
            )
            .about("fields"));
        }
        Ok(Decision {
            id,
            writes: vec![Write {
                object,
                id,
                new,
                values,
            }],
            resolves: None,
        })
    }

    /// What a new record has beside what was said: defaults, the first state, its owner.
    pub(super) fn filled(
        &self,
        descriptor: &Descriptor,
        before: &Record,
        mut values: Values,
    ) -> Values {
        values.retain(|_, value| !value.is_null());
        values::fill_defaults(descriptor, before, true, &mut values);
        if let Some(lifecycle) = &descriptor.lifecycle {
            values
                .entry(lifecycle.field.clone())
                .or_insert_with(|| Value::from(lifecycle.start.as_str()));
        }
        if descriptor
            .fields
            .get(OWNER)
            .is_some_and(|field| field.kind == FieldKind::Reference)
        {
            values
                .entry(OWNER.to_owned())
                .or_insert_with(|| Value::from(self.context.user.to_string()));
        }
        values
    }

    /// A record that does not exist yet.
    pub(super) fn blank(
        &self,
        descriptor: &Descriptor,
        id: Option<RecordId>,
    ) -> Result<Record, Refusal> {
        let object = descriptor.object.clone();
        let Some(id) = id else {
            return Ok(Record {
                object,
                id: self.context.new_id(),
                values: Values::new(),
                stamp: None,
            });
        };
        if self.reader.record(&object, id)?.is_some() {
            let message =
                format!("there is a `{object}` {id} already; edit it, or leave the id out");
            return Err(Refusal::rule("already_exists", message).about("id"));
        }
        Ok(Record {
            object,
            id,
            values: Values::new(),
            stamp: None,
        })
    }

    /// The record with this id, which must be here.
    pub(super) fn present(&self, descriptor: &Descriptor, id: RecordId) -> Result<Record, Refusal> {
        let object = &descriptor.object;
        self.reader.record(object, id)?.ok_or_else(|| {
            let message =
                format!("there is no `{object}` {id} here; sync, or choose one from the list");
            Refusal::not_found("unknown_record", message).about("id")
        })
    }

    /// Refuses values that name a record that is not here.
    pub(super) fn references(
        &self,
        descriptor: &Descriptor,
        values: &Values,
    ) -> Result<(), Refusal> {
        let field = |path: &str| values::field(descriptor, path);
        let fields = values
            .iter()
            .filter_map(|(path, value)| Some((path.as_str(), field(path)?, value)));
        values::check_references(self.registry, self.reader, fields)
    }
}
