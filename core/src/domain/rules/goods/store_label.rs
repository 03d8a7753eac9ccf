//! Labels that a shop's scale prints: which product, and what its weight, price or count is. What
//! stands where is a tenant's `store_code`; a tenant without one has the common patterns. It does
//! not know how a label was read.

use super::carried::{CarriedNumber, carried};
use crate::base::decimal::Decimal;
use crate::base::store_code::{StoreLabel, StorePattern};
use crate::domain::refusal::Refusal;
use crate::domain::rules::names::STORE_CODE;
use crate::objects::{Reader, Record};

/// The product on a label, and what the label says of this piece of it.
pub(super) struct WeighedGoods {
    /// The product.
    pub(super) of: CarriedNumber,
    /// Under which name a scan shows the value.
    pub(super) measure: &'static str,
    /// The value.
    pub(super) value: Decimal,
}

/// A pattern, and what its value means.
struct StoreCode {
    pattern: StorePattern,
    carries: Carried,
}

/// What a value means.
#[derive(Clone, Copy)]
enum Carried {
    /// Kilograms, with so many decimals.
    Weight(u8),
    /// A price, with so many decimals.
    Price(u8),
    /// Pieces.
    Pieces,
    /// Grams where the product is sold by weight, else a price of two decimals.
    AsSold,
}

/// Units of weight that a product may be sold by: gram, kilogram, pound, ounce.
const WEIGHTS: [&str; 4] = ["GRM", "KGM", "LBR", "ONZ"];
/// Decimals of a weight in kilograms where the common patterns say it.
const COMMON_WEIGHT_DECIMALS: u8 = 3;
/// Decimals of a price there.
const COMMON_PRICE_DECIMALS: u8 = 2;
/// What North America prints: an item of five digits and a price of four with its check digit.
const NORTH_AMERICA: &str = "02IIIIIPVVVVC";
/// What most others print: two digits of prefix, an item of five digits, a value of five.
const COMMON: &str = "2XIIIIIVVVVVC";

/// What an in-store number says, if a product is kept for it.
pub(super) fn weighed(reader: &dyn Reader, gtin: &str) -> Result<Option<WeighedGoods>, Refusal> {
    for code in codes(reader, gtin)? {
        let Some(label) = code.pattern.label(gtin) else {
            continue;
        };
        if let Some(of) = carried(reader, &label.gtin)? {
            return valued(of, code.carries, &label).map(Some);
        }
    }
    Ok(None)
}

/// The patterns of the tenant, else the common ones that a number can be of.
fn codes(reader: &dyn Reader, gtin: &str) -> Result<Vec<StoreCode>, Refusal> {
    let own = reader.find(STORE_CODE, &[])?;
    if !own.is_empty() {
        return Ok(own.iter().filter_map(own_code).collect());
    }
    let prefix = gtin.get(2..3).unwrap_or_default();
    let common = [
        (COMMON.replace('X', prefix), Carried::AsSold),
        (
            NORTH_AMERICA.to_owned(),
            Carried::Price(COMMON_PRICE_DECIMALS),
        ),
    ];
    let mut codes = Vec::new();
    for (pattern, carries) in common {
        if let Some(pattern) = StorePattern::read(&pattern) {
            codes.push(StoreCode { pattern, carries });
        }
    }
    Ok(codes)
}

fn own_code(record: &Record) -> Option<StoreCode> {
    let pattern = StorePattern::read(record.text("pattern")?)?;
    let decimals = record.value("decimals").int().unwrap_or(0);
    let decimals = u8::try_from(decimals).ok()?;
    let carries = match record.text("carries")? {
        "weight_kg" => Carried::Weight(decimals),
        "price" => Carried::Price(decimals),
        _ => Carried::Pieces,
    };
    Some(StoreCode { pattern, carries })
}

fn valued(
    of: CarriedNumber,
    carries: Carried,
    label: &StoreLabel,
) -> Result<WeighedGoods, Refusal> {
    let is_weight = WEIGHTS.contains(&of.unit.as_str());
    let (measure, decimals) = match carries {
        Carried::Weight(decimals) => ("net_weight_kg", decimals),
        Carried::Price(decimals) => ("price", decimals),
        Carried::Pieces => ("pieces", 0),
        Carried::AsSold if is_weight => ("net_weight_kg", COMMON_WEIGHT_DECIMALS),
        Carried::AsSold => ("price", COMMON_PRICE_DECIMALS),
    };
    let value = Decimal::new(label.value.into(), decimals)
        .map_err(|error| Refusal::bad_input("bad_scan", error.to_string()).about("text"))?;
    Ok(WeighedGoods { of, measure, value })
}
