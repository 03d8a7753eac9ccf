//! Prices: from a basket and a book of rules to exact amounts, with the story of each. It does not
//! know storage, orders nor payment: a basket and a book go in as values, and the same two give the
//! same bytes on phone and server. Rebates and wallet are payment, not price.
//!
//! The waterfall: list price -> contract or account price -> quantity break -> line promotion ->
//! the seller's discount -> order promotion -> tax -> cash rounding. Where the business leaves
//! room:
//! - A line's amount stays exact until the first reduction rounds it, or else the end of the line's
//!   own steps does; each
//!   further reduction is rounded again. So price x quantity is rounded once, as in Odoo (`price_subtotal`), and every
//!   reduction is an allowance that EN 16931 can carry (BR-DEC-24: two decimals).
//! - A price that holds tax, in a basket whose prices do not (or the other way round), is converted
//!   exactly by the tax
//!   rate of the line; only the line's amount is rounded. ERPNext and Odoo convert such prices too.
//! - A line without a product is of category S, or of Z if its rate is nothing (EN 16931 BR-S-05,
//!   BR-Z-05).
//! - Tax rates are per cent, as EN 16931 has them (BT-152): "8.5" is 8.5 %.

mod basket;
mod book;
mod entry;
mod hurdle;
mod level;
mod priced;
mod promotion;
mod sheet;
mod strict;
mod trace;

pub use basket::{
    Basket, BasketLine, Item, LINE_PRICE_MAX, LINE_QUANTITY_MAX, PERCENT_SCALE_MAX, TAX_RATE_MAX,
};
pub use book::{Account, Book, Buyers, Entry, Goods, PriceList, Product, TaxRate, Validity};
pub use priced::{Gap, NearMiss, Priced, PricedLine, TaxGroup};
pub use promotion::{Hurdle, Level, Promotion, Reward};
pub use trace::{Figure, Stage, Step};

use self::sheet::{LineTax, Sheet, SheetLine, on_line};
use self::trace::{Reason, price_told, told};
use crate::base::decimal::Decimal;
use crate::base::fraction::{Fraction, FractionError};
use crate::base::money::in_minor;
use crate::base::quantity::QuantityError;
use crate::domain::refusal::Refusal;
use crate::domain::rules::sell::tax::{TaxKey, TaxMode};

/// The rule that a trace names where the line itself says what is done.
const LINE: &str = "line";

/// Prices a basket.
pub fn price(basket: &Basket, book: &Book) -> Result<Priced, Refusal> {
    let account = account(basket, book)?;
    let mut lines = Vec::with_capacity(basket.lines.len());
    for (index, line) in basket.lines.iter().enumerate() {
        let opened = match &line.item {
            Item::Product(id) => product_line(id, line, (basket, book), account),
            Item::Own {
                unit_price,
                tax_rate,
            } => own_line((*unit_price, *tax_rate), line, basket),
        };
        lines.push(opened.map_err(on_line(index))?);
    }
    let holds = |promotion: &&Promotion| {
        let in_currency = promotion
            .currency()
            .is_none_or(|currency| currency == basket.currency);
        in_currency && promotion.validity.holds(basket.at) && promotion.buyers.include(account)
    };
    let promotions: Vec<&Promotion> = book.promotions().filter(holds).collect();
    let mut sheet = Sheet {
        basket,
        book,
        lines,
        free: Vec::new(),
        near_misses: Vec::new(),
        steps: Vec::new(),
    };
    level::apply(Level::Line, &promotions, &mut sheet, book)?;
    for (index, line) in sheet.lines.iter_mut().enumerate() {
        settle(line, basket).map_err(|error| on_line(index)(error.into()))?;
    }
    level::apply(Level::Order, &promotions, &mut sheet, book)?;
    priced::close(sheet, book)
}

fn account<'a>(basket: &Basket, book: &'a Book) -> Result<Option<&'a Account>, Refusal> {
    let Some(id) = &basket.account else {
        return Ok(None);
    };
    let unknown = || {
        Refusal::bad_input(
            "unknown_account",
            format!("there is no account `{id}` here"),
        )
        .about("account")
    };
    book.account(id).map(Some).ok_or_else(unknown)
}

fn product_line<'a>(
    id: &str,
    line: &'a BasketLine,
    (basket, book): (&'a Basket, &'a Book),
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
    let found = entry::price(
        (book, basket),
        account,
        (product, unit),
        quantity.unsigned()?,
    )?;
    let Some(found) = found else {
        let (name, currency, at) = (book.name(id), basket.currency, basket.at);
        let message =
            format!("`{name}` has no price in {currency} on {at} for this buyer and quantity");
        return Err(Refusal::rule("no_price", message).about("product"));
    };
    let (mut price, mut steps) = (found.price, found.steps);
    let with_tax = Fraction::ONE.plus(Fraction::percent(tax.key.rate)?)?;
    let converted = match (found.list.tax_inclusive, basket.tax_mode) {
        (true, TaxMode::Exclusive) => Some(price.over(with_tax)?),
        (false, TaxMode::Inclusive) => Some(price.times(with_tax)?),
        (true, TaxMode::Inclusive) | (false, TaxMode::Exclusive) => None,
    };
    if let Some(after) = converted {
        let why = format!(
            "{} % of tax, which the price list and the basket see differently",
            tax.key.rate
        );
        let reason = Reason::new(
            book.name(&product.tax_class),
            tax.class.map(|(_, version)| version),
            &why,
        );
        steps.push(reason.step(
            Stage::TaxConversion,
            Some(price_told(price)?),
            price_told(after)?,
        ));
        price = after;
    }
    opened((line, Some(product)), quantity, price, (tax, steps), basket)
}

fn own_line<'a>(
    (unit_price, tax_rate): (Decimal, Decimal),
    line: &'a BasketLine,
    basket: &'a Basket,
) -> Result<SheetLine<'a>, Refusal> {
    let category = if tax_rate.is_zero() { "Z" } else { "S" }.to_owned();
    let tax = LineTax {
        key: TaxKey {
            category,
            rate: tax_rate,
        },
        class: None,
    };
    let reason = Reason::new(LINE, None, "the line carries its own price");
    let step = reason.step(Stage::OwnPrice, None, Figure::Exact(unit_price));
    opened(
        (line, None),
        line.quantity.into(),
        unit_price.into(),
        (tax, vec![step]),
        basket,
    )
}

fn opened<'a>(
    (line, product): (&'a BasketLine, Option<&'a Product>),
    quantity: Fraction,
    unit_price: Fraction,
    (tax, mut steps): (LineTax<'a>, Vec<Step>),
    basket: &Basket,
) -> Result<SheetLine<'a>, Refusal> {
    let full = in_minor(unit_price.times(line.quantity.into())?, basket.currency)?;
    let price = price_told(unit_price)?;
    let reason = Reason::new(LINE, None, &format!("{} x {price}", line.quantity));
    steps.push(reason.step(Stage::LineAmount, Some(price), told(full, basket.currency)?));
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

/// The tax rate of a product on the basket's day; there must be exactly one.
fn line_tax<'a>(
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
    let key = TaxKey {
        category: tax.category.clone(),
        rate: tax.rate,
    };
    Ok(LineTax {
        key,
        class: Some((book.name(class), tax.version)),
    })
}

/// Takes the seller's discount off, and rounds what nothing has rounded yet.
fn settle(line: &mut SheetLine<'_>, basket: &Basket) -> Result<(), FractionError> {
    let percent = line.line.discount_percent;
    if !percent.is_zero() {
        let left = line
            .amount
            .times(Fraction::ONE.minus(Fraction::percent(percent)?)?)?;
        let reason = Reason::new(LINE, None, &format!("{percent} % off"));
        line.step(
            Stage::Discount,
            &reason,
            Fraction::whole(left.rounded()),
            basket.currency,
        )?;
    }
    if !line.amount.is_whole() {
        let after = Fraction::whole(line.amount.rounded());
        let why = format!(
            "halves away from zero, {} decimals",
            basket.currency.exponent()
        );
        line.step(
            Stage::LineRounding,
            &Reason::new(basket.currency.code(), None, &why),
            after,
            basket.currency,
        )?;
    }
    Ok(())
}
