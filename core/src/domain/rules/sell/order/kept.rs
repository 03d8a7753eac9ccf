//! Which lines of an amended order keep the price that was confirmed: those that order what they
//! ordered then. It believes the server's confirmation alone, never what an order says of itself,
//! and does not know what the price was made from.

use std::collections::BTreeMap;

use super::bounds::in_base;
use super::stage::{confirmed, revision};
use crate::base::decimal::Decimal;
use crate::base::fraction::Fraction;
use crate::base::quantity::QUANTITY_SCALE_MAX;
use crate::domain::amounts::kept;
use crate::domain::refusal::Refusal;
use crate::domain::rules::names::{CHARGES, LINES};
use crate::domain::rules::sell::pricing::{BasketLine, Item, KeptPrice};
use crate::objects::{Reader, Record, Value};

/// What a price was made for, beside the line itself: for another buyer, in other money, or of
/// another day every line is priced anew.
const SAME: &[&str] = &["account", "currency", "tax_mode", "ordered_on"];

/// The prices that the server confirmed last of an order.
pub(super) struct KeptPrices<'a> {
    reader: &'a dyn Reader,
    verdict: Option<Record>,
}

impl<'a> KeptPrices<'a> {
    pub(super) fn of(reader: &'a dyn Reader, order: &Record) -> Result<Self, Refusal> {
        let is_same = |verdict: &Record| {
            let mut fields = SAME.iter();
            fields.all(|field| verdict.value(field) == order.value(field))
        };
        let verdict = confirmed(reader, order.id)?.filter(is_same);
        Ok(KeptPrices { reader, verdict })
    }

    /// The confirmed price of a line, if it orders as much of the same in the same unit, less the
    /// same discount. A unit that holds more or less by now is another one.
    pub(super) fn of_line(
        &self,
        id: &str,
        line: &BasketLine,
    ) -> Result<Option<KeptPrice>, Refusal> {
        let (Some(verdict), Item::Product(product)) = (&self.verdict, &line.item) else {
            return Ok(None);
        };
        let mut lines = [LINES, CHARGES].into_iter();
        let frozen = lines.find_map(|lines| verdict.lines(lines).remove(id));
        let Some(frozen) = frozen else {
            return Ok(None);
        };
        let unit = line.unit.map(|unit| unit.to_string()).unwrap_or_default();
        let is_same = holds(&frozen, "product", &product.as_str().into())
            && holds(&frozen, "unit", &unit.into())
            && holds(&frozen, "quantity", &kept(line.quantity))
            && holds(&frozen, "discount_percent", &kept(line.discount_percent));
        if !is_same {
            return Ok(None);
        }
        if let Some(then) = frozen.get("base_quantity") {
            let now = in_base(self.reader, product, line.quantity, line.unit)?;
            if **then != kept(now.shown(QUANTITY_SCALE_MAX)?) {
                return Ok(None);
            }
        }
        let revision = revision(verdict);
        let price = price(&frozen);
        Ok(price.map(|unit_price| KeptPrice {
            unit_price,
            revision,
        }))
    }
}

fn holds(line: &BTreeMap<&str, &Value>, field: &str, value: &Value) -> bool {
    line.get(field).is_some_and(|held| *held == value)
}

/// The exact price of a line that was confirmed; none where it cannot be read.
fn price(line: &BTreeMap<&str, &Value>) -> Option<Fraction> {
    match line.get("exact_price").and_then(|price| price.text()) {
        Some(exact) => exact.parse().ok(),
        None => {
            let price: Decimal = line.get("unit_price")?.text()?.parse().ok()?;
            Some(price.into())
        }
    }
}
