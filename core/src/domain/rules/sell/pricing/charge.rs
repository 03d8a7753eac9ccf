//! What a line is that is no goods. It does not know how it came about.

use serde::Serialize;

/// What kind of line stands beside the goods.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ChargeKind {
    /// A container that is ordered or given back by itself.
    Container,
    /// The containers of what is ordered.
    Deposit,
    /// A fee of the office.
    Fee,
}

/// What a line is that is no goods.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LineCharge {
    /// Of which kind.
    pub kind: ChargeKind,
    /// The id of a line that nobody ordered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// What people call it.
    pub name: String,
    /// Why it is charged (UNTDID 7161).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason_code: Option<String>,
}
