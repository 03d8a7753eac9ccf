//! What a fee of the office is: an amount or a share, for each unit, line or order that it is
//! about. It does not know baskets; `fee_line` charges it.

use super::basket::{LINE_PRICE_MAX, PERCENT_SCALE_MAX};
use super::scope::{Buyers, Goods, Validity, bad_book};
use crate::base::currency::Currency;
use crate::base::decimal::Decimal;
use crate::base::money::{Money, UNIT_PRICE_SCALE_MAX};
use crate::domain::refusal::Refusal;

/// What a fee is charged for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FeePer {
    /// Each base unit.
    Unit,
    /// Each line.
    Line,
    /// The order.
    Order,
}

/// How much a fee is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FeeCharge {
    /// An amount for each.
    Amount(Decimal),
    /// Per cent of what each comes to.
    Percent(Decimal),
}

/// A fee that the office takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fee {
    /// The id of its row.
    pub id: String,
    /// What people call it; traces do.
    pub name: String,
    /// Which version of it this is.
    pub version: u32,
    /// Who pays it.
    pub buyers: Buyers,
    /// The goods that it is for.
    pub goods: Goods,
    /// When it holds.
    pub validity: Validity,
    /// What it is charged for.
    pub per: FeePer,
    /// How much.
    pub charge: FeeCharge,
    /// The currency of its amounts; any, where it names none.
    pub currency: Option<Currency>,
    /// From which value of the line or order on, as the basket counts amounts.
    pub from: Option<Money>,
    /// Below which value.
    pub below: Option<Money>,
    /// The class that decides its own tax.
    pub tax_class: String,
    /// Whether its amount holds its tax.
    pub tax_inclusive: bool,
    /// Why it is charged (UNTDID 7161).
    pub reason_code: Option<String>,
}

/// Whether a fee can be charged.
pub(super) fn check_fee(fee: &Fee) -> Result<(), Refusal> {
    let bad = |why: String| Err(bad_book(&fee.name, &why));
    match (&fee.charge, fee.per) {
        (FeeCharge::Percent(_), FeePer::Unit) => {
            return bad("a fee for each unit is an amount, never per cent".to_owned());
        }
        (FeeCharge::Percent(percent), FeePer::Line | FeePer::Order) => {
            let most = Decimal::from(100);
            if percent.is_negative() || *percent > most || percent.scale() > PERCENT_SCALE_MAX {
                return bad(format!(
                    "per cent are 0 to 100, with at most {PERCENT_SCALE_MAX} digits after the point"
                ));
            }
        }
        (FeeCharge::Amount(amount), _) => {
            let most = Decimal::from(LINE_PRICE_MAX);
            if amount.is_negative() || *amount > most || amount.scale() > UNIT_PRICE_SCALE_MAX {
                return bad(format!(
                    "an amount is 0 to {LINE_PRICE_MAX}, with at most {UNIT_PRICE_SCALE_MAX} \
                     digits after the point"
                ));
            }
        }
    }
    match (fee.from, fee.below) {
        (Some(from), Some(below)) if below.minor() <= from.minor() => {
            bad(format!("no value is from {from} and below {below}"))
        }
        (Some(_) | None, Some(_) | None) => Ok(()),
    }
}
