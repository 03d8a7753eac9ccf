//! What a scanner read, found among the products: which one, in which unit, of which batch, until
//! when, and of what is weighed in the shop how much. It does not know what is done with it.

use serde_json::{Value as Json, json};

use super::carried::{CarriedNumber, carried};
use super::store_label;
use crate::base::day::Day;
use crate::base::gs1;
use crate::base::time::TimeError;
use crate::domain::named::Inquiry;
use crate::domain::refusal::Refusal;
use crate::objects::Reader;

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
/// level; of a parcel, the product inside. Of eight digits that may be two numbers the product that
/// exists decides; where both exist, `choices` has them, and a person says which.
pub fn scan(reader: &dyn Reader, text: &str, today: Day) -> Result<Json, Refusal> {
    let read = gs1::read(text, today)
        .map_err(|error| Refusal::bad_input("bad_scan", error.to_string()).about("text"))?;
    let mut shown = json!(read);
    let mut found = Vec::new();
    for gtin in [&read.gtin, &read.or_gtin].into_iter().flatten() {
        found.extend(carried(reader, gtin)?);
    }
    if let (true, Some(gtin)) = (found.is_empty(), &read.gtin)
        && let Some(weighed) = store_label::weighed(reader, gtin)?
    {
        shown[weighed.measure] = json!(weighed.value);
        found.push(weighed.of);
    }
    if let (None, Some(content)) = (&read.gtin, &read.content) {
        found.extend(carried(reader, content)?);
    }
    let one = match &found[..] {
        [one] => Some(one),
        [] | [..] => None,
    };
    if let (Some(one), true) = (one, read.gtin.is_some()) {
        shown["gtin"] = json!(one.gtin);
        shown["or_gtin"] = Json::Null;
    }
    shown["choices"] = match &found[..] {
        [] | [_] => json!([]),
        several => several.iter().map(choice).collect(),
    };
    shown["product"] = json!(one.map(|one| one.product.id));
    shown["product_name"] = json!(one.and_then(|one| one.product.text("name")));
    shown["unit"] = json!(one.map(|one| &one.unit));
    Ok(shown)
}

fn choice(of: &CarriedNumber) -> Json {
    json!({
        "gtin": of.gtin,
        "product": of.product.id,
        "product_name": of.product.text("name"),
        "unit": of.unit,
    })
}
