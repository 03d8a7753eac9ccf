//! The one way from a command to writes: rights, forms, guards, what is required, and rules, in
//! that order.
//! `shape` knows what a write is made of; neither knows how writes are stored or sent.

use std::collections::BTreeMap;

use super::command::{Command, found_verb};
use super::decision::Decision;
use super::refusal::Refusal;
use super::rights::Decider;
use super::situation::Situation;
use super::table::{self, guard};
use super::{require, rights, rules, values};
use crate::base::context::Context;
use crate::base::id::RecordId;
use crate::objects::descriptor::{Descriptor, Field, Verb};
use crate::objects::{Reader, Record, Registry, Value, Values, Write};

/// Decides a command; the same arguments give the same decision on phone and server.
pub fn decide(
    command: &Command,
    registry: &Registry,
    reader: &dyn Reader,
    context: &Context,
) -> Result<Decision, Refusal> {
    let decider = Decider {
        registry,
        reader,
        context,
    };
    match command {
        Command::Add { object, id, fields } => {
            decider.add(rights::known(registry, object)?, *id, fields)
        }
        Command::Edit { object, id, fields } => {
            decider.edit(rights::known(registry, object)?, *id, fields)
        }
        Command::Perform { verb, id, input } => decider.perform(verb, *id, input),
        Command::Resolve { conflict, choice } => {
            rules::conflict::resolve(&decider, *conflict, choice)
        }
    }
}

impl Decider<'_> {
    fn add(
        &self,
        descriptor: &Descriptor,
        id: Option<RecordId>,
        fields: &Values,
    ) -> Result<Decision, Refusal> {
        self.may_be_written(descriptor, true)?;
        if descriptor.made_by_verbs {
            return Err(made_otherwise(descriptor));
        }
        let fields = self.with_phones(None, fields, |path| values::field(descriptor, path))?;
        values::check(descriptor, &fields)?;
        only_verbs(descriptor, &fields, true)?;
        self.may_change(descriptor, true, &fields)?;
        let before = self.blank(descriptor, id)?;
        let values = self.filled(descriptor, &before, fields)?;
        self.finish(descriptor, &before, true, values, None)
    }

    fn edit(
        &self,
        descriptor: &Descriptor,
        id: RecordId,
        fields: &Values,
    ) -> Result<Decision, Refusal> {
        self.may_be_written(descriptor, false)?;
        let before = self.present(descriptor, id)?;
        let field = |path: &str| values::field(descriptor, path);
        let fields = self.with_phones(Some(&before), fields, field)?;
        values::check(descriptor, &fields)?;
        only_verbs(descriptor, &fields, false)?;
        let mut changed = values::changes(&before, fields);
        values::check_lines(&before, &changed)?;
        values::fill_defaults(descriptor, &before, false, &mut changed);
        self.finish(descriptor, &before, false, changed, None)
    }

    fn perform(
        &self,
        name: &str,
        id: Option<RecordId>,
        input: &Values,
    ) -> Result<Decision, Refusal> {
        let (descriptor, verb) = found_verb(self.registry, name)?;
        let name = name.rsplit('.').next().unwrap_or(name);
        let input = with_defaults(verb, input);
        let input = self.with_phones(None, &input, |name| descriptor.input(verb, name))?;
        let (before, new) = self.subject(descriptor, name, verb, id, &input)?;
        self.may_be_written(descriptor, new)?;
        self.may_do(descriptor, name)?;
        self.may_change(descriptor, new, &Values::new())?;
        values::check_inputs(descriptor, name, verb, &input)?;
        if !new {
            check_state(descriptor, name, verb, &before)?;
        }
        let field = |name: &str| descriptor.input(verb, name);
        let fields = input
            .iter()
            .filter_map(|(name, value)| Some((name.as_str(), field(name)?, value)));
        values::check_references(self.registry, self.reader, fields)?;
        self.carry_out(name, verb, self.situation(descriptor, &before, new, &input))
    }

    /// The record that a verb is about, and whether the verb makes it.
    fn subject(
        &self,
        descriptor: &Descriptor,
        name: &str,
        verb: &Verb,
        id: Option<RecordId>,
        input: &Values,
    ) -> Result<(Record, bool), Refusal> {
        let id = id.or_else(|| derived(descriptor, verb, input));
        match (verb.creates, id) {
            (true, Some(id)) if !verb.id_of.is_empty() => {
                match self.reader.record(&descriptor.object, id)? {
                    Some(record) => Ok((record, false)),
                    None => Ok((self.blank(descriptor, Some(id))?, true)),
                }
            }
            (true, id) => Ok((self.blank(descriptor, id)?, true)),
            (false, Some(id)) => Ok((self.present(descriptor, id)?, false)),
            (false, None) => {
                let object = &descriptor.object;
                let message = format!("`{name}` needs the record: give its id as `{object}`");
                Err(Refusal::bad_input("required", message).about(object.as_str()))
            }
        }
    }

    /// Asks the guards and what is required, then joins state, inputs and what the rule says into
    /// one write a record.
    fn carry_out(
        &self,
        name: &str,
        verb: &Verb,
        situation: Situation<'_>,
    ) -> Result<Decision, Refusal> {
        let Situation {
            descriptor,
            record,
            new,
            input,
            ..
        } = situation;
        for guarding in &verb.guards {
            guard(guarding)?(&situation)?;
        }
        require::ask(verb, &situation)?;
        let is_field = |name: &str| descriptor.fields.contains_key(name);
        let given = input
            .iter()
            .filter(|(name, value)| is_field(name) && !value.is_null());
        let mut own: Values = given
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        if let (Some(to), Some(lifecycle)) = (&verb.to, &descriptor.lifecycle) {
            own.insert(lifecycle.field.clone(), Value::from(to.as_str()));
        }
        let ruled = verb
            .rule
            .as_deref()
            .map(table::rule)
            .transpose()?
            .map_or(Ok(Vec::new()), |rule| rule(&situation))?;
        let mut others: BTreeMap<(String, RecordId), Write> = BTreeMap::new();
        for write in ruled {
            if (write.object.as_str(), write.id) == (descriptor.object.as_str(), record.id) {
                own.extend(write.values);
            } else {
                let joined = others.entry((write.object.clone(), write.id));
                joined
                    .and_modify(|before| before.values.extend(write.values.clone()))
                    .or_insert(write);
            }
        }
        if new {
            own = self.filled(descriptor, record, own)?;
        }
        let mut decision = self.finish(descriptor, record, new, own, Some(name))?;
        for mut write in others.into_values() {
            let descriptor = rights::known(self.registry, &write.object)?;
            write.values = values::in_form(descriptor, write.values);
            self.may_write(&write.object, write.new, &write.values)?;
            decision.writes.push(write);
        }
        Ok(decision)
    }
}

fn made_otherwise(descriptor: &Descriptor) -> Refusal {
    let object = &descriptor.object;
    let verbs: Vec<&str> = descriptor
        .verbs
        .iter()
        .filter(|(_, verb)| verb.creates)
        .map(|(name, _)| name.as_str())
        .collect();
    let how = if verbs.is_empty() {
        "what it follows from".to_owned()
    } else {
        format!("`{}`", verbs.join("` or `"))
    };
    Refusal::rule(
        "only_verbs",
        format!("a `{object}` is not added by itself; it is made by {how}"),
    )
    .about("object")
}

/// Refuses to write the state by hand; a new record may say what it begins with anyway.
fn only_verbs(descriptor: &Descriptor, fields: &Values, new: bool) -> Result<(), Refusal> {
    let Some(lifecycle) = &descriptor.lifecycle else {
        return Ok(());
    };
    let Some(state) = fields.get(&lifecycle.field) else {
        return Ok(());
    };
    if new && state.text() == Some(&lifecycle.start) {
        return Ok(());
    }
    let verbs: Vec<&str> = descriptor.verbs.keys().map(String::as_str).collect();
    let (field, object) = (&lifecycle.field, &descriptor.object);
    let message = format!(
        "only verbs write `{field}` of a `{object}`: {}",
        verbs.join(", ")
    );
    Err(Refusal::rule("only_verbs", message).about(field.as_str()))
}

/// Refuses a verb in a state that it does not start from.
fn check_state(
    descriptor: &Descriptor,
    name: &str,
    verb: &Verb,
    before: &Record,
) -> Result<(), Refusal> {
    let Some(lifecycle) = &descriptor.lifecycle else {
        return Ok(());
    };
    let state = before.text(&lifecycle.field).unwrap_or(&lifecycle.start);
    if verb.from.is_empty() || verb.from.iter().any(|from| from == state) {
        return Ok(());
    }
    let (object, from) = (&descriptor.object, verb.from.join(" or "));
    let message = format!("the `{object}` is {state}; `{name}` is done while it is {from}");
    Err(Refusal::rule("wrong_state", message)
        .about(lifecycle.field.as_str())
        .with("state", state))
}

/// Whether a verb of this object derives this id from what a record begins with.
#[must_use]
pub fn derives(descriptor: &Descriptor, id: RecordId, values: &Values) -> bool {
    let mut makers = descriptor.verbs.values().filter(|verb| verb.creates);
    makers.any(|verb| derived(descriptor, verb, values) == Some(id))
}

/// The id that everybody derives alike who hands in the same.
fn derived(descriptor: &Descriptor, verb: &Verb, input: &Values) -> Option<RecordId> {
    input
        .get(verb.id_of.first()?)
        .filter(|value| !value.is_null())?;
    let text = |name: &String| match input.get(name) {
        Some(Value::Text(text)) => text.clone(),
        None | Some(Value::Null) => String::new(),
        Some(value @ (Value::Bool(_) | Value::Int(_))) => value.to_json().to_string(),
    };
    let parts: Vec<String> = std::iter::once(descriptor.object.clone())
        .chain(verb.id_of.iter().map(text))
        .collect();
    let parts: Vec<&[u8]> = parts.iter().map(String::as_bytes).collect();
    Some(RecordId::derived(&parts))
}

/// What was handed in, and for the rest what a verb takes if nobody says otherwise.
fn with_defaults(verb: &Verb, input: &Values) -> Values {
    let mut input = input.clone();
    let default = |(name, field): (&String, &Field)| Some((name.clone(), field.default.clone()?));
    for (name, value) in verb.input.iter().filter_map(default) {
        input.entry(name).or_insert(value);
    }
    input
}
