//! How much a line may order and how much that is in base units, how much may be taken off it, and
//! how many lines an order has. It does not know the order.

use crate::base::decimal::Decimal;
use crate::base::fraction::Fraction;
use crate::base::limits::ORDER_LINES_MAX;
use crate::base::quantity::QUANTITY_SCALE_MAX;
use crate::base::unit::Unit;
use crate::domain::refusal::Refusal;
use crate::domain::rules::goods::product::in_base_units;
use crate::domain::rules::names::{LINES, PRODUCT};
use crate::domain::rules::sell::pricing::{LINE_QUANTITY_MAX, PERCENT_SCALE_MAX};
use crate::objects::Reader;

/// So many of a product's unit in base units.
pub(super) fn in_base(
    reader: &dyn Reader,
    product: &str,
    quantity: Decimal,
    unit: Option<Unit>,
) -> Result<Fraction, Refusal> {
    let row = product
        .parse()
        .ok()
        .map_or(Ok(None), |id| reader.record(PRODUCT, id))?;
    let (Some(row), Some(unit)) = (row, unit) else {
        return Ok(quantity.into());
    };
    in_base_units(&row, quantity, unit)
}

/// Whether a line can order so much, or why not; of a container less than nothing comes back.
pub(super) fn orderable(quantity: Decimal, is_container: bool) -> Result<(), String> {
    if (quantity.is_negative() && !is_container) || quantity.is_zero() {
        return Err("is above 0; to take a product out, use `remove_order_line`".to_owned());
    }
    let most = Decimal::from(LINE_QUANTITY_MAX);
    if quantity > most || quantity < Decimal::from(-LINE_QUANTITY_MAX) {
        return Err(format!(
            "is at most {LINE_QUANTITY_MAX} of its unit; order less, or in a larger unit"
        ));
    }
    if quantity.scale() > QUANTITY_SCALE_MAX {
        return Err(format!(
            "has at most {QUANTITY_SCALE_MAX} digits after the point, and {quantity} has more"
        ));
    }
    Ok(())
}

/// Whether so many per cent can be taken off a line, or why not.
pub(super) fn takeable(percent: Decimal) -> Result<(), String> {
    if percent.is_negative() || percent > Decimal::from(100) || percent.scale() > PERCENT_SCALE_MAX
    {
        return Err(format!(
            "is 0 to 100, with at most {PERCENT_SCALE_MAX} digits after the point"
        ));
    }
    Ok(())
}

/// An order of so many lines can still be confirmed.
pub(super) fn fits(lines: usize) -> Result<(), Refusal> {
    if lines <= ORDER_LINES_MAX {
        return Ok(());
    }
    let message = format!(
        "an order has at most {ORDER_LINES_MAX} lines; begin another order for what is left"
    );
    Err(Refusal::rule("too_many_lines", message)
        .about(LINES)
        .with("most", ORDER_LINES_MAX))
}
