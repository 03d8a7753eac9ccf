//! The limits of an order that are no pots: the least value, what is no longer sold, what was
//! delivered already. It does not know credit nor stock: the verdict posts them.

use super::policy::policy;
use super::totals::{Totals, told};
use crate::base::decimal::Decimal;
use crate::base::fraction::Fraction;
use crate::domain::amounts::held;
use crate::domain::refusal::Refusal;
use crate::domain::rules::names::{LINES, PRODUCT};
use crate::objects::{ReadError, Reader, Record};

/// The posting of a verdict that sets aside what is ordered.
const STOCK: &str = "stock";

/// Refuses an order that is below the least value.
pub(super) fn minimum(reader: &dyn Reader, totals: &Totals) -> Result<(), Refusal> {
    let policy = policy(reader)?;
    let Some(least) = held(&policy, "minimum_value")? else {
        return Ok(());
    };
    // What is paid for containers or as a fee is no order value.
    if Decimal::from(totals.goods_net) >= least {
        return Ok(());
    }
    let (net, currency) = (totals.goods_net.to_string(), totals.currency);
    let least = told(least.into(), currency)?;
    let message = format!(
        "the order is worth {net} {currency} net; the least is {least} {currency}; order more"
    );
    Err(Refusal::rule("below_minimum", message)
        .with("net", net)
        .with("minimum", least))
}

/// Refuses an order of less than was delivered of it already.
pub(super) fn below_delivered(
    reader: &dyn Reader,
    order: &Record,
    totals: &Totals,
) -> Result<(), Refusal> {
    for hold in reader.set_aside(order.id)? {
        if hold.posting != STOCK {
            continue;
        }
        let line = totals.lines.iter().find(|line| line.line == hold.line);
        let ordered = line.map_or(Fraction::ZERO, |line| line.base_quantity);
        let delivered = hold.captured;
        if Fraction::from(delivered) <= ordered {
            continue;
        }
        let message = format!(
            "{delivered} of a line are delivered already; order at least as many, and ask for a \
             return of the rest"
        );
        return Err(Refusal::rule("below_delivered", message)
            .about(LINES)
            .with("line", hold.line)
            .with("delivered", delivered.to_string()));
    }
    Ok(())
}

/// The refusal of an order that names something no longer sold, if it does.
pub(super) fn discontinued(
    reader: &dyn Reader,
    order: &Record,
) -> Result<Option<Refusal>, ReadError> {
    for line in order.lines(LINES).values() {
        let id = line
            .get("product")
            .and_then(|value| value.text()?.parse().ok());
        let product = id.map_or(Ok(None), |id| reader.record(PRODUCT, id))?;
        if let Some(product) = product.filter(|product| product.value("discontinued").is_true()) {
            return Ok(Some(not_sold(&product)));
        }
    }
    Ok(None)
}

pub(super) fn not_sold(product: &Record) -> Refusal {
    let name = product.text("name").unwrap_or("this product");
    let message = format!("{name} is no longer sold; take it out of the order");
    Refusal::rule("discontinued", message)
        .about("product")
        .with("product", name)
}
