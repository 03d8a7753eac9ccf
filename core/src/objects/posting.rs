//! A posting: which movements between pots follow from a record, as data. There is no arithmetic in
//! it: the record says how much. It does not know what stands in a pot.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What a movement does to a pot and to what is held of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// From one pot to another, at once.
    #[default]
    Post = 0,
    /// Sets aside for a record. A later source that holds for the same record changes what is held
    /// by the difference.
    Hold = 1,
    /// Takes out of what is held; what exceeds it is posted.
    Capture = 2,
    /// Gives back all that is still held for a record.
    Release = 3,
    /// Holds again what was given back for a record.
    Resume = 4,
}

impl Phase {
    /// All, by their numbers.
    const ALL: [Phase; 5] = [
        Phase::Post,
        Phase::Hold,
        Phase::Capture,
        Phase::Release,
        Phase::Resume,
    ];

    /// The phase that is kept under this number.
    #[must_use]
    pub fn numbered(number: i64) -> Option<Phase> {
        Phase::ALL.into_iter().find(|phase| *phase as i64 == number)
    }
}

/// What follows from a record when its values are these.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Posting {
    /// Values of the record by field, each with the words that it may have; all must be so.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub when: BTreeMap<String, Vec<String>>,
    /// The lines of the record of which each makes movements of its own; none: the record makes
    /// one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub each: Option<String>,
    /// What its movements do.
    #[serde(default)]
    pub phase: Phase,
    /// The field that names the record for which is held; needed by all phases but `post`.
    #[serde(default, rename = "for", skip_serializing_if = "Option::is_none")]
    pub held_for: Option<String>,
    /// The posting that held it, for `capture`; and for `release` and `resume`, none meaning all.
    #[serde(default, rename = "of", skip_serializing_if = "Option::is_none")]
    pub held_by: Option<String>,
    /// The field that says which line of that record it was held for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<String>,
    /// The field that says how much: `field`, or `lines/field` of each line. Nothing or zero moves
    /// nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantity: Option<String>,
    /// The pot that is drawn from; none: from outside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<PotEnd>,
    /// The pot that is filled; none: it goes outside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<PotEnd>,
    /// Whether nothing moves where there is no such pot; else that is refused.
    #[serde(default, skip_serializing_if = "is_false")]
    pub if_kept: bool,
}

/// A pot as a posting names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PotEnd {
    /// `object/field`.
    pub pot: String,
    /// Fields of the pot's row, and the field of the record, `lines/field` for a line's, that has
    /// the same value. Of several rows the first that have room are drawn from.
    pub by: BTreeMap<String, String>,
    /// The field of the row by which it is said which is first, empty ones last; else by id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<String>,
}

impl PotEnd {
    /// The object of the row.
    #[must_use]
    pub fn object(&self) -> &str {
        self.pot.split_once('/').map_or("", |(object, _)| object)
    }

    /// The field of the row.
    #[must_use]
    pub fn path(&self) -> &str {
        self.pot.split_once('/').map_or("", |(_, path)| path)
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "the form serde asks for")]
fn is_false(yes: &bool) -> bool {
    !*yes
}
