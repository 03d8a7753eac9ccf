//! An order as people look at it: where it stands, what each line costs and why, what the server
//! said. A confirmed order shows what was frozen, any other what it costs now. It does not know who
//! looks.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};

use super::stage::{
    CONFIRMED, COUNTS_FROM, REJECTED, WAITING, confirmed, is_about, revision, standing,
};
use super::totals::{by_position, priced, told};
use crate::base::currency::Currency;
use crate::base::decimal::Decimal;
use crate::base::fraction::Fraction;
use crate::base::id::RecordId;
use crate::base::time::Timestamp;
use crate::domain::named::Inquiry;
use crate::domain::refusal::Refusal;
use crate::domain::rules::names::{
    ACCOUNT, CHARGES, LINES, ORDER_STANDING, ORDER_VERDICT, PRODUCT, SALES_ORDER, SUBMITTED,
};
use crate::objects::path::POSITION;
use crate::objects::{ReadError, Reader, Record, Value};

/// The order with this `id`, as people look at it.
pub fn asked(inquiry: &Inquiry<'_>) -> Result<Json, Refusal> {
    show(inquiry.reader, inquiry.id()?)
}

/// The order with this id: number, account, `status` (`draft`, `waiting`, `confirmed`, `rejected`,
/// `on_hold`, `closed`, `cancelled`), `revision`, the `amendment` that is to follow it, what is
/// wished, sums, lines with the steps that made their prices, near misses, and the verdict.
pub fn show(reader: &dyn Reader, id: RecordId) -> Result<Json, Refusal> {
    let order = reader.record(SALES_ORDER, id)?.ok_or_else(|| {
        let message = format!("there is no order {id} here; sync, or choose one from the list");
        Refusal::not_found("unknown_record", message).about("order")
    })?;
    let said = Said::of(reader, &order)?;
    let mut shown = head(reader, &order, &said)?;
    // What is to follow a confirmed revision is shown as it is: people work on that.
    let is_amended = !shown["amendment"].is_null();
    let worth = match said.confirmed.as_ref().filter(|_| !is_amended) {
        Some(verdict) => Ok(frozen_worth(reader, verdict)?),
        None => worth(reader, &order),
    };
    match worth {
        Ok(worth) => shown.extend(worth),
        // An order that cannot be priced is shown all the same, with the reason.
        Err(refusal) => {
            shown.insert(
                "problem".to_owned(),
                json!({ "code": refusal.code, "message": refusal.message }),
            );
            shown.insert("lines".to_owned(), unpriced(reader, &order)?);
        }
    }
    Ok(Json::Object(shown))
}

/// What the server said of an order.
struct Said {
    /// What it confirmed last.
    confirmed: Option<Record>,
    /// What it said of what the order says now.
    current: Option<Record>,
    /// What it said of what is wished last.
    wish: Option<Record>,
}

impl Said {
    fn of(reader: &dyn Reader, order: &Record) -> Result<Said, ReadError> {
        let about = |object: &str| {
            let wanted = [("order", Value::from(order.id.to_string()))];
            reader.find(object, &wanted)
        };
        let mut current = about(ORDER_VERDICT)?;
        current.retain(|verdict| is_about(verdict, order));
        let mut wish = about(ORDER_STANDING)?;
        wish.retain(|answer| {
            let mut same = ["wish", "wished_at"].into_iter();
            same.all(|field| answer.value(field) == order.value(field))
        });
        Ok(Said {
            confirmed: confirmed(reader, order.id)?,
            current: current.pop(),
            wish: wish.pop(),
        })
    }

    /// The verdict on what the order says now; a confirmation stands until another does.
    fn verdict(&self) -> Option<&Record> {
        self.current.as_ref().or(self.confirmed.as_ref())
    }

    /// Where the order stands.
    fn status<'a>(&self, order: &'a Record) -> &'a str {
        match (&self.confirmed, order.text("state").unwrap_or_default()) {
            (Some(_), _) => standing(order),
            (None, state) => stage(self.current.as_ref(), state),
        }
    }

    /// The revision that is to follow what is confirmed, and how far it is; null if there is none.
    fn amendment(&self, order: &Record) -> Json {
        let state = order.text("state").unwrap_or_default();
        match &self.confirmed {
            Some(confirmed) if revision(order) > revision(confirmed) => json!({
                "revision": revision(order),
                "status": stage(self.current.as_ref(), state),
            }),
            Some(_) | None => Json::Null,
        }
    }

    /// What is wished last, and what the server said of it; null if nothing was.
    fn wish(&self, order: &Record) -> Json {
        let Some(wish) = order.text("wish") else {
            return Json::Null;
        };
        json!({
            "wish": wish,
            "reason": order.text("wish_reason"),
            "until": order.text("hold_until"),
            "answer": self.wish.as_ref().map(told_verdict),
        })
    }
}

/// How far an order is that waits for nothing but the verdict.
fn stage<'a>(verdict: Option<&Record>, state: &'a str) -> &'a str {
    match verdict.and_then(|verdict| verdict.text("verdict")) {
        Some(CONFIRMED) => CONFIRMED,
        Some(WAITING) => WAITING,
        Some(_) => REJECTED,
        None if state == SUBMITTED => WAITING,
        None => state,
    }
}

/// A verdict as people look at it.
fn told_verdict(verdict: &Record) -> Json {
    let numbers = verdict.text("numbers_json").unwrap_or("{}");
    let numbers: Json = serde_json::from_str(numbers).unwrap_or_default();
    let judged_at = verdict.value("judged_at").int();
    json!({
        "verdict": verdict.text("verdict"),
        "code": verdict.text("code"),
        "message": verdict.text("message"),
        "numbers": numbers,
        "judged_at": judged_at.map(|at| Timestamp(at).rfc3339()),
    })
}

fn head(reader: &dyn Reader, order: &Record, said: &Said) -> Result<Map<String, Json>, ReadError> {
    let account = order
        .reference("account")
        .map_or(Ok(None), |id| reader.record(ACCOUNT, id))?;
    let mut shown = Map::new();
    shown.insert("id".to_owned(), json!(order.id));
    shown.insert("status".to_owned(), json!(said.status(order)));
    shown.insert("revision".to_owned(), json!(revision(order)));
    shown.insert("amendment".to_owned(), said.amendment(order));
    shown.insert("wish".to_owned(), said.wish(order));
    shown.insert(
        "account_name".to_owned(),
        json!(account.as_ref().and_then(|account| account.text("name"))),
    );
    for field in [
        "number",
        "account",
        "visit",
        "ordered_on",
        COUNTS_FROM,
        "currency",
        "tax_mode",
        "tax_rounding",
        "state",
        "note",
    ] {
        shown.insert(field.to_owned(), order.value(field).to_json());
    }
    let verdict = said.verdict().map(told_verdict);
    shown.insert("verdict".to_owned(), json!(verdict));
    Ok(shown)
}

/// Sums and lines as they are priced now.
fn worth(reader: &dyn Reader, order: &Record) -> Result<Map<String, Json>, Refusal> {
    let priced = priced(reader, order)?;
    let ids = by_position(order);
    let mut lines = Vec::new();
    for (index, line) in priced.lines.iter().enumerate() {
        let mut shown = json!(line);
        let derived = line.charge.as_ref().and_then(|charge| charge.id.as_deref());
        shown["line"] = json!(ids.get(index).copied().or(derived));
        named(reader, &mut shown)?;
        lines.push(shown);
    }
    let mut shown = Map::new();
    shown.insert("lines".to_owned(), lines.into());
    let sums = json!(priced);
    for field in [
        "net",
        "tax",
        "gross",
        "cash_difference",
        "payable",
        "tax_groups",
        "near_misses",
        "trace",
    ] {
        shown.insert(field.to_owned(), sums[field].clone());
    }
    Ok(shown)
}

/// Sums and lines as they were confirmed.
fn frozen_worth(reader: &dyn Reader, verdict: &Record) -> Result<Map<String, Json>, ReadError> {
    let goods = verdict.lines(LINES).into_iter();
    let mut lines: Vec<_> = goods.chain(verdict.lines(CHARGES)).collect();
    lines.sort_by_key(|(id, line)| (line.get(POSITION).and_then(|position| position.int()), *id));
    let mut all = Vec::new();
    for (id, line) in lines {
        let mut shown = frozen_line(id, &line, verdict);
        named(reader, &mut shown)?;
        all.push(shown);
    }
    let mut shown = Map::from_iter([("lines".to_owned(), Json::from(all))]);
    let sum = |field: &str| amount(verdict.text(field).unwrap_or_default(), verdict);
    shown.extend(["net", "tax", "gross", "payable"].map(|field| (field.to_owned(), sum(field))));
    let difference = cash_difference(verdict);
    let difference = difference.and_then(|difference| in_currency(difference, verdict));
    shown.insert("cash_difference".to_owned(), json!(difference));
    // A server before this version froze their sum alone.
    let groups = verdict.text("tax_groups_json");
    let groups: Option<Json> = groups.and_then(|groups| serde_json::from_str(groups).ok());
    shown.extend(groups.map(|groups| ("tax_groups".to_owned(), groups)));
    Ok(shown)
}

/// What is kept of a confirmed line and not told as it is.
const UNTOLD: &[&str] = &[
    POSITION,
    "charge_json",
    "discount_percent",
    "exact_price",
    "trace_json",
];

/// One line as it was confirmed.
fn frozen_line(id: &str, line: &BTreeMap<&str, &Value>, verdict: &Record) -> Json {
    let mut shown = Map::from_iter([("line".to_owned(), json!(id))]);
    let plain = line.iter().filter(|(field, _)| !UNTOLD.contains(field));
    shown.extend(plain.map(|(field, value)| ((*field).to_owned(), value.to_json())));
    for (field, value) in &mut shown {
        if ["net", "tax", "gross"].contains(&field.as_str()) {
            *value = amount(value.as_str().unwrap_or_default(), verdict);
        }
    }
    let read = |field: &str| -> Option<Json> {
        let text = line.get(field).and_then(|value| value.text())?;
        serde_json::from_str(text).ok()
    };
    shown.insert(
        "trace".to_owned(),
        read("trace_json").unwrap_or_else(|| json!([])),
    );
    if let Some(charge) = read("charge_json") {
        shown.insert("charge".to_owned(), charge);
        shown.insert("free".to_owned(), json!(false));
    }
    Json::Object(shown)
}

/// What cash payment adds; none where the verdict does not say both.
fn cash_difference(verdict: &Record) -> Option<Fraction> {
    let payable: Decimal = verdict.text("payable")?.parse().ok()?;
    let gross: Decimal = verdict.text("gross")?.parse().ok()?;
    Fraction::from(payable).minus(gross.into()).ok()
}

/// A frozen amount with the digits of the verdict's currency; null where it cannot be read.
fn amount(text: &str, verdict: &Record) -> Json {
    let amount: Option<Decimal> = text.parse().ok();
    json!(amount.and_then(|amount| in_currency(amount.into(), verdict)))
}

/// An amount with the digits of the verdict's currency.
fn in_currency(amount: Fraction, verdict: &Record) -> Option<String> {
    match Currency::named(verdict.text("currency").unwrap_or_default()) {
        Ok(currency) => told(amount, currency).ok(),
        Err(_) => amount.shown(6).ok().map(|amount| amount.to_string()),
    }
}

fn unpriced(reader: &dyn Reader, order: &Record) -> Result<Json, ReadError> {
    let lines = order.lines(LINES);
    let mut told = Vec::new();
    for id in by_position(order) {
        let field = |name: &str| {
            lines
                .get(id)
                .and_then(|line| line.get(name))
                .map(|value| value.to_json())
        };
        let mut shown = json!({
            "line": id,
            "product": field("product"),
            "quantity": field("quantity"),
            "unit": field("unit"),
        });
        named(reader, &mut shown)?;
        told.push(shown);
    }
    Ok(told.into())
}

/// Puts the product's name beside its id, and that of a fee where a product's stands.
fn named(reader: &dyn Reader, line: &mut Json) -> Result<(), ReadError> {
    let id = line["product"].as_str().and_then(|id| id.parse().ok());
    let product = id.map_or(Ok(None), |id| reader.record(PRODUCT, id))?;
    let name = product.as_ref().and_then(|product| product.text("name"));
    line["product_name"] = match name {
        Some(name) => json!(name),
        None => line["charge"]["name"].clone(),
    };
    Ok(())
}
