//! Opening a line: its price, its amount before anything is taken off. It does not know how it is
//! taxed, nor promotions.

use super::basket::{Basket, BasketLine, KeptPrice};
use super::book::Book;
use super::entry::{self, PriceQuery};
use super::scope::{Account, Product};
use super::sheet::{LineTax, SheetLine};
use super::tax_line::{ListedPrice, TaxedGoods, converted, line_tax, listed_told};
use super::trace::{PriceReason, PriceStage, PriceStep, TraceFigure, price_told, told};
use crate::base::decimal::Decimal;
use crate::base::fraction::Fraction;
use crate::base::money::in_minor;
use crate::base::quantity::QuantityError;
use crate::base::unit::Unit;
use crate::domain::refusal::Refusal;
use crate::domain::rules::sell::tax::TaxKey;

/// The rule that a trace names where the line itself says what is done.
pub(super) const LINE: &str = "line";

/// Opens the line of a product: its quantity in base units, its tax, the price that wins.
pub(super) fn product_line<'a>(
    id: &str,
    line: &'a BasketLine,
    basket: &'a Basket,
    book: &'a Book,
    account: Option<&Account>,
) -> Result<SheetLine<'a>, Refusal> {
    let unknown = || {
        Refusal::bad_input(
            "unknown_product",
            format!("there is no product `{id}` here"),
        )
        .about("product")
    };
    let product = book.product(id).ok_or_else(unknown)?;
    let unit = line.unit.unwrap_or(product.packaging.base());
    let quantity = match product.packaging.to_base(line.quantity.into(), unit) {
        Err(error @ QuantityError::UnknownUnit { .. }) => {
            let message = format!("`{}`: {error}", book.name(id));
            return Err(Refusal::bad_input("unknown_unit", message).about("unit"));
        }
        quantity => quantity?,
    };
    let is_container = book.is_container(id);
    if is_container && !line.discount_percent.is_zero() {
        let message = "`discount_percent`: a deposit is given whole and taken back whole";
        return Err(Refusal::bad_input("bad_value", message).about("discount_percent"));
    }
    let tax = line_tax(book, TaxedGoods::from(product), basket)?;
    let asked = PricedUnit {
        product,
        unit,
        quantity,
    };
    let (price, steps) = match line.kept {
        Some(kept) => (kept.unit_price, vec![kept_step(kept)?]),
        None => priced_unit(asked, &tax, basket, book, account)?,
    };
    let opened = opened(line, Some(product), quantity, price, tax, steps, basket)?;
    Ok(SheetLine {
        is_container,
        ..opened
    })
}

/// The story of a price that was confirmed.
fn kept_step(kept: KeptPrice) -> Result<PriceStep, Refusal> {
    let why = format!("as it was confirmed in revision {}", kept.revision);
    let reason = PriceReason::new(LINE, None, &why);
    let price = price_told(kept.unit_price)?;
    Ok(reason.step(PriceStage::KeptPrice, None, price))
}

/// One unit of a product, and how many base units are sold.
#[derive(Debug, Clone, Copy)]
pub(super) struct PricedUnit<'a> {
    pub(super) product: &'a Product,
    pub(super) unit: Unit,
    pub(super) quantity: Fraction,
}

/// The price of one unit as the basket counts it, and how it came about.
pub(super) fn priced_unit<'a>(
    asked: PricedUnit<'a>,
    tax: &LineTax<'a>,
    basket: &Basket,
    book: &'a Book,
    account: Option<&Account>,
) -> Result<(Fraction, Vec<PriceStep>), Refusal> {
    let PricedUnit {
        product,
        unit,
        quantity,
    } = asked;
    let found = entry::price(&PriceQuery {
        book,
        basket,
        account,
        product,
        unit,
        quantity: quantity.unsigned()?,
    })?;
    let Some(found) = found else {
        let (name, currency, at) = (book.name(&product.id), basket.currency, basket.at);
        let message =
            format!("`{name}` has no price in {currency} on {at} for this buyer and quantity");
        return Err(Refusal::rule("no_price", message).about("product"));
    };
    let (price, mut steps) = (found.price, found.steps);
    let listed = ListedPrice {
        price,
        is_with_tax: found.list.tax_inclusive,
        base_units: product.packaging.content(unit)?,
    };
    let Some(after) = converted(listed, tax, basket.tax_mode)? else {
        return Ok((price, steps));
    };
    let why = format!(
        "{} of tax, which the price list and the basket see differently",
        listed_told(tax)
    );
    let class = book.name(&product.tax_class);
    let reason = PriceReason::new(class, tax.class.map(|(_, version)| version), &why);
    let (before, told) = (price_told(price)?, price_told(after)?);
    steps.push(reason.step(PriceStage::TaxConversion, Some(before), told));
    Ok((after, steps))
}

/// Opens a line that carries its own price.
pub(super) fn own_line<'a>(
    unit_price: Decimal,
    tax_rate: Decimal,
    line: &'a BasketLine,
    basket: &'a Basket,
) -> Result<SheetLine<'a>, Refusal> {
    let category = if tax_rate.is_zero() { "Z" } else { "S" }.to_owned();
    let tax = LineTax {
        key: TaxKey {
            category,
            rate: tax_rate,
        },
        listed: tax_rate,
        class: None,
        parts: Vec::new(),
        listed_parts: Vec::new(),
        treatment: None,
    };
    let reason = PriceReason::new(LINE, None, "the line carries its own price");
    let step = reason.step(PriceStage::OwnPrice, None, TraceFigure::Exact(unit_price));
    opened(
        line,
        None,
        line.quantity.into(),
        unit_price.into(),
        tax,
        vec![step],
        basket,
    )
}

fn opened<'a>(
    line: &'a BasketLine,
    product: Option<&'a Product>,
    quantity: Fraction,
    unit_price: Fraction,
    tax: LineTax<'a>,
    mut steps: Vec<PriceStep>,
    basket: &Basket,
) -> Result<SheetLine<'a>, Refusal> {
    let full = in_minor(unit_price.times(line.quantity.into())?, basket.currency)?;
    let price = price_told(unit_price)?;
    let reason = PriceReason::new(LINE, None, &format!("{} x {price}", line.quantity));
    steps.push(reason.step(
        PriceStage::LineAmount,
        Some(price),
        told(full, basket.currency)?,
    ));
    Ok(SheetLine {
        line,
        product,
        quantity,
        unit_price,
        full,
        amount: full,
        opening: 0,
        tax,
        is_container: false,
        taken: Vec::new(),
        steps,
    })
}
