//! Which product carries a number, and in which of its units. It does not know how the number was
//! read.

use crate::domain::refusal::Refusal;
use crate::domain::rules::names::PRODUCT;
use crate::objects::{Reader, Record};

/// A product and the unit of it that carries a number.
pub(super) struct CarriedNumber {
    /// The number, as a GTIN of 14 digits.
    pub(super) gtin: String,
    /// The product.
    pub(super) product: Record,
    /// The code of the unit.
    pub(super) unit: String,
}

/// The product with this GTIN, and the unit that carries it.
pub(super) fn carried(reader: &dyn Reader, gtin: &str) -> Result<Option<CarriedNumber>, Refusal> {
    let first = |path: &str| -> Result<Option<Record>, Refusal> {
        let found = reader.find(PRODUCT, &[(path, gtin.into())])?;
        Ok(found.into_iter().next())
    };
    let gtin = gtin.to_owned();
    if let Some(product) = first("gtin")? {
        let unit = product.text("base_unit").unwrap_or("EA").to_owned();
        return Ok(Some(CarriedNumber {
            gtin,
            product,
            unit,
        }));
    }
    let Some(product) = first("units/*/gtin")? else {
        return Ok(None);
    };
    let units = product.lines("units");
    let carries = units
        .values()
        .find(|unit| unit.get("gtin").and_then(|found| found.text()) == Some(&gtin));
    let unit = carries
        .and_then(|unit| unit.get("unit")?.text())
        .unwrap_or_default()
        .to_owned();
    drop(units);
    Ok(Some(CarriedNumber {
        gtin,
        product,
        unit,
    }))
}
