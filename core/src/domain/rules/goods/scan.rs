//! What a scanner read, found among the products: which one, in which unit, of which batch, until
//! when. It does not know what is done with it.

use serde_json::{Value as Json, json};

use crate::base::day::Day;
use crate::base::gs1;
use crate::base::time::TimeError;
use crate::domain::named::Inquiry;
use crate::domain::refusal::Refusal;
use crate::domain::rules::names::PRODUCT;
use crate::objects::{Reader, Record};

/// What the scanner's `text` names, read on the asker's day.
pub fn asked(inquiry: &Inquiry<'_>) -> Result<Json, Refusal> {
    let text = inquiry.text("text").unwrap_or_default();
    let today = inquiry.context.today();
    let today = today
        .parse()
        .map_err(|error: TimeError| Refusal::bad_input("bad_value", format!("today: {error}")))?;
    scan(inquiry.reader, text, today)
}

/// Reads a scanner's text and finds the product by the GTIN of its base unit or of a packaging
/// level.
pub fn scan(reader: &dyn Reader, text: &str, today: Day) -> Result<Json, Refusal> {
    let read = gs1::read(text, today)
        .map_err(|error| Refusal::bad_input("bad_scan", error.to_string()).about("text"))?;
    let mut shown = json!(read);
    let found = match shown["gtin"].as_str() {
        Some(gtin) => product(reader, gtin)?,
        None => None,
    };
    let (product, unit) = match &found {
        Some((product, unit)) => (Some(product), Some(unit)),
        None => (None, None),
    };
    shown["product"] = json!(product.map(|product| product.id));
    shown["product_name"] = json!(product.and_then(|product| product.text("name")));
    shown["unit"] = json!(unit);
    Ok(shown)
}

/// The product with this GTIN, and the unit that carries it.
fn product(reader: &dyn Reader, gtin: &str) -> Result<Option<(Record, String)>, Refusal> {
    if let Some(product) = reader
        .find(PRODUCT, &[("gtin", gtin.into())])?
        .into_iter()
        .next()
    {
        let unit = product.text("base_unit").unwrap_or("EA").to_owned();
        return Ok(Some((product, unit)));
    }
    let Some(product) = reader
        .find(PRODUCT, &[("units/*/gtin", gtin.into())])?
        .into_iter()
        .next()
    else {
        return Ok(None);
    };
    let units = product.lines("units");
    let carries = units
        .values()
        .find(|unit| unit.get("gtin").and_then(|found| found.text()) == Some(gtin));
    let unit = carries
        .and_then(|unit| unit.get("unit")?.text())
        .unwrap_or_default()
        .to_owned();
    drop(units);
    Ok(Some((product, unit)))
}
