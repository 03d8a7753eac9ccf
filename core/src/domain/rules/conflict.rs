//! Deciding a conflict: the chosen value is written and the choice is kept as a fact.
//! It does not know how competing values are found, nor how writing closes them.

use std::collections::BTreeMap;

use crate::base::context::Context;
use crate::base::id::{ActorId, ConflictId, UserId};
use crate::domain::command::Choice;
use crate::domain::decision::Decision;
use crate::domain::refusal::Refusal;
use crate::domain::rights::{self, Decider};
use crate::domain::rules::names::CONFLICT_RESOLUTION;
use crate::domain::rules::party::author;
use crate::domain::values;
use crate::objects::descriptor::Descriptor;
use crate::objects::{Conflict, ConflictState, Reader, Record, Side, Value, Values, Write};

/// Whether a record is the fact of a decision.
#[must_use]
pub fn is_decision(record: &Record) -> bool {
    record.object == CONFLICT_RESOLUTION
}

/// The conflict that a record decides, if it is the fact of a decision.
#[must_use]
pub fn closes(record: &Record) -> Option<ConflictId> {
    is_decision(record)
        .then(|| record.text("conflict")?.parse().ok())
        .flatten()
}

/// The value that the fact of a decision says was chosen.
#[must_use]
pub fn chose(record: &Record) -> Option<Value> {
    Value::from_json(&serde_json::from_str(record.text("value_json")?).ok()?)
}

/// Writes the chosen value, even if it shows already: the write closes the competing ones.
pub fn resolve(
    decider: &Decider<'_>,
    id: ConflictId,
    choice: &Choice,
) -> Result<Decision, Refusal> {
    let Decider {
        registry,
        reader,
        context,
    } = *decider;
    let conflict = open(id, reader)?;
    let descriptor = rights::known(registry, &conflict.object)?;
    let Some(record) = reader.record(&conflict.object, conflict.record)? else {
        let message = format!(
            "the `{}` {} is not here; sync first",
            conflict.object, conflict.record
        );
        return Err(Refusal::not_found("unknown_record", message));
    };
    let value = chosen(&conflict, choice, reader, context)?;
    let value = values::tidy(values::field(descriptor, &conflict.path), value);
    let written = Values::from([(conflict.path.clone(), value.clone())]);
    check(decider, descriptor, &record, &written)?;
    let resolution = rights::known(registry, CONFLICT_RESOLUTION)?;
    let fact = fact(&conflict, choice, &value, context);
    decider.may_change(resolution, true, &fact.values)?;
    let (object, record) = (conflict.object, conflict.record);
    let writes = vec![
        Write {
            object,
            id: record,
            new: false,
            values: written,
            verb: None,
        },
        fact,
    ];
    Ok(Decision {
        id: record,
        writes,
        resolves: Some(id),
        asks: Vec::new(),
    })
}

fn open(id: ConflictId, reader: &dyn Reader) -> Result<Conflict, Refusal> {
    let Some(conflict) = reader.conflict(id)? else {
        let message = format!("there is no conflict {id} here; look at the list of conflicts");
        return Err(Refusal::not_found("unknown_conflict", message).about("conflict"));
    };
    match conflict.state {
        ConflictState::Open => Ok(conflict),
        ConflictState::Resolved | ConflictState::Superseded => {
            let state = conflict.state.name();
            let message =
                format!("conflict {id} is {state}; look at the list of conflicts for open ones");
            Err(Refusal::rule("conflict_not_open", message)
                .about("conflict")
                .with("state", state))
        }
    }
}

/// The value that the person chose.
fn chosen(
    conflict: &Conflict,
    choice: &Choice,
    reader: &dyn Reader,
    context: &Context,
) -> Result<Value, Refusal> {
    let authors = authors(conflict, reader, context)?;
    let mine = conflict.mine(context.user, |actor| authors.get(&actor).copied());
    let Some(mine) = mine else {
        return Err(Refusal::rule(
            "conflict_empty",
            "the conflict holds no values; sync first",
        ));
    };
    match choice {
        Choice::Mine => Ok(mine.value.clone()),
        Choice::Theirs => theirs(conflict, mine),
        Choice::Value(value) => Ok(value.clone()),
    }
}

/// The other side's value, unless there are several to choose from.
fn theirs(conflict: &Conflict, mine: &Side) -> Result<Value, Refusal> {
    let mut others: Vec<&Value> = Vec::new();
    for side in conflict
        .sides
        .iter()
        .filter(|side| side.operation != mine.operation)
    {
        if !others.contains(&&side.value) {
            others.push(&side.value);
        }
    }
    if let [only] = others[..] {
        return Ok(only.clone());
    }
    let values: Vec<String> = others
        .iter()
        .map(|value| value.to_json().to_string())
        .collect();
    let message = format!(
        "there are {} other values ({}); choose by {{\"value\": ..}}",
        others.len(),
        values.join(", ")
    );
    Err(Refusal::bad_input("several_theirs", message).about("choose"))
}

/// Who stands behind the actors of the competing values, as far as is known here.
fn authors(
    conflict: &Conflict,
    reader: &dyn Reader,
    context: &Context,
) -> Result<BTreeMap<ActorId, UserId>, Refusal> {
    let mut authors = BTreeMap::from([(context.actor, context.user)]);
    for side in &conflict.sides {
        if let Some(user) = author::author(reader, side.actor)?.and_then(|author| author.user) {
            authors.insert(side.actor, user);
        }
    }
    Ok(authors)
}

fn check(
    decider: &Decider<'_>,
    descriptor: &Descriptor,
    record: &Record,
    written: &Values,
) -> Result<(), Refusal> {
    decider.may_write(&descriptor.object, false, written)?;
    let missing = values::missing(descriptor, &values::after(record, written));
    values::say_required(
        missing
            .into_iter()
            .filter(|path| written.contains_key(path))
            .collect(),
    )
}

fn fact(conflict: &Conflict, choice: &Choice, value: &Value, context: &Context) -> Write {
    let text = |name: &str, value: String| (name.to_owned(), Value::Text(value));
    let values = Values::from([
        text("conflict", conflict.id.to_string()),
        text("of_object", conflict.object.clone()),
        text("record", conflict.record.to_string()),
        text("path", conflict.path.clone()),
        text("choice", choice.name().to_owned()),
        text("value_json", value.to_json().to_string()),
        text("owner", context.user.to_string()),
    ]);
    Write {
        object: CONFLICT_RESOLUTION.to_owned(),
        id: context.new_id(),
        new: true,
        values,
        verb: None,
    }
}
