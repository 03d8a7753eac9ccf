//! What one role may do with an object: see it, make it, change which fields, do which verbs, write
//! for others. It does not know who has the role.

use serde::{Deserialize, Serialize};

use super::path::Path;

/// What one role may do with an object; what is not said is denied.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Right {
    /// May see records in its scope.
    #[serde(default)]
    pub read: bool,
    /// May make records.
    #[serde(default)]
    pub create: bool,
    /// Fields that it may change on existing records: names, `lines/field`, `lines/*`, or `*` for
    /// all.
    #[serde(default)]
    pub edit: Vec<String>,
    /// Verbs that it may do, or `*` for all.
    #[serde(default, rename = "do", skip_serializing_if = "Vec::is_empty")]
    pub verbs: Vec<String>,
    /// May make records for other people, and hand them over.
    #[serde(default, skip_serializing_if = "is_false")]
    pub others: bool,
}

impl Right {
    /// All that there is to be allowed.
    #[must_use]
    pub fn everything() -> Right {
        Right {
            read: true,
            create: true,
            edit: vec!["*".to_owned()],
            verbs: vec!["*".to_owned()],
            others: true,
        }
    }

    /// Whether this verb may be done.
    #[must_use]
    pub fn may_do(&self, verb: &str) -> bool {
        self.verbs
            .iter()
            .any(|allowed| allowed == "*" || allowed == verb)
    }

    /// Whether the value at this path may be changed.
    #[must_use]
    pub fn may_edit(&self, path: Path<'_>) -> bool {
        self.edit.iter().any(|allowed| match path {
            Path::Field(name) => allowed == "*" || allowed == name,
            Path::Line { lines, field, .. } => allowed == "*" || names_line(allowed, lines, field),
        })
    }
}

/// Whether a pattern (`lines/field`, `lines/*`) names this field of lines.
pub(super) fn names_line(pattern: &str, lines: &str, field: &str) -> bool {
    let rest = pattern
        .strip_prefix(lines)
        .and_then(|rest| rest.strip_prefix('/'));
    rest.is_some_and(|rest| rest == "*" || rest == field)
}

fn is_false(yes: &bool) -> bool {
    !*yes
}
