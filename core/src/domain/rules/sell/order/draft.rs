//! Drafting an order: beginning it with the next number of its series, and its lines.
//! It does not know how it is submitted, nor what it costs.

use super::bounds::{fits, orderable, takeable};
use super::limits;
use super::policy::policy;
use crate::base::decimal::Decimal;
use crate::base::fraction::Fraction;
use crate::base::id::RecordId;
use crate::base::quantity::QUANTITY_SCALE_MAX;
use crate::base::unit::{Unit, UnitError};
use crate::domain::amounts::counted;
use crate::domain::refusal::Refusal;
use crate::domain::rules::goods::product::{in_base_units, packaging};
use crate::domain::rules::names::{ACCOUNT, LINES, PRODUCT, VISIT};
use crate::domain::situation::Situation;
use crate::objects::number::series;
use crate::objects::path::{POSITION, REMOVED, line_path};
use crate::objects::{Record, Value, Values, Write};

/// Whoever is blocked may not order.
pub fn account_not_blocked(situation: &Situation<'_>) -> Result<(), Refusal> {
    let account = situation
        .record
        .reference("account")
        .or_else(|| situation.input("account").text()?.parse().ok());
    let Some(account) = account else {
        return Ok(());
    };
    match situation.reader.record(ACCOUNT, account)? {
        Some(account) if account.value("blocked").is_true() => Err(blocked(&account)),
        Some(_) | None => Ok(()),
    }
}

pub(super) fn blocked(account: &Record) -> Refusal {
    let name = account.text("name").unwrap_or("this account");
    let message = format!("{name} is blocked and may not order; ask the office");
    Refusal::rule("account_blocked", message)
        .about("account")
        .with("account", name)
}

/// Begins an order by today's policy; its number is the next of this device's own series.
pub fn new_order(situation: &Situation<'_>) -> Result<Vec<Write>, Refusal> {
    let (reader, context) = (situation.reader, situation.context);
    if let Some(visit) = situation
        .input("visit")
        .text()
        .and_then(|id| id.parse::<RecordId>().ok())
        && let Some(visit) = reader.record(VISIT, visit)?
        && visit.value("account") != situation.input("account")
    {
        let message = "the visit is at another account; name the account of the visit";
        return Err(Refusal::bad_input("other_account", message)
            .about("visit")
            .about("account"));
    }
    let policy = policy(reader)?;
    let mut write = situation.write([
        ("series", Value::from(series(context.actor))),
        ("ordered_on", Value::from(context.today())),
        ("revision", Value::Int(1)),
    ]);
    for field in ["currency", "tax_mode", "tax_rounding", "cash_step"] {
        write
            .values
            .insert(field.to_owned(), policy.value(field).clone());
    }
    Ok(vec![write])
}

/// Orders a quantity of a product in a unit; a second time it replaces the first. Each product and
/// unit has one line, so that what two people order offline is one line with a conflict, not two.
pub fn set_order_line(situation: &Situation<'_>) -> Result<Vec<Write>, Refusal> {
    let product = sold(situation)?;
    let unit = unit(situation, &product)?;
    let quantity = quantity(situation, &product)?;
    let discount = situation.input("discount_percent").clone();
    write_line(situation, &product, unit, quantity, discount)
}

/// Orders so much more of a product in a unit than there is in the order; the discount stays unless
/// another is given.
pub fn add_order_line(situation: &Situation<'_>) -> Result<Vec<Write>, Refusal> {
    let product = sold(situation)?;
    let unit = unit(situation, &product)?;
    let (quantity, id) = (quantity(situation, &product)?, line_id(&product, unit));
    let lines = situation.record.lines(LINES);
    let held = lines.get(id.as_str());
    let text = |field: &str| held.and_then(|line| line.get(field)?.text());
    let there = match held {
        Some(_) => counted(situation.record, &line_path(LINES, &id, "quantity"))?,
        None => Fraction::ZERO,
    };
    let sum = there.plus(quantity.into())?.shown(QUANTITY_SCALE_MAX)?;
    let discount = match situation.input("discount_percent") {
        Value::Null => text("discount_percent").map_or(Value::Null, Value::from),
        given @ (Value::Bool(_) | Value::Int(_) | Value::Text(_)) => given.clone(),
    };
    write_line(situation, &product, unit, sum, discount)
}

/// The product that is named, which must still be sold.
fn sold(situation: &Situation<'_>) -> Result<Record, Refusal> {
    let product = product(situation)?;
    if product.value("discontinued").is_true() {
        Err(limits::not_sold(&product))
    } else {
        Ok(product)
    }
}

fn is_container(product: &Record) -> bool {
    product.value("is_container").is_true()
}

fn quantity(situation: &Situation<'_>, product: &Record) -> Result<Decimal, Refusal> {
    let quantity = decimal(situation, "quantity")?.unwrap_or_default();
    orderable(quantity, is_container(product)).map_err(|why| wrong_input("quantity", &why))?;
    Ok(quantity)
}

fn wrong_input(name: &str, why: &str) -> Refusal {
    Refusal::bad_input("bad_value", format!("`{name}` {why}")).about(name)
}

/// Writes one line, and brings it back if it was taken out.
fn write_line(
    situation: &Situation<'_>,
    product: &Record,
    unit: Unit,
    quantity: Decimal,
    discount_percent: Value,
) -> Result<Vec<Write>, Refusal> {
    orderable(quantity, is_container(product)).map_err(|why| wrong_input("quantity", &why))?;
    in_base_units(product, quantity, unit)?;
    let discount = decimal(situation, "discount_percent")?.unwrap_or_default();
    takeable(discount).map_err(|why| wrong_input("discount_percent", &why))?;
    if is_container(product) && !discount.is_zero() {
        let why = "is nothing on a container: it is given whole and taken back whole";
        return Err(wrong_input("discount_percent", why));
    }
    let line = line_id(product, unit);
    let path = |field: &str| line_path(LINES, &line, field);
    let mut values = Values::from([
        (path("product"), Value::from(product.id.to_string())),
        (path("unit"), Value::from(unit.to_string())),
        (path("quantity"), Value::from(quantity.to_string())),
        (path("discount_percent"), discount_percent),
    ]);
    let before = situation.record;
    let lines = before.lines(LINES);
    fits(lines.len() + usize::from(!lines.contains_key(line.as_str())))?;
    if before.value(&path(REMOVED)).is_true() {
        values.insert(path(REMOVED), Value::Bool(false));
    }
    if before.value(&path(POSITION)).is_null() {
        let positions = lines
            .into_values()
            .filter_map(|line| line.get(POSITION)?.int());
        values.insert(path(POSITION), Value::Int(positions.max().unwrap_or(0) + 1));
    }
    Ok(vec![Write {
        values,
        ..situation.write([])
    }])
}

/// Takes a product out of the order.
pub fn remove_order_line(situation: &Situation<'_>) -> Result<Vec<Write>, Refusal> {
    let product = product(situation)?;
    let unit = unit(situation, &product)?;
    let line = line_id(&product, unit);
    if !situation.record.lines(LINES).contains_key(line.as_str()) {
        let name = product.text("name").unwrap_or_default();
        let message = format!("the order has no line of {name} in {unit}; look at its lines");
        return Err(Refusal::not_found("unknown_line", message).about("product"));
    }
    Ok(vec![situation.write([(
        line_path(LINES, &line, REMOVED).as_str(),
        Value::Bool(true),
    )])])
}

fn line_id(product: &Record, unit: Unit) -> String {
    format!("{}~{unit}", product.id)
}

fn product(situation: &Situation<'_>) -> Result<Record, Refusal> {
    let id = situation
        .input("product")
        .text()
        .and_then(|id| id.parse().ok());
    let product = match id {
        Some(id) => situation.reader.record(PRODUCT, id)?,
        None => None,
    };
    product.ok_or_else(|| {
        Refusal::not_found("unknown_product", "there is no such product").about("product")
    })
}

/// The unit that was named, or the product's base unit.
fn unit(situation: &Situation<'_>, product: &Record) -> Result<Unit, Refusal> {
    let packaging = packaging(product)?;
    let wrong =
        |why: String| Refusal::bad_input("unknown_unit", format!("`unit`: {why}")).about("unit");
    let Some(wanted) = situation.words("unit") else {
        return Ok(packaging.base());
    };
    let unit: Unit = wanted
        .parse()
        .map_err(|error: UnitError| wrong(error.to_string()))?;
    packaging
        .content(unit)
        .map_err(|error| wrong(error.to_string()))?;
    Ok(unit)
}

fn decimal(situation: &Situation<'_>, name: &str) -> Result<Option<Decimal>, Refusal> {
    let Some(text) = situation.words(name) else {
        return Ok(None);
    };
    text.parse()
        .map(Some)
        .map_err(|error: crate::base::decimal::DecimalError| {
            Refusal::bad_input("bad_value", format!("`{name}`: {error}")).about(name)
        })
}
