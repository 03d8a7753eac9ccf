//! The limits of an order: least value, credit, stock, what is no longer sold. Phone and server ask
//! the same; the server knows more. What is free is computed: the server's figure less the other
//! orders known here that have no verdict.

use std::collections::BTreeMap;

use super::amounts::{counted, held, unreadable};
use super::policy::policy;
use super::totals::{Totals, in_base, told};
use crate::base::context::Place;
use crate::base::decimal::Decimal;
use crate::base::fraction::Fraction;
use crate::base::unit::UnitError;
use crate::domain::refusal::Refusal;
use crate::domain::rules::names::{
    CREDIT_FIGURE, LINES, ORDER_VERDICT, PRODUCT, SALES_ORDER, STOCK_FIGURE, SUBMITTED,
};
use crate::objects::path::line_path;
use crate::objects::{ReadError, Reader, Record, Value};

/// Refuses an order that is below the least value, above what the account may still owe, or above
/// what is in stock.
/// A device counts the other orders that wait for a verdict; on the server none waits, since each
/// is judged in the transaction that takes it in: one costs the same however many there are.
pub(super) fn check(
    place: Place,
    reader: &dyn Reader,
    order: &Record,
    totals: &Totals,
) -> Result<(), Refusal> {
    let waiting = match place {
        Place::Device => unjudged(reader, order)?,
        Place::Server => Vec::new(),
    };
    minimum(reader, totals)?;
    credit(reader, order, totals, &waiting)?;
    stock(reader, totals, &waiting)
}

fn minimum(reader: &dyn Reader, totals: &Totals) -> Result<(), Refusal> {
    let policy = policy(reader)?;
    let Some(least) = held(&policy, "minimum_value")? else {
        return Ok(());
    };
    if Decimal::from(totals.net) >= least {
        return Ok(());
    }
    let (net, currency) = (totals.net.to_string(), totals.currency);
    let least = told(least.into(), currency)?;
    let message = format!(
        "the order is worth {net} {currency} net; the least is {least} {currency}; order more"
    );
    Err(Refusal::rule("below_minimum", message)
        .with("net", net)
        .with("minimum", least))
}

/// The credit figure of the order's account in its currency, if the office keeps one.
pub(super) fn credit_figure(
    reader: &dyn Reader,
    order: &Record,
) -> Result<Option<Record>, ReadError> {
    let figures = reader.find(
        CREDIT_FIGURE,
        &[("account", order.value("account").clone())],
    )?;
    Ok(figures
        .into_iter()
        .find(|figure| figure.value("currency") == order.value("currency")))
}

fn credit(
    reader: &dyn Reader,
    order: &Record,
    totals: &Totals,
    others: &[Record],
) -> Result<(), Refusal> {
    let Some(figure) = credit_figure(reader, order)? else {
        return Ok(());
    };
    let (limit, used) = (counted(&figure, "limit")?, counted(&figure, "used")?);
    let mut waiting = Fraction::ZERO;
    for other in others {
        let same = ["account", "currency"];
        if same
            .iter()
            .all(|field| other.value(field) == order.value(field))
        {
            waiting = waiting.plus(counted(other, "gross")?).map_err(too_large)?;
        }
    }
    let owed = used.plus(waiting).map_err(too_large)?;
    let free = limit.minus(owed).map_err(too_large)?;
    let gross = Fraction::from(totals.gross);
    if gross <= free {
        return Ok(());
    }
    let over = gross.minus(free).map_err(too_large)?;
    let told = |amount: Fraction| told(amount, totals.currency);
    let (limit, used, free) = (told(limit)?, told(used)?, told(free)?);
    let (waiting, over) = (told(waiting)?, told(over)?);
    let (gross, currency) = (totals.gross.to_string(), totals.currency);
    let message = format!(
        "the order is worth {gross} {currency}, but {free} of the credit limit of {limit} are free \
         ({used} used, {waiting} in orders without a verdict); order for {over} less, or ask the \
         office"
    );
    Err(Refusal::rule("credit_exceeded", message)
        .with("gross", gross)
        .with("free", free)
        .with("limit", limit)
        .with("used", used)
        .with("waiting", waiting))
}

/// Whether there is a verdict on what the order says it submitted.
pub(super) fn is_judged(reader: &dyn Reader, order: &Record) -> Result<bool, ReadError> {
    let verdicts = reader.find(
        ORDER_VERDICT,
        &[("order", Value::from(order.id.to_string()))],
    )?;
    Ok(verdicts.iter().any(|verdict| answers(verdict, order)))
}

/// Whether the server said no to what the order says it submitted.
pub fn is_rejected(reader: &dyn Reader, order: &Record) -> Result<bool, ReadError> {
    let verdicts = reader.find(
        ORDER_VERDICT,
        &[("order", Value::from(order.id.to_string()))],
    )?;
    Ok(verdicts
        .iter()
        .any(|verdict| verdict.text("verdict") == Some("rejected") && answers(verdict, order)))
}

/// Whether a verdict is about what the order says it submitted, and when: what was rejected and is
/// submitted again as it was, is judged by what holds then.
pub(super) fn answers(verdict: &Record, order: &Record) -> bool {
    ["content_hash", "submitted_at"]
        .into_iter()
        .all(|field| verdict.value(field) == order.value(field))
}

/// The stock figures of a product.
pub(super) fn stock_figures(reader: &dyn Reader, product: &str) -> Result<Vec<Record>, ReadError> {
    reader.find(STOCK_FIGURE, &[("product", product.into())])
}

fn stock(reader: &dyn Reader, totals: &Totals, others: &[Record]) -> Result<(), Refusal> {
    let mut wanted: BTreeMap<&str, Fraction> = BTreeMap::new();
    for line in &totals.lines {
        let sum = wanted.entry(&line.product).or_insert(Fraction::ZERO);
        *sum = sum.plus(line.base_quantity).map_err(too_large)?;
    }
    for (product, quantity) in wanted {
        let figures = stock_figures(reader, product)?;
        if figures.is_empty() {
            continue;
        }
        let mut free = Fraction::ZERO;
        for figure in &figures {
            free = free
                .plus(counted(figure, "available")?)
                .map_err(too_large)?;
        }
        for other in others {
            free = free
                .minus(reserved(reader, other, product)?)
                .map_err(too_large)?;
        }
        if quantity > free {
            return Err(short(reader, product, quantity, free)?);
        }
    }
    Ok(())
}

/// All other orders that wait for a verdict.
fn unjudged(reader: &dyn Reader, order: &Record) -> Result<Vec<Record>, ReadError> {
    let mut waiting = Vec::new();
    for other in reader.find(SALES_ORDER, &[("state", SUBMITTED.into())])? {
        if other.id != order.id && !is_judged(reader, &other)? {
            waiting.push(other);
        }
    }
    Ok(waiting)
}

/// What an order that waits takes of a product, as it was submitted, in base units.
fn reserved(reader: &dyn Reader, order: &Record, product: &str) -> Result<Fraction, Refusal> {
    let mut sum = Fraction::ZERO;
    for line in order.lines(LINES).into_keys() {
        let path = |field: &str| line_path(LINES, line, field);
        if order.text(&path("product")) != Some(product) {
            continue;
        }
        let quantity = held(order, &path("quantity"))?.unwrap_or_default();
        let unit = match order.text(&path("unit")) {
            None => None,
            Some(unit) => Some(unit.parse().map_err(|error: UnitError| {
                unreadable(order, &path("unit"), &error.to_string())
            })?),
        };
        let taken = in_base(reader, product, quantity, unit)?;
        sum = sum.plus(taken).map_err(too_large)?;
    }
    Ok(sum)
}

fn short(
    reader: &dyn Reader,
    product: &str,
    wanted: Fraction,
    free: Fraction,
) -> Result<Refusal, Refusal> {
    let id = product.parse().ok();
    let record = id.map_or(Ok(None), |id| reader.record(PRODUCT, id))?;
    let name = record
        .as_ref()
        .and_then(|record| record.text("name"))
        .unwrap_or(product)
        .to_owned();
    let shown = |quantity: Fraction| quantity.shown(6).map(|shown| shown.to_string());
    let (wanted, free) = (shown(wanted)?, shown(free)?);
    let message = format!("{wanted} of {name} are ordered, {free} are available; order less");
    Ok(Refusal::rule("not_enough_stock", message)
        .about(LINES)
        .with("product", name)
        .with("available", free))
}

/// The refusal of an order that names something no longer sold, if it does.
pub(super) fn discontinued(
    reader: &dyn Reader,
    order: &Record,
) -> Result<Option<Refusal>, ReadError> {
    for line in order.lines(LINES).values() {
        let id = line
            .get("product")
            .and_then(|value| value.text()?.parse().ok());
        let product = id.map_or(Ok(None), |id| reader.record(PRODUCT, id))?;
        if let Some(product) = product.filter(|product| product.value("discontinued").is_true()) {
            return Ok(Some(not_sold(&product)));
        }
    }
    Ok(None)
}

pub(super) fn not_sold(product: &Record) -> Refusal {
    let name = product.text("name").unwrap_or("this product");
    let message = format!("{name} is no longer sold; take it out of the order");
    Refusal::rule("discontinued", message)
        .about("product")
        .with("product", name)
}

pub(super) fn too_large(_: crate::base::fraction::FractionError) -> Refusal {
    Refusal::rule(
        "too_large",
        "the amounts of this order are too large to be added up; order less",
    )
}
