//! What a file of products does not say and a product needs to be sold: units, tax class and price, each made from the
//! digits of its GTIN, so that every import makes the same. `docs/cli.md` has the formula.
//! It does not know how rows are read nor kept.

use outfield_core::base::decimal::Decimal;
use outfield_core::base::gtin;
use outfield_core::objects::path::line_path;
use outfield_core::objects::{Value, Values};

use super::answer::Failure;
use crate::tenant::{Imported, Tenant, imported_id, standard_id};

/// Units to a case, by n mod 3.
const CASES: [i64; 3] = [6, 12, 24];
/// Every product whose n is a multiple of this has the reduced tax.
const REDUCED_EVERY: u64 = 7;
/// The least list price, in cents.
const CENTS_MIN: u64 = 49;
/// So many list prices there are, each a cent above the last.
const PRICES: u64 = 1951;
/// The line of the case among a product's units.
const CASE: &str = "case";

/// The 12 digits before the check digit, as a number.
fn digits(gtin: &str) -> u64 {
    gtin.get(1..13).and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

/// Puts in base unit, case and tax class, where the file holds none.
pub(super) fn complete(gtin: &str, values: &mut Values) {
    let n = digits(gtin);
    let class = if n.is_multiple_of(REDUCED_EVERY) { "Reduced" } else { "Standard" };
    let per_case = CASES.get(usize::try_from(n % 3).unwrap_or(0)).copied().unwrap_or(1);
    let mut wanted = vec![
        ("base_unit".to_owned(), Value::from("EA")),
        ("tax_class".to_owned(), Value::from(standard_id("tax_class", class).to_string())),
        (line_path("units", CASE, "unit"), Value::from("XCS")),
        (line_path("units", CASE, "numerator"), Value::Int(per_case)),
        (line_path("units", CASE, "denominator"), Value::Int(1)),
    ];
    wanted.extend(case_gtin(gtin).map(|gtin| (line_path("units", CASE, "gtin"), Value::from(gtin))));
    for (path, value) in wanted {
        values.entry(path).or_insert(value);
    }
}

/// The GTIN of the case: the same digits with 1 in front, and the check digit that belongs to them. What is a package
/// itself has none.
fn case_gtin(gtin: &str) -> Option<String> {
    let middle = gtin.strip_prefix('0')?.get(..12)?;
    (0..=9).map(|check| format!("1{middle}{check}")).find(|text| gtin::normalised(text).is_ok())
}

/// The list price of a product, in dollars.
fn price(gtin: &str) -> Option<Value> {
    let cents = CENTS_MIN + digits(gtin) % PRICES;
    Decimal::new(i128::from(cents), 2).ok().map(|price| Value::from(price.to_string()))
}

/// One entry of the standard price list for each of these products.
pub(super) fn prices(tenant: &mut Tenant, gtins: &[String], dry_run: bool) -> Result<Imported, Failure> {
    let list = standard_id("price_list", "Standard").to_string();
    let entry = |gtin: &String| {
        let values = [
            ("price_list".to_owned(), Value::from(list.as_str())),
            ("product".to_owned(), Value::from(imported_id("product", gtin).to_string())),
            ("unit".to_owned(), Value::from("EA")),
            ("unit_price".to_owned(), price(gtin)?),
        ];
        Some((gtin.clone(), Values::from(values)))
    };
    Ok(tenant.import("price_entry", gtins.iter().filter_map(entry).collect(), dry_run)?)
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
        assert_eq!(values["tax_class"], Value::from(standard_id("tax_class", "Standard").to_string()));
        assert_eq!(price(gtin), Some(Value::from("5.47")));
        let mut reduced = Values::new();
        complete("00000000000079", &mut reduced);
        assert_eq!(reduced["tax_class"], Value::from(standard_id("tax_class", "Reduced").to_string()));
    }

    #[test]
    fn what_is_a_package_itself_has_no_case_of_a_gtin() {
        assert_eq!(case_gtin("14006381333938"), None);
        assert_eq!(case_gtin("00000096385074").unwrap().len(), 14);
    }
}
