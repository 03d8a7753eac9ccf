//! The way of a basket down the waterfall: its lines are opened, promotions and discounts are taken
//! off, deposits, fees and taxes are added. It does not know how each of these is done.

use super::basket::{Basket, Item};
use super::book::Book;
use super::container;
use super::fee_line;
use super::level;
use super::line::{LINE, own_line, product_line};
use super::priced::{self, Priced};
use super::promotion::{Level, Promotion};
use super::scope::Account;
use super::sheet::{Sheet, SheetLine, on_line};
use super::trace::{PriceReason, PriceStage};
use crate::base::fraction::{Fraction, FractionError};
use crate::domain::refusal::Refusal;

/// Prices a basket.
pub fn price(basket: &Basket, book: &Book) -> Result<Priced, Refusal> {
    let account = account(basket, book)?;
    let mut lines = Vec::with_capacity(basket.lines.len());
    for (index, line) in basket.lines.iter().enumerate() {
        let opened = match &line.item {
            Item::Product(id) => product_line(id, line, basket, book, account),
            Item::Own {
                unit_price,
                tax_rate,
            } => own_line(*unit_price, *tax_rate, line, basket),
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
        charges: Vec::new(),
        near_misses: Vec::new(),
        steps: Vec::new(),
    };
    level::apply(Level::Line, &promotions, &mut sheet, book)?;
    for (index, line) in sheet.lines.iter_mut().enumerate() {
        settle(line, basket).map_err(|error| on_line(index)(error.into()))?;
    }
    level::apply(Level::Order, &promotions, &mut sheet, book)?;
    sheet.charges = container::lines(&sheet, account)?;
    let fees = fee_line::lines(&sheet, account)?;
    sheet.charges.extend(fees);
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

/// Takes the seller's discount off, and rounds what nothing has rounded yet.
fn settle(line: &mut SheetLine<'_>, basket: &Basket) -> Result<(), FractionError> {
    let percent = line.line.discount_percent;
    if !percent.is_zero() {
        let left = line
            .amount
            .times(Fraction::ONE.minus(Fraction::percent(percent)?)?)?;
        let reason = PriceReason::new(LINE, None, &format!("{percent} % off"));
        line.step(
            PriceStage::Discount,
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
            PriceStage::LineRounding,
            &PriceReason::new(basket.currency.code(), None, &why),
            after,
            basket.currency,
        )?;
    }
    Ok(())
}
