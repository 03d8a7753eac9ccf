//! The story of a price: each step with the rule that took it, what went in, what came out, and
//! why. It does not know how steps are taken.

use std::fmt;
use std::sync::Arc;

use serde::{Serialize, Serializer};

use crate::base::currency::Currency;
use crate::base::decimal::Decimal;
use crate::base::fraction::{Fraction, FractionError};
use crate::base::money::{Money, UNIT_PRICE_SCALE_MAX, in_major};

/// Digits with which an amount is told that is not rounded yet: those of a price and of a quantity
/// together.
const UNROUNDED_SCALE: u8 = 12;

/// Which part of the waterfall a step belongs to; in this order they are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PriceStage {
    /// The price that everybody, a territory or a tier pays.
    ListPrice,
    /// What was agreed with the account or in a contract; it replaces the list price.
    AgreedPrice,
    /// A better price for many.
    QuantityBreak,
    /// The line's own price, which no list knows.
    OwnPrice,
    /// The price that was confirmed, of a line that did not change since.
    KeptPrice,
    /// The price of a list that holds tax, for a basket whose prices do not, or the other way
    /// round.
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
    /// A fee, for one of what it is charged for.
    Fee,
    /// One of several taxes, from what it is taken of to what it is.
    TaxPart,
    /// Tax on top, or out of the amount.
    Tax,
    /// What coins cannot pay.
    CashRounding,
}

/// A number in a step; prints as a decimal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TraceFigure {
    /// A price of one unit, or an amount that nothing has rounded yet.
    Exact(Decimal),
    /// An amount.
    Money(Money),
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PriceStep {
    /// The part of the waterfall.
    #[serde(rename = "step")]
    pub stage: PriceStage,
    /// The rule: a price entry, a promotion, a tax class.
    #[serde(serialize_with = "text")]
    pub rule: Arc<str>,
    /// The version of the rule, where it has versions.
    pub version: Option<u32>,
    /// The figure before, if there was one.
    #[serde(rename = "in")]
    pub before: Option<TraceFigure>,
    /// The figure after.
    #[serde(rename = "out")]
    pub after: TraceFigure,
    /// What the rule says.
    #[serde(serialize_with = "text")]
    pub why: Arc<str>,
}

/// Which rule takes a step, and what it says; shared by all lines that it takes it on.
#[derive(Debug, Clone)]
pub(super) struct PriceReason {
    pub(super) rule: Arc<str>,
    pub(super) version: Option<u32>,
    pub(super) why: Arc<str>,
}

impl PriceReason {
    pub(super) fn new(rule: &str, version: Option<u32>, why: &str) -> PriceReason {
        PriceReason {
            rule: Arc::from(rule),
            version,
            why: Arc::from(why),
        }
    }

    /// The step from one figure to another.
    pub(super) fn step(
        &self,
        stage: PriceStage,
        before: Option<TraceFigure>,
        after: TraceFigure,
    ) -> PriceStep {
        let PriceReason { rule, version, why } = self.clone();
        PriceStep {
            stage,
            rule,
            version,
            before,
            after,
            why,
        }
    }
}

/// An amount in smallest units as a step tells it: with the currency's digits, or with as many as
/// it has while nothing has rounded it.
pub(super) fn told(minor: Fraction, currency: Currency) -> Result<TraceFigure, FractionError> {
    if minor.is_whole() {
        let money = Money::of(minor.numerator(), currency);
        return money
            .map(TraceFigure::Money)
            .map_err(|_| FractionError::TooLarge);
    }
    in_major(minor, currency)?
        .shown(UNROUNDED_SCALE)
        .map(TraceFigure::Exact)
}

/// A price of one unit as a step tells it.
pub(super) fn price_told(price: Fraction) -> Result<TraceFigure, FractionError> {
    price.shown(UNIT_PRICE_SCALE_MAX).map(TraceFigure::Exact)
}

impl fmt::Display for TraceFigure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TraceFigure::Exact(decimal) => decimal.fmt(f),
            TraceFigure::Money(money) => money.fmt(f),
        }
    }
}

impl Serialize for TraceFigure {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

fn text<S: Serializer>(text: &Arc<str>, s: S) -> Result<S::Ok, S::Error> {
    s.serialize_str(text)
}
