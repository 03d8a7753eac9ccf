//! One record of any object: a flat map from path to scalar, the same for documents, facts and
//! rows. It does not know where it is kept.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Json};

use super::path::{Path, REMOVED};
use super::value::Value;
use crate::base::id::{ActorId, RecordId};
use crate::base::time::Timestamp;
use crate::base::version::Version;

/// Path to value; a path that is absent is null, and no `Null` is stored.
pub type Values = BTreeMap<String, Value>;

/// When and by whom a record was made and last changed, as its accepted and unsent history says, so
/// that every replica agrees, whatever clocks say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// When it was made, by the maker's clock.
    pub created_at: Timestamp,
    /// The writer that made it.
    pub created_by: ActorId,
    /// When it was last changed, by the changer's clock.
    pub changed_at: Timestamp,
    /// The writer that last changed it.
    pub changed_by: ActorId,
}

impl Stamp {
    /// A stamp of one change.
    #[must_use]
    pub fn once(at: Timestamp, by: ActorId) -> Self {
        Stamp {
            created_at: at,
            created_by: by,
            changed_at: at,
            changed_by: by,
        }
    }
}

/// A record as rules and screens see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The object's name.
    pub object: String,
    /// The record's id.
    pub id: RecordId,
    /// Its values by path.
    pub values: Values,
    /// Provenance; none for a server row that nobody edited by hand.
    pub stamp: Option<Stamp>,
}

impl Record {
    /// The value at a path; null where there is none.
    #[must_use]
    pub fn value(&self, path: &str) -> &Value {
        const NULL: &Value = &Value::Null;
        self.values.get(path).unwrap_or(NULL)
    }

    /// The text at a path.
    #[must_use]
    pub fn text(&self, path: &str) -> Option<&str> {
        self.value(path).text()
    }

    /// The record id at a path, if a well-formed one stands there.
    #[must_use]
    pub fn reference(&self, path: &str) -> Option<RecordId> {
        self.text(path)?.parse().ok()
    }

    /// The fields of each line that is not removed, by line id, in order of the ids.
    #[must_use]
    pub fn lines(&self, lines: &str) -> BTreeMap<&str, BTreeMap<&str, &Value>> {
        let mut found: BTreeMap<&str, BTreeMap<&str, &Value>> = BTreeMap::new();
        for (path, value) in &self.values {
            if let Some(Path::Line {
                lines: of,
                line,
                field,
            }) = Path::parse(path)
                && of == lines
            {
                found.entry(line).or_default().insert(field, value);
            }
        }
        found.retain(|_, fields| !fields.get(REMOVED).is_some_and(|value| value.is_true()));
        found
    }

    /// The values a person sees, by path: all but those of removed lines and the mark of removal
    /// itself.
    #[must_use]
    pub fn visible(&self) -> BTreeMap<&str, &Value> {
        let removed: BTreeSet<(&str, &str)> = (self.values.iter())
            .filter_map(|(path, value)| match Path::parse(path)? {
                Path::Line { lines, line, field } => {
                    (field == REMOVED && value.is_true()).then_some((lines, line))
                }
                Path::Field(_) => None,
            })
            .collect();
        let seen = |path: &str| match Path::parse(path) {
            Some(Path::Line { lines, line, field }) => {
                field != REMOVED && !removed.contains(&(lines, line))
            }
            Some(Path::Field(_)) | None => true,
        };
        let values = self
            .values
            .iter()
            .filter(|(path, value)| !value.is_null() && seen(path));
        values.map(|(path, value)| (path.as_str(), value)).collect()
    }

    /// The record as JSON: `id`, `object`, its fields, its lines as objects by line id, provenance.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let mut json = Map::new();
        json.insert("id".to_owned(), Json::String(self.id.to_string()));
        json.insert("object".to_owned(), Json::String(self.object.clone()));
        for (path, value) in self.visible() {
            match Path::parse(path) {
                Some(Path::Line { lines, line, field }) => {
                    let lines = json
                        .entry(lines)
                        .or_insert_with(|| Json::Object(Map::new()));
                    if let Some(line) = lines.as_object_mut().map(|lines| {
                        lines
                            .entry(line)
                            .or_insert_with(|| Json::Object(Map::new()))
                    }) {
                        line[field] = value.to_json();
                    }
                }
                Some(Path::Field(_)) | None => {
                    json.insert(path.to_owned(), value.to_json());
                }
            }
        }
        if let Some(stamp) = self.stamp {
            json.insert(
                "created_at".to_owned(),
                Json::String(stamp.created_at.rfc3339()),
            );
            json.insert(
                "created_by_actor".to_owned(),
                Json::String(stamp.created_by.to_string()),
            );
            json.insert(
                "changed_at".to_owned(),
                Json::String(stamp.changed_at.rfc3339()),
            );
            json.insert(
                "changed_by_actor".to_owned(),
                Json::String(stamp.changed_by.to_string()),
            );
        }
        Json::Object(json)
    }

    /// Canonical bytes of the values: a CBOR map in ascending path order, nulls left out.
    #[must_use]
    pub fn canonical(values: &Values) -> Vec<u8> {
        let kept: BTreeMap<&str, &Value> = values
            .iter()
            .filter(|(_, v)| !v.is_null())
            .map(|(p, v)| (p.as_str(), v))
            .collect();
        // Writing into a vector cannot fail.
        minicbor::to_vec(kept).unwrap_or_default()
    }

    /// The version of a fact or a row with these values.
    #[must_use]
    pub fn row_version(values: &Values) -> Version {
        Version::of_bytes(&Self::canonical(values))
    }
}
