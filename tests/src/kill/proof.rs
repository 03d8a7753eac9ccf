//! Judges, place by place, whether all that was answered is there, once, and whether phones and
//! server hold the same. It also spoils a file on demand, so that the proof is seen to fail. It
//! does not know how commands came about.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use rusqlite::Connection;
use serde_json::Value as Json;

use super::ledger::{Deed, Fate, Ledger};
use super::place::{self, Place, Record};
use super::processes::said;
use super::stage::Stage;
use super::{Defect, Outcome};

/// Deeds on one field of one record, oldest first.
type ByField<'a> = BTreeMap<(&'a str, &'a str, &'a str), Vec<usize>>;
/// Record, path and value of each side of each open conflict.
type Sides = BTreeSet<(String, String, String)>;

/// Numbers of the deeds of which something is amiss, and how it is said.
#[derive(Default)]
struct Findings {
    lost: BTreeSet<usize>,
    doubled: BTreeSet<usize>,
    problems: Vec<String>,
}

/// Looks at all places, and adds to the outcome what does not hold.
pub(super) fn judge(stage: &Stage, ledger: &Ledger, outcome: &mut Outcome) -> Result<(), String> {
    let mut findings = Findings::default();
    let (mut places, mut digests) = (Vec::new(), Vec::new());
    let (mut sides, mut open) = (Sides::new(), BTreeSet::new());
    for (number, rep) in stage.reps.iter().enumerate() {
        let db = place::open(Path::new(&rep.db))?;
        findings
            .problems
            .extend(untidy(rep.name, &db, &["outbox", "attention"])?);
        places.push(place::in_file(&format!("{}'s file", rep.name), &db)?);
        let token = stage.done(number, &["token"])?;
        let token = token["token"].as_str().unwrap_or_default();
        places.push(place::at_server(
            &format!("REST as {}", rep.name),
            &stage.address,
            token,
        )?);
        let conflicts = stage.done(number, &["conflicts"])?;
        sides_of(&conflicts, &mut sides);
        let ids = conflicts
            .as_array()
            .into_iter()
            .flatten()
            .map(|conflict| conflict["id"].to_string());
        open.insert(ids.collect::<BTreeSet<String>>());
        digests.push((
            format!("{}'s phone", rep.name),
            stage.done(number, &["digest"])?,
        ));
        let told = place::get(
            &stage.address,
            token,
            &format!("/api/v1/digest?user={}", rep.user),
        )?;
        digests.push((format!("the server for {}", rep.name), told));
        // What shows must also be what the histories say.
        stage.done(number, &["rebuild"])?;
        digests.push((
            format!("{}'s phone, rebuilt,", rep.name),
            stage.done(number, &["digest"])?,
        ));
    }
    let server = place::open(&stage.tenant_file()?)?;
    findings
        .problems
        .extend(untidy("the server", &server, &["quarantine"])?);
    places.push(place::in_file("the server's file", &server)?);
    let fields = by_field(ledger);
    for place in &places {
        made(ledger, place, &mut findings);
        written(ledger, &fields, (place, &sides), &mut findings);
    }
    findings.problems.extend(unequal(&digests));
    if open.len() > 1 {
        findings.problems.push(format!(
            "the phones have different open conflicts: {open:?}"
        ));
    }
    outcome.lost = findings.lost.len() as u64;
    outcome.doubled = findings.doubled.len() as u64;
    outcome.problems.extend(findings.problems);
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

fn sides_of(conflicts: &Json, sides: &mut Sides) {
    for conflict in conflicts.as_array().into_iter().flatten() {
        let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
        for side in ["mine", "theirs", "shown"] {
            let value = text(&conflict[side]["value"]);
            sides.insert((text(&conflict["record"]), text(&conflict["path"]), value));
        }
    }
}

fn by_field(ledger: &Ledger) -> ByField<'_> {
    let mut fields = ByField::new();
    for (number, deed) in ledger.deeds.iter().enumerate() {
        let Some(record) = &deed.record else { continue };
        for path in deed.values.keys() {
            fields
                .entry((deed.object, record, path))
                .or_default()
                .push(number);
        }
    }
    fields
}

fn named(deed: &Deed) -> String {
    let values: Vec<String> = deed
        .values
        .iter()
        .map(|(path, value)| format!("{path}={value}"))
        .collect();
    format!(
        "{} {} {}",
        deed.object,
        deed.record.as_deref().unwrap_or("of unknown id"),
        values.join(" ")
    )
}

/// What was made is there once; what may have been made at most once; what was refused never.
fn made(ledger: &Ledger, place: &Place, findings: &mut Findings) {
    for (number, deed) in ledger.deeds.iter().enumerate() {
        let Some(field) = deed.makes else { continue };
        let text = &deed.values[field];
        let records = place.records.get(deed.object).into_iter().flatten();
        let found: Vec<&Record> = records
            .filter(|record| record.values.get(field) == Some(text))
            .collect();
        let known = found
            .iter()
            .filter(|record| Some(&record.id) == deed.record.as_ref())
            .count();
        let name = &place.name;
        match deed.fate {
            Fate::Done if known == 0 => {
                findings.lost.insert(number);
                findings
                    .problems
                    .push(format!("lost in {name}: {}", named(deed)));
            }
            Fate::Done | Fate::Possible if found.len() > 1 => {
                findings.doubled.insert(number);
                findings.problems.push(format!(
                    "doubled in {name}, {} times: {}",
                    found.len(),
                    named(deed)
                ));
            }
            Fate::Refused if !found.is_empty() => {
                findings.doubled.insert(number);
                findings
                    .problems
                    .push(format!("refused, and yet in {name}: {}", named(deed)));
            }
            Fate::Done | Fate::Possible | Fate::Refused => {}
        }
    }
}

/// Each value that was answered shows, stands in a conflict, or was replaced by one that does and
/// whose writer may have known it; and no value shows that was refused.
fn written(
    ledger: &Ledger,
    fields: &ByField<'_>,
    (place, sides): (&Place, &Sides),
    findings: &mut Findings,
) {
    for ((object, id, path), numbers) in fields {
        let record = place
            .records
            .get(object)
            .into_iter()
            .flatten()
            .find(|record| record.id == *id);
        let shown = record.and_then(|record| record.values.get(*path));
        let stands = |deed: &Deed| {
            let value = &deed.values[*path];
            let is_side = || sides.contains(&((*id).to_owned(), (*path).to_owned(), value.clone()));
            shown == Some(value) || is_side()
        };
        // From the last one backwards: whoever may replace a deed is judged before it.
        let mut kept: BTreeSet<usize> = BTreeSet::new();
        for number in numbers.iter().rev() {
            let deed = &ledger.deeds[*number];
            let replaced = || {
                kept.iter()
                    .any(|later| ledger.may_replace(deed, &ledger.deeds[*later]))
            };
            if deed.fate != Fate::Refused && (stands(deed) || replaced()) {
                kept.insert(*number);
            } else if deed.fate == Fate::Done {
                findings.lost.insert(*number);
                let shown = shown.map_or("nothing", String::as_str);
                findings.problems.push(format!(
                    "lost in {}, where {path} is {shown}: {}",
                    place.name,
                    named(deed)
                ));
            }
        }
        let asked: BTreeSet<&String> = (numbers.iter().map(|number| &ledger.deeds[*number]))
            .filter(|deed| deed.fate != Fate::Refused)
            .map(|deed| &deed.values[*path])
            .collect();
        if let Some(value) = shown.filter(|value| !asked.contains(value)) {
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
    let objects: BTreeSet<&String> = digests
        .iter()
        .flat_map(|(_, digest)| {
            digest
                .as_object()
                .into_iter()
                .flatten()
                .map(|(name, _)| name)
        })
        .collect();
    let mut problems = Vec::new();
    for (other, digest) in &digests[1..] {
        let differing: Vec<&str> = objects
            .iter()
            .filter(|name| digest[name.as_str()] != one[name.as_str()])
            .map(|name| name.as_str())
            .collect();
        if !differing.is_empty() {
            problems.push(format!(
                "digests of {first} and {other} differ in: {}",
                differing.join(", ")
            ));
        }
    }
    problems
}

/// Spoils the first rep's file.
pub(super) fn spoil(stage: &Stage, ledger: &Ledger, defect: Defect) -> Result<(), String> {
    let db = Connection::open(&stage.reps[0].db).map_err(said)?;
    let done = ledger.deeds.iter().filter(|deed| deed.fate == Fate::Done);
    for deed in done {
        let id = deed.record.as_deref().unwrap_or_default().replace('-', "");
        let spoilt = match (defect, deed.object, deed.makes) {
            (Defect::Lose, "follow_up", _) => {
                db.execute("DELETE FROM follow_up WHERE lower(hex(id)) = ?1", [&id])
            }
            (Defect::Double, "contact", Some(_)) => db
                .execute_batch(&format!(
                    "CREATE TEMP TABLE twin AS SELECT * FROM contact WHERE lower(hex(id)) = '{id}';
                     UPDATE twin SET id = randomblob(16); INSERT INTO contact SELECT * FROM twin;"
                ))
                .map(|()| 1),
            (Defect::Forget, "contact", Some(_)) => db.execute(
                "UPDATE contact SET name = NULL WHERE lower(hex(id)) = ?1",
                [&id],
            ),
            (Defect::Lose | Defect::Double | Defect::Forget, _, _) => continue,
        };
        if spoilt.map_err(said)? > 0 {
            return Ok(());
        }
    }
    Err("nothing was found to spoil".to_owned())
}
