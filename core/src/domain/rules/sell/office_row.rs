//! Rows of the office as prices need them: numbers, days, buyers and goods that they name; what
//! cannot be read is refused by row and field. It does not know what is made of them.

use std::collections::BTreeSet;
use std::str::FromStr;

use crate::base::currency::Currency;
use crate::base::day::Day;
use crate::base::decimal::Decimal;
use crate::base::money::Money;
use crate::domain::refusal::Refusal;
use crate::domain::rules::sell::pricing::{Buyers, Goods, Validity};
use crate::objects::Record;

/// A mistake in what the office keeps, by name.
pub(super) fn mistake(row: &Record, field: &str, why: impl std::fmt::Display) -> Refusal {
    let name = row
        .text("name")
        .map_or_else(|| row.id.to_string(), str::to_owned);
    let message = format!(
        "`{field}` of {} `{name}`: {why}; ask the office to mend it",
        row.object.replace('_', " ")
    );
    Refusal::rule("bad_book", message)
        .about(field)
        .with("record", row.id.to_string())
}

pub(super) fn parsed<T: FromStr<Err: std::fmt::Display>>(
    row: &Record,
    field: &str,
) -> Result<Option<T>, Refusal> {
    row.text(field)
        .map(|text| text.parse().map_err(|error| mistake(row, field, error)))
        .transpose()
}

pub(super) fn needed<T: FromStr<Err: std::fmt::Display>>(
    row: &Record,
    field: &str,
) -> Result<T, Refusal> {
    parsed(row, field)?.ok_or_else(|| mistake(row, field, "it is needed"))
}

pub(super) fn version(row: &Record, field: &str) -> u32 {
    row.value(field)
        .int()
        .and_then(|version| u32::try_from(version).ok())
        .unwrap_or(1)
}

pub(super) fn priority(row: &Record) -> i32 {
    row.value("priority")
        .int()
        .and_then(|priority| i32::try_from(priority).ok())
        .unwrap_or(0)
}

pub(super) fn money(
    row: &Record,
    field: &str,
    amount: Decimal,
    currency: Currency,
) -> Result<Money, Refusal> {
    Money::exact(amount, currency).map_err(|error| mistake(row, field, error))
}

pub(super) fn validity(row: &Record) -> Result<Validity, Refusal> {
    Ok(Validity {
        from: parsed::<Day>(row, "valid_from")?,
        to: parsed::<Day>(row, "valid_to")?,
    })
}

/// Whom a list or promotion is for: the narrowest that it names, or what it says it applies to.
pub(super) fn buyers(row: &Record) -> Result<Buyers, Refusal> {
    let text = |field: &str| row.text(field).map(str::to_owned);
    let named = [
        text("account").map(Buyers::Account),
        text("tier").map(Buyers::Tier),
        text("territory").map(Buyers::Territory),
    ];
    let narrowest = named.into_iter().flatten().next();
    let agrees = match (row.text("applies_to"), &narrowest) {
        (None, _) | (Some("all"), None) => true,
        (Some("account" | "contract"), Some(Buyers::Account(_))) => true,
        (Some("tier"), Some(Buyers::Tier(_))) | (Some("territory"), Some(Buyers::Territory(_))) => {
            true
        }
        (Some(_), _) => false,
    };
    if !agrees {
        return Err(mistake(
            row,
            "applies_to",
            "it names nobody of that kind, or somebody of another",
        ));
    }
    Ok(narrowest.unwrap_or(Buyers::All))
}

pub(super) fn goods(product: Option<&str>, category: Option<&str>) -> Goods {
    match (product, category) {
        (Some(product), _) => Goods::Product(product.to_owned()),
        (None, Some(category)) => Goods::Category(category.to_owned()),
        (None, None) => Goods::All,
    }
}

/// Whether goods are among these products and categories.
pub(super) fn speaks_of(
    goods: &Goods,
    products: &BTreeSet<&str>,
    categories: &BTreeSet<String>,
) -> bool {
    match goods {
        Goods::Product(id) | Goods::Variant(id) => products.contains(id.as_str()),
        Goods::Category(category) => categories.contains(category),
        Goods::All => true,
    }
}
