//! What is claimed of the one field that two people changed without knowing of each other: all of
//! it is kept, both were shown it, and once one of them has chosen, it is closed everywhere. It
//! imports nothing of the core.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::case::{Checked, ProofCase, plain};
use super::evidence::{ConflictRow, EvidenceFile, bytes_of};
use super::ledger::{Expected, Rivals};

/// The object of which one record says what somebody chose.
const CHOICE: &str = "conflict_resolution";

/// The one field on which two people disagreed, by what they were answered.
fn rivalry(expected: &[Expected]) -> Result<(&Expected, &Rivals), String> {
    let all: Vec<_> = expected
        .iter()
        .flat_map(|of| of.rivals.iter().map(move |rivals| (of, rivals)))
        .collect();
    match all.as_slice() {
        [one] => Ok(*one),
        other => Err(format!(
            "{} fields have rivals by what was answered; the story has one",
            other.len()
        )),
    }
}

/// The one conflict of a file.
fn conflict(file: &EvidenceFile<'_>) -> Result<ConflictRow, String> {
    let mut conflicts = file.conflicts()?;
    match (conflicts.pop(), conflicts.len()) {
        (Some(conflict), 0) => Ok(conflict),
        (found, more) => Err(format!(
            "{} has {} conflicts; one is due",
            file.name,
            more + usize::from(found.is_some())
        )),
    }
}

/// Exactly one conflict lies in each file that knows the record, with base, both values and both
/// writers.
pub(crate) fn kept(case: &ProofCase<'_>, expected: &[Expected]) -> Checked {
    let (record, rivals) = rivalry(expected)?;
    let mut files = 0;
    for file in case.holding(&record.by) {
        let conflict = conflict(file)?;
        let about = (conflict.record.as_str(), conflict.path.as_str());
        if about != (record.id.as_str(), rivals.path.as_str()) {
            return Err(format!("{} has a conflict about {about:?}", file.name));
        }
        for value in rivals
            .by
            .values()
            .chain([&rivals.base])
            .filter_map(Json::as_str)
        {
            if !holds(&conflict, value.as_bytes()) {
                return Err(format!(
                    "the conflict in {} has lost the value {value}",
                    file.name
                ));
            }
        }
        let names = writers(file, &conflict)?;
        if !names.iter().eq(rivals.by.keys()) {
            return Err(format!(
                "the conflict in {} was written by {names:?}",
                file.name
            ));
        }
        files += 1;
    }
    let by: Vec<String> = rivals
        .by
        .iter()
        .map(|(who, value)| format!("{who} {}", plain(value)))
        .collect();
    Ok(format!(
        "one conflict, whole in each of the {files} files that know of it: {} of {}, base {}, {}",
        rivals.path,
        record.values.get("name").map(plain).unwrap_or_default(),
        plain(&rivals.base),
        by.join(", ")
    ))
}

/// Texts and ids stand in a conflict's body as they are.
fn holds(conflict: &ConflictRow, bytes: &[u8]) -> bool {
    conflict
        .body
        .windows(bytes.len().max(1))
        .any(|part| part == bytes)
}

/// Names of the people behind the actors that a conflict names.
fn writers(file: &EvidenceFile<'_>, conflict: &ConflictRow) -> Result<BTreeSet<String>, String> {
    let people = file.records("user")?;
    let actors = file.records("actor")?;
    let named = actors
        .iter()
        .filter(|(actor, _)| holds(conflict, &bytes_of(actor)));
    let names = named.filter_map(|(_, row)| {
        people
            .get(row.get("user")?.as_str()?)?
            .get("name")
            .map(plain)
    });
    Ok(names.collect())
}

/// While it was open, each phone showed its owner's value as mine and the other's as theirs, both
/// with names.
pub(crate) fn shown(case: &ProofCase<'_>, expected: &[Expected]) -> Checked {
    let (record, rivals) = rivalry(expected)?;
    for phone in case
        .phones
        .iter()
        .filter(|phone| record.by.contains(phone.who))
    {
        let shown = phone
            .conflicts_before
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        let [conflict] = shown else {
            return Err(format!(
                "{}'s phone showed {} conflicts; one was due",
                phone.who,
                shown.len()
            ));
        };
        let side = |side: &str| {
            (
                plain(&conflict[side]["by"]["name"]),
                conflict[side]["value"].clone(),
            )
        };
        let wanted: Vec<(String, Json)> = rivals
            .by
            .iter()
            .map(|(who, value)| (who.clone(), value.clone()))
            .collect();
        let mine = wanted.iter().find(|(who, _)| who == phone.who);
        let theirs = wanted.iter().find(|(who, _)| who != phone.who);
        let is_right = conflict["record"] == record.id.as_str()
            && conflict["base"] == rivals.base
            && Some(&side("mine")) == mine
            && Some(&side("theirs")) == theirs;
        if !is_right {
            return Err(format!(
                "{}'s phone showed the conflict as {conflict}",
                phone.who
            ));
        }
    }
    let told = "both phones showed it: one's own value as mine, the other's as theirs, \
                each with its writer's name";
    Ok(told.to_owned())
}

/// It is closed in each file, one fact says who chose what, and no phone shows it any more.
pub(crate) fn closed(case: &ProofCase<'_>, expected: &[Expected]) -> Checked {
    let (record, rivals) = rivalry(expected)?;
    let Some(chosen) = &rivals.chosen else {
        return Err("nobody has chosen".to_owned());
    };
    for file in case.holding(&record.by) {
        let state = conflict(file)?.state;
        if state != "resolved" {
            return Err(format!("the conflict in {} is {state}", file.name));
        }
    }
    for file in case.files() {
        let choices = file.records(CHOICE)?;
        let [choice] = choices.values().collect::<Vec<_>>()[..] else {
            return Err(format!(
                "{} has {} choices; one is due",
                file.name,
                choices.len()
            ));
        };
        let said = |name: &str| choice.get(name).map(plain).unwrap_or_default();
        let of = (said("record"), said("path"), said("value_json"));
        if of != (record.id.clone(), rivals.path.clone(), chosen.to_string()) {
            return Err(format!("{} has a choice of {of:?}", file.name));
        }
    }
    for phone in &case.phones {
        let open = phone.conflicts.as_array().map_or(0, Vec::len);
        if open > 0 {
            return Err(format!(
                "{}'s phone still shows {open} conflicts",
                phone.who
            ));
        }
    }
    Ok(format!(
        "it is closed: {} was chosen, one fact in each file says so, \
         and no phone shows it any more",
        plain(chosen)
    ))
}
