//! What the demo claims, each claim checked against files and REST answers by code of its own.
//! It imports nothing of the core, and does not know how what it checks came about.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use serde_json::Value as Json;

use super::digests::{self, differing};
use super::ledger::{self, Expected, Ledger, Values};
use super::proof::{Conflict, Replica, bytes_of, get};

/// Records of one page of a REST list.
const PAGE: usize = 1_000;

/// A phone and what its own commands say.
pub(super) struct Phone<'a> {
    /// Whose it is.
    pub(super) who: &'a str,
    /// The person's id.
    pub(super) user: String,
    /// Its database.
    pub(super) replica: Replica<'a>,
    /// Its access token.
    pub(super) token: String,
    /// Its digests, by its own word.
    pub(super) digest: Json,
    /// Its open conflicts, by its own word.
    pub(super) conflicts: Json,
}

/// All that the claims are about.
pub(super) struct Case<'a> {
    /// What commands answered.
    pub(super) ledger: &'a Ledger,
    /// The phones.
    pub(super) phones: Vec<Phone<'a>>,
    /// The server's own file of the tenant.
    pub(super) server_file: Replica<'a>,
    /// Where the server listens.
    pub(super) server: SocketAddr,
}

/// A claim in words with its numbers, or why it does not hold.
pub(super) struct Claim {
    /// Whether it holds.
    pub(super) holds: bool,
    /// The words.
    pub(super) text: String,
}

type Checked = Result<String, String>;

/// Checks all claims; each is checked whatever comes of the others.
pub(super) fn all(case: &Case<'_>) -> Vec<Claim> {
    let expected = case.ledger.expected();
    let mut checked = vec![
        kept(case, &expected),
        not_doubled(case, &expected),
        nothing_waits(case),
        one_conflict(case, &expected),
        both_named(case, &expected),
        merged(case, &expected),
    ];
    checked.extend(case.phones.iter().map(|phone| alike(case, phone)));
    let claim = |checked| match checked {
        Ok(text) => Claim { holds: true, text },
        Err(text) => Claim { holds: false, text },
    };
    checked.into_iter().map(claim).collect()
}

impl<'a> Case<'a> {
    fn replicas(&self) -> impl Iterator<Item = &Replica<'a>> {
        self.phones.iter().map(|phone| &phone.replica).chain([&self.server_file])
    }
}

fn first(problems: Vec<String>, what: &str) -> Result<(), String> {
    match problems.as_slice() {
        [] => Ok(()),
        [one] => Err(format!("{what}: {one}")),
        [one, more @ ..] => Err(format!("{what}: {one}; and {} more", more.len())),
    }
}

/// Every record that a command answered for is everywhere, with the values that were answered.
fn kept(case: &Case<'_>, expected: &[Expected]) -> Checked {
    let mut problems = Vec::new();
    let (mut values, mut places) = (0, 0);
    for replica in case.replicas() {
        places += 1;
        let mut by_object: BTreeMap<&str, BTreeMap<String, Values>> = BTreeMap::new();
        for record in expected {
            let records = match by_object.get(record.object.as_str()) {
                Some(records) => records,
                None => by_object.entry(&record.object).or_insert(replica.records(&record.object)?),
            };
            problems.extend(compare(record, records.get(&record.id), &replica.name));
            values += record.values.len() + record.rivals.len();
        }
    }
    for phone in &case.phones {
        places += 1;
        for record in expected {
            let found = get(case.server, &phone.token, &format!("/api/v1/{}/{}", record.object, record.id))?;
            let place = format!("GET as {}", phone.who);
            problems.extend(compare(record, Some(&ledger::values(&found)), &place));
            if record.provenance.as_ref().is_some_and(|of| *of != ledger::provenance(&found)) {
                problems.push(format!(
                    "{place}: {} {} was written by another or at another time",
                    record.object, record.id
                ));
            }
            values += record.values.len() + record.rivals.len();
        }
    }
    first(problems, "not all that was answered is kept")?;
    let (commands, records) = (case.ledger.commands(), expected.len());
    Ok(format!(
        "kept: {commands} commands answered for {records} records; all are in both phones' files, in the server's file, \
         and at GET for both reps ({places} places, {values} values compared)"
    ))
}

fn compare(record: &Expected, found: Option<&Values>, place: &str) -> Vec<String> {
    let name = format!("{place}: {} {}", record.object, record.id);
    let Some(found) = found else { return vec![format!("{name} is missing")] };
    let mut problems = Vec::new();
    let paths: BTreeSet<&String> = record.values.keys().chain(found.keys()).collect();
    for path in paths.into_iter().filter(|path| !record.rivals.iter().any(|rivals| rivals.path == **path)) {
        let (wanted, is) = (record.values.get(path), found.get(path));
        if wanted != is {
            problems.push(format!("{name}: {path} is {}, answered was {}", shown(is), shown(wanted)));
        }
    }
    for rivals in &record.rivals {
        let is = found.get(&rivals.path);
        if !rivals.by.values().any(|value| Some(value) == is) {
            problems.push(format!("{name}: {} is {}, which nobody wrote", rivals.path, shown(is)));
        }
    }
    problems
}

fn shown(value: Option<&Json>) -> String {
    value.map_or_else(|| "nothing".to_owned(), Json::to_string)
}

/// Each object that the reps made has the records that they made and not one more, everywhere.
fn not_doubled(case: &Case<'_>, expected: &[Expected]) -> Checked {
    let objects: BTreeSet<&str> = expected.iter().map(|record| record.object.as_str()).collect();
    let (mut counts, mut problems, mut places) = (Vec::new(), Vec::new(), 0);
    for object in objects {
        let made: BTreeSet<&String> =
            expected.iter().filter(|record| record.object == object).map(|record| &record.id).collect();
        counts.push(format!("{} {}s", made.len(), object.replace('_', "-")));
        let mut found: Vec<(String, Vec<String>)> = Vec::new();
        for replica in case.replicas() {
            found.push((replica.name.clone(), replica.records(object)?.into_keys().collect()));
        }
        for phone in &case.phones {
            let list = get(case.server, &phone.token, &format!("/api/v1/{object}?limit={PAGE}"))?;
            let ids = list.as_array().into_iter().flatten().filter_map(|record| record["id"].as_str());
            found.push((format!("GET as {}", phone.who), ids.map(str::to_owned).collect()));
        }
        places = found.len();
        for (place, ids) in found {
            if ids.len() != made.len() || ids.iter().any(|id| !made.contains(id)) {
                problems.push(format!("{place} has {} {object} records, the story has {}", ids.len(), made.len()));
            }
        }
    }
    first(problems, "something is doubled or missing")?;
    Ok(format!("nothing doubled: {} in the story, and the very same in each of {places} places", counts.join(", ")))
}

/// No work waits on a phone, and none was refused.
fn nothing_waits(case: &Case<'_>) -> Checked {
    let mut problems = Vec::new();
    for phone in &case.phones {
        for (table, what) in [("outbox", "unsent"), ("attention", "refused")] {
            let count = phone.replica.count(table, "true")?;
            if count > 0 {
                problems.push(format!("{} has {count} {what}", phone.replica.name));
            }
        }
    }
    let held = case.server_file.count("quarantine", "true")?;
    if held > 0 {
        problems.push(format!("the server has refused {held}"));
    }
    first(problems, "work waits")?;
    Ok("nothing waits: both outboxes are empty, and the server refused nothing".to_owned())
}

/// The one field on which two people disagree, by what they were answered.
fn rivalry(expected: &[Expected]) -> Result<(&Expected, &ledger::Rivals), String> {
    let all: Vec<_> = expected.iter().flat_map(|of| of.rivals.iter().map(move |rivals| (of, rivals))).collect();
    match all.as_slice() {
        [one] => Ok(*one),
        other => Err(format!("{} fields have rivals by what was answered; the story has one", other.len())),
    }
}

/// Exactly one conflict lies in each file, with base, both values and both writers.
fn one_conflict(case: &Case<'_>, expected: &[Expected]) -> Checked {
    let (record, rivals) = rivalry(expected)?;
    for replica in case.replicas() {
        let conflicts = replica.conflicts()?;
        let [conflict] = conflicts.as_slice() else {
            return Err(format!("{} has {} conflicts; one is due", replica.name, conflicts.len()));
        };
        let about = (conflict.record.as_str(), conflict.path.as_str(), conflict.state.as_str());
        if about != (record.id.as_str(), rivals.path.as_str(), "open") {
            return Err(format!("{} has a conflict about {about:?}", replica.name));
        }
        for value in rivals.by.values().chain([&rivals.base]).filter_map(Json::as_str) {
            if !holds(conflict, value.as_bytes()) {
                return Err(format!("the conflict in {} has lost the value {value}", replica.name));
            }
        }
        let names = writers(replica, conflict)?;
        if !names.iter().eq(rivals.by.keys()) {
            return Err(format!("the conflict in {} was written by {names:?}", replica.name));
        }
    }
    let by: Vec<String> = rivals.by.iter().map(|(who, value)| format!("{who} {}", plain(value))).collect();
    Ok(format!(
        "one conflict, open, in each of the 3 files: {} of {}, base {}, {}",
        rivals.path,
        record.values.get("name").map(plain).unwrap_or_default(),
        plain(&rivals.base),
        by.join(", ")
    ))
}

fn plain(value: &Json) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Texts and ids stand in a conflict's body as they are.
fn holds(conflict: &Conflict, bytes: &[u8]) -> bool {
    conflict.body.windows(bytes.len().max(1)).any(|part| part == bytes)
}

/// Names of the people behind the actors that a conflict names.
fn writers(replica: &Replica<'_>, conflict: &Conflict) -> Result<BTreeSet<String>, String> {
    let people = replica.records("user")?;
    let actors = replica.records("actor")?;
    let named = actors.iter().filter(|(actor, _)| holds(conflict, &bytes_of(actor)));
    let names = named.filter_map(|(_, row)| people.get(row.get("user")?.as_str()?)?.get("name").map(plain));
    Ok(names.collect())
}

/// Each phone shows its owner's value as mine and the other's as theirs, both with names.
fn both_named(case: &Case<'_>, expected: &[Expected]) -> Checked {
    let (record, rivals) = rivalry(expected)?;
    for phone in &case.phones {
        let shown = phone.conflicts.as_array().map(Vec::as_slice).unwrap_or_default();
        let [conflict] = shown else {
            return Err(format!("{}'s phone shows {} conflicts; one is due", phone.who, shown.len()));
        };
        let side = |side: &str| (plain(&conflict[side]["by"]["name"]), conflict[side]["value"].clone());
        let wanted: Vec<(String, Json)> = rivals.by.iter().map(|(who, value)| (who.clone(), value.clone())).collect();
        let mine = wanted.iter().find(|(who, _)| who == phone.who);
        let theirs = wanted.iter().find(|(who, _)| who != phone.who);
        let is_right = conflict["record"] == record.id.as_str()
            && conflict["base"] == rivals.base
            && Some(&side("mine")) == mine
            && Some(&side("theirs")) == theirs;
        if !is_right {
            return Err(format!("{}'s phone shows the conflict as {conflict}", phone.who));
        }
    }
    Ok("both phones show it: one's own value as mine, the other's as theirs, each with its writer's name".to_owned())
}

/// Edits of different fields of one record are all there, and made no conflict.
fn merged(case: &Case<'_>, expected: &[Expected]) -> Checked {
    let shared: Vec<&Expected> = expected.iter().filter(|record| record.provenance.is_none()).collect();
    let mut fields = Vec::new();
    for record in &shared {
        let name = record.values.get("name").map(plain).unwrap_or_default();
        for (path, value) in case.ledger.changed(record) {
            for replica in case.replicas() {
                let records = replica.records(&record.object)?;
                let is = records.get(&record.id).and_then(|values| values.get(&path));
                if is != Some(&value) {
                    return Err(format!("{}: {path} of {name} is {}, not {value}", replica.name, shown(is)));
                }
            }
            fields.push(format!("{path} of {name}"));
        }
    }
    if fields.is_empty() {
        return Err("nobody edited a field of a record that another edited too".to_owned());
    }
    Ok(format!("merged: {} are kept, edited by one while the other edited the same contact", fields.join(", ")))
}

/// A phone's file, its own word, the server's word and the server's file give the same digests.
fn alike(case: &Case<'_>, phone: &Phone<'_>) -> Checked {
    let who = phone.who;
    let here = digests::digests(&phone.replica, None)?;
    let people = case.server_file.records("user")?;
    let mut buckets = BTreeSet::from(["tenant".to_owned(), format!("user/{}", phone.user)]);
    for (path, value) in people.get(&phone.user).into_iter().flatten() {
        if path.starts_with("territories/") {
            buckets.insert(format!("territory/{}", plain(value)));
        }
    }
    let there = digests::digests(&case.server_file, Some(&case.server_file.members(&buckets)?))?;
    let told = get(case.server, &phone.token, &format!("/api/v1/digest?user={}", phone.user))?;
    let there_json: Json = there.by_object.into_iter().collect();
    for (place, other) in [
        ("`rep digest`", &phone.digest),
        ("the server's digest", &told),
        ("the digest of the server's file", &there_json),
    ] {
        let differing = differing(&here.by_object, other);
        if !differing.is_empty() {
            return Err(format!("{who}: {place} differs from {} in: {}", phone.replica.name, differing.join(", ")));
        }
    }
    Ok(format!(
        "{who}'s phone is the server's equal: digests of {} objects, {} values, made here from {}, equal `rep digest`, \
         the server's answer, and what the server's file gives",
        here.by_object.len(),
        here.values,
        phone.replica.name
    ))
}
