//! What a file of products does not say and a product needs to be sold: units, tax class and price,
//! each made from the digits of its GTIN, so that every import makes the same. `docs/cli.md` has
//! the formula. It does not know how rows are read nor kept.

use std::collections::BTreeMap;

use outfield_core::base::decimal::{Decimal, DecimalError};
use outfield_core::base::gtin;
use outfield_core::base::money::UNIT_PRICE_SCALE_MAX;
use outfield_core::base::unit::{Unit, UnitError};
use outfield_core::domain::rules::sell::pricing::LINE_PRICE_MAX;
use outfield_core::objects::path::line_path;
use outfield_core::objects::{Value, Values};
use outfield_server::error::ServerError;
use outfield_server::office::{imported_id, standard_id};
use outfield_server::tenant::Tenant;
use serde_json::Value as Json;

use super::cells::{self, CellForms};
use super::columns::ColumnPlan;
use super::numbers::NumberForm;
use super::rows::FittingRow;
use super::target::{CURRENCY, PRICE, TAX_CLASS};

/// The field that names the base unit.
const BASE_UNIT: &str = "base_unit";
/// The name of the price list that prices go into.
const LIST: &str = "Standard";
/// The tax classes that each tenant has from the beginning.
const STANDARD_CLASSES: [&str; 2] = ["Standard", "Reduced"];
/// The currency of the price list, until the tenant has one.
const FIRST_CURRENCY: &str = "USD";
/// Units to a case, by n mod 3.
const CASES: [i64; 3] = [6, 12, 24];
/// Every product whose n is a multiple of this has the reduced tax.
const REDUCED_EVERY: u64 = 7;
/// The least list price, in cents.
const CENTS_MIN: u64 = 49;
/// So many list prices there are, each a cent above the last.
const PRICES: u64 = 1951;
/// The line of the case among a product's units, and its unit.
const CASE: &str = "case";
const CASE_UNIT: &str = "XCS";

/// The 12 digits before the check digit, as a number.
fn digits(gtin: &str) -> u64 {
    gtin.get(1..13)
        .and_then(|digits| digits.parse().ok())
        .unwrap_or(0)
}

/// What a tenant has that products are sold by.
pub(crate) struct ProductDefaults {
    /// The ids of the tax classes by their names.
    tax_classes: BTreeMap<String, String>,
    /// The currency of the price list.
    currency: String,
}

impl ProductDefaults {
    /// What this tenant has, and what each has from the beginning.
    pub(crate) fn of(tenant: &Tenant) -> Result<ProductDefaults, ServerError> {
        let mut tax_classes = BTreeMap::new();
        for name in STANDARD_CLASSES {
            tax_classes.insert(name.to_owned(), standard_id(TAX_CLASS, name).to_string());
        }
        for class in tenant.all(TAX_CLASS)? {
            tax_classes.insert(text(&class, "name"), text(&class, "id"));
        }
        let list_id = standard_id("price_list", LIST).to_string();
        let lists = tenant.all("price_list")?;
        let list = lists.iter().find(|list| text(list, "id") == list_id);
        let currency = match list {
            Some(list) => text(list, CURRENCY),
            None => FIRST_CURRENCY.to_owned(),
        };
        Ok(ProductDefaults {
            tax_classes,
            currency,
        })
    }

    /// Puts in base unit, case and tax class, where the file holds none, and answers the product's
    /// price entry; or says what is wrong with what the file holds.
    pub(crate) fn complete(
        &self,
        product: &mut FittingRow,
        plan: &ColumnPlan,
        forms: &CellForms,
    ) -> Result<Values, String> {
        let cell = |name: &str| {
            let text = cells::legible(plan.cell(&product.row, name));
            text.map_err(|why| format!("{name}: {why}"))
        };
        self.check_currency(&cell(CURRENCY)?)?;
        check_base_unit(&product.values)?;
        let tax_class = cell(TAX_CLASS)?;
        let price = forms.number(plan.cell(&product.row, PRICE), NumberForm::Amount);
        let price = price.map_err(|why| format!("{PRICE}: {why}"))?;
        if !tax_class.is_empty() {
            let class = self.tax_class(&tax_class)?;
            product.values.insert(TAX_CLASS.to_owned(), class);
        }
        let price = if price.is_empty() {
            made_price(&product.key).unwrap_or_default()
        } else {
            said_price(&price)?
        };
        complete_units_and_tax(&product.key, &mut product.values);
        Ok(price_entry(product, price))
    }

    fn check_currency(&self, said: &str) -> Result<(), String> {
        let own = &self.currency;
        if said.is_empty() || said == own {
            return Ok(());
        }
        Err(format!(
            "{CURRENCY}: `{said}` is not {own}, in which the price list {LIST} is"
        ))
    }

    fn tax_class(&self, name: &str) -> Result<Value, String> {
        if let Some(id) = self.tax_classes.get(name) {
            return Ok(Value::from(id.as_str()));
        }
        let known: Vec<&str> = self.tax_classes.keys().map(String::as_str).collect();
        Err(format!(
            "{TAX_CLASS}: there is no tax class `{name}`; there are {}; \
             add one by `put {TAX_CLASS}`",
            known.join(", ")
        ))
    }
}

fn text(json: &Json, name: &str) -> String {
    json[name].as_str().unwrap_or_default().to_owned()
}

fn check_base_unit(values: &Values) -> Result<(), String> {
    let Some(unit) = values.get(BASE_UNIT).and_then(Value::text) else {
        return Ok(());
    };
    unit.parse::<Unit>()
        .map(drop)
        .map_err(|error: UnitError| format!("{BASE_UNIT}: {error}"))
}

/// The entry of the price list that says what one base unit costs.
fn price_entry(product: &FittingRow, price: Value) -> Values {
    let list = standard_id("price_list", LIST).to_string();
    let id = imported_id("product", &product.key).to_string();
    let unit = product.values.get(BASE_UNIT).and_then(Value::text);
    Values::from([
        ("price_list".to_owned(), Value::from(list)),
        ("product".to_owned(), Value::from(id)),
        (
            "unit".to_owned(),
            Value::from(unit.unwrap_or(Unit::EACH.code())),
        ),
        ("unit_price".to_owned(), price),
    ])
}

/// A price as a file says it.
fn said_price(text: &str) -> Result<Value, String> {
    let price: Decimal = text
        .parse()
        .map_err(|error: DecimalError| format!("{PRICE}: {error}"))?;
    if price.is_negative()
        || price > Decimal::from(LINE_PRICE_MAX)
        || price.scale() > UNIT_PRICE_SCALE_MAX
    {
        let most = format!(
            "0 to {LINE_PRICE_MAX}, with at most {UNIT_PRICE_SCALE_MAX} digits after the point"
        );
        return Err(format!("{PRICE}: `{text}` is no price: {most}"));
    }
    Ok(Value::from(price.to_string()))
}

/// Puts in base unit, case and tax class, where there is none.
fn complete_units_and_tax(gtin: &str, values: &mut Values) {
    let n = digits(gtin);
    // What is sold by the case alone has no other case.
    if values.get(BASE_UNIT).and_then(Value::text) != Some(CASE_UNIT) {
        complete_case(gtin, values);
    }
    let class = if n.is_multiple_of(REDUCED_EVERY) {
        "Reduced"
    } else {
        "Standard"
    };
    let class = standard_id(TAX_CLASS, class).to_string();
    put_in(values, BASE_UNIT.to_owned(), Value::from(Unit::EACH.code()));
    put_in(values, TAX_CLASS.to_owned(), Value::from(class));
}

fn complete_case(gtin: &str, values: &mut Values) {
    let choice = usize::try_from(digits(gtin) % 3).unwrap_or(0);
    let per_case = CASES.get(choice).copied().unwrap_or(1);
    let path = |field: &str| line_path("units", CASE, field);
    put_in(values, path("unit"), Value::from(CASE_UNIT));
    put_in(values, path("numerator"), Value::Int(per_case));
    put_in(values, path("denominator"), Value::Int(1));
    if let Some(gtin) = case_gtin(gtin) {
        put_in(values, path("gtin"), Value::from(gtin));
    }
}

fn put_in(values: &mut Values, path: String, value: Value) {
    values.entry(path).or_insert(value);
}

/// The GTIN of the case: the same digits with 1 in front, and the check digit that belongs to them.
/// What is a package itself has none.
fn case_gtin(gtin: &str) -> Option<String> {
    let middle = gtin.strip_prefix('0')?.get(..12)?;
    (0..=9)
        .map(|check| format!("1{middle}{check}"))
        .find(|text| gtin::normalised(text).is_ok())
}

/// The list price of a product of which the file says none, in dollars.
fn made_price(gtin: &str) -> Option<Value> {
    let cents = CENTS_MIN + digits(gtin) % PRICES;
    Decimal::new(i128::from(cents), 2)
        .ok()
        .map(|price| Value::from(price.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_tax_and_price_follow_from_the_digits() {
        // n is 400638133393: n mod 3 is 1, n mod 7 is 1, n mod 1951 is 498.
        let gtin = "04006381333931";
        let mut values = Values::from([("base_unit".to_owned(), Value::from("KGM"))]);
        complete_units_and_tax(gtin, &mut values);
        assert_eq!(digits(gtin), 400_638_133_393);
        assert_eq!(values["base_unit"], Value::from("KGM"));
        assert_eq!(values["units/case/numerator"], Value::Int(12));
        assert_eq!(values["units/case/gtin"], Value::from("14006381333938"));
        assert_eq!(
            values["tax_class"],
            Value::from(standard_id("tax_class", "Standard").to_string())
        );
        assert_eq!(made_price(gtin), Some(Value::from("5.47")));
        let mut reduced = Values::new();
        complete_units_and_tax("00000000000079", &mut reduced);
        assert_eq!(
            reduced["tax_class"],
            Value::from(standard_id("tax_class", "Reduced").to_string())
        );
    }

    #[test]
    fn what_is_a_package_itself_has_no_case_of_a_gtin() {
        assert_eq!(case_gtin("14006381333938"), None);
        assert_eq!(case_gtin("00000096385074").unwrap().len(), 14);
    }
}
