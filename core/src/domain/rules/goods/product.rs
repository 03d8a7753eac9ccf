//! A product's row as rules need it: the units it comes in, and what each holds of the base unit.
//! It does not know prices nor stock.

use super::deposit::problems;
use crate::base::decimal::Decimal;
use crate::base::fraction::Fraction;
use crate::base::quantity::Packaging;
use crate::base::unit::Unit;
use crate::domain::refusal::Refusal;
use crate::domain::rules::names::{TAX_CLASS, TAX_PARTS};
use crate::domain::situation::Situation;
use crate::domain::values;
use crate::objects::{Record, Value};

/// A product's units can be counted in, and so can the containers that come with them.
pub fn product_is_sound(situation: &Situation<'_>) -> Result<(), Refusal> {
    let row = values::after(situation.record, situation.input);
    let mut found = problems(situation.reader, &row);
    let packaging = packaging(&row);
    if let Ok(packaging) = &packaging {
        found.push(is_taxed_by_its_units(situation, &row, packaging));
    }
    found.insert(0, packaging.map(drop));
    Refusal::every(found)
}

/// A tax that is an amount a litre needs to know how many litres a product has.
fn is_taxed_by_its_units(
    situation: &Situation<'_>,
    row: &Record,
    packaging: &Packaging,
) -> Result<(), Refusal> {
    // Whoever changes something else is not asked to mend what a class asks since.
    let is_asked = |path: &String| path == "tax_class" || path.starts_with("units/");
    if !situation.input.keys().any(is_asked) {
        return Ok(());
    }
    let class = match row.reference("tax_class") {
        Some(id) => situation.reader.record(TAX_CLASS, id)?,
        None => None,
    };
    for part in class
        .iter()
        .flat_map(|class| class.lines(TAX_PARTS).into_values())
    {
        let text = |field: &str| part.get(field).and_then(|value| value.text());
        // What is no unit at all is the mistake of the class.
        let Some(unit) = text("unit").and_then(|unit| unit.parse().ok()) else {
            continue;
        };
        if let Err(error) = packaging.content(unit) {
            let tax = text("name").unwrap_or_default();
            let message = format!("the tax `{tax}` is an amount a {unit}, and `units`: {error}");
            return Err(Refusal::rule("no_tax_unit", message)
                .about("units")
                .about("tax_class"));
        }
    }
    Ok(())
}

/// So many of a product's unit in base units. What is counted comes whole: half a case of twelve
/// is six, and half a piece is nothing that anybody sells.
pub fn in_base_units(product: &Record, quantity: Decimal, unit: Unit) -> Result<Fraction, Refusal> {
    let packaging = packaging(product)?;
    let quantity_in_base = packaging
        .to_base(quantity.into(), unit)
        .map_err(|error| Refusal::rule("bad_units", error.to_string()))?;
    let base = packaging.base();
    if base.is_measured() || quantity_in_base.is_whole() {
        return Ok(quantity_in_base);
    }
    let name = product.text("name").unwrap_or_default();
    let message = format!(
        "{quantity} {unit} of {name} is no whole number of {base}, in which it is counted; take a \
         whole number"
    );
    Err(Refusal::rule("not_whole", message)
        .about("quantity")
        .with("quantity", quantity.to_string())
        .with("unit", unit.to_string())
        .with("base_unit", base.to_string()))
}

/// Units of a product; a mistake of the office is named.
pub fn packaging(product: &Record) -> Result<Packaging, Refusal> {
    let wrong = |why: String| {
        let name = product.text("name").unwrap_or_default();
        let message = format!("the units of {name} are not right: {why}; ask the office");
        Refusal::rule("bad_units", message).about("product")
    };
    let unit = |text: &str| {
        text.parse::<Unit>()
            .map_err(|error| wrong(error.to_string()))
    };
    let base = product.text("base_unit").map_or(Ok(Unit::EACH), unit)?;
    let mut packaging = Packaging::in_base(base);
    for line in product.lines("units").values() {
        let whole = |field: &str| line.get(field).and_then(|value| value.int());
        let Some(code) = line.get("unit").and_then(|value| Value::text(value)) else {
            continue;
        };
        let count = Fraction::new(
            whole("numerator").unwrap_or(0).into(),
            whole("denominator").unwrap_or(1).into(),
        );
        let count = count.map_err(|error| wrong(error.to_string()))?;
        packaging = packaging
            .with(unit(code)?, count, base)
            .map_err(|error| wrong(error.to_string()))?;
    }
    Ok(packaging)
}
