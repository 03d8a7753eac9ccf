//! What a judge asks of an order that is handed in: whether it is what it says, at today's prices,
//! above the least value; and what is frozen of it if nothing is against it. What it takes of
//! credit and stock, the verdict posts. It never writes the order itself.

use super::approval;
use super::content::content_hash;
use super::limits::{below_delivered, discontinued, minimum};
use super::stage::{CONFIRMED, COUNTS_FROM, revision};
use super::totals::{LineTotal, Totals, told, totals};
use super::undecided::undecided;
use crate::base::limits::FROZEN_BYTES_MAX;
use crate::base::quantity::QUANTITY_SCALE_MAX;
use crate::domain::amounts::{counted, kept};
use crate::domain::named::Findings;
use crate::domain::refusal::Refusal;
use crate::domain::rules::names::{ACCOUNT, CHARGES, LINES};
use crate::domain::situation::Situation;
use crate::objects::path::{POSITION, line_path};
use crate::objects::{Value, Values};

/// Bytes that a frame has at most around a path and a value of a record.
const BYTES_AROUND_A_VALUE: usize = 10;

/// Examines an order that says it is submitted.
pub fn examine_order(situation: &Situation<'_>) -> Result<Findings, Refusal> {
    let (reader, order) = (situation.reader, situation.record);
    if let Some(refusal) = undecided(reader, order)? {
        return Err(refusal);
    }
    if order.text("content_hash") != Some(content_hash(order).as_str()) {
        let message =
            "someone changed the order while it was submitted; look at it and submit it again";
        return Err(Refusal::rule("changed_meanwhile", message));
    }
    let account = order
        .reference("account")
        .map_or(Ok(None), |id| reader.record(ACCOUNT, id))?;
    if let Some(account) = account.filter(|account| account.value("blocked").is_true()) {
        return Err(super::draft::blocked(&account));
    }
    if let Some(refusal) = discontinued(reader, order)? {
        return Err(refusal);
    }
    let totals = totals(reader, order)?;
    if !situation.foresees {
        prices_hold(situation, &totals)?;
    }
    minimum(reader, &totals)?;
    below_delivered(reader, order, &totals)?;
    let waits = approval::waits_for(reader, order)?;
    // An order that is on hold stays so when it is amended.
    let standing = order.text("standing").unwrap_or(CONFIRMED);
    Ok(Findings {
        found: frozen(situation, &totals)?,
        beside: Values::from([("standing".to_owned(), standing.into())]),
        waits,
    })
}

/// Whether the sums are those that the device saw: an order is confirmed at today's prices or not
/// at all.
fn prices_hold(situation: &Situation<'_>, totals: &Totals) -> Result<(), Refusal> {
    let order = situation.record;
    if order.value("gross") == &kept(totals.gross) {
        return Ok(());
    }
    let seen = told(counted(order, "gross")?, totals.currency)?;
    let (now, currency) = (totals.gross.to_string(), totals.currency);
    if let Some((said, day)) = order.text("ordered_on").zip(order.text(COUNTS_FROM)) {
        let message = format!(
            "the device's clock said {said}, which cannot be: the order counts from {day}, and is \
             worth {now} {currency} by the prices of that day, not {seen} {currency}; set the \
             clock right, look at the lines and submit it again"
        );
        return Err(Refusal::rule("wrong_day", message)
            .about("ordered_on")
            .with("ordered_on", said)
            .with("counts_from", day)
            .with("gross_seen", seen)
            .with("gross_now", now));
    }
    let message = format!(
        "the order was worth {seen} {currency} on the device and is {now} {currency} by today's \
         prices; look at the lines and submit it again"
    );
    Err(Refusal::rule("price_changed", message)
        .with("gross_seen", seen)
        .with("gross_now", now))
}

/// What is kept of an order as it was judged.
fn frozen(situation: &Situation<'_>, totals: &Totals) -> Result<Values, Refusal> {
    let order = situation.record;
    let mut values = Values::from([
        ("revision".to_owned(), Value::Int(revision(order))),
        ("on_credit".to_owned(), kept(totals.gross)),
        (
            "price_lists_json".to_owned(),
            totals.sources.to_string().into(),
        ),
        (
            "tax_groups_json".to_owned(),
            totals.tax_groups.to_string().into(),
        ),
    ]);
    for (field, amount) in [
        ("net", totals.net),
        ("tax", totals.tax),
        ("gross", totals.gross),
        ("payable", totals.payable),
    ] {
        values.insert(field.to_owned(), kept(amount));
    }
    for (position, line) in (1..).zip(&totals.lines) {
        values.extend(frozen_line(position, line)?);
    }
    fits_frame(&values)?;
    Ok(values)
}

/// Refuses an order of which more is to be kept than devices can be told: many lines of many taxes.
fn fits_frame(values: &Values) -> Result<(), Refusal> {
    let of_value = |(path, value): (&String, &Value)| {
        path.len() + value.text().map_or(0, str::len) + BYTES_AROUND_A_VALUE
    };
    let bytes: usize = values.iter().map(of_value).sum();
    if bytes <= FROZEN_BYTES_MAX {
        return Ok(());
    }
    let message = "the lines and the story of their prices are too much for one order; begin \
                   another order for some of them";
    Err(Refusal::rule("too_much_to_confirm", message)
        .about(LINES)
        .with("bytes", bytes)
        .with("most", FROZEN_BYTES_MAX))
}

fn frozen_line(position: i64, line: &LineTotal) -> Result<Values, Refusal> {
    let unit = line.unit.map(|unit| unit.to_string()).unwrap_or_default();
    let base = line.base_quantity.shown(QUANTITY_SCALE_MAX)?;
    let mut fields = vec![
        (POSITION, Value::Int(position)),
        ("unit", unit.into()),
        ("trace_json", line.trace.as_str().into()),
        ("quantity", kept(line.quantity)),
        ("unit_price", kept(line.unit_price)),
        ("net", kept(line.net)),
        ("tax", kept(line.tax)),
        ("gross", kept(line.gross)),
    ];
    if let Some(percent) = line.discount_percent {
        // Says as well that somebody ordered the line, and that it may keep its price.
        fields.push(("discount_percent", kept(percent)));
        if line.exact_price != line.unit_price.into() {
            fields.push(("exact_price", line.exact_price.to_string().into()));
        }
    }
    let lines = match &line.charge {
        None => {
            fields.push(("free", Value::Bool(line.free)));
            fields.push(("product", line.product.as_str().into()));
            fields.push(("base_quantity", kept(base)));
            LINES
        }
        Some(charge) => {
            if !line.product.is_empty() {
                fields.push(("product", line.product.as_str().into()));
            }
            let charge = serde_json::to_string(charge).unwrap_or_default();
            fields.push(("charge_json", charge.into()));
            CHARGES
        }
    };
    let at = |(field, value): (&str, Value)| (line_path(lines, &line.line, field), value);
    Ok(fields.into_iter().map(at).collect())
}
