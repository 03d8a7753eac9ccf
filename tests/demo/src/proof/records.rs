//! What is claimed of records: each that a command answered for is in each place where it belongs,
//! with the values that were answered, and once. It imports nothing of the core.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::case::{Checked, PhoneEvidence, ProofCase, first, shown};
use super::evidence::get;
use super::ledger::{self, Expected, PlainValues};

/// Records of one page of a REST list.
const PAGE: usize = 1_000;

/// Fields that the server alone writes, so that no command answers for them.
const OF_SERVER: &[&str] = &["standing"];

/// What comparing has found so far.
#[derive(Default)]
struct Comparison {
    problems: Vec<String>,
    /// How many values were compared.
    values: usize,
}

/// Every record that a command answered for is wherever it belongs, with the values that were
/// answered.
pub(crate) fn kept(case: &ProofCase<'_>, expected: &[Expected]) -> Checked {
    let mut comparison = Comparison::default();
    for object in objects(expected) {
        for file in case.files() {
            let records = file.records(object)?;
            for record in expected.iter().filter(|record| record.object == object) {
                let mut holding = case.holding(&record.by);
                if holding.any(|holding| holding.name == file.name) {
                    comparison.compare(record, records.get(&record.id), &file.name);
                }
            }
        }
    }
    for record in expected {
        for phone in case.seeing(&record.by) {
            comparison.compare_answer(case, record, phone)?;
        }
    }
    first(comparison.problems, "not all that was answered is kept")?;
    Ok(format!(
        "kept: {} commands answered for {} records; \
         all are in the files of the phones they belong to, in the server's file, \
         and at GET for each rep ({} places, {} values compared)",
        case.ledger.commands(),
        expected.len(),
        2 * case.phones.len() + 1,
        comparison.values
    ))
}

/// The objects that were written.
fn objects(expected: &[Expected]) -> BTreeSet<&str> {
    let objects = expected.iter().map(|record| record.object.as_str());
    objects.collect()
}

impl Comparison {
    /// Compares what the REST API answers to one person.
    fn compare_answer(
        &mut self,
        case: &ProofCase<'_>,
        record: &Expected,
        phone: &PhoneEvidence<'_>,
    ) -> Result<(), String> {
        let (object, id) = (&record.object, &record.id);
        let found = get(case.server, &phone.token, &format!("/api/v1/{object}/{id}"))?;
        let place = format!("GET as {}", phone.who);
        self.compare(record, Some(&ledger::values(&found)), &place);
        let provenance = ledger::provenance(&found);
        if record
            .provenance
            .as_ref()
            .is_some_and(|of| *of != provenance)
        {
            self.problems.push(format!(
                "{place}: {object} {id} was written by another or at another time"
            ));
        }
        Ok(())
    }

    /// Compares what was found in a place.
    fn compare(&mut self, record: &Expected, found: Option<&PlainValues>, place: &str) {
        self.values += record.values.len() + record.rivals.len();
        let name = format!("{place}: {} {}", record.object, record.id);
        let Some(found) = found else {
            self.problems.push(format!("{name} is missing"));
            return;
        };
        let mut paths: BTreeSet<&String> = record.values.keys().chain(found.keys()).collect();
        paths.retain(|path| !OF_SERVER.contains(&path.as_str()));
        for path in paths {
            let (wanted, is) = (record.values.get(path), found.get(path));
            let has_rivals = record.rivals.iter().any(|rivals| rivals.path == *path);
            if wanted != is && !has_rivals {
                let (is, wanted) = (shown(is), shown(wanted));
                let problem = format!("{name}: {path} is {is}, answered was {wanted}");
                self.problems.push(problem);
            }
        }
        for rivals in &record.rivals {
            let is = found.get(&rivals.path);
            let against = match &rivals.chosen {
                Some(chosen) if is != Some(chosen) => format!(", chosen was {chosen}"),
                None if !rivals.by.values().any(|value| Some(value) == is) => {
                    ", which nobody wrote".to_owned()
                }
                Some(_) | None => continue,
            };
            let (path, is) = (&rivals.path, shown(is));
            self.problems
                .push(format!("{name}: {path} is {is}{against}"));
        }
    }
}

/// Each object that the reps wrote has, in each place, the records that belong there and not one
/// more.
pub(crate) fn not_doubled(case: &ProofCase<'_>, expected: &[Expected]) -> Checked {
    let (mut counts, mut problems) = (Vec::new(), Vec::new());
    for object in objects(expected) {
        let mut written = expected.to_vec();
        written.retain(|record| record.object == object);
        counts.push(format!("{} {}s", written.len(), object.replace('_', "-")));
        let due = written.iter().map(|record| record.id.clone()).collect();
        let file = &case.server_file;
        let found = file.records(object)?.into_keys().collect();
        problems.extend(miscounted(object, &file.name, found, &due));
        for phone in &case.phones {
            let due = due_on(case, phone, &written);
            let found = phone.file.records(object)?.into_keys().collect();
            problems.extend(miscounted(object, &phone.file.name, found, &due));
            let path = format!("/api/v1/{object}?limit={PAGE}");
            let found = ids(&get(case.server, &phone.token, &path)?);
            let place = format!("GET as {}", phone.who);
            problems.extend(miscounted(object, &place, found, &due));
        }
    }
    first(problems, "something is doubled or missing")?;
    let places = 2 * case.phones.len() + 1;
    Ok(format!(
        "nothing doubled: {} in the story, \
         and in each of {places} places those that belong there and no other",
        counts.join(", ")
    ))
}

/// The ids of those records that a phone must have.
fn due_on(
    case: &ProofCase<'_>,
    phone: &PhoneEvidence<'_>,
    written: &[Expected],
) -> BTreeSet<String> {
    let mut due = BTreeSet::new();
    for record in written {
        let mut seeing = case.seeing(&record.by);
        if seeing.any(|seeing| seeing.who == phone.who) {
            due.insert(record.id.clone());
        }
    }
    due
}

/// The ids of a list, each as often as it is there.
fn ids(list: &Json) -> Vec<String> {
    let records = list["records"].as_array().into_iter().flatten();
    records
        .filter_map(|record| record["id"].as_str().map(str::to_owned))
        .collect()
}

/// What is wrong where a place has other records than those that are due.
fn miscounted(
    object: &str,
    place: &str,
    found: Vec<String>,
    due: &BTreeSet<String>,
) -> Option<String> {
    let count = found.len();
    let is_right = count == due.len() && found.into_iter().collect::<BTreeSet<_>>() == *due;
    (!is_right).then(|| {
        format!(
            "{place} has {count} {object} records, the story has {}",
            due.len()
        )
    })
}
