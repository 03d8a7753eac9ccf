//! What an account should have on its shelf: the products of the assortments that hold for it on a
//! day. It does not know who counts, nor what was found.

use std::collections::BTreeMap;

use crate::base::id::RecordId;
use crate::domain::rules::names::{ACCOUNT, ASSORTMENT};
use crate::objects::{ReadError, Reader, Value};

const PRODUCTS: &str = "products";

/// A product that an account lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Listed {
    /// Base units that the account should have; none if no assortment says.
    pub par_units: Option<i64>,
    /// Whether it must be on the shelf.
    pub must_stock: bool,
}

/// The products that an account lists on a day (`YYYY-MM-DD`), by id. Of two assortments the nearer
/// one says how many: its own goes before that of its tier, and that before the one for all; what
/// one says must be there must be there.
pub fn listed(
    reader: &dyn Reader,
    account: &str,
    day: &str,
) -> Result<BTreeMap<String, Listed>, ReadError> {
    let id = account.parse::<RecordId>().ok();
    let tier = id
        .map(|id| reader.record(ACCOUNT, id))
        .transpose()?
        .flatten();
    let tier = tier.map_or(Value::Null, |account| account.value("tier").clone());
    let mut nearness = vec![vec![("account", Value::Null), ("tier", Value::Null)]];
    if !tier.is_null() {
        nearness.push(vec![("account", Value::Null), ("tier", tier)]);
    }
    nearness.push(vec![("account", Value::from(account))]);
    let mut listed: BTreeMap<String, Listed> = BTreeMap::new();
    for wanted in nearness {
        for assortment in reader.find(ASSORTMENT, &wanted)? {
            // Days compare as text.
            let is_early = assortment.text("valid_from").is_some_and(|from| day < from);
            if is_early || assortment.text("valid_to").is_some_and(|to| day > to) {
                continue;
            }
            for line in assortment.lines(PRODUCTS).into_values() {
                let Some(product) = line.get("product").and_then(|product| product.text()) else {
                    continue;
                };
                let known = listed.entry(product.to_owned()).or_default();
                known.par_units = line
                    .get("par_units")
                    .and_then(|units| units.int())
                    .or(known.par_units);
                known.must_stock |= line.get("must_stock").is_some_and(|must| must.is_true());
            }
        }
    }
    Ok(listed)
}
