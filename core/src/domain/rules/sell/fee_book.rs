//! Fees as the office keeps them, for one basket; and whether a row is one. It does not know what
//! they come to.

use std::collections::{BTreeMap, BTreeSet};

use super::office_row::{
    buyers, goods, mistake, money, needed, parsed, speaks_of, validity, version,
};
use crate::base::currency::Currency;
use crate::base::decimal::Decimal;
use crate::base::money::Money;
use crate::domain::refusal::Refusal;
use crate::domain::rules::names::FEE;
use crate::domain::rules::sell::pricing::{Account, Basket, Book, Fee, FeeCharge, FeePer, Goods};
use crate::objects::{Reader, Record};

/// Letters and digits that a reason has at most (UNTDID 7161).
const REASON_CODE_MAX: usize = 3;

/// What a basket has of products and categories, and who buys.
pub(super) struct Bought<'a> {
    pub(super) products: &'a BTreeSet<&'a str>,
    pub(super) categories: &'a BTreeSet<String>,
    pub(super) account: Option<&'a Account>,
}

/// Puts the fees that a basket may come with into its book, and answers their tax classes. One that
/// cannot be read stops whoever would pay it, and nobody else.
pub(super) fn add_fees(
    book: &mut Book,
    reader: &dyn Reader,
    basket: &Basket,
    bought: &Bought<'_>,
) -> Result<BTreeSet<String>, Refusal> {
    let mut classes = BTreeSet::new();
    let rows = reader.find(FEE, &[])?;
    for row in newest(&rows) {
        if !may_concern(row, basket, bought) {
            continue;
        }
        let fee = fee(row, basket.currency)?;
        classes.insert(fee.tax_class.clone());
        book.add_fee(fee)?;
    }
    Ok(classes)
}

/// Of each name those of its newest version.
fn newest(rows: &[Record]) -> Vec<&Record> {
    let of = |row: &Record| version(row, "fee_version");
    let mut versions: BTreeMap<&str, u32> = BTreeMap::new();
    for row in rows {
        let name = row.text("name").unwrap_or_default();
        let newest = versions.entry(name).or_default();
        *newest = (*newest).max(of(row));
    }
    let is_newest =
        |row: &&Record| versions.get(row.text("name").unwrap_or_default()) == Some(&of(row));
    rows.iter().filter(is_newest).collect()
}

/// Whether a fee speaks of these goods, this buyer and this day; what cannot be read may.
fn may_concern(row: &Record, basket: &Basket, bought: &Bought<'_>) -> bool {
    let is_of_goods = speaks_of(&of_goods(row), bought.products, bought.categories);
    let is_of_day = validity(row).map_or(true, |days| days.holds(basket.at));
    let is_of_buyer = buyers(row).map_or(true, |buyers| buyers.include(bought.account));
    is_of_goods && is_of_day && is_of_buyer
}

fn of_goods(row: &Record) -> Goods {
    goods(row.text("product"), row.text("category"))
}

/// A row as a fee; its amounts are in this currency, unless it names another.
fn fee(row: &Record, usual: Currency) -> Result<Fee, Refusal> {
    let currency = currency(row)?;
    let bound = |field: &str| bound(row, field, currency.unwrap_or(usual));
    Ok(Fee {
        id: row.id.to_string(),
        name: needed(row, "name")?,
        version: version(row, "fee_version"),
        buyers: buyers(row)?,
        goods: of_goods(row),
        validity: validity(row)?,
        per: match row.text("per") {
            Some("unit") => FeePer::Unit,
            Some("line") => FeePer::Line,
            Some(_) | None => FeePer::Order,
        },
        charge: charge(row)?,
        currency,
        from: bound("from_value")?,
        below: bound("below_value")?,
        tax_class: needed(row, "tax_class")?,
        tax_inclusive: row.value("tax_inclusive").is_true(),
        reason_code: reason_code(row)?,
    })
}

fn currency(row: &Record) -> Result<Option<Currency>, Refusal> {
    let named = row.text("currency").map(Currency::named).transpose();
    named.map_err(|error| mistake(row, "currency", error))
}

fn bound(row: &Record, field: &str, currency: Currency) -> Result<Option<Money>, Refusal> {
    let amount = parsed::<Decimal>(row, field)?;
    amount
        .map(|amount| money(row, field, amount, currency))
        .transpose()
}

fn charge(row: &Record) -> Result<FeeCharge, Refusal> {
    let amount = parsed::<Decimal>(row, "amount")?;
    let percent = parsed::<Decimal>(row, "percent")?;
    match (amount, percent) {
        (Some(amount), None) => Ok(FeeCharge::Amount(amount)),
        (None, Some(percent)) => Ok(FeeCharge::Percent(percent)),
        (Some(_), Some(_)) => {
            let why = "a fee is an amount or per cent, not both; take one of them out";
            Err(mistake(row, "percent", why))
        }
        (None, None) => {
            let why = "a fee is an amount or per cent; name one of them";
            Err(mistake(row, "amount", why))
        }
    }
}

fn reason_code(row: &Record) -> Result<Option<String>, Refusal> {
    let Some(code) = row.text("reason_code") else {
        return Ok(None);
    };
    let is_code = |letter: char| letter.is_ascii_uppercase() || letter.is_ascii_digit();
    if code.len() > REASON_CODE_MAX || !code.chars().all(is_code) {
        let why = format!("`{code}` is not a code of UNTDID 7161, such as FC, ABL or ADR");
        return Err(mistake(row, "reason_code", why));
    }
    Ok(Some(code.to_owned()))
}

/// All that is wrong with a row that is to be a fee.
pub(super) fn problems(row: &Record, usual: Currency) -> Vec<Result<(), Refusal>> {
    let own = currency(row);
    let in_currency = own.as_ref().ok().copied().flatten().unwrap_or(usual);
    let mut found = vec![
        own.map(drop),
        buyers(row).map(drop),
        validity(row).map(drop),
        charge(row).map(drop),
        bound(row, "from_value", in_currency).map(drop),
        bound(row, "below_value", in_currency).map(drop),
        reason_code(row).map(drop),
    ];
    if found.iter().all(Result::is_ok) {
        found.push(fee(row, usual).and_then(|fee| Book::default().add_fee(fee)));
    }
    found
}
