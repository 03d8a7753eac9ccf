//! What makes a row the server's word on a document: what is asked, who judges it, what of it is
//! frozen. It does not know what judges say.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::path::line_path;
use super::record::Record;
use super::requirement::Requirement;
use super::value::Value;

/// The field of every verdict that says yes or no.
pub const VERDICT: &str = "verdict";
/// The field of a verdict that has the person who is told of a no.
pub const OWNER: &str = "owner";

/// That a row is what the server said of a document. Beside what is named here it has the fields
/// `verdict` and `judged_at`, and of a no `code`, `message` and `numbers_json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VerdictOf {
    /// The document's object.
    pub object: String,
    /// The field of the row that names the document.
    pub by: String,
    /// Fields of both: the row is about the document as it is while they are equal.
    pub same: Vec<String>,
    /// What the document says when it asks: each of these fields is one of its words.
    #[serde(rename = "while")]
    pub asks: BTreeMap<String, Vec<String>>,
    /// Name of the judge that examines it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judge: Option<String>,
    /// What must hold of the document, asked before the judge.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub require: Vec<Requirement>,
    /// Values of the document's fields that the server alone writes, once it says yes.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub sets: BTreeMap<String, Value>,
    /// Fields of both that the row keeps as they were.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub freeze: Vec<String>,
    /// Fields of the document in which it says what its writer foresaw: what the judge found there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub foreseen: Vec<String>,
    /// The words for yes and no.
    #[serde(default)]
    pub words: VerdictWords,
    /// What else makes the server look again at a document that waits.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also_when: Vec<AlsoWhen>,
}

/// A record of another object, written: the document that it names is looked at again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlsoWhen {
    /// The other object.
    pub object: String,
    /// Its field that names the document.
    pub field: String,
}

/// What a verdict says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VerdictWords {
    /// Yes.
    pub granted: String,
    /// No.
    pub refused: String,
    /// Neither yet; none where the server never waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting: Option<String>,
}

impl Default for VerdictWords {
    fn default() -> VerdictWords {
        VerdictWords {
            granted: "granted".to_owned(),
            refused: "refused".to_owned(),
            waiting: None,
        }
    }
}

impl VerdictOf {
    /// Whether the server says something of its own to what is asked; else the office writes the
    /// rows.
    #[must_use]
    pub fn is_judged(&self) -> bool {
        self.judge.is_some() || !self.require.is_empty()
    }

    /// Whether a document asks for this verdict.
    #[must_use]
    pub fn is_asked(&self, document: &Record) -> bool {
        are(document, &self.asks)
    }

    /// Whether a verdict is about a document as it is.
    #[must_use]
    pub fn is_about(&self, verdict: &Record, document: &Record) -> bool {
        let mut same = self.same.iter();
        same.all(|field| verdict.value(field) == document.value(field))
    }

    /// Whether a verdict says yes.
    #[must_use]
    pub fn is_granted(&self, verdict: &Record) -> bool {
        verdict.text(VERDICT) == Some(self.words.granted.as_str())
    }

    /// Whether a verdict says neither yes nor no yet.
    #[must_use]
    pub fn is_waiting(&self, verdict: &Record) -> bool {
        self.words.waiting.is_some() && verdict.text(VERDICT) == self.words.waiting.as_deref()
    }
}

/// Whether each of these fields of a record is one of its words.
#[must_use]
pub fn are(record: &Record, wanted: &BTreeMap<String, Vec<String>>) -> bool {
    let is = |field: &String, words: &Vec<String>| {
        let said = record.text(field);
        said.is_some_and(|said| words.iter().any(|word| word == said))
    };
    wanted.iter().all(|(field, words)| is(field, words))
}

/// The value of a record at a posting's path: `field`, or `lines/field` of one line.
#[must_use]
pub fn value_at<'a>(record: &'a Record, path: &str, line: Option<&str>) -> &'a Value {
    match (path.split_once('/'), line) {
        (Some((lines, field)), Some(line)) => record.value(&line_path(lines, line, field)),
        (_, _) => record.value(path),
    }
}
