//! Joins what the areas of `rules` hand out, and looks it up by name: guards, rules, judges,
//! questions, proofs. It does not know what any of them does.

use serde_json::{Map, Value as Json};

use super::named::{Guard, Judge, Question, Rule, named};
use super::proof::Proof;
use super::refusal::Refusal;
use super::rules::{figures, flow, goods, party, sell, shelf, visit};
use super::situation::Situation;
use super::{spelling, waiting};
use crate::base::context::{Context, Role};
use crate::base::country::Country;
use crate::objects::check::{Names, Problem};
use crate::objects::descriptor::Verb;
use crate::objects::{ReadError, Reader, Record, Registry, Value, Values, Write};

const GUARDS: &[&[(&str, Guard)]] = &[goods::GUARDS, party::GUARDS, sell::GUARDS, visit::GUARDS];
/// Guards whose answer depends on the record alone, as its writer saw it: the server asks them
/// again.
const ALONE: &[&[&str]] = &[visit::ALONE];
const RULES: &[&[(&str, Rule)]] = &[party::RULES, sell::RULES, shelf::RULES, visit::RULES];
const JUDGES: &[&[(&str, Judge)]] = &[sell::JUDGES];
const QUESTIONS: &[&[(&str, Question)]] = &[
    GENERAL,
    figures::QUESTIONS,
    goods::QUESTIONS,
    sell::QUESTIONS,
    visit::QUESTIONS,
];
/// Questions that are about no object in particular.
const GENERAL: &[(&str, Question)] = &[("waiting", waiting::asked)];
const PROOFS: &[&[Proof]] = &[sell::PROOFS, shelf::PROOFS, visit::PROOFS];

/// The guard of this name. A device that lacks it is too old for the descriptor.
pub fn guard(name: &str) -> Result<Guard, Refusal> {
    named(GUARDS, name)
}

/// Asks those of a verb's guards again that look at the record alone: what they said on a phone
/// they say on the server, however late.
pub fn ask_alone(verb: &Verb, situation: &Situation<'_>) -> Result<(), Refusal> {
    for name in &verb.guards {
        if ALONE.iter().any(|area| area.contains(&name.as_str())) {
            guard(name)?(situation)?;
        }
    }
    Ok(())
}

/// The rule of this name. A device that lacks it is too old for the descriptor.
pub fn rule(name: &str) -> Result<Rule, Refusal> {
    named(RULES, name)
}

/// The question of this name.
pub fn question(name: &str) -> Result<Question, Refusal> {
    let known = each(QUESTIONS);
    if known.contains(&name) {
        return named(QUESTIONS, name);
    }
    let offer = spelling::offer(name, known.into_iter());
    let message = format!("there is no question `{name}`; {offer}");
    Err(Refusal::bad_input("unknown_question", message).about("question"))
}

/// What is said with a question, read from a JSON object of texts, numbers and yes or no.
pub fn said_with(json: &str) -> Result<Values, Refusal> {
    let wrong = || {
        let message = "what is said with a question is a JSON object, such as {\"id\": \"..\"}";
        Refusal::bad_input("bad_json", message)
    };
    let said: Map<String, Json> = serde_json::from_str(json).map_err(|_| wrong())?;
    let mut values = Values::new();
    for (name, json) in said {
        let value = Value::from_json(&json).ok_or_else(|| wrong().about(name.as_str()))?;
        if !value.is_null() {
            values.insert(name, value);
        }
    }
    Ok(values)
}

/// What shows that an action of this kind was done, if records can.
#[must_use]
pub fn proof(kind: &str) -> Option<&'static Proof> {
    PROOFS
        .iter()
        .copied()
        .flatten()
        .find(|proof| proof.kind == kind)
}

/// The built-in role that a role is, or is like; itself where nobody says.
pub fn rank(reader: &dyn Reader, role: &Role) -> Result<Role, Refusal> {
    Ok(party::role::rank(reader, role)?)
}

/// Whether the server may take in a change; the situation's record is as it was before, its input
/// what is written.
pub fn may_take_in(situation: &Situation<'_>) -> Result<(), Refusal> {
    for name in &situation.descriptor.admit {
        guard(name)?(situation)?;
    }
    Ok(())
}

/// The judge of this name. A device that lacks it is too old for the descriptor.
pub fn judge(name: &str) -> Result<Judge, Refusal> {
    named(JUDGES, name)
}

/// The row that says that something happened which broke a bound.
#[must_use]
pub fn flag(about: &Record, broken: &Refusal, context: &Context) -> Write {
    flow::flag(about, broken, context)
}

/// The names of guards, rules and judges that descriptors may use.
#[must_use]
pub fn names() -> Names {
    Names {
        guards: each(GUARDS),
        rules: each(RULES),
        judges: each(JUDGES),
    }
}

fn each<T>(areas: &[&'static [(&'static str, T)]]) -> Vec<&'static str> {
    let mut names = Vec::new();
    for area in areas {
        names.extend(area.iter().map(|(name, _)| *name));
    }
    // The tables of areas follow each other; one list of names is in order.
    names.sort_unstable();
    names
}

/// The objects that come with this version, checked against the guards and rules that it has.
pub fn registry() -> Result<Registry, Vec<Problem>> {
    Registry::built_in(&names())
}

/// The country in which the company dials; none until it says so.
pub fn country(reader: &dyn Reader) -> Result<Option<Country>, ReadError> {
    party::company::country(reader)
}
