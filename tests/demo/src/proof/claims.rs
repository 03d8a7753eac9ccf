//! What the demo claims, each claim checked against files and REST answers by code of its own.
//! It imports nothing of the core, and does not know how what it checks came about.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::case::{Checked, PhoneEvidence, ProofCase, first, plain, shown};
use super::digests::{self, differing};
use super::evidence::get;
use super::ledger::Expected;
use super::{dispute, orders, records, shelf, sums, tally};

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
    records::kept,
    records::not_doubled,
    nothing_waits,
    dispute::kept,
    dispute::shown,
    dispute::closed,
    merged,
    shelf::both_counts,
    orders::refused_and_mended,
    orders::credit,
    sums::sums,
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
        "{who}'s phone is the server's equal: digests of {} objects, {} values, made here from {}, \
         are `rep digest`'s, the server's, and those of its file within {who}'s scope",
        here.by_object.len(),
        here.values,
        phone.file.name
    ))
}
