//! Opening a line: its price, its tax, its amount before anything is taken off. It does not know
//! promotions.

use super::basket::{Basket, BasketLine};
use super::book::Book;
use super::entry::{self, PriceQuery};
use super::scope::{Account, Product};
use super::sheet::{LineTax, SheetLine};
use super::trace::{PriceReason, PriceStage, PriceStep, TraceFigure, price_told, told};
use crate::base::decimal::Decimal;
use crate::base::fraction::Fraction;
use crate::base::money::in_minor;
use crate::base::quantity::QuantityError;
use crate::domain::refusal::Refusal;
use crate::domain::rules::sell::tax::{TaxKey, TaxMode};

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
    let tax = line_tax(book, product, basket)?;
    let found = entry::price(&PriceQuery {
        book,
        basket,
        account,
        product,
        unit,
        quantity: quantity.unsigned()?,
    })?;
    let Some(found) = found else {
        let (name, currency, at) = (book.name(id), basket.currency, basket.at);
        let message =
            format!("`{name}` has no price in {currency} on {at} for this buyer and quantity");
        return Err(Refusal::rule("no_price", message).about("product"));
    };
    let (mut price, mut steps) = (found.price, found.steps);
    if let Some(after) = converted(price, found.list.tax_inclusive, &tax, basket.tax_mode)? {
        let why = format!(
            "{} % of tax, which the price list and the basket see differently",
            tax.listed
        );
        let reason = PriceReason::new(
            book.name(&product.tax_class),
            tax.class.map(|(_, version)| version),
            &why,
        );
        steps.push(reason.step(
            PriceStage::TaxConversion,
            Some(price_told(price)?),
            price_told(after)?,
        ));
        price = after;
    }
    opened(line, Some(product), quantity, price, tax, steps, basket)
}

/// A price of a list as the basket counts it, if they differ: lists may hold the tax of the goods,
/// and a basket that of its buyer.
fn converted(
    price: Fraction,
    is_with_tax: bool,
    tax: &LineTax<'_>,
    mode: TaxMode,
) -> Result<Option<Fraction>, Refusal> {
    let with = |rate: Decimal| Fraction::ONE.plus(Fraction::percent(rate)?);
    Ok(match (is_with_tax, mode) {
        (true, TaxMode::Exclusive) => Some(price.over(with(tax.listed)?)?),
        (false, TaxMode::Inclusive) => Some(price.times(with(tax.key.rate)?)?),
        (true, TaxMode::Inclusive) if tax.listed != tax.key.rate => {
            Some(price.over(with(tax.listed)?)?.times(with(tax.key.rate)?)?)
        }
        (true, TaxMode::Inclusive) | (false, TaxMode::Exclusive) => None,
    })
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
        taken: Vec::new(),
        steps,
    })
}

/// The tax of a product on the basket's day, for its buyer; the class must have exactly one rate.
pub(super) fn line_tax<'a>(
    book: &'a Book,
    product: &'a Product,
    basket: &Basket,
) -> Result<LineTax<'a>, Refusal> {
    let class = product.tax_class.as_str();
    let mut holding = book
        .taxes(class)
        .iter()
        .filter(|tax| tax.validity.holds(basket.at));
    let Some(tax) = holding.next() else {
        let (name, of) = (book.name(class), book.name(&product.id));
        let message = format!("tax class `{name}` of `{of}` has no rate on {}", basket.at);
        return Err(Refusal::rule("no_tax_rate", message).about("product"));
    };
    if let Some(other) = holding.next() {
        let names = [tax, other].map(|tax| format!("{} version {}", book.name(class), tax.version));
        let message = format!(
            "`{}` and `{}` both hold on {}; let one of them end",
            names[0], names[1], basket.at
        );
        return Err(Refusal::rule("ambiguous_tax", message).with("entries", names.to_vec()));
    }
    let buyer = basket.account.as_deref().and_then(|id| book.account(id));
    let treatment = buyer.and_then(|buyer| buyer.treatment);
    let key = match treatment {
        Some(treatment) => TaxKey {
            category: treatment.category().to_owned(),
            rate: Decimal::ZERO,
        },
        None => TaxKey {
            category: tax.category.clone(),
            rate: tax.rate,
        },
    };
    Ok(LineTax {
        key,
        listed: tax.rate,
        class: Some((book.name(class), tax.version)),
        treatment,
    })
}
