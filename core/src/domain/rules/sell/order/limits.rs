//! The limits of an order: least value, credit, stock, what is no longer sold. Phone and server ask
//! the same; the server knows more. What is free is computed: the server's figure less one's own
//! orders that have no verdict.

use std::collections::BTreeMap;

use super::policy::policy;
use super::totals::{Totals, in_base, told};
use crate::base::decimal::Decimal;
use crate::base::fraction::Fraction;
use crate::domain::refusal::Refusal;
use crate::domain::rules::names::{LINES, ORDER_VERDICT, PRODUCT, SALES_ORDER, SUBMITTED};
use crate::objects::{ReadError, Reader, Record, Value};

const CREDIT: &str = "credit_figure";
const STOCK: &str = "stock_figure";

/// Refuses an order that is below the least value, above what the account may still owe, or above
/// what is in stock.
pub(super) fn check(reader: &dyn Reader, order: &Record, totals: &Totals) -> Result<(), Refusal> {
    minimum(reader, totals)?;
    credit(reader, order, totals)?;
    stock(reader, order, totals)
}

fn minimum(reader: &dyn Reader, totals: &Totals) -> Result<(), Refusal> {
    let policy = policy(reader)?;
    let Some(least) = number(&policy, "minimum_value") else {
        return Ok(());
    };
    let net = read(&totals.net);
    if net >= least {
        return Ok(());
    }
    let (net, currency) = (&totals.net, &totals.currency);
    let least = told(least.into(), currency)?;
    let message = format!(
        "the order is worth {net} {currency} net; the least is {least} {currency}; order more"
    );
    Err(Refusal::rule("below_minimum", message)
        .with("net", net.as_str())
        .with("minimum", least))
}

/// The credit figure of the order's account in its currency, if the office keeps one.
pub(super) fn credit_figure(
    reader: &dyn Reader,
    order: &Record,
) -> Result<Option<Record>, ReadError> {
    let figures = reader.find(CREDIT, &[("account", order.value("account").clone())])?;
    Ok(figures
        .into_iter()
        .find(|figure| figure.value("currency") == order.value("currency")))
}

fn credit(reader: &dyn Reader, order: &Record, totals: &Totals) -> Result<(), Refusal> {
    let Some(figure) = credit_figure(reader, order)? else {
        return Ok(());
    };
    let (limit, used) = (
        number(&figure, "limit").unwrap_or_default(),
        number(&figure, "used").unwrap_or_default(),
    );
    let mut waiting = Fraction::ZERO;
    for other in unjudged(reader, order)? {
        waiting = waiting
            .plus(number(&other, "gross").unwrap_or_default().into())
            .map_err(too_large)?;
    }
    let owed = Fraction::from(used).plus(waiting).map_err(too_large)?;
    let free = Fraction::from(limit).minus(owed).map_err(too_large)?;
    let gross = Fraction::from(read(&totals.gross));
    if gross <= free {
        return Ok(());
    }
    let over = gross.minus(free).map_err(too_large)?;
    let [limit, used, free, waiting, over] = [limit.into(), used.into(), free, waiting, over]
        .map(|amount: Fraction| told(amount, &totals.currency).unwrap_or_default());
    let (gross, currency) = (&totals.gross, &totals.currency);
    let message = format!(
        "the order is worth {gross} {currency}, but {free} of the credit limit of {limit} are free ({used} used, \
         {waiting} in orders without a verdict); order for {over} less, or ask the office"
    );
    let refusal = Refusal::rule("credit_exceeded", message)
        .with("gross", gross.as_str())
        .with("free", free);
    Err(refusal
        .with("limit", limit)
        .with("used", used)
        .with("waiting", waiting))
}

/// Other orders of the account, in the same currency, that are submitted and have no verdict on
/// what was submitted.
fn unjudged(reader: &dyn Reader, order: &Record) -> Result<Vec<Record>, ReadError> {
    let wanted = [
        ("account", order.value("account").clone()),
        ("state", SUBMITTED.into()),
    ];
    let mut waiting = Vec::new();
    for other in reader.find(SALES_ORDER, &wanted)? {
        let counts = other.id != order.id && other.value("currency") == order.value("currency");
        if counts && !is_judged(reader, &other)? {
            waiting.push(other);
        }
    }
    Ok(waiting)
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
    reader.find(STOCK, &[("product", product.into())])
}

fn stock(reader: &dyn Reader, order: &Record, totals: &Totals) -> Result<(), Refusal> {
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
                .plus(number(figure, "available").unwrap_or_default().into())
                .map_err(too_large)?;
        }
        for other in unjudged_anywhere(reader, order)? {
            free = free
                .minus(reserved(reader, &other, product)?)
                .map_err(too_large)?;
        }
        if quantity > free {
            return Err(short(reader, product, quantity, free)?);
        }
    }
    Ok(())
}

/// All other orders that wait for a verdict.
fn unjudged_anywhere(reader: &dyn Reader, order: &Record) -> Result<Vec<Record>, ReadError> {
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
    for line in order.lines(LINES).values() {
        let text = |field: &str| {
            line.get(field)
                .and_then(|value| value.text())
                .unwrap_or_default()
        };
        if text("product") == product {
            let ordered = (read(text("quantity")), text("unit").parse().ok());
            sum = sum
                .plus(in_base(reader, product, ordered)?)
                .map_err(too_large)?;
        }
    }
    Ok(sum)
}

fn short(
    reader: &dyn Reader,
    product: &str,
    wanted: Fraction,
    free: Fraction,
) -> Result<Refusal, ReadError> {
    let id = product.parse().ok();
    let record = id.map_or(Ok(None), |id| reader.record(PRODUCT, id))?;
    let name = record
        .as_ref()
        .and_then(|record| record.text("name"))
        .unwrap_or(product)
        .to_owned();
    let shown = |quantity: Fraction| {
        quantity
            .shown(6)
            .map(|quantity| quantity.to_string())
            .unwrap_or_default()
    };
    let (wanted, free) = (shown(wanted), shown(free));
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

pub(super) fn number(record: &Record, field: &str) -> Option<Decimal> {
    record.text(field)?.parse().ok()
}

fn read(text: &str) -> Decimal {
    text.parse().unwrap_or_default()
}

pub(super) fn too_large(_: crate::base::fraction::FractionError) -> Refusal {
    Refusal::rule(
        "too_large",
        "the amounts of this order are too large to be added up; order less",
    )
}
