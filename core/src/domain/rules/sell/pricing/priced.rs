//! The answer: amounts of the basket and of each line, tax groups, cash difference, the story, what
//! was nearly reached. It does not know how prices come about; it adds up what the sheet says, with
//! tax.

use serde::Serialize;

use super::book::Book;
use super::near_miss::NearMiss;
use super::sheet::{FreeLine, LineTax, Sheet, SheetLine, on_line};
use super::trace::{PriceReason, PriceStage, PriceStep, TraceFigure};
use crate::base::currency::Currency;
use crate::base::day::Day;
use crate::base::decimal::Decimal;
use crate::base::fraction::Fraction;
use crate::base::money::{Money, UNIT_PRICE_SCALE_MAX};
use crate::base::quantity::QUANTITY_SCALE_MAX;
use crate::base::unit::Unit;
use crate::domain::refusal::Refusal;
use crate::domain::rules::sell::tax::{
    Rounding, Split, TaxKey, TaxMode, TaxTreatment, Taxable, tax,
};

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
    /// The basket's lines in their order, then what is given for nothing.
    pub lines: Vec<PricedLine>,
    /// Tax by category and rate (EN 16931 BG-23).
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
    /// The product; none where the line carried its own price.
    pub product: Option<String>,
    /// How many of the unit.
    pub quantity: Decimal,
    /// The unit; none where the line carried its own price and named none.
    pub unit: Option<Unit>,
    /// The price of one unit before promotions and discount, to six decimals; amounts are computed
    /// from the exact one.
    pub unit_price: Decimal,
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
    /// Per cent.
    pub tax_rate: Decimal,
    /// Whether a promotion gives it for nothing.
    pub free: bool,
    /// The promotions that it took, in order.
    pub promotions: Vec<String>,
    /// How its price came about.
    pub trace: Vec<PriceStep>,
}

/// The tax of one category and rate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TaxGroup {
    /// The category of EN 16931.
    pub category: String,
    /// Per cent.
    pub rate: Decimal,
    /// What is taxed, without tax.
    pub base: Money,
    /// The tax.
    pub tax: Money,
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
    let of_line = |line: &SheetLine<'_>| {
        line.product
            .map_or("", |product| product.id.as_str())
            .to_owned()
    };
    let ranks: Vec<String> = sheet.lines.iter().map(of_line).collect();
    let bought = sheet.lines.iter().zip(&ranks);
    let bought = bought.map(|(line, rank)| Taxable {
        minor: line.amount.numerator(),
        key: &line.tax.key,
        rank,
    });
    let free = sheet.free.iter().map(|free| Taxable {
        minor: 0,
        key: &free.tax.key,
        rank: &free.product.id,
    });
    let taxables: Vec<Taxable<'_>> = bought.chain(free).collect();
    let taxed = tax(&taxables, basket.tax_mode, basket.tax_rounding)?;
    drop(taxables);
    let (bought, free) = taxed.lines.split_at(sheet.lines.len());
    let mut lines = Vec::with_capacity(taxed.lines.len());
    for (index, (line, split)) in sheet.lines.drain(..).zip(bought).enumerate() {
        lines.push(bought_line(line, *split, basket.tax_mode, currency).map_err(on_line(index))?);
    }
    for (line, split) in sheet.free.drain(..).zip(free) {
        lines.push(free_line(line, *split, basket.tax_mode, currency)?);
    }
    let groups = taxed
        .groups
        .iter()
        .map(|(key, split)| group(key, *split, currency));
    let groups = groups.collect::<Result<Vec<TaxGroup>, _>>()?;
    let nothing = Money::new(0, currency);
    let net = groups
        .iter()
        .try_fold(nothing, |sum, group| sum.plus(group.base))?;
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

fn bought_line(
    mut line: SheetLine<'_>,
    split: Split,
    mode: TaxMode,
    currency: Currency,
) -> Result<PricedLine, Refusal> {
    let (net, tax) = (
        Money::of(split.net, currency)?,
        Money::of(split.tax, currency)?,
    );
    let full = Money::of(line.full.rounded(), currency)?;
    let discount = full.minus(Money::of(line.amount.numerator(), currency)?)?;
    let gross = net.plus(tax)?;
    line.steps.push(tax_step(&line.tax, net, gross, mode));
    let base = line.product.map(|product| product.packaging.base());
    Ok(PricedLine {
        product: line.product.map(|product| product.id.clone()),
        quantity: line.line.quantity,
        unit: line.line.unit.or(base),
        unit_price: line.unit_price.shown(UNIT_PRICE_SCALE_MAX)?,
        discount,
        net,
        tax,
        gross,
        tax_category: line.tax.key.category,
        tax_rate: line.tax.key.rate,
        free: false,
        promotions: line
            .taken
            .iter()
            .map(|promotion| promotion.id.clone())
            .collect(),
        trace: line.steps,
    })
}

fn free_line(
    free: FreeLine<'_>,
    split: Split,
    mode: TaxMode,
    currency: Currency,
) -> Result<PricedLine, Refusal> {
    let (net, tax) = (
        Money::of(split.net, currency)?,
        Money::of(split.tax, currency)?,
    );
    let (quantity, unit) = (
        free.quantity.shown(QUANTITY_SCALE_MAX)?,
        free.product.packaging.base(),
    );
    let nothing = Money::new(0, currency);
    let reason = PriceReason::new(
        &free.promotion.id,
        Some(free.promotion.version),
        &format!("{quantity} {unit} free"),
    );
    let given = reason.step(free.promotion.stage(), None, TraceFigure::Money(nothing));
    Ok(PricedLine {
        product: Some(free.product.id.clone()),
        quantity,
        unit: Some(unit),
        unit_price: Decimal::ZERO,
        discount: nothing,
        net,
        tax,
        gross: net.plus(tax)?,
        free: true,
        promotions: vec![free.promotion.id.clone()],
        trace: vec![given, tax_step(&free.tax, net, nothing, mode)],
        tax_category: free.tax.key.category,
        tax_rate: free.tax.key.rate,
    })
}

fn tax_step(tax: &LineTax<'_>, net: Money, gross: Money, mode: TaxMode) -> PriceStep {
    let (before, after) = match mode {
        TaxMode::Exclusive => (net, gross),
        TaxMode::Inclusive => (gross, net),
    };
    let (rule, version) = match tax.class {
        Some((class, version)) => (class, Some(version)),
        None => (tax.key.category.as_str(), None),
    };
    let place = match mode {
        TaxMode::Exclusive => "on top",
        TaxMode::Inclusive => "inside",
    };
    let buyer = match tax.treatment {
        None => "",
        Some(TaxTreatment::Exempt) => ", for the buyer is exempt",
        Some(TaxTreatment::Export) => ", for the goods are exported",
        Some(TaxTreatment::ReverseCharge) => ", for the buyer pays the tax (reverse charge)",
    };
    let why = format!("{} {} % {place}{buyer}", tax.key.category, tax.key.rate);
    PriceReason::new(rule, version, &why).step(
        PriceStage::Tax,
        Some(TraceFigure::Money(before)),
        TraceFigure::Money(after),
    )
}

fn group(key: &TaxKey, split: Split, currency: Currency) -> Result<TaxGroup, Refusal> {
    let (base, tax) = (
        Money::of(split.net, currency)?,
        Money::of(split.tax, currency)?,
    );
    Ok(TaxGroup {
        category: key.category.clone(),
        rate: key.rate,
        base,
        tax,
    })
}

fn group_step(group: &TaxGroup, rounding: Rounding) -> PriceStep {
    let why = match rounding {
        Rounding::Line => "rounded on each line, then summed",
        Rounding::Document => "rounded once for the group",
    };
    let reason = PriceReason::new(&format!("{} {} %", group.category, group.rate), None, why);
    reason.step(
        PriceStage::Tax,
        Some(TraceFigure::Money(group.base)),
        TraceFigure::Money(group.tax),
    )
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
