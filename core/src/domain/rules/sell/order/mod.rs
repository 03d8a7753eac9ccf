//! Rules of sales orders: beginning, lines, submitting, cancelling. What is submitted is named by a
//! hash of its content. They do not know how a price is made (`pricing` does), what two people left
//! undecided (`undecided` does) nor what the server says of it (`judge` does).

mod content;
mod judge;
mod limits;
mod show;
mod totals;
mod undecided;

pub use content::content_hash;
pub use judge::judge_order;
pub use limits::is_rejected;
pub use show::show;
pub use totals::{LineTotal, Totals, totals};
pub use undecided::{confirmed_stays, order_is_decided};

use crate::base::decimal::Decimal;
use crate::base::fraction::Fraction;
use crate::base::id::{ActorId, RecordId};
use crate::base::limits::ORDER_LINES_MAX;
use crate::base::quantity::QUANTITY_SCALE_MAX;
use crate::base::unit::{Unit, UnitError};
use crate::domain::refusal::Refusal;
use crate::domain::rules::goods::product::packaging;
use crate::domain::rules::sell::pricing::{LINE_QUANTITY_MAX, PERCENT_SCALE_MAX};
use crate::domain::situation::Situation;
use crate::objects::path::{POSITION, REMOVED, line_path};
use crate::objects::{ReadError, Reader, Record, Value, Values, Write};

const ORDER: &str = "sales_order";
const VERDICT: &str = "order_verdict";
const POLICY: &str = "order_policy";
const PRODUCT: &str = "product";
const ACCOUNT: &str = "account";
const VISIT: &str = "visit";
const LINES: &str = "lines";
const SUBMITTED: &str = "submitted";

/// Letters of a series: no `I`, `L`, `O` or `U`, which people mistake.
const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// The series of numbers of a writer: 8 letters, another one for each installation, login and
/// restored database.
#[must_use]
pub fn series(actor: ActorId) -> String {
    let bits = actor.0[..5]
        .iter()
        .fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
    (0..8)
        .rev()
        .map(|place| char::from(LETTERS[(bits >> (5 * place) & 31) as usize]))
        .collect()
}

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

fn blocked(account: &Record) -> Refusal {
    let name = account.text("name").unwrap_or("this account");
    let message = format!("{name} is blocked and may not order; ask the office");
    Refusal::rule("account_blocked", message)
        .about("account")
        .with("account", name)
}

/// What the server confirmed stays as it is.
pub fn not_confirmed(situation: &Situation<'_>) -> Result<(), Refusal> {
    let Some(verdict) = confirmed(situation.reader, situation.id)? else {
        return Ok(());
    };
    let number = verdict.text("number").unwrap_or_default().to_owned();
    let message = format!(
        "order {number} is confirmed and stays as it is; begin another order for what is to change"
    );
    Err(Refusal::rule("after_confirmation", message).with("number", number))
}

/// The verdict that confirmed an order.
pub fn confirmed(reader: &dyn Reader, order: RecordId) -> Result<Option<Record>, ReadError> {
    let wanted = [
        ("order", Value::from(order.to_string())),
        ("verdict", "confirmed".into()),
    ];
    Ok(reader.find(VERDICT, &wanted)?.into_iter().next())
}

/// An order without lines orders nothing.
pub fn order_has_lines(situation: &Situation<'_>) -> Result<(), Refusal> {
    if situation.record.lines(LINES).is_empty() {
        return Err(
            Refusal::rule("order_empty", "the order has no lines; add what is ordered")
                .about(LINES),
        );
    }
    Ok(())
}

/// Nothing that is no longer sold can be ordered.
pub fn order_lines_sellable(situation: &Situation<'_>) -> Result<(), Refusal> {
    match limits::discontinued(situation.reader, situation.record)? {
        Some(refusal) => Err(refusal),
        None => Ok(()),
    }
}

/// The tenant's policy, which says in which money and with which tax orders are made.
fn policy(reader: &dyn Reader) -> Result<Record, Refusal> {
    let policy = reader
        .find(POLICY, &[("is_default", Value::Bool(true))])?
        .into_iter()
        .next();
    policy.ok_or_else(|| {
        let message =
            "the office has not said in which currency and with which tax orders are made; ask for an order policy";
        Refusal::rule("no_order_policy", message)
    })
}

/// Begins an order by today's policy, with the next number of this device's own series.
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
    let series = series(context.actor);
    let used = reader.find(ORDER, &[("series", series.as_str().into())])?;
    let last = used
        .iter()
        .filter_map(|order| {
            order
                .text("number")?
                .rsplit('-')
                .next()?
                .parse::<u64>()
                .ok()
        })
        .max();
    let mut write = situation.write([
        (
            "number",
            Value::from(format!("SO-{series}-{}", last.unwrap_or(0) + 1)),
        ),
        ("series", Value::from(series)),
        ("ordered_on", Value::from(context.today())),
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
    let quantity = quantity(situation)?;
    line(
        situation,
        (&product, unit),
        quantity,
        situation.input("discount_percent").clone(),
    )
}

/// Orders so much more of a product in a unit than there is in the order; the discount stays unless
/// another is given.
pub fn add_order_line(situation: &Situation<'_>) -> Result<Vec<Write>, Refusal> {
    let product = sold(situation)?;
    let unit = unit(situation, &product)?;
    let (quantity, id) = (quantity(situation)?, line_id(&product, unit));
    let lines = situation.record.lines(LINES);
    let held = lines.get(id.as_str());
    let text = |field: &str| held.and_then(|line| line.get(field)?.text());
    let there: Decimal = text("quantity")
        .and_then(|text| text.parse().ok())
        .unwrap_or_default();
    let sum = Fraction::from(there)
        .plus(quantity.into())?
        .shown(QUANTITY_SCALE_MAX)?;
    let discount = match situation.input("discount_percent") {
        Value::Null => text("discount_percent").map_or(Value::Null, Value::from),
        given @ (Value::Bool(_) | Value::Int(_) | Value::Text(_)) => given.clone(),
    };
    line(situation, (&product, unit), sum, discount)
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

fn quantity(situation: &Situation<'_>) -> Result<Decimal, Refusal> {
    let quantity = decimal(situation, "quantity")?.unwrap_or_default();
    orderable(quantity).map_err(|why| wrong_input("quantity", &why))?;
    Ok(quantity)
}

fn wrong_input(name: &str, why: &str) -> Refusal {
    Refusal::bad_input("bad_value", format!("`{name}` {why}")).about(name)
}

/// Whether a line can order so much, or why not.
fn orderable(quantity: Decimal) -> Result<(), String> {
    if quantity.is_negative() || quantity.is_zero() {
        return Err("is above 0; to take a product out, use `remove_order_line`".to_owned());
    }
    if quantity > Decimal::from(LINE_QUANTITY_MAX) {
        return Err(format!(
            "is at most {LINE_QUANTITY_MAX} of its unit; order less, or in a larger unit"
        ));
    }
    if quantity.scale() > QUANTITY_SCALE_MAX {
        return Err(format!(
            "has at most {QUANTITY_SCALE_MAX} digits after the point, and {quantity} has more"
        ));
    }
    Ok(())
}

/// Whether so many per cent can be taken off a line, or why not.
fn takeable(percent: Decimal) -> Result<(), String> {
    if percent.is_negative() || percent > Decimal::from(100) || percent.scale() > PERCENT_SCALE_MAX
    {
        return Err(format!(
            "is 0 to 100, with at most {PERCENT_SCALE_MAX} digits after the point"
        ));
    }
    Ok(())
}

/// An order of so many lines can still be confirmed.
fn fits(lines: usize) -> Result<(), Refusal> {
    if lines <= ORDER_LINES_MAX {
        return Ok(());
    }
    let message = format!(
        "an order has at most {ORDER_LINES_MAX} lines; begin another order for what is left"
    );
    Err(Refusal::rule("too_many_lines", message)
        .about(LINES)
        .with("most", ORDER_LINES_MAX))
}

/// Writes one line, and brings it back if it was taken out.
fn line(
    situation: &Situation<'_>,
    (product, unit): (&Record, Unit),
    quantity: Decimal,
    discount_percent: Value,
) -> Result<Vec<Write>, Refusal> {
    orderable(quantity).map_err(|why| wrong_input("quantity", &why))?;
    let discount = decimal(situation, "discount_percent")?.unwrap_or_default();
    takeable(discount).map_err(|why| wrong_input("discount_percent", &why))?;
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

/// Prices the order, holds it against the limits as far as this device knows, and records what is
/// submitted.
pub fn submit_order(situation: &Situation<'_>) -> Result<Vec<Write>, Refusal> {
    let (reader, order) = (situation.reader, situation.record);
    let totals = totals(reader, order)?;
    limits::check(reader, order, &totals)?;
    Ok(vec![situation.write([
        ("submitted_at", Value::Int(situation.context.now.0)),
        ("content_hash", Value::from(content_hash(order))),
        ("net", totals::kept(&totals.net)),
        ("tax", totals::kept(&totals.tax)),
        ("gross", totals::kept(&totals.gross)),
        ("price_lists_json", Value::from(totals.sources.to_string())),
    ])])
}

/// Records why the order was called off.
pub fn cancel_order(situation: &Situation<'_>) -> Result<Vec<Write>, Refusal> {
    let Some(reason) = situation.words("reason") else {
        return Err(
            Refusal::bad_input("required", "a reason is needed to cancel the order")
                .about("reason"),
        );
    };
    Ok(vec![
        situation.write([("cancel_reason", Value::from(reason))]),
    ])
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
