//! The story of a price: each step with the rule that took it, what went in, what came out, and why.
//! It does not know how steps are taken.

use serde::Serialize;

use crate::base::currency::Currency;
use crate::base::fraction::{Fraction, FractionError};
use crate::base::money::{Money, in_major};

/// Digits with which an amount is told that is not rounded yet: those of a price and of a quantity together.
const UNROUNDED_SCALE: u8 = 12;

/// Which part of the waterfall a step belongs to; in this order they are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// The price that everybody, a territory or a tier pays.
    ListPrice,
    /// What was agreed with the account or in a contract; it replaces the list price.
    AgreedPrice,
    /// A better price for many.
    QuantityBreak,
    /// The line's own price, which no list knows.
    OwnPrice,
    /// The price of a list that holds tax, for a basket whose prices do not, or the other way round.
    TaxConversion,
    /// Price times quantity.
    LineAmount,
    /// A promotion on the line.
    LinePromotion,
    /// What the seller takes off.
    Discount,
    /// The line's amount at the currency's exponent, where nothing before has rounded it.
    LineRounding,
    /// The line's share of a promotion on the order.
    OrderPromotion,
    /// Tax on top, or out of the amount.
    Tax,
    /// What coins cannot pay.
    CashRounding,
}

/// One step; numbers are decimals as text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// The part of the waterfall.
    #[serde(rename = "step")]
    pub stage: Stage,
    /// The rule: a price entry, a promotion, a tax class.
    pub rule: String,
    /// The version of the rule, where it has versions.
    pub version: Option<u32>,
    /// The figure before, if there was one.
    #[serde(rename = "in")]
    pub before: Option<String>,
    /// The figure after.
    #[serde(rename = "out")]
    pub after: String,
    /// What the rule says.
    pub why: String,
}

/// An amount in smallest units as a step tells it: with the currency's digits, or with as many as it has while nothing
/// has rounded it.
pub(super) fn told(minor: Fraction, currency: Currency) -> Result<String, FractionError> {
    if minor.is_whole() {
        return Money::of(minor.numerator(), currency)
            .map_or(Err(FractionError::TooLarge), |money| Ok(money.to_string()));
    }
    Ok(in_major(minor, currency)?.shown(UNROUNDED_SCALE)?.to_string())
}
