//! What counted shelves come to: each product, figures with both halves, our share by category, the
//! order that is proposed. It does not know how shelves are counted.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::compute::{Figure, HalfNames, shelf as shelf_figures};
use crate::base::fraction::Ratio;
use crate::base::id::RecordId;
use crate::domain::named::Inquiry;
use crate::domain::refusal::Refusal;
use crate::domain::rules::names::{INVENTORY_CHECK, PRODUCT};
use crate::domain::rules::shelf::arithmetic::{self, Stock};
use crate::domain::rules::shelf::assortment;
use crate::domain::rules::shelf::counting::counts;
use crate::objects::{Reader, Record, Value};

/// The shelves of the visit, or of the one check, with this `id`.
pub fn asked(inquiry: &Inquiry<'_>) -> Result<Json, Refusal> {
    shown(inquiry.reader, inquiry.id()?)
}

/// What a visit's checks, or one check, come to: each product by name, figures with both halves,
/// our share by category, and the order that would bring all to their par levels. Each check is a
/// shelf of its own.
pub fn shown(reader: &dyn Reader, id: RecordId) -> Result<Json, Refusal> {
    let mut checks: Vec<Record> = reader.record(INVENTORY_CHECK, id)?.into_iter().collect();
    if checks.is_empty() {
        checks = reader.find(INVENTORY_CHECK, &[("visit", Value::from(id.to_string()))])?;
    }
    if checks.is_empty() {
        let message = format!(
            "no shelf is counted in {id}; name a visit or an inventory check in which one is"
        );
        return Err(Refusal::not_found("not_found", message).about("visit"));
    }
    let shelves: Vec<Vec<Stock>> = checks
        .iter()
        .map(|check| arithmetic::joined(&counts(check)))
        .collect();
    let mut products = Vec::new();
    for (check, stocks) in checks.iter().zip(&shelves) {
        let [account, day] =
            ["account", "counted_on"].map(|field| check.text(field).unwrap_or_default());
        let assortment = assortment::listed(reader, account, day)?;
        for stock in stocks {
            let product = reader.record(PRODUCT, stock.product)?;
            let listed = assortment
                .get(&stock.product.to_string())
                .copied()
                .unwrap_or_default();
            products.push(json!({
                "id": stock.product,
                "name": product.as_ref().and_then(|product| product.text("name")),
                "action": check.text("action"), "status": stock.status.name(),
                "facings": stock.facings,
                "on_hand_units": stock.on_hand_units, "par_units": stock.par_units,
                "order_units": arithmetic::suggested(stock), "must_stock": listed.must_stock,
            }));
        }
    }
    products.sort_by_key(|product| {
        (
            product["name"].as_str().map(str::to_lowercase),
            product["id"].to_string(),
        )
    });
    let ids: Vec<RecordId> = checks.iter().map(|check| check.id).collect();
    let figures: Vec<Json> = shelf_figures(&shelves)
        .iter()
        .map(Figure::to_json)
        .collect();
    Ok(json!({
        "checks": ids, "products": products, "figures": figures,
        "categories": categories(&shelves),
    }))
}

/// Our share of each category over all shelves.
fn categories(shelves: &[Vec<Stock>]) -> Vec<Json> {
    let mut shares: BTreeMap<String, Ratio> = BTreeMap::new();
    for (category, ratio) in shelves.iter().flat_map(|stocks| arithmetic::shares(stocks)) {
        let sum = shares.entry(category).or_default();
        *sum = sum.and(ratio);
    }
    let share = |(category, ratio): (String, Ratio)| {
        let share = Figure::percent(
            "share_of_shelf",
            ratio,
            HalfNames::new("own facings", "facings of the category"),
        );
        let mut json = share.to_json();
        json["category"] = category.into();
        json
    };
    shares.into_iter().map(share).collect()
}
