//! Computes digests from the tables of a SQLite file, by the published definition and nothing else:
//! per object, SHA-256 over the sorted lines `id<TAB>path<TAB>JSON`, each ended by a line feed, of
//! all values that a person sees. It imports nothing of the core.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};

use super::evidence::EvidenceFile;
use super::ledger::PlainValues;

/// Digests as a device and the server answer them, and how many values they stand for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Digests {
    /// Object to `count` and `sha256`.
    pub(crate) by_object: BTreeMap<String, Json>,
    /// Values in all of them.
    pub(crate) values: usize,
}

/// The digests of all objects that have records, or of those records alone whose ids are named.
pub(crate) fn digests(
    file: &EvidenceFile<'_>,
    only: Option<&BTreeSet<String>>,
) -> Result<Digests, String> {
    let mut all = Digests::default();
    for object in file.objects()? {
        let mut records = file.records(&object)?;
        records.retain(|id, _| only.is_none_or(|ids| ids.contains(id)));
        if !records.is_empty() {
            let lines = lines(&records);
            all.values += lines.len();
            let digest = json!({ "count": records.len(), "sha256": sha256(&lines) });
            all.by_object.insert(object, digest);
        }
    }
    Ok(all)
}

fn lines(records: &BTreeMap<String, PlainValues>) -> Vec<String> {
    let mut lines = Vec::new();
    for (id, values) in records {
        for (path, value) in values {
            lines.push(format!("{id}\t{path}\t{value}\n"));
        }
    }
    lines.sort();
    lines
}

fn sha256(lines: &[String]) -> String {
    let mut hasher = Sha256::new();
    lines.iter().for_each(|line| hasher.update(line));
    hasher
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// The objects of which two sets of digests differ.
pub(crate) fn differing(one: &BTreeMap<String, Json>, other: &Json) -> Vec<String> {
    let none = serde_json::Map::new();
    let other = other.as_object().unwrap_or(&none);
    let names: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
    names
        .into_iter()
        .filter(|name| one.get(*name) != other.get(*name))
        .cloned()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_sorted_and_values_are_json() {
        let record = |path: &str, value: Json| PlainValues::from([(path.to_owned(), value)]);
        let records = BTreeMap::from([
            ("2".to_owned(), record("name", json!("Joe \"J\" Harp"))),
            ("1".to_owned(), record("active", json!(true))),
        ]);
        assert_eq!(
            lines(&records),
            ["1\tactive\ttrue\n", "2\tname\t\"Joe \\\"J\\\" Harp\"\n"]
        );
        assert_eq!(
            sha256(&[]),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
    }

    #[test]
    fn what_differs_is_named() {
        let one = BTreeMap::from([
            ("visit".to_owned(), json!(1)),
            ("contact".to_owned(), json!(2)),
        ]);
        assert_eq!(
            differing(&one, &json!({ "visit": 1, "user": 3 })),
            ["contact", "user"]
        );
    }
}
