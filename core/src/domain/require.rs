//! Asks what a verb requires of its record: where the verb is done, and again where its work is
//! taken in; and what a verdict requires of its document. It does not know what a condition looks
//! at.

use std::borrow::Cow;

use super::condition::{ConditionGround, FailedTest};
use super::refusal::{Refusal, RefusalKind};
use super::situation::Situation;
use super::values;
use crate::objects::descriptor::Verb;
use crate::objects::{Record, Requirement, Values};

/// Asks everything that a verb requires. The situation's record is as it was before, its input what
/// was handed in.
pub(super) fn ask(verb: &Verb, situation: &Situation<'_>) -> Result<(), Refusal> {
    each(verb, situation, |_| true)
}

/// Asks what the server asks again. The situation's record is as its writer saw it, its input what
/// is written: of that only what the verb takes is laid over the record, so that nobody makes a
/// condition hold by the very change that needs it.
pub(super) fn ask_again(verb: &Verb, situation: &Situation<'_>) -> Result<(), Refusal> {
    each(verb, situation, Requirement::is_asked_again)
}

fn each(
    verb: &Verb,
    situation: &Situation<'_>,
    is_asked: impl Fn(&Requirement) -> bool,
) -> Result<(), Refusal> {
    if verb.require.is_empty() {
        return Ok(());
    }
    let record = with_inputs(verb, situation);
    let asked = verb.require.iter().filter(|of| is_asked(of));
    of_record(asked, &record, situation)
}

/// Asks what is required of a document before its judge is. The situation's record is as it asks.
pub(super) fn ask_of(require: &[Requirement], situation: &Situation<'_>) -> Result<(), Refusal> {
    let at_once = require.iter().filter(|of| !of.waits);
    of_record(at_once, situation.record, situation)
}

/// For what a verdict on the situation's record waits, if it does.
pub(super) fn waits_for(
    require: &[Requirement],
    situation: &Situation<'_>,
) -> Result<Option<Refusal>, Refusal> {
    let later = require.iter().filter(|of| of.waits);
    match of_record(later, situation.record, situation) {
        Ok(()) => Ok(None),
        Err(refusal) if refusal.kind == RefusalKind::Broken => Err(refusal),
        Err(refusal) => Ok(Some(refusal)),
    }
}

fn of_record<'a>(
    require: impl Iterator<Item = &'a Requirement>,
    record: &Record,
    situation: &Situation<'_>,
) -> Result<(), Refusal> {
    let ground = ConditionGround {
        registry: situation.registry,
        descriptor: situation.descriptor,
        record,
        reader: situation.reader,
        context: situation.context,
    };
    for requirement in require {
        // Whoever runs the server is bound by rules and not by rights.
        if requirement.right && situation.context.is_operator() {
            continue;
        }
        if let Some(failed) = ground.failed(&requirement.condition)? {
            return Err(refused(requirement, failed));
        }
    }
    Ok(())
}

/// The record before the verb, with those of its inputs laid over it that are fields of it.
fn with_inputs<'a>(verb: &Verb, situation: &Situation<'a>) -> Cow<'a, Record> {
    let mut given = Values::new();
    for (name, value) in situation.input {
        let is_field = situation.descriptor.fields.contains_key(name);
        if is_field && verb.input.contains_key(name) && !value.is_null() {
            given.insert(name.clone(), value.clone());
        }
    }
    if given.is_empty() {
        return Cow::Borrowed(situation.record);
    }
    Cow::Owned(values::after(situation.record, &given))
}

fn refused(requirement: &Requirement, failed: FailedTest) -> Refusal {
    let FailedTest {
        path,
        test,
        wanted,
        is,
    } = failed;
    let refusal = Refusal::rule(&requirement.code, requirement.say.as_str())
        .with("test", test)
        .with("wanted", wanted)
        .with("is", is);
    match path {
        Some(path) => refusal.about(path),
        None => refusal,
    }
}
