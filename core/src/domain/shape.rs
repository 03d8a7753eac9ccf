//! What one write is made of: the record before, what a new one has by itself, and the check of
//! what is left to write. It does not know which command asks.

use super::admit::{Admission, states_of};
use super::decision::Decision;
use super::refusal::Refusal;
use super::rights::{Decider, OWNER};
use super::situation::Situation;
use super::{table, values, verdict};
use crate::base::id::{RecordId, UserId};
use crate::objects::descriptor::Descriptor;
use crate::objects::number::SeriesNumber;
use crate::objects::{FieldKind, Record, Value, Values, Write};

impl<'a> Decider<'a> {
    /// Who wants what a situation is about.
    #[must_use]
    pub fn of(situation: &Situation<'a>) -> Decider<'a> {
        Decider {
            registry: situation.registry,
            reader: situation.reader,
            context: situation.context,
        }
    }

    /// A write of these values to a record, as guards look at it.
    #[must_use]
    pub fn situation(
        &self,
        descriptor: &'a Descriptor,
        record: &'a Record,
        new: bool,
        input: &'a Values,
    ) -> Situation<'a> {
        Situation {
            registry: self.registry,
            descriptor,
            record,
            new,
            id: record.id,
            input,
            reader: self.reader,
            context: self.context,
            foresees: false,
            proofs: table::proof,
        }
    }
}

impl Decider<'_> {
    /// Drops what does not change, then checks right and required fields of what is left.
    pub(super) fn finish(
        &self,
        descriptor: &Descriptor,
        before: &Record,
        new: bool,
        values: Values,
        verb: Option<&str>,
    ) -> Result<Decision, Refusal> {
        let id = before.id;
        let values = values::changes(before, values::in_form(descriptor, values));
        if values.is_empty() && !new {
            return Ok(Decision {
                id,
                writes: Vec::new(),
                resolves: None,
                asks: Vec::new(),
            });
        }
        let mut values = values;
        values::check(descriptor, &values)?;
        self.may_change(descriptor, new, &values)?;
        let asks = verdict::foresee(self, descriptor, before, &mut values)?;
        let admission = Admission {
            situation: &self.situation(descriptor, before, new, &values),
            verb,
            states: &states_of(descriptor, before, new),
        };
        admission.check()?;
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
                verb: verb.map(str::to_owned),
            }],
            resolves: None,
            asks,
        })
    }

    /// What a new record has beside what was said: defaults, the first state, its owner.
    pub(super) fn filled(
        &self,
        descriptor: &Descriptor,
        before: &Record,
        mut values: Values,
    ) -> Result<Values, Refusal> {
        values.retain(|_, value| !value.is_null());
        values::fill_defaults(descriptor, before, true, &mut values);
        if let Some(lifecycle) = &descriptor.lifecycle {
            values
                .entry(lifecycle.field.clone())
                .or_insert_with(|| Value::from(lifecycle.start.as_str()));
        }
        for (name, field) in &descriptor.fields {
            if let Some(number) = &field.number {
                let series = number.of(self.context.actor);
                let last = self.reader.last_number(&series)?;
                values.insert(name.clone(), SeriesNumber::after(&series, last).into());
            }
        }
        if descriptor
            .fields
            .get(OWNER)
            .is_some_and(|field| field.kind == FieldKind::Reference)
            && self.context.user != UserId::NOBODY
        {
            values
                .entry(OWNER.to_owned())
                .or_insert_with(|| Value::from(self.context.user.to_string()));
        }
        Ok(values)
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
}
