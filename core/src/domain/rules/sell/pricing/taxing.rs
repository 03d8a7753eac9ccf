//! The taxes of a basket's lines, told: lines of one rate go one way and lines of several taxes
//! another, and both come to groups. It does not know how lines came to their amounts.

use serde::Serialize;

use super::basket::Basket;
use super::sheet::LineTax;
use super::tax_line::charge_told;
use super::trace::{PriceReason, PriceStage, PriceStep, TraceFigure};
use crate::base::currency::Currency;
use crate::base::decimal::Decimal;
use crate::base::fraction::{Fraction, FractionError};
use crate::base::money::{Money, in_minor};
use crate::base::unit::Unit;
use crate::domain::refusal::Refusal;
use crate::domain::rules::sell::tax::{
    Rounding, Split, TaxKey, TaxMode, TaxTreatment, Taxable, tax,
};
use crate::domain::rules::sell::tax_parts::{
    LinePart, PartKey, PartSplit, PartTaxable, TaxCharge, tax_parts,
};

/// The tax of one category and rate, or of one name where lines have several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TaxGroup {
    /// What the tax is called, where lines have several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The category of EN 16931.
    pub category: String,
    /// Per cent; nothing where it is an amount a unit.
    pub rate: Decimal,
    /// The amount of one unit, where it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount_per_unit: Option<Decimal>,
    /// The unit of that amount; none if it is the base unit of the goods.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<Unit>,
    /// What is taxed, without tax, but with the taxes that this one is a tax on.
    pub base: Money,
    /// The tax.
    pub tax: Money,
}

/// One of several taxes of a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LineTaxShare {
    /// What it is called.
    pub name: String,
    /// The category of EN 16931.
    pub category: String,
    /// Per cent, unless it is an amount a unit.
    pub rate: Option<Decimal>,
    /// The amount of one unit, where it is one.
    pub amount_per_unit: Option<Decimal>,
    /// The unit of that amount; none if it is the base unit.
    pub unit: Option<Unit>,
    /// Whether the line's amount held it.
    pub inside: bool,
    /// What it was taken of.
    pub base: Money,
    /// The tax.
    pub tax: Money,
}

/// What is taxed of one line.
pub(super) struct TaxEntry<'t, 'a> {
    /// Net or gross, as the basket has it, in smallest units.
    pub(super) minor: i128,
    pub(super) tax: &'t LineTax<'a>,
    /// In base units.
    pub(super) quantity: Fraction,
    /// Who is first when a last unit is claimed by several.
    pub(super) rank: &'t str,
}

/// The tax of one line, and each of its taxes with its base where it has several.
pub(super) struct EntryTax {
    pub(super) split: Split,
    pub(super) parts: Vec<Split>,
}

impl EntryTax {
    fn of_one_rate(split: Split) -> EntryTax {
        EntryTax {
            split,
            parts: Vec::new(),
        }
    }

    fn of_several(line: PartSplit) -> Result<EntryTax, FractionError> {
        let mut sum = 0_i128;
        for split in &line.taxes {
            sum = sum.checked_add(split.tax).ok_or(FractionError::TooLarge)?;
        }
        Ok(EntryTax {
            split: Split {
                net: line.net,
                tax: sum,
            },
            parts: line.taxes,
        })
    }
}

/// The taxes of a basket.
pub(super) struct BasketTaxes {
    /// Each line, in the order they came.
    pub(super) lines: Vec<EntryTax>,
    pub(super) groups: Vec<TaxGroup>,
}

/// Taxes what a basket comes to.
pub(super) fn taxed(entries: &[TaxEntry<'_, '_>], basket: &Basket) -> Result<BasketTaxes, Refusal> {
    let of_one_rate = entries.iter().filter(|entry| entry.tax.parts.is_empty());
    let plain: Vec<Taxable<'_>> = of_one_rate
        .map(|entry| Taxable {
            minor: entry.minor,
            key: &entry.tax.key,
            rank: entry.rank,
        })
        .collect();
    let plain = tax(&plain, basket.tax_mode, basket.tax_rounding)?;
    let of_several = entries.iter().filter(|entry| !entry.tax.parts.is_empty());
    let several = of_several
        .map(|entry| taxable(entry, basket.currency))
        .collect::<Result<Vec<PartTaxable<'_>>, _>>()?;
    let several = tax_parts(&several, basket.tax_rounding)?;
    let mut groups = Vec::new();
    for (key, split) in &plain.groups {
        groups.push(group(key, *split, basket.currency)?);
    }
    for (key, split) in &several.groups {
        groups.push(part_group(key, *split, basket.currency)?);
    }
    let (mut plain, mut several) = (plain.lines.into_iter(), several.lines.into_iter());
    let mut lines = Vec::with_capacity(entries.len());
    for entry in entries {
        let of_line = match entry.tax.parts.is_empty() {
            true => plain.next().map(EntryTax::of_one_rate),
            false => several.next().map(EntryTax::of_several).transpose()?,
        };
        lines.extend(of_line);
    }
    Ok(BasketTaxes { lines, groups })
}

/// A line's taxes for as many as it is about, in smallest units.
fn taxable<'t>(entry: &TaxEntry<'t, '_>, currency: Currency) -> Result<PartTaxable<'t>, Refusal> {
    let mut parts: Vec<LinePart<'t>> = Vec::with_capacity(entry.tax.parts.len());
    for part in &entry.tax.parts {
        let quantity = in_minor(entry.quantity, currency)?;
        parts.push(part.times(quantity)?);
    }
    Ok(PartTaxable {
        minor: entry.minor,
        parts,
        rank: entry.rank,
    })
}

/// Each of a line's several taxes as an answer tells it.
pub(super) fn shares(
    tax: &LineTax<'_>,
    splits: &[Split],
    currency: Currency,
) -> Result<Vec<LineTaxShare>, Refusal> {
    let mut told = Vec::with_capacity(splits.len());
    for (line_part, split) in tax.parts.iter().zip(splits) {
        let part = line_part.part;
        let (rate, amount_per_unit, unit) = match part.charge {
            TaxCharge::Percent(percent) => (Some(percent), None, None),
            TaxCharge::PerUnit { amount, unit } => (None, Some(amount), unit),
        };
        told.push(LineTaxShare {
            name: part.name.clone(),
            category: part.category.clone(),
            rate,
            amount_per_unit,
            unit,
            inside: line_part.inside,
            base: Money::of(split.net, currency)?,
            tax: Money::of(split.tax, currency)?,
        });
    }
    Ok(told)
}

/// A step for each of a line's several taxes: what it was taken of, and what it is.
pub(super) fn part_steps(tax: &LineTax<'_>, shares: &[LineTaxShare]) -> Vec<PriceStep> {
    let class = tax.class.map_or("", |(class, _)| class);
    let step = |(line_part, share): (&LinePart<'_>, &LineTaxShare)| {
        let charge = charge_told(line_part);
        let of = match share.rate {
            Some(_) => format!("{charge} of {}", share.base),
            None => charge,
        };
        let place = if share.inside { "inside" } else { "on top" };
        let why = format!("{} {of}, {place}", share.category);
        let rule = format!("{class}/{}", share.name);
        PriceReason::new(&rule, Some(line_part.part.version), &why).step(
            PriceStage::TaxPart,
            Some(TraceFigure::Money(share.base)),
            TraceFigure::Money(share.tax),
        )
    };
    tax.parts.iter().zip(shares).map(step).collect()
}

/// The step from net to gross, or the other way round.
pub(super) fn tax_step(tax: &LineTax<'_>, net: Money, gross: Money, mode: TaxMode) -> PriceStep {
    let (before, after) = match mode {
        TaxMode::Exclusive => (net, gross),
        TaxMode::Inclusive => (gross, net),
    };
    let (rule, version) = match tax.class {
        Some((class, version)) => (class, Some(version)),
        None => (tax.key.category.as_str(), None),
    };
    PriceReason::new(rule, version, &tax_told(tax, mode)).step(
        PriceStage::Tax,
        Some(TraceFigure::Money(before)),
        TraceFigure::Money(after),
    )
}

fn tax_told(tax: &LineTax<'_>, mode: TaxMode) -> String {
    if !tax.parts.is_empty() {
        let names: Vec<&str> = tax
            .parts
            .iter()
            .map(|part| part.part.name.as_str())
            .collect();
        return names.join(", ");
    }
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
    format!("{} {} % {place}{buyer}", tax.key.category, tax.key.rate)
}

fn group(key: &TaxKey, split: Split, currency: Currency) -> Result<TaxGroup, Refusal> {
    Ok(TaxGroup {
        name: None,
        category: key.category.clone(),
        rate: key.rate,
        amount_per_unit: None,
        unit: None,
        base: Money::of(split.net, currency)?,
        tax: Money::of(split.tax, currency)?,
    })
}

fn part_group(key: &PartKey<'_>, split: Split, currency: Currency) -> Result<TaxGroup, Refusal> {
    let (rate, amount_per_unit, unit) = match *key.charge {
        TaxCharge::Percent(percent) => (percent, None, None),
        TaxCharge::PerUnit { amount, unit } => (Decimal::ZERO, Some(amount), unit),
    };
    Ok(TaxGroup {
        name: Some(key.name.to_owned()),
        category: key.category.to_owned(),
        rate,
        amount_per_unit,
        unit,
        base: Money::of(split.net, currency)?,
        tax: Money::of(split.tax, currency)?,
    })
}

/// The step that a group of the whole basket is.
pub(super) fn group_step(group: &TaxGroup, rounding: Rounding) -> PriceStep {
    let why = match rounding {
        Rounding::Line => "rounded on each line, then summed",
        Rounding::Document => "rounded once for the group",
    };
    let charge = match (group.amount_per_unit, group.unit) {
        (None, _) => format!("{} %", group.rate),
        (Some(amount), None) => format!("{amount} a unit"),
        (Some(amount), Some(unit)) => format!("{amount} a {unit}"),
    };
    let rule = match &group.name {
        None => format!("{} {charge}", group.category),
        Some(name) => format!("{name} {} {charge}", group.category),
    };
    PriceReason::new(&rule, None, why).step(
        PriceStage::Tax,
        Some(TraceFigure::Money(group.base)),
        TraceFigure::Money(group.tax),
    )
}
