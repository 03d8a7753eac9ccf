//! Whether a write may become true: one check for documents, facts and rows, on phone and server.
//! It looks at the record as its writer saw it, so that honest work from long ago still merges. It
//! does not know who asks, nor how a write is stored or sent.

use super::ledger::{Ledger, post};
use super::refusal::Refusal;
use super::rights::Decider;
use super::situation::Situation;
use super::{require, table, values};
use crate::base::context::Place;
use crate::objects::Right;
use crate::objects::descriptor::{Descriptor, Verb};
use crate::objects::{Kind, Record, Value};

/// A write that wants to become true. The situation's record is as its writer saw it, its input
/// what is written.
pub struct Admission<'a> {
    /// The record, the write, who and where.
    pub situation: &'a Situation<'a>,
    /// The verb of the object that it was done by; none if it does not say.
    pub verb: Option<&'a str>,
    /// The states that stood for its writer: several where two people disagree, none if the record
    /// begins with it.
    pub states: &'a [Value],
}

impl Admission<'_> {
    /// Refuses what no verb of this role does, what would lack something, what names records that
    /// are not there, and what the object's own guards are against. Rights on fields were asked
    /// before: `Decider::may_write`.
    pub fn check(&self) -> Result<(), Refusal> {
        let situation = self.situation;
        let right = Decider::of(situation).right(situation.descriptor);
        self.verbs(&right)?;
        self.numbers()?;
        self.complete()?;
        self.references()?;
        self.unique()?;
        self.posts()?;
        table::may_take_in(situation)
    }

    /// A human number is given once, where the record is made.
    fn numbers(&self) -> Result<(), Refusal> {
        let Situation {
            descriptor, input, ..
        } = *self.situation;
        for (name, field) in &descriptor.fields {
            if field.number.is_some() && !self.situation.new && input.contains_key(name) {
                let message = format!("the number of a `{}` stays as it is", descriptor.object);
                return Err(Refusal::rule("number_stays", message).about(name.as_str()));
            }
        }
        Ok(())
    }

    /// A record is made, and moved through its states, by verbs that the role may do.
    fn verbs(&self, right: &Right) -> Result<(), Refusal> {
        let descriptor = self.situation.descriptor;
        if let Some(name) = self.verb {
            if !descriptor.verbs.contains_key(name) {
                let message = format!("a `{}` has no verb `{name}`", descriptor.object);
                return Err(Refusal::bad_input("unknown_command", message).about("do"));
            }
            Decider::of(self.situation).may_do(descriptor, name)?;
        }
        if let Some(verb) = self.verb.and_then(|name| descriptor.verbs.get(name)) {
            self.ask_again(verb)?;
        }
        self.made(right)?;
        self.moved(right)
    }

    /// What is made by verbs alone is made by one of them.
    fn made(&self, right: &Right) -> Result<(), Refusal> {
        let descriptor = self.situation.descriptor;
        let makers = descriptor.verbs.iter().filter(|(_, verb)| verb.creates);
        let is_bound = self.situation.new && descriptor.made_by_verbs && makers.clone().count() > 0;
        if !is_bound {
            return Ok(());
        }
        let mut refused = None;
        for (name, verb) in makers {
            if self.was_done(right, name, verb) {
                match self.ask_again(verb) {
                    Ok(()) => return Ok(()),
                    Err(refusal) => refused = Some(refusal),
                }
            }
        }
        Err(refused.unwrap_or_else(|| self.may_not_make()))
    }

    fn may_not_make(&self) -> Refusal {
        let descriptor = self.situation.descriptor;
        let object = &descriptor.object;
        let message = format!(
            "a {} may not make a `{object}`; ask someone who may",
            self.situation.context.role.name()
        );
        Refusal::rule("not_allowed", message)
    }

    /// What a verb asked where it was done and can be asked of the record that its writer saw.
    fn ask_again(&self, verb: &Verb) -> Result<(), Refusal> {
        table::ask_alone(verb, self.situation)?;
        require::ask_again(verb, self.situation)
    }

    /// The state moves along the edges of verbs, from what its writer saw.
    fn moved(&self, right: &Right) -> Result<(), Refusal> {
        let descriptor = self.situation.descriptor;
        let Some(lifecycle) = &descriptor.lifecycle else {
            return Ok(());
        };
        let Some(to) = self.situation.input.get(&lifecycle.field) else {
            return Ok(());
        };
        let starts = self.states.is_empty();
        let stays = self.states.contains(to);
        if stays || (starts && to.text() == Some(&lifecycle.start)) {
            return Ok(());
        }
        let mut refused = None;
        for (name, verb) in &descriptor.verbs {
            let leads = verb.to.as_deref() == to.text() && to.text().is_some();
            let begins = if starts {
                verb.creates
            } else {
                self.states
                    .iter()
                    .any(|from| starts_from(descriptor, verb, from))
            };
            if leads && begins && self.was_done(right, name, verb) {
                match self.ask_again(verb) {
                    Ok(()) => return Ok(()),
                    Err(refusal) => refused = Some(refusal),
                }
            }
        }
        Err(refused.unwrap_or_else(|| no_such_move(descriptor, self.states, to)))
    }

    fn was_done(&self, right: &Right, name: &str, verb: &Verb) -> bool {
        let is_it = self.verb.is_none_or(|said| said == name) || verb.to.is_none();
        is_it && right.may_do(name)
    }

    /// What was missing before (an older version did not ask for it) stops nobody.
    fn complete(&self) -> Result<(), Refusal> {
        let (descriptor, before) = (self.situation.descriptor, self.situation.record);
        let after = values::after(before, self.situation.input);
        let mut missing = values::missing(descriptor, &after);
        if !self.situation.new {
            let already = values::missing(descriptor, before);
            missing.retain(|path| !already.contains(path));
        }
        values::say_required(missing.into_iter().collect())?;
        if descriptor.kind == Kind::Row {
            values::check_shares(descriptor, &after)?;
        }
        Ok(())
    }

    /// A fact that moves pots moves those that are kept, by amounts that can be read. Bounds are no
    /// matter: it happened. A device may not hold the pots, so that the server alone asks.
    fn posts(&self) -> Result<(), Refusal> {
        let Situation {
            registry,
            descriptor,
            reader,
            input,
            id,
            context,
            ..
        } = *self.situation;
        let moves = descriptor.kind == Kind::Fact && !descriptor.posts.is_empty();
        if !moves || context.place != Place::Server {
            return Ok(());
        }
        let fact = Record {
            object: descriptor.object.clone(),
            id,
            values: input.clone(),
            stamp: None,
        };
        let ledger = Ledger {
            registry,
            reader,
            asker: id,
            granted: &[],
        };
        post(&ledger, descriptor, &fact).map(drop)
    }

    /// What no two rows have alike is given once.
    fn unique(&self) -> Result<(), Refusal> {
        let Situation {
            descriptor,
            record,
            input,
            reader,
            ..
        } = *self.situation;
        for fields in &descriptor.unique {
            if !fields.iter().any(|field| input.contains_key(field)) {
                continue;
            }
            let after = values::after(record, input);
            let value = |field: &String| after.value(field).clone();
            let wanted: Vec<(&str, Value)> = fields
                .iter()
                .map(|field| (field.as_str(), value(field)))
                .collect();
            let others = reader.find(&descriptor.object, &wanted)?;
            if let Some(other) = others.iter().find(|other| other.id != record.id) {
                let message = format!(
                    "there is a {} with this {} already: {}; change that one",
                    descriptor.label.to_lowercase(),
                    fields.join(" and "),
                    other.id
                );
                let refusal = Refusal::rule("exists", message).with("id", other.id.to_string());
                return Err(fields
                    .iter()
                    .fold(refusal, |refusal, field| refusal.about(field)));
            }
        }
        Ok(())
    }

    fn references(&self) -> Result<(), Refusal> {
        let Situation {
            registry,
            descriptor,
            record,
            input,
            reader,
            ..
        } = *self.situation;
        let mut named = Vec::new();
        for (path, value) in input {
            if let Some(field) = values::field(descriptor, path)
                && record.value(path) != value
            {
                named.push((path.as_str(), field, value));
            }
        }
        values::check_references(registry, reader, named.into_iter())
    }
}

/// Whether a verb may begin at this state; a record without one is at the start.
fn starts_from(descriptor: &Descriptor, verb: &Verb, state: &Value) -> bool {
    let start = descriptor.lifecycle.as_ref().map(|of| of.start.as_str());
    let state = state.text().or(start);
    verb.from.is_empty() || verb.from.iter().any(|from| Some(from.as_str()) == state)
}

fn no_such_move(descriptor: &Descriptor, from: &[Value], to: &Value) -> Refusal {
    let field = descriptor
        .lifecycle
        .as_ref()
        .map_or("", |lifecycle| lifecycle.field.as_str());
    let from: Vec<&str> = from.iter().filter_map(Value::text).collect();
    let (from, to) = (from.join(" or "), to.text().unwrap_or("nothing"));
    let was = if from.is_empty() {
        "does not begin as".to_owned()
    } else {
        format!("does not go from {from} to")
    };
    let verbs: Vec<&str> = descriptor.verbs.keys().map(String::as_str).collect();
    let message = format!(
        "a `{}` {was} {to} by what you may do; use its verbs: {}",
        descriptor.object,
        verbs.join(", ")
    );
    Refusal::rule("no_such_move", message)
        .about(field)
        .with("from", from)
        .with("to", to)
}

/// The states that a record shows to who asks now: one, or none if it begins.
pub(super) fn states_of(descriptor: &Descriptor, record: &Record, new: bool) -> Vec<Value> {
    match &descriptor.lifecycle {
        Some(lifecycle) if !new => vec![record.value(&lifecycle.field).clone()],
        Some(_) | None => Vec::new(),
    }
}
