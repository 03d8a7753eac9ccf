//! An order's sums, priced by the book as it is on the order's day.
//! It does not know limits nor verdicts.

use serde_json::Value as Json;

use crate::base::fraction::Fraction;
use crate::domain::refusal::Refusal;
use crate::objects::{Reader, Record, Registry};

/// What an order is worth, in amounts with exactly the digits of its currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Totals {
    /// ISO 4217.
    pub currency: String,
    /// Without tax.
    pub net: String,
    /// The tax.
    pub tax: String,
    /// With tax.
    pub gross: String,
    /// By position.
    pub lines: Vec<LineTotal>,
    /// The price lists and promotions that were used, with their versions.
    pub sources: Json,
}

/// One line's share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineTotal {
    /// The line's id.
    pub line: String,
    /// The product's id.
    pub product: String,
    /// The unit.
    pub unit: String,
    /// How many of it.
    pub quantity: String,
    /// How many base units that is.
    pub base_quantity: Fraction,
    /// The price of one unit after promotions and discount.
    pub unit_price: String,
    /// Without tax.
    pub net: String,
    /// The tax.
    pub tax: String,
    /// With tax.
    pub gross: String,
}

/// Prices an order.
pub fn totals(_registry: &Registry, _reader: &dyn Reader, _order: &Record) -> Result<Totals, Refusal> {
    Err(Refusal::rule("x", "x"))
}
