//! The amount of a line that nobody ordered and that follows from what was: a deposit, a fee. It is
//! made anew each time a basket is priced. It does not know why it is charged.

use super::line::LINE;
use super::sheet::ChargeLine;
use super::trace::{PriceReason, PriceStage, price_told, told};
use crate::base::currency::Currency;
use crate::base::fraction::Fraction;
use crate::base::money::{UNIT_PRICE_SCALE_MAX, in_minor};
use crate::base::quantity::QUANTITY_SCALE_MAX;
use crate::domain::refusal::Refusal;

/// The same line with the amount of its price and quantity, rounded once.
pub(super) fn by_quantity(
    mut line: ChargeLine<'_>,
    currency: Currency,
) -> Result<ChargeLine<'_>, Refusal> {
    let full = in_minor(line.unit_price.times(line.quantity)?, currency)?;
    let price = price_told(line.unit_price)?;
    let quantity = line.quantity.shown(QUANTITY_SCALE_MAX)?;
    let shown = line.unit_price.shown(UNIT_PRICE_SCALE_MAX)?;
    let reason = PriceReason::new(LINE, None, &format!("{quantity} x {shown}"));
    let amount = told(full, currency)?;
    line.steps
        .push(reason.step(PriceStage::LineAmount, Some(price), amount));
    line.minor = full.rounded();
    if !full.is_whole() {
        let why = format!("halves away from zero, {} decimals", currency.exponent());
        let reason = PriceReason::new(currency.code(), None, &why);
        let after = told(Fraction::whole(line.minor), currency)?;
        line.steps
            .push(reason.step(PriceStage::LineRounding, Some(amount), after));
    }
    Ok(line)
}
