//! The answer: amounts of the basket and of each line, tax groups, cash difference, the story, what
//! was nearly reached. It does not know how prices come about; it adds up what the sheet says, with
//! tax.

use serde::Serialize;

use super::basket::Basket;
use super::book::Book;
use super::charge::{ChargeKind, LineCharge};
use super::near_miss::NearMiss;
use super::sheet::{ChargeLine, FreeLine, Sheet, SheetLine, on_line};
use super::taxing::{
    BasketTaxes, EntryTax, LineTaxShare, TaxEntry, TaxGroup, group_step, part_steps, shares,
    tax_step, taxed,
};
use super::trace::{PriceReason, PriceStage, PriceStep, TraceFigure};
use crate::base::currency::Currency;
use crate::base::day::Day;
use crate::base::decimal::Decimal;
use crate::base::fraction::Fraction;
use crate::base::money::{Money, UNIT_PRICE_SCALE_MAX};
use crate::base::quantity::QUANTITY_SCALE_MAX;
use crate::base::unit::Unit;
use crate::domain::refusal::Refusal;
use crate::domain::rules::sell::tax::{Rounding, TaxMode};

/// A priced basket. Lines sum to groups and groups to the whole, exactly.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Priced {
    /// The currency of every amount.
    pub currency: Currency,
    /// Whether prices hold the tax.
    pub tax_mode: TaxMode,
    /// Where tax was rounded.
    pub tax_rounding: Rounding,
    /// The day whose rules held.
    pub at: Day,
    /// Who buys.
    pub account: Option<String>,
    /// All lines without tax.
    pub net: Money,
    /// All tax.
    pub tax: Money,
    /// Net and tax.
    pub gross: Money,
    /// What cash payment adds, or takes off if less than nothing; never part of net, tax or gross
    /// (EN 16931 BT-114).
    pub cash_difference: Money,
    /// What is paid: gross and cash difference (EN 16931 BT-115).
    pub payable: Money,
    /// The basket's lines in their order, then what is given for nothing, deposits and fees.
    pub lines: Vec<PricedLine>,
    /// Tax by category and rate (EN 16931 BG-23), and by name where a line has several.
    pub tax_groups: Vec<TaxGroup>,
    /// Promotions that fall short although something of their hurdle is there.
    pub near_misses: Vec<NearMiss>,
    /// What was done with the basket as a whole.
    pub trace: Vec<PriceStep>,
    /// What the office should mend that changes none of these prices.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mistakes: Vec<String>,
}

/// One line of a priced basket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PricedLine {
    /// The product; none of a fee, and where the line carried its own price.
    pub product: Option<String>,
    /// How many of the unit.
    pub quantity: Decimal,
    /// The unit; none where the line carried its own price and named none.
    pub unit: Option<Unit>,
    /// The price of one unit before promotions and discount, to six decimals; amounts are computed
    /// from the exact one.
    pub unit_price: Decimal,
    /// The exact one.
    #[serde(skip)]
    pub exact_price: Fraction,
    /// What promotions and discount took off price times quantity.
    pub discount: Money,
    /// Without tax.
    pub net: Money,
    /// The tax.
    pub tax: Money,
    /// With tax.
    pub gross: Money,
    /// The category of EN 16931.
    pub tax_category: String,
    /// Per cent. Of a line with several taxes it is what its class has beside them, and `taxes` is
    /// what was taken.
    pub tax_rate: Decimal,
    /// Each of several taxes, in order; empty where there is one rate.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub taxes: Vec<LineTaxShare>,
    /// What it is, if it is no goods: a container, a deposit, a fee.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub charge: Option<LineCharge>,
    /// Whether a promotion gives it for nothing.
    pub free: bool,
    /// The promotions that it took, in order.
    pub promotions: Vec<String>,
    /// How its price came about.
    pub trace: Vec<PriceStep>,
}

impl Priced {
    /// The one JSON text of this answer: equal answers are equal bytes, on phone and server.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Names are fixed and numbers are text, so that nothing here can fail to be written.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// Taxes what the sheet says and adds it up.
pub(super) fn close(mut sheet: Sheet<'_>, book: &Book) -> Result<Priced, Refusal> {
    let (basket, currency) = (sheet.basket, sheet.currency());
    let BasketTaxes {
        lines: splits,
        groups,
    } = taxes(&sheet)?;
    let lines = lines(&mut sheet, splits, book)?;
    let nothing = Money::new(0, currency);
    let net = lines
        .iter()
        .try_fold(nothing, |sum, line| sum.plus(line.net))?;
    let tax = groups
        .iter()
        .try_fold(nothing, |sum, group| sum.plus(group.tax))?;
    let gross = net.plus(tax)?;
    let mut trace = sheet.steps;
    trace.extend(
        groups
            .iter()
            .map(|group| group_step(group, basket.tax_rounding)),
    );
    let payable = payable(gross, book, &mut trace)?;
    Ok(Priced {
        currency,
        tax_mode: basket.tax_mode,
        tax_rounding: basket.tax_rounding,
        at: basket.at,
        account: basket.account.clone(),
        net,
        tax,
        gross,
        cash_difference: payable.minus(gross)?,
        payable,
        lines,
        tax_groups: groups,
        near_misses: sheet.near_misses,
        trace,
        mistakes: book.mistakes(),
    })
}

/// The taxes of what is bought, what is given for nothing, deposits and fees, in this order.
fn taxes(sheet: &Sheet<'_>) -> Result<BasketTaxes, Refusal> {
    let of_line = |line: &SheetLine<'_>| {
        line.product
            .map_or("", |product| product.id.as_str())
            .to_owned()
    };
    let ranks: Vec<String> = sheet.lines.iter().map(of_line).collect();
    let bought = sheet.lines.iter().zip(&ranks);
    let bought = bought.map(|(line, rank)| TaxEntry {
        minor: line.amount.numerator(),
        tax: &line.tax,
        quantity: line.quantity,
        rank,
    });
    let free = sheet.free.iter().map(|free| TaxEntry {
        minor: 0,
        tax: &free.tax,
        quantity: free.quantity,
        rank: &free.product.id,
    });
    let charged = sheet.charges.iter().map(|line| TaxEntry {
        minor: line.minor,
        tax: &line.tax,
        quantity: line.quantity,
        rank: line.charge.id.as_deref().unwrap_or_default(),
    });
    let entries: Vec<TaxEntry<'_, '_>> = bought.chain(free).chain(charged).collect();
    taxed(&entries, sheet.basket)
}

/// The lines with their taxes, which come in the same order.
fn lines(
    sheet: &mut Sheet<'_>,
    splits: Vec<EntryTax>,
    book: &Book,
) -> Result<Vec<PricedLine>, Refusal> {
    let basket = sheet.basket;
    let mut lines = Vec::with_capacity(splits.len());
    let mut splits = splits.into_iter();
    for (index, (line, split)) in sheet.lines.drain(..).zip(splits.by_ref()).enumerate() {
        lines.push(bought_line(line, split, basket, book).map_err(on_line(index))?);
    }
    for (line, split) in sheet.free.drain(..).zip(splits.by_ref()) {
        lines.push(free_line(line, split, basket)?);
    }
    for (line, split) in sheet.charges.drain(..).zip(splits) {
        lines.push(charge_line(line, split, basket)?);
    }
    Ok(lines)
}

fn bought_line(
    mut line: SheetLine<'_>,
    taxed: EntryTax,
    basket: &Basket,
    book: &Book,
) -> Result<PricedLine, Refusal> {
    let currency = basket.currency;
    let (net, tax) = (
        Money::of(taxed.split.net, currency)?,
        Money::of(taxed.split.tax, currency)?,
    );
    let container = line.product.filter(|_| line.is_container);
    let charge = container.map(|product| LineCharge {
        kind: ChargeKind::Container,
        id: None,
        name: book.name(&product.id).to_owned(),
        reason_code: None,
    });
    let full = Money::of(line.full.rounded(), currency)?;
    let discount = full.minus(Money::of(line.amount.numerator(), currency)?)?;
    let gross = net.plus(tax)?;
    let taxes = shares(&line.tax, &taxed.parts, currency)?;
    line.steps.extend(part_steps(&line.tax, &taxes));
    line.steps
        .push(tax_step(&line.tax, net, gross, basket.tax_mode));
    let base = line.product.map(|product| product.packaging.base());
    Ok(PricedLine {
        product: line.product.map(|product| product.id.clone()),
        quantity: line.line.quantity,
        unit: line.line.unit.or(base),
        unit_price: line.unit_price.shown(UNIT_PRICE_SCALE_MAX)?,
        exact_price: line.unit_price,
        discount,
        net,
        tax,
        gross,
        tax_category: line.tax.key.category,
        tax_rate: line.tax.key.rate,
        taxes,
        charge,
        free: false,
        promotions: line
            .taken
            .iter()
            .map(|promotion| promotion.id.clone())
            .collect(),
        trace: line.steps,
    })
}

fn free_line(free: FreeLine<'_>, taxed: EntryTax, basket: &Basket) -> Result<PricedLine, Refusal> {
    let currency = basket.currency;
    let (net, tax) = (
        Money::of(taxed.split.net, currency)?,
        Money::of(taxed.split.tax, currency)?,
    );
    let (quantity, unit) = (
        free.quantity.shown(QUANTITY_SCALE_MAX)?,
        free.product.packaging.base(),
    );
    let (nothing, gross) = (Money::new(0, currency), net.plus(tax)?);
    let reason = PriceReason::new(
        &free.promotion.id,
        Some(free.promotion.version),
        &format!("{quantity} {unit} free"),
    );
    let given = reason.step(free.promotion.stage(), None, TraceFigure::Money(nothing));
    let taxes = shares(&free.tax, &taxed.parts, currency)?;
    let mut trace = vec![given];
    trace.extend(part_steps(&free.tax, &taxes));
    trace.push(tax_step(&free.tax, net, gross, basket.tax_mode));
    Ok(PricedLine {
        product: Some(free.product.id.clone()),
        quantity,
        unit: Some(unit),
        unit_price: Decimal::ZERO,
        exact_price: Fraction::ZERO,
        discount: nothing,
        net,
        tax,
        gross,
        free: true,
        promotions: vec![free.promotion.id.clone()],
        trace,
        tax_category: free.tax.key.category,
        tax_rate: free.tax.key.rate,
        taxes,
        charge: None,
    })
}

fn charge_line(
    line: ChargeLine<'_>,
    taxed: EntryTax,
    basket: &Basket,
) -> Result<PricedLine, Refusal> {
    let currency = basket.currency;
    let (net, tax) = (
        Money::of(taxed.split.net, currency)?,
        Money::of(taxed.split.tax, currency)?,
    );
    let gross = net.plus(tax)?;
    let taxes = shares(&line.tax, &taxed.parts, currency)?;
    let mut trace = line.steps;
    trace.extend(part_steps(&line.tax, &taxes));
    trace.push(tax_step(&line.tax, net, gross, basket.tax_mode));
    Ok(PricedLine {
        product: line.product.map(|product| product.id.clone()),
        quantity: line.quantity.shown(QUANTITY_SCALE_MAX)?,
        unit: line.unit,
        unit_price: line.unit_price.shown(UNIT_PRICE_SCALE_MAX)?,
        exact_price: line.unit_price,
        discount: Money::new(0, currency),
        net,
        tax,
        gross,
        tax_category: line.tax.key.category,
        tax_rate: line.tax.key.rate,
        taxes,
        charge: Some(line.charge),
        free: false,
        promotions: Vec::new(),
        trace,
    })
}

/// The gross at the nearest step that coins can pay, halves away from zero; the gross itself where
/// there is no rule.
fn payable(gross: Money, book: &Book, trace: &mut Vec<PriceStep>) -> Result<Money, Refusal> {
    let currency = gross.currency();
    let Some(step) = book.cash_step(currency) else {
        return Ok(gross);
    };
    let steps = Fraction::new(i128::from(gross.minor()), i128::from(step.minor()))?.rounded();
    let payable = Money::of(steps * i128::from(step.minor()), currency)?;
    let reason = PriceReason::new(
        currency.code(),
        None,
        &format!("to the nearest {step} {currency}"),
    );
    trace.push(reason.step(
        PriceStage::CashRounding,
        Some(TraceFigure::Money(gross)),
        TraceFigure::Money(payable),
    ));
    Ok(payable)
}
