//! A promotion that is nearly reached, and what is missing of it. It does not know how that is
//! found out: `hurdle` does.

use serde::Serialize;

/// A promotion that is nearly reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NearMiss {
    /// The promotion.
    pub promotion: String,
    /// Its version.
    pub version: u32,
    /// The line, where each line is judged alone.
    pub line: Option<usize>,
    /// Everything that is missing.
    pub missing: Vec<Gap>,
}

/// What is missing of one thing that a hurdle asks for; quantities are in base units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Gap {
    /// `quantity`, `value`, or the goods of a mix.
    pub of: String,
    /// What is there.
    pub have: String,
    /// What the hurdle asks for.
    pub need: String,
    /// How much more.
    pub missing: String,
}
