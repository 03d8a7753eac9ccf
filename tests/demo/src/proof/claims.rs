//! What the demo claims, each claim checked against files and REST answers by code of its own.
//! It imports nothing of the core, and does not know how what it checks came about.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::case::{Checked, PhoneEvidence, ProofCase, first, plain, shown};
use super::digests::{self, differing};
use super::evidence::get;
use super::ledger::{self, Expected, PlainValues};
use super::{dispute, sales, tally};

/// Records of one page of a REST list.
const PAGE: usize = 1_000;

/// A claim in words with its numbers, or why it does not hold.
pub(crate) struct Claim {
    /// Whether it holds.
    pub(crate) holds: bool,
    /// The words.
    pub(crate) text: String,
}

impl From<Checked> for Claim {
    fn from(checked: Checked) -> Self {
        match checked {
            Ok(text) => Claim { holds: true, text },
            Err(text) => Claim { holds: false, text },
        }
    }
}

/// What is checked of everything; besides, each phone is.
const CHECKS: [fn(&ProofCase<'_>, &[Expected]) -> Checked; 12] = [
    kept,
    not_doubled,
    nothing_waits,
    dispute::kept,
    dispute::shown,
    dispute::closed,
    merged,
    sales::both_counts,
    sales::refused_and_mended,
    sales::credit,
    sales::sums,
    tally::figures,
];

/// How many claims there are.
pub(crate) fn count(case: &ProofCase<'_>) -> usize {
    CHECKS.len() + case.phones.len()
}

/// Checks all claims, and tells each as soon as it is checked; each is checked whatever comes of
/// the others.
pub(crate) fn all(case: &ProofCase<'_>, tell: &mut dyn FnMut(&Claim)) -> Vec<Claim> {
    let expected = case.ledger.expected();
    let mut claims = Vec::new();
    for check in CHECKS {
        let claim = Claim::from(check(case, &expected));
        tell(&claim);
        claims.push(claim);
    }
    for phone in &case.phones {
        let claim = Claim::from(alike(case, phone));
        tell(&claim);
        claims.push(claim);
    }
    claims
}

/// Every record that a command answered for is wherever it belongs, with the values that were
/// answered.
fn kept(case: &ProofCase<'_>, expected: &[Expected]) -> Checked {
    let mut problems = Vec::new();
    let mut values = 0;
    let objects: BTreeSet<&str> = expected
        .iter()
        .map(|record| record.object.as_str())
        .collect();
    for object in objects {
        for file in case.files() {
            let records = file.records(object)?;
            for record in expected.iter().filter(|record| record.object == object) {
                if case
                    .holding(&record.by)
                    .any(|holding| holding.name == file.name)
                {
                    problems.extend(compare(record, records.get(&record.id), &file.name));
                    values += record.values.len() + record.rivals.len();
                }
            }
        }
    }
    for record in expected {
        for phone in case.seeing(&record.by) {
            let found = get(
                case.server,
                &phone.token,
                &format!("/api/v1/{}/{}", record.object, record.id),
            )?;
            let place = format!("GET as {}", phone.who);
            problems.extend(compare(record, Some(&ledger::values(&found)), &place));
            if record
                .provenance
                .as_ref()
                .is_some_and(|of| *of != ledger::provenance(&found))
            {
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
        "kept: {commands} commands answered for {records} records; all are in the files of the phones they belong to, \
         in the server's file, and at GET for each rep ({} places, {values} values compared)",
        2 * case.phones.len() + 1
    ))
}

fn compare(record: &Expected, found: Option<&PlainValues>, place: &str) -> Vec<String> {
    let name = format!("{place}: {} {}", record.object, record.id);
    let Some(found) = found else {
        return vec![format!("{name} is missing")];
    };
    let mut problems = Vec::new();
    let paths: BTreeSet<&String> = record.values.keys().chain(found.keys()).collect();
    for path in paths
        .into_iter()
        .filter(|path| !record.rivals.iter().any(|rivals| rivals.path == **path))
    {
        let (wanted, is) = (record.values.get(path), found.get(path));
        if wanted != is {
            problems.push(format!(
                "{name}: {path} is {}, answered was {}",
                shown(is),
                shown(wanted)
            ));
        }
    }
    for rivals in &record.rivals {
        let is = found.get(&rivals.path);
        match &rivals.chosen {
            Some(chosen) if is != Some(chosen) => {
                problems.push(format!(
                    "{name}: {} is {}, chosen was {chosen}",
                    rivals.path,
                    shown(is)
                ));
            }
            None if !rivals.by.values().any(|value| Some(value) == is) => {
                problems.push(format!(
                    "{name}: {} is {}, which nobody wrote",
                    rivals.path,
                    shown(is)
                ));
            }
            Some(_) | None => {}
        }
    }
    problems
}

/// Each object that the reps wrote has, in each place, the records that belong there and not one
/// more.
fn not_doubled(case: &ProofCase<'_>, expected: &[Expected]) -> Checked {
    let objects: BTreeSet<&str> = expected
        .iter()
        .map(|record| record.object.as_str())
        .collect();
    let (mut counts, mut problems) = (Vec::new(), Vec::new());
    for object in objects {
        let written: Vec<&Expected> = expected
            .iter()
            .filter(|record| record.object == object)
            .collect();
        counts.push(format!("{} {}s", written.len(), object.replace('_', "-")));
        let mut check =
            |place: &str, found: BTreeSet<String>, due: BTreeSet<String>, count: usize| {
                if found != due || count != due.len() {
                    problems.push(format!(
                        "{place} has {count} {object} records, the story has {}",
                        due.len()
                    ));
                }
            };
        let all = written.iter().map(|record| record.id.clone()).collect();
        let found: BTreeSet<String> = case.server_file.records(object)?.into_keys().collect();
        let count = found.len();
        check(&case.server_file.name, found, all, count);
        for phone in &case.phones {
            let is_due = |record: &&&Expected| {
                case.seeing(&record.by)
                    .any(|seeing| seeing.who == phone.who)
            };
            let due: BTreeSet<String> = written
                .iter()
                .filter(is_due)
                .map(|record| record.id.clone())
                .collect();
            let found: BTreeSet<String> = phone.file.records(object)?.into_keys().collect();
            let count = found.len();
            check(&phone.file.name, found, due.clone(), count);
            let list = get(
                case.server,
                &phone.token,
                &format!("/api/v1/{object}?limit={PAGE}"),
            )?;
            let ids = list
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|record| record["id"].as_str());
            let ids: Vec<String> = ids.map(str::to_owned).collect();
            let count = ids.len();
            check(
                &format!("GET as {}", phone.who),
                ids.into_iter().collect(),
                due,
                count,
            );
        }
    }
    first(problems, "something is doubled or missing")?;
    let places = 2 * case.phones.len() + 1;
    Ok(format!(
        "nothing doubled: {} in the story, and in each of {places} places those that belong there and no other",
        counts.join(", ")
    ))
}

/// No work waits on a phone, and none was refused.
fn nothing_waits(case: &ProofCase<'_>, _: &[Expected]) -> Checked {
    let mut problems = Vec::new();
    for phone in &case.phones {
        for (table, what) in [("outbox", "unsent"), ("attention", "refused")] {
            let count = phone.file.count(table, "true")?;
            if count > 0 {
                problems.push(format!("{} has {count} {what}", phone.file.name));
            }
        }
    }
    let held = case.server_file.count("quarantine", "true")?;
    if held > 0 {
        problems.push(format!("the server has refused {held}"));
    }
    first(problems, "work waits")?;
    Ok("nothing waits: all outboxes are empty, and the server turned no work away".to_owned())
}

/// Edits of different fields of one record are all there, and made no conflict.
fn merged(case: &ProofCase<'_>, expected: &[Expected]) -> Checked {
    let is_shared = |record: &&Expected| record.by.len() > 1 && record.object == "contact";
    let shared: Vec<&Expected> = expected.iter().filter(is_shared).collect();
    let mut fields = Vec::new();
    for record in &shared {
        let name = record.values.get("name").map(plain).unwrap_or_default();
        for (path, value) in case.ledger.changed(record) {
            for file in case.holding(&record.by) {
                let records = file.records(&record.object)?;
                let is = records.get(&record.id).and_then(|values| values.get(&path));
                if is != Some(&value) {
                    return Err(format!(
                        "{}: {path} of {name} is {}, not {value}",
                        file.name,
                        shown(is)
                    ));
                }
            }
            fields.push(format!("{path} of {name}"));
        }
    }
    if fields.is_empty() {
        return Err("nobody edited a field of a record that another edited too".to_owned());
    }
    Ok(format!(
        "merged: {} are kept, edited by one while the other edited the same contact",
        fields.join(", ")
    ))
}

/// A phone's file, its own word, the server's word and the server's file give the same digests.
fn alike(case: &ProofCase<'_>, phone: &PhoneEvidence<'_>) -> Checked {
    let who = phone.who;
    let here = digests::digests(&phone.file, None)?;
    let people = case.server_file.records("user")?;
    let mut buckets = BTreeSet::from(["tenant".to_owned(), format!("user/{}", phone.user)]);
    for (path, value) in people.get(&phone.user).into_iter().flatten() {
        if path.starts_with("territories/") {
            buckets.insert(format!("territory/{}", plain(value)));
        }
    }
    let there = digests::digests(
        &case.server_file,
        Some(&case.server_file.members(&buckets)?),
    )?;
    let told = get(
        case.server,
        &phone.token,
        &format!("/api/v1/digest?user={}", phone.user),
    )?;
    let there_json: Json = there.by_object.into_iter().collect();
    for (place, other) in [
        ("`rep digest`", &phone.digest),
        ("the server's digest", &told),
        ("the digest of the server's file", &there_json),
    ] {
        let differing = differing(&here.by_object, other);
        if !differing.is_empty() {
            return Err(format!(
                "{who}: {place} differs from {} in: {}",
                phone.file.name,
                differing.join(", ")
            ));
        }
    }
    Ok(format!(
        "{who}'s phone is the server's equal: digests of {} objects, {} values, made here from {}, are `rep digest`'s, \
         the server's, and those of its file within {who}'s scope",
        here.by_object.len(),
        here.values,
        phone.file.name
    ))
}
