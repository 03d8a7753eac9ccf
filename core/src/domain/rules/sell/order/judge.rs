//! What the server says of a submitted order: confirmed, its lines frozen as rows, or rejected with
//! reason and numbers while the draft stays and can be mended. It never writes the order itself.

use serde_json::Value as Json;

use super::amounts::{counted, kept};
use super::content::content_hash;
use super::limits::{check, credit_figure, discontinued, is_judged, stock_figures, too_large};
use super::totals::{Totals, told, totals};
use super::undecided::undecided;
use crate::base::context::Place;
use crate::base::fraction::Fraction;
use crate::base::id::RecordId;
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::domain::rules::names::{ACCOUNT, LINES, ORDER_VERDICT, SUBMITTED};
use crate::domain::situation::Situation;
use crate::objects::path::{POSITION, line_path};
use crate::objects::{Record, Value, Values, Write};

/// Judges an order that says it is submitted and whose content has no verdict yet.
pub fn judge_order(situation: &Situation<'_>) -> Result<Vec<Write>, Refusal> {
    let order = situation.record;
    if order.text("state") != Some(SUBMITTED) || is_judged(situation.reader, order)? {
        return Ok(Vec::new());
    }
    match examine(situation).and_then(|totals| confirm(situation, &totals)) {
        Ok(writes) => Ok(writes),
        Err(refusal) if refusal.kind == RefusalKind::Broken => Err(refusal),
        Err(refusal) => Ok(vec![reject(situation, &refusal)]),
    }
}

/// The prices and sums of an order that nothing is against.
fn examine(situation: &Situation<'_>) -> Result<Totals, Refusal> {
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
    prices_hold(situation, &totals)?;
    check(Place::Server, reader, order, &totals)?;
    Ok(totals)
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
    let message = format!(
        "the order was worth {seen} {currency} on the device and is {now} {currency} by today's \
         prices; look at the lines and submit it again"
    );
    Err(Refusal::rule("price_changed", message)
        .with("gross_seen", seen)
        .with("gross_now", now))
}

fn verdict(situation: &Situation<'_>, words: &str) -> Write {
    let order = situation.record;
    let hash = order.text("content_hash").unwrap_or_default();
    let at = order
        .value("submitted_at")
        .int()
        .unwrap_or_default()
        .to_be_bytes();
    let id = RecordId::derived(&[
        ORDER_VERDICT.as_bytes(),
        order.id.as_bytes(),
        hash.as_bytes(),
        &at,
    ]);
    let mut values = Values::from([
        ("order".to_owned(), Value::from(order.id.to_string())),
        ("verdict".to_owned(), words.into()),
        ("content_hash".to_owned(), hash.into()),
        ("judged_at".to_owned(), Value::Int(situation.context.now.0)),
    ]);
    for field in ["account", "owner", "number", "currency", "submitted_at"] {
        values.insert(field.to_owned(), order.value(field).clone());
    }
    Write {
        object: ORDER_VERDICT.to_owned(),
        id,
        new: true,
        values,
        verb: None,
    }
}

fn reject(situation: &Situation<'_>, refusal: &Refusal) -> Write {
    let mut write = verdict(situation, "rejected");
    let numbers = Json::Object(refusal.numbers.clone()).to_string();
    for (field, text) in [
        ("code", &refusal.code),
        ("message", &refusal.message),
        ("numbers_json", &numbers),
    ] {
        write.values.insert(field.to_owned(), text.as_str().into());
    }
    write
}

fn confirm(situation: &Situation<'_>, totals: &Totals) -> Result<Vec<Write>, Refusal> {
    let mut write = verdict(situation, "confirmed");
    let values = &mut write.values;
    for (field, amount) in [
        ("net", totals.net),
        ("tax", totals.tax),
        ("gross", totals.gross),
        ("payable", totals.payable),
    ] {
        values.insert(field.to_owned(), kept(amount));
    }
    for (position, line) in (1..).zip(&totals.lines) {
        let unit = line.unit.map(|unit| unit.to_string()).unwrap_or_default();
        for (field, value) in [
            (POSITION, Value::Int(position)),
            ("free", Value::Bool(line.free)),
            ("product", line.product.as_str().into()),
            ("unit", unit.into()),
            ("trace_json", line.trace.as_str().into()),
            ("quantity", kept(line.quantity)),
            ("unit_price", kept(line.unit_price)),
            ("net", kept(line.net)),
            ("tax", kept(line.tax)),
            ("gross", kept(line.gross)),
        ] {
            values.insert(line_path(LINES, &line.line, field), value);
        }
    }
    let mut writes = vec![write];
    writes.extend(owe(situation, totals)?);
    writes.extend(take_from_stock(situation, totals)?);
    Ok(writes)
}

/// The account owes what was confirmed.
fn owe(situation: &Situation<'_>, totals: &Totals) -> Result<Option<Write>, Refusal> {
    let Some(figure) = credit_figure(situation.reader, situation.record)? else {
        return Ok(None);
    };
    let used = counted(&figure, "used")?
        .plus(totals.gross.into())
        .map_err(too_large)?;
    Ok(Some(changed(situation, &figure, "used", used)?))
}

/// What was confirmed is no longer available; the first figures give first.
fn take_from_stock(situation: &Situation<'_>, totals: &Totals) -> Result<Vec<Write>, Refusal> {
    // Figures in the order in which they first gave, with what they have left.
    let mut given: Vec<(Record, Fraction)> = Vec::new();
    for line in &totals.lines {
        let mut wanted = line.base_quantity;
        for figure in stock_figures(situation.reader, &line.product)? {
            let earlier = given.iter().position(|(known, _)| known.id == figure.id);
            let there = match earlier {
                Some(index) => given[index].1,
                None => counted(&figure, "available")?,
            };
            let taken = wanted.min(there);
            if !taken.is_positive() {
                continue;
            }
            let left = there.minus(taken).map_err(too_large)?;
            match earlier {
                Some(index) => given[index].1 = left,
                None => given.push((figure, left)),
            }
            wanted = wanted.minus(taken).map_err(too_large)?;
        }
    }
    let mut writes = Vec::with_capacity(given.len());
    for (figure, left) in &given {
        writes.push(changed(situation, figure, "available", *left)?);
    }
    Ok(writes)
}

fn changed(
    situation: &Situation<'_>,
    figure: &Record,
    field: &str,
    number: Fraction,
) -> Result<Write, Refusal> {
    let text = number.shown(6).map_err(too_large)?.to_string();
    let as_of = Value::Int(situation.context.now.0);
    let values = Values::from([
        (field.to_owned(), Value::from(text)),
        ("as_of".to_owned(), as_of),
    ]);
    Ok(Write {
        object: figure.object.clone(),
        id: figure.id,
        new: false,
        values,
        verb: None,
    })
}
