//! A pot: a number of a server's row that movements alone change, and the bound that no draw may
//! take it beyond. It does not know which movements there are: `posting` says.

use serde::{Deserialize, Serialize};

use crate::base::decimal::Decimal;

/// What makes a decimal field of a row a pot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pot {
    /// What a draw may not take it below. Draws lower it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub floor: Option<Decimal>,
    /// The field of the row that a draw may not take it above. Draws raise it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ceiling: Option<String>,
    /// The decimal field of the row that says how much of it is held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<String>,
    /// The time field of the row that says when it last moved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_of: Option<String>,
    /// The field of the row that says of what it is: a currency, or a product.
    #[serde(default, rename = "in", skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// The code of the refusal of a draw beyond the bound.
    pub short: String,
    /// What that refusal says; `{wanted}`, `{room}`, `{over}`, and the names of the row's fields in
    /// braces stand for what is there.
    pub say: String,
}

/// Where movements and holds find a pot.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PotAddress {
    /// The object of the row.
    pub object: String,
    /// The row.
    pub row: crate::base::id::RecordId,
    /// The field.
    pub path: String,
}

/// A part of a pot that is set aside for a line of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// The record it is held for.
    pub record: crate::base::id::RecordId,
    /// The name of the posting that holds it.
    pub posting: String,
    /// The line of the record, or nothing.
    pub line: String,
    /// The pot.
    pub pot: PotAddress,
    /// What is held still.
    pub remaining: Decimal,
    /// What was taken out of it for good.
    pub captured: Decimal,
    /// What was given back by name, and can be held again.
    pub released: Decimal,
}
