//! Whether the rows that prices are made from are sound, asked where they are written: what would
//! stop a price on a phone is refused at the office, all that is wrong at once. It does not price.

use super::fee_book::problems;
use super::price_book::{price_entry, price_list, promotion};
use super::pricing::Book;
use super::tax_book::class_is_sound;
use crate::base::currency::Currency;
use crate::base::decimal::Decimal;
use crate::base::limits::FEE_ROWS_MAX;
use crate::domain::amounts::held;
use crate::domain::refusal::Refusal;
use crate::domain::rules::goods::product::packaging;
use crate::domain::rules::names::{FEE, ORDER_POLICY, PRICE_ENTRY, PRICE_LIST, PRODUCT, PROMOTION};
use crate::domain::situation::Situation;
use crate::domain::values;
use crate::objects::{Record, Value};

/// A promotion has its hurdle and its reward, and there is one of each name and version.
pub fn promotion_is_sound(situation: &Situation<'_>) -> Result<(), Refusal> {
    let row = after(situation);
    let whole = promotion(&row, usual_currency(situation)?);
    Refusal::all([
        whole.and_then(|promotion| Book::default().add_promotion(promotion)),
        one_of_version(situation, &row, PROMOTION, "promotion_version"),
    ])
}

/// A fee is an amount or per cent of what it is charged for; there is one of each name and version,
/// and not more of them than an order can ask about.
pub fn fee_is_sound(situation: &Situation<'_>) -> Result<(), Refusal> {
    let row = after(situation);
    let mut found = problems(&row, usual_currency(situation)?);
    found.push(one_of_version(situation, &row, FEE, "fee_version"));
    found.push(few_fees(situation));
    Refusal::every(found)
}

fn few_fees(situation: &Situation<'_>) -> Result<(), Refusal> {
    if !situation.new || situation.reader.find(FEE, &[])?.len() < FEE_ROWS_MAX {
        return Ok(());
    }
    let message = format!("there are {FEE_ROWS_MAX} fees, and no more are possible; change one");
    Err(Refusal::rule("too_many_fees", message).with("most", FEE_ROWS_MAX))
}

/// A price list names its buyers and its currency, and there is one of each name and version.
pub fn price_list_is_sound(situation: &Situation<'_>) -> Result<(), Refusal> {
    let row = after(situation);
    let whole = price_list(&row);
    Refusal::all([
        whole.and_then(|list| Book::default().add_list(list)),
        one_of_version(situation, &row, PRICE_LIST, "list_version"),
    ])
}

/// A price is of something, not negative, and in a unit that its product has.
pub fn price_entry_is_sound(situation: &Situation<'_>) -> Result<(), Refusal> {
    let row = after(situation);
    Refusal::all([
        price_can_be_listed(situation, &row),
        unit_is_of_product(situation, &row),
        one_price(situation, &row),
    ])
}

/// A tax has a category and a rate, or several taxes that can be taken together.
pub fn tax_class_is_sound(situation: &Situation<'_>) -> Result<(), Refusal> {
    class_is_sound(&after(situation))
}

/// A policy names a currency that there is.
pub fn order_policy_is_sound(situation: &Situation<'_>) -> Result<(), Refusal> {
    let row = after(situation);
    Refusal::all([currency_is_known(&row), limit_is_a_percentage(&row)])
}

fn currency_is_known(policy: &Record) -> Result<(), Refusal> {
    match Currency::named(policy.text("currency").unwrap_or_default()) {
        Ok(_) => Ok(()),
        Err(error) => {
            let message = format!("`currency`: {error}");
            Err(Refusal::bad_input("bad_value", message).about("currency"))
        }
    }
}

fn limit_is_a_percentage(policy: &Record) -> Result<(), Refusal> {
    let name = "approve_discount_above";
    match held(policy, name)? {
        Some(most) if !(Decimal::ZERO..=Decimal::from(100)).contains(&most) => {
            let message = format!("`{name}`: {most} is no percentage; say 0 to 100");
            Err(Refusal::bad_input("bad_value", message).about(name))
        }
        Some(_) | None => Ok(()),
    }
}

/// Of the rows of an object that one is the default of, only one is.
pub fn one_default(situation: &Situation<'_>) -> Result<(), Refusal> {
    if !situation.input("is_default").is_true() {
        return Ok(());
    }
    let object = situation.descriptor.object.as_str();
    let wanted = [("is_default", Value::Bool(true))];
    let others = situation.reader.find(object, &wanted)?;
    let Some(other) = others.iter().find(|other| other.id != situation.id) else {
        return Ok(());
    };
    let name = other.text("name").unwrap_or("another");
    let message = format!(
        "`{name}` ({}) is the default of `{object}` already; take `is_default` off it first",
        other.id
    );
    Err(Refusal::rule("second_default", message)
        .about("is_default")
        .with("default", other.id.to_string()))
}

/// The row as it will be.
fn after(situation: &Situation<'_>) -> Record {
    values::after(situation.record, situation.input)
}

/// The currency of the tenant's policy: what amounts are in that name none.
fn usual_currency(situation: &Situation<'_>) -> Result<Currency, Refusal> {
    let wanted = [("is_default", Value::Bool(true))];
    let policies = situation.reader.find(ORDER_POLICY, &wanted)?;
    let code = policies.first().and_then(|policy| policy.text("currency"));
    let named = Currency::named(code.unwrap_or("USD"));
    named.map_err(|error| Refusal::bad_input("bad_value", error.to_string()).about("currency"))
}

fn one_of_version(
    situation: &Situation<'_>,
    row: &Record,
    object: &str,
    version: &str,
) -> Result<(), Refusal> {
    let wanted = [
        ("name", row.value("name").clone()),
        (version, row.value(version).clone()),
    ];
    let same = situation.reader.find(object, &wanted)?;
    let Some(other) = same.iter().find(|other| other.id != row.id) else {
        return Ok(());
    };
    let name = row.text("name").unwrap_or_default();
    let message = format!(
        "there is a `{object}` `{name}` of this version already ({}); change that one, or give \
         this one a version of its own",
        other.id
    );
    Err(Refusal::rule("exists", message)
        .about("name")
        .about(version))
}

fn price_can_be_listed(situation: &Situation<'_>, row: &Record) -> Result<(), Refusal> {
    let list = match row.reference("price_list") {
        Some(id) => situation.reader.record(PRICE_LIST, id)?,
        None => None,
    };
    let Some(list) = list else {
        return Ok(());
    };
    let mut list = price_list(&list)?;
    list.entries.push(price_entry(row)?);
    Book::default().add_list(list)
}

/// Of a list one price holds for the same goods, by the same unit, from the same quantity on.
fn one_price(situation: &Situation<'_>, row: &Record) -> Result<(), Refusal> {
    let of = ["product", "category"].map(|field| (field, row.value(field).clone()));
    let wanted: Vec<_> = of.into_iter().filter(|(_, of)| !of.is_null()).collect();
    if wanted.is_empty() {
        return Ok(());
    }
    let new = price_entry(row)?;
    for other in situation.reader.find(PRICE_ENTRY, &wanted)? {
        if other.id == row.id || other.value("price_list") != row.value("price_list") {
            continue;
        }
        // One that cannot be read prices nothing.
        let Ok(held) = price_entry(&other) else {
            continue;
        };
        if (held.goods, held.unit, held.minimum) == (new.goods.clone(), new.unit, new.minimum) {
            let message = format!(
                "the list has a price for the same goods, unit and quantity already ({}); change \
                 that one",
                other.id
            );
            return Err(Refusal::rule("price_tie", message)
                .about("unit")
                .with("other", other.id.to_string()));
        }
    }
    Ok(())
}

fn unit_is_of_product(situation: &Situation<'_>, row: &Record) -> Result<(), Refusal> {
    let product = match row.reference("product") {
        Some(id) => situation.reader.record(PRODUCT, id)?,
        None => None,
    };
    let (Some(product), Some(unit)) = (product, price_entry(row)?.unit) else {
        return Ok(());
    };
    let known = packaging(&product)?.content(unit);
    match known {
        Ok(_) => Ok(()),
        Err(error) => {
            let message = format!("`unit`: {error}");
            Err(Refusal::bad_input("unknown_unit", message).about("unit"))
        }
    }
}
