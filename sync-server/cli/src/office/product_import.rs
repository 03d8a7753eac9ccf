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

use serde_json::Value as Json;

use super::columns::Plan;
use super::import::Fit;
use outfield_server::error::ServerError;
use outfield_server::office::{imported_id, standard_id};
use outfield_server::tenant::Tenant;

/// What a column may say of the price of one base unit.
pub(crate) const PRICE: &str = "price";
/// The currency of that price.
pub(crate) const CURRENCY: &str = "currency";
/// The name of a tax class.
pub(crate) const TAX_CLASS: &str = "tax_class";
/// The field that names the base unit.
const BASE_UNIT: &str = "base_unit";
/// The name of the price list that prices go into.
const LIST: &str = "Standard";
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
pub(crate) struct Shop {
    /// The ids of the tax classes by their names.
    classes: BTreeMap<String, String>,
    /// The currency of the price list.
    currency: String,
}

impl Shop {
    /// What this tenant has, and what each has from the beginning.
    pub(crate) fn of(tenant: &Tenant) -> Result<Shop, ServerError> {
        let standard = ["Standard", "Reduced"]
            .map(|name| (name.to_owned(), standard_id(TAX_CLASS, name).to_string()));
        let mut classes = BTreeMap::from(standard);
        let text = |json: &Json, name: &str| json[name].as_str().unwrap_or_default().to_owned();
        classes.extend(
            tenant
                .all(TAX_CLASS)?
                .iter()
                .map(|class| (text(class, "name"), text(class, "id"))),
        );
        let list = standard_id("price_list", LIST).to_string();
        let list = tenant
            .all("price_list")?
            .into_iter()
            .find(|row| text(row, "id") == list);
        let currency = list.map(|list| text(&list, CURRENCY));
        Ok(Shop {
            classes,
            currency: currency.unwrap_or_else(|| "USD".to_owned()),
        })
    }

    /// Puts in base unit, case and tax class, where the file holds none, and answers the product's
    /// price entry; or says what is wrong with what the file holds.
    pub(crate) fn complete(&self, fit: &mut Fit<'_>, plan: &Plan) -> Result<Values, String> {
        let cell = |name: &str| plan.cell(fit.row, name).unwrap_or_default();
        if !cell(CURRENCY).is_empty() && cell(CURRENCY) != self.currency {
            let (said, own) = (cell(CURRENCY), &self.currency);
            return Err(format!(
                "{CURRENCY}: `{said}` is not {own}, in which the price list {LIST} is"
            ));
        }
        if let Some(unit) = fit.values.get(BASE_UNIT).and_then(Value::text) {
            unit.parse::<Unit>()
                .map_err(|error: UnitError| format!("{BASE_UNIT}: {error}"))?;
        }
        if !cell(TAX_CLASS).is_empty() {
            fit.values
                .insert(TAX_CLASS.to_owned(), self.class(cell(TAX_CLASS))?);
        }
        let price = if cell(PRICE).is_empty() {
            made_price(&fit.key)
        } else {
            Some(said_price(cell(PRICE))?)
        };
        complete(&fit.key, &mut fit.values);
        let base = fit
            .values
            .get(BASE_UNIT)
            .and_then(Value::text)
            .unwrap_or(Unit::EACH.code());
        Ok(Values::from([
            (
                "price_list".to_owned(),
                Value::from(standard_id("price_list", LIST).to_string()),
            ),
            (
                "product".to_owned(),
                Value::from(imported_id("product", &fit.key).to_string()),
            ),
            ("unit".to_owned(), Value::from(base)),
            ("unit_price".to_owned(), price.unwrap_or_default()),
        ]))
    }

    fn class(&self, name: &str) -> Result<Value, String> {
        let known = || {
            self.classes
                .keys()
                .map(String::as_str)
                .collect::<Vec<_>>()
                .join(", ")
        };
        let id = self.classes.get(name).ok_or_else(|| {
            format!("{TAX_CLASS}: there is no tax class `{name}`; there are {}; add one by `put {TAX_CLASS}`", known())
        });
        Ok(Value::from(id?.as_str()))
    }
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
fn complete(gtin: &str, values: &mut Values) {
    let n = digits(gtin);
    let class = if n.is_multiple_of(REDUCED_EVERY) {
        "Reduced"
    } else {
        "Standard"
    };
    let per_case = CASES
        .get(usize::try_from(n % 3).unwrap_or(0))
        .copied()
        .unwrap_or(1);
    let mut wanted = vec![
        (BASE_UNIT.to_owned(), Value::from(Unit::EACH.code())),
        (
            TAX_CLASS.to_owned(),
            Value::from(standard_id(TAX_CLASS, class).to_string()),
        ),
    ];
    // What is sold by the case alone has no other case.
    if values.get(BASE_UNIT).and_then(Value::text) != Some(CASE_UNIT) {
        wanted.extend([
            (line_path("units", CASE, "unit"), Value::from(CASE_UNIT)),
            (line_path("units", CASE, "numerator"), Value::Int(per_case)),
            (line_path("units", CASE, "denominator"), Value::Int(1)),
        ]);
        wanted.extend(
            case_gtin(gtin).map(|gtin| (line_path("units", CASE, "gtin"), Value::from(gtin))),
        );
    }
    for (path, value) in wanted {
        values.entry(path).or_insert(value);
    }
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
        complete(gtin, &mut values);
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
        complete("00000000000079", &mut reduced);
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
