//! What a verb requires of its record, as data: a condition, and what is said where it fails.
//! It does not know how a condition is asked.

use serde::{Deserialize, Serialize};

use super::condition::Condition;

/// A condition that a verb asks of its record, and the refusal where it does not hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Requirement {
    /// What must hold of the record as it was before the verb, with those of the verb's inputs laid
    /// over it that are fields of it.
    #[serde(rename = "if")]
    pub condition: Condition,
    /// Whether it says who may do the verb: then the server asks it again of every device, whatever
    /// it looks at, and it does not bind whoever runs the server.
    #[serde(default, skip_serializing_if = "is_false")]
    pub right: bool,
    /// Whether a verdict waits where it does not hold, rather than say no.
    #[serde(default, skip_serializing_if = "is_false")]
    pub waits: bool,
    /// The code of the refusal, in snake case.
    pub code: String,
    /// What is wrong and what to do, for a person.
    pub say: String,
}

impl Requirement {
    /// Whether the server asks it again where a device did the verb: what only says who may, and
    /// what looks at nothing but the record as its writer saw it.
    #[must_use]
    pub fn is_asked_again(&self) -> bool {
        self.right || self.condition.looks_at_record_alone()
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "the form serde asks for")]
fn is_false(yes: &bool) -> bool {
    !yes
}
