//! Judges, place by place, whether all that was answered is there, once, and whether phones and
//! server hold the same. It also spoils a file on demand, so that the proof is observed to fail. It
//! does not know how commands came about.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use rusqlite::Connection;
use serde_json::Value as Json;

use super::ledger::{Fate, KillLedger, WriteAttempt};
use super::place::{self, PlaceContents, PlaceRecord};
use super::plan::{KillDefect, KillOutcome};
use super::processes::said;
use super::stage::KillStage;

/// One field of one record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct FieldKey<'a> {
    object: &'a str,
    id: &'a str,
    path: &'a str,
}

/// Numbers of the attempts on each field, oldest first.
type ByField<'a> = BTreeMap<FieldKey<'a>, Vec<usize>>;
/// One of the values of an open conflict.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct ConflictSide {
    record: String,
    path: String,
    value: String,
}

type Sides = BTreeSet<ConflictSide>;

/// Numbers of the attempts of which something is amiss, and how it is said.
#[derive(Default)]
struct KillFindings {
    lost: BTreeSet<usize>,
    doubled: BTreeSet<usize>,
    problems: Vec<String>,
}

/// All that is looked at.
#[derive(Default)]
struct Observed {
    places: Vec<PlaceContents>,
    /// Digests, each with whose it is.
    digests: Vec<(String, Json)>,
    sides: Sides,
    /// Sets of open conflicts that phones show; one where they agree.
    open: BTreeSet<BTreeSet<String>>,
}

/// Looks at all places, and adds to the outcome what does not hold.
pub(super) fn judge(
    stage: &KillStage,
    ledger: &KillLedger,
    outcome: &mut KillOutcome,
) -> Result<(), String> {
    let mut findings = KillFindings::default();
    let mut observed = Observed::default();
    for number in 0..stage.reps.len() {
        look_at_rep(stage, number, &mut observed, &mut findings)?;
    }
    let server = place::open(&stage.tenant_file()?)?;
    let amiss = untidy("the server", &server, &["quarantine"])?;
    findings.problems.extend(amiss);
    let amiss = files_amiss(
        "the server",
        &server,
        "blob_link l WHERE NOT EXISTS (SELECT 1 FROM \
                 blob_holder h JOIN blob b USING (hash) WHERE h.hash = l.hash AND h.user = l.user)",
    )?;
    findings.problems.extend(amiss);
    findings.problems.extend(stage.checked().err());
    let contents = place::in_file("the server's file", &server)?;
    observed.places.push(contents);
    let fields = by_field(ledger);
    for place in &observed.places {
        made(ledger, place, &mut findings);
        let witness = Witness {
            ledger,
            place,
            sides: &observed.sides,
        };
        written(&witness, &fields, &mut findings);
    }
    findings.problems.extend(unequal(&observed.digests));
    if observed.open.len() > 1 {
        findings.problems.push(format!(
            "the phones have different open conflicts: {:?}",
            observed.open
        ));
    }
    outcome.lost = findings.lost.len() as u64;
    outcome.doubled = findings.doubled.len() as u64;
    outcome.problems.extend(findings.problems);
    Ok(())
}

/// Looks at a rep's phone, and at what the server shows to the rep.
fn look_at_rep(
    stage: &KillStage,
    number: usize,
    observed: &mut Observed,
    findings: &mut KillFindings,
) -> Result<(), String> {
    let rep = &stage.reps[number];
    let db = place::open(Path::new(&rep.db))?;
    let amiss = untidy(rep.name, &db, &["outbox", "attention"])?;
    findings.problems.extend(amiss);
    let amiss = files_amiss(rep.name, &db, "blob WHERE state NOT IN (0, 2)")?;
    findings.problems.extend(amiss);
    let contents = place::in_file(&format!("{}'s file", rep.name), &db)?;
    observed.places.push(contents);
    let token = stage.done(number, &["token"])?;
    let token = token["token"].as_str().unwrap_or_default();
    let shown = place::at_server(&format!("REST as {}", rep.name), &stage.address, token)?;
    observed.places.push(shown);
    let conflicts = stage.done(number, &["conflicts"])?;
    sides_of(&conflicts, &mut observed.sides);
    let mut open = BTreeSet::new();
    for conflict in conflicts.as_array().into_iter().flatten() {
        open.insert(conflict["id"].to_string());
    }
    observed.open.insert(open);
    let digest = stage.done(number, &["digest"])?;
    observed
        .digests
        .push((format!("{}'s phone", rep.name), digest));
    let path = format!("/api/v1/digest?user={}", rep.user);
    let digest = place::get(&stage.address, token, &path)?;
    observed
        .digests
        .push((format!("the server for {}", rep.name), digest));
    // What shows must also be what the histories say.
    stage.done(number, &["rebuild"])?;
    let digest = stage.done(number, &["digest"])?;
    observed
        .digests
        .push((format!("{}'s phone, rebuilt,", rep.name), digest));
    Ok(())
}

/// Work that still waits or was refused, and damage to the file.
fn untidy(whose: &str, db: &Connection, empty: &[&str]) -> Result<Vec<String>, String> {
    let mut problems = Vec::new();
    if let Err(damage) = place::whole(db) {
        problems.push(format!("{whose}: the file is damaged: {damage}"));
    }
    for table in empty {
        let rows = place::count(db, table)?;
        if rows > 0 {
            problems.push(format!("{whose}: {rows} in `{table}`, which must be empty"));
        }
    }
    Ok(problems)
}

/// Files that did not arrive: there are none.
fn files_amiss(whose: &str, db: &Connection, which: &str) -> Result<Option<String>, String> {
    let sql = format!("SELECT count(*) FROM {which}");
    let count: i64 = db.query_row(&sql, [], |row| row.get(0)).map_err(said)?;
    let told = format!("{whose}: {count} files did not arrive");
    Ok((count > 0).then_some(told))
}

fn sides_of(conflicts: &Json, sides: &mut Sides) {
    let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
    for conflict in conflicts.as_array().into_iter().flatten() {
        for side in ["mine", "theirs", "shown"] {
            sides.insert(ConflictSide {
                record: text(&conflict["record"]),
                path: text(&conflict["path"]),
                value: text(&conflict[side]["value"]),
            });
        }
    }
}

fn by_field(ledger: &KillLedger) -> ByField<'_> {
    let mut fields = ByField::new();
    for (number, attempt) in ledger.attempts.iter().enumerate() {
        let Some(record) = &attempt.record else {
            continue;
        };
        for path in attempt.values.keys() {
            let key = FieldKey {
                object: attempt.object,
                id: record,
                path,
            };
            fields.entry(key).or_default().push(number);
        }
    }
    fields
}

fn named(attempt: &WriteAttempt) -> String {
    let values: Vec<String> = attempt
        .values
        .iter()
        .map(|(path, value)| format!("{path}={value}"))
        .collect();
    format!(
        "{} {} {}",
        attempt.object,
        attempt.record.as_deref().unwrap_or("of unknown id"),
        values.join(" ")
    )
}

/// What was made is there once; what may have been made at most once; what was refused never.
fn made(ledger: &KillLedger, place: &PlaceContents, findings: &mut KillFindings) {
    for (number, attempt) in ledger.attempts.iter().enumerate() {
        let Some(field) = attempt.makes else { continue };
        let text = &attempt.values[field];
        let records = place.records.get(attempt.object).into_iter().flatten();
        let found: Vec<&PlaceRecord> = records
            .filter(|record| record.values.get(field) == Some(text))
            .collect();
        let known = found
            .iter()
            .filter(|record| Some(&record.id) == attempt.record.as_ref())
            .count();
        let name = &place.name;
        match attempt.fate {
            Fate::Done if known == 0 => {
                findings.lost.insert(number);
                findings
                    .problems
                    .push(format!("lost in {name}: {}", named(attempt)));
            }
            Fate::Done | Fate::Possible if found.len() > 1 => {
                findings.doubled.insert(number);
                findings.problems.push(format!(
                    "doubled in {name}, {} times: {}",
                    found.len(),
                    named(attempt)
                ));
            }
            Fate::Refused if !found.is_empty() => {
                findings.doubled.insert(number);
                findings
                    .problems
                    .push(format!("refused, and yet in {name}: {}", named(attempt)));
            }
            Fate::Done | Fate::Possible | Fate::Refused => {}
        }
    }
}

/// A place beside what was answered, and the sides of conflicts that phones list.
struct Witness<'a> {
    ledger: &'a KillLedger,
    place: &'a PlaceContents,
    sides: &'a Sides,
}

impl Witness<'_> {
    /// What the place shows in this field.
    fn shown(&self, field: &FieldKey<'_>) -> Option<&String> {
        let mut records = self.place.records.get(field.object)?.iter();
        let record = records.find(|record| record.id == field.id)?;
        record.values.get(field.path)
    }

    /// Whether the value that was to be written is a side of a conflict.
    fn is_side(&self, field: &FieldKey<'_>, attempt: &WriteAttempt) -> bool {
        self.sides.contains(&ConflictSide {
            record: field.id.to_owned(),
            path: field.path.to_owned(),
            value: attempt.values[field.path].clone(),
        })
    }
}

/// Each value that was answered shows, stands in a conflict, or was replaced by one that does and
/// whose writer may have known it; and no value shows that was refused.
fn written(witness: &Witness<'_>, fields: &ByField<'_>, findings: &mut KillFindings) {
    let Witness { ledger, place, .. } = witness;
    for (key, numbers) in fields {
        let FieldKey { object, id, path } = key;
        let shown = witness.shown(key);
        // From the last one backwards: whoever may replace an attempt is judged before it.
        let mut kept: Vec<&WriteAttempt> = Vec::new();
        for number in numbers.iter().rev() {
            let attempt = &ledger.attempts[*number];
            let stands = || shown == Some(&attempt.values[*path]) || witness.is_side(key, attempt);
            let replaced = || kept.iter().any(|later| ledger.may_replace(attempt, later));
            if attempt.fate != Fate::Refused && (stands() || replaced()) {
                kept.push(attempt);
            } else if attempt.fate == Fate::Done {
                findings.lost.insert(*number);
                let shown = shown.map_or("nothing", String::as_str);
                findings.problems.push(format!(
                    "lost in {}, where {path} is {shown}: {}",
                    place.name,
                    named(attempt)
                ));
            }
        }
        let Some(value) = shown else { continue };
        let is_asked = numbers.iter().any(|number| {
            let attempt = &ledger.attempts[*number];
            attempt.fate != Fate::Refused && attempt.values[*path] == *value
        });
        if !is_asked {
            findings.problems.push(format!(
                "{}: {path} of {object} {id} is {value}, which nobody wrote",
                place.name
            ));
        }
    }
}

/// All digests are one.
fn unequal(digests: &[(String, Json)]) -> Vec<String> {
    let Some((first, one)) = digests.first() else {
        return vec!["there are no digests".to_owned()];
    };
    let mut objects: BTreeSet<&str> = BTreeSet::new();
    for (_, digest) in digests {
        let members = digest.as_object().into_iter().flatten();
        objects.extend(members.map(|(name, _)| name.as_str()));
    }
    let mut problems = Vec::new();
    for (other, digest) in &digests[1..] {
        let mut differing = objects.clone();
        differing.retain(|name| digest[*name] != one[*name]);
        if !differing.is_empty() {
            let differing: Vec<&str> = differing.into_iter().collect();
            problems.push(format!(
                "digests of {first} and {other} differ in: {}",
                differing.join(", ")
            ));
        }
    }
    problems
}

/// Spoils the first rep's file.
pub(super) fn spoil(
    stage: &KillStage,
    ledger: &KillLedger,
    defect: KillDefect,
) -> Result<(), String> {
    let file = Path::new(&stage.reps[0].db);
    let db = Connection::open(file).map_err(said)?;
    place::unlock(&db, file)?;
    let done = ledger
        .attempts
        .iter()
        .filter(|attempt| attempt.fate == Fate::Done);
    for attempt in done {
        let id = attempt
            .record
            .as_deref()
            .unwrap_or_default()
            .replace('-', "");
        let spoilt = match (defect, attempt.object, attempt.makes) {
            (KillDefect::Lose, "follow_up", _) => {
                db.execute("DELETE FROM follow_up WHERE lower(hex(id)) = ?1", [&id])
            }
            (KillDefect::Double, "contact", Some(_)) => db
                .execute_batch(&format!(
                    "CREATE TEMP TABLE twin AS SELECT * FROM contact WHERE lower(hex(id)) = '{id}';
                     UPDATE twin SET id = randomblob(16); INSERT INTO contact SELECT * FROM twin;"
                ))
                .map(|()| 1),
            (KillDefect::Forget, "contact", Some(_)) => db.execute(
                "UPDATE contact SET name = NULL WHERE lower(hex(id)) = ?1",
                [&id],
            ),
            (KillDefect::Lose | KillDefect::Double | KillDefect::Forget, _, _) => continue,
        };
        if spoilt.map_err(said)? > 0 {
            return Ok(());
        }
    }
    Err("nothing was found to spoil".to_owned())
}
