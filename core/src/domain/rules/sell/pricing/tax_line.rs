//! How a line is taxed: the rate of its goods on the basket's day, or several taxes, for its buyer;
//! and a price of a list as the basket counts it. It does not know how taxes are rounded.

use super::basket::Basket;
use super::book::{Book, DatedPart};
use super::scope::{Product, bad_book};
use super::sheet::LineTax;
use crate::base::decimal::Decimal;
use crate::base::fraction::{Fraction, FractionError};
use crate::base::limits::TAX_PARTS_MAX;
use crate::base::quantity::Packaging;
use crate::domain::refusal::Refusal;
use crate::domain::rules::sell::tax::{TaxKey, TaxMode};
use crate::domain::rules::sell::tax_parts::{LinePart, TaxCharge, TaxPart, net_of, with_held};

/// What is taxed: goods, or a fee.
#[derive(Debug, Clone, Copy)]
pub(super) struct TaxedGoods<'t> {
    pub(super) id: &'t str,
    pub(super) class: &'t str,
    /// Its units; a fee has none.
    pub(super) packaging: Option<&'t Packaging>,
}

impl<'t> From<&'t Product> for TaxedGoods<'t> {
    fn from(product: &'t Product) -> TaxedGoods<'t> {
        TaxedGoods {
            id: &product.id,
            class: &product.tax_class,
            packaging: Some(&product.packaging),
        }
    }
}

/// The price of one unit as a list has it.
#[derive(Debug, Clone, Copy)]
pub(super) struct ListedPrice {
    pub(super) price: Fraction,
    pub(super) is_with_tax: bool,
    /// What the unit holds of the base unit.
    pub(super) base_units: Fraction,
}

/// A price of a list as the basket counts it, if they differ: lists may hold the tax of the goods,
/// and a basket that of its buyer.
pub(super) fn converted(
    listed: ListedPrice,
    tax: &LineTax<'_>,
    mode: TaxMode,
) -> Result<Option<Fraction>, Refusal> {
    if !tax.listed_parts.is_empty() {
        return converted_by_parts(listed, tax, mode);
    }
    let ListedPrice {
        price, is_with_tax, ..
    } = listed;
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

/// The same where the goods carry several taxes, some of which may be inside whatever the list
/// says.
fn converted_by_parts(
    listed: ListedPrice,
    tax: &LineTax<'_>,
    mode: TaxMode,
) -> Result<Option<Fraction>, Refusal> {
    let in_list = of_unit(&tax.listed_parts, listed.is_with_tax, listed.base_units)?;
    let in_basket = of_unit(&tax.parts, mode == TaxMode::Inclusive, listed.base_units)?;
    let inside = |parts: &[LinePart<'_>]| parts.iter().filter(|part| part.inside).count();
    if inside(&in_list) == inside(&in_basket) {
        return Ok(None);
    }
    let net = net_of(listed.price, &in_list)?;
    Ok(Some(with_held(net, &in_basket)?))
}

/// Taxes as they are taken of one unit that holds so many base units.
fn of_unit<'a>(
    parts: &[LinePart<'a>],
    is_with_tax: bool,
    base_units: Fraction,
) -> Result<Vec<LinePart<'a>>, FractionError> {
    let of_unit = |part: &LinePart<'a>| part.among(is_with_tax).times(base_units);
    parts.iter().map(of_unit).collect()
}

/// The tax that a list may hold, as a trace tells it.
pub(super) fn listed_told(tax: &LineTax<'_>) -> String {
    if tax.listed_parts.is_empty() {
        return format!("{} %", tax.listed);
    }
    let each = tax.listed_parts.iter().map(|part| charge_told(part));
    each.collect::<Vec<_>>().join(", ")
}

/// One of several taxes as a trace tells it: `6.5 %`, `0.18 a LTR`.
pub(super) fn charge_told(part: &LinePart<'_>) -> String {
    match &part.part.charge {
        TaxCharge::Percent(percent) => format!("{percent} %"),
        TaxCharge::PerUnit { amount, unit: None } => format!("{amount} a unit"),
        TaxCharge::PerUnit {
            amount,
            unit: Some(unit),
        } => format!("{amount} a {unit}"),
    }
}

/// The tax of a product on the basket's day, for its buyer; the class must have exactly one rate.
pub(super) fn line_tax<'a>(
    book: &'a Book,
    goods: TaxedGoods<'a>,
    basket: &Basket,
) -> Result<LineTax<'a>, Refusal> {
    let class = goods.class;
    if let Some(refusal) = book.spoilt(class) {
        return Err(refusal.clone());
    }
    let mut holding = book
        .taxes(class)
        .iter()
        .filter(|tax| tax.validity.holds(basket.at));
    let Some(tax) = holding.next() else {
        let (name, of) = (book.name(class), book.name(goods.id));
        if class.is_empty() {
            let message = format!("`{of}` has no tax class; ask the office to give it one");
            return Err(Refusal::rule("no_tax_class", message).about("product"));
        }
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
    let listed_parts = match book.parts(class) {
        [] => Vec::new(),
        all => holding_parts(book, goods, basket, all)?,
    };
    let parts = match treatment {
        Some(_) => Vec::new(),
        None => listed_parts.clone(),
    };
    Ok(LineTax {
        key,
        listed: tax.rate,
        class: Some((book.name(class), tax.version)),
        parts,
        listed_parts,
        treatment,
    })
}

/// Those of several taxes that are taken on the basket's day, each for one base unit.
fn holding_parts<'a>(
    book: &'a Book,
    goods: TaxedGoods<'_>,
    basket: &Basket,
    all: &'a [DatedPart],
) -> Result<Vec<LinePart<'a>>, Refusal> {
    let holding = all
        .iter()
        .filter(|dated| dated.validity.holds(basket.at))
        .map(|dated| line_part(book, goods, basket, dated));
    let holding = holding.collect::<Result<Vec<_>, _>>()?;
    if holding.len() > TAX_PARTS_MAX {
        let why = format!("more than {TAX_PARTS_MAX} taxes hold on {}", basket.at);
        return Err(bad_book(book.name(goods.class), &why));
    }
    Ok(holding)
}

fn line_part<'a>(
    book: &Book,
    goods: TaxedGoods<'_>,
    basket: &Basket,
    dated: &'a DatedPart,
) -> Result<LinePart<'a>, Refusal> {
    let part = &dated.part;
    let class = book.name(goods.class);
    let value = match &part.charge {
        TaxCharge::Percent(percent) => Fraction::percent(*percent)?,
        TaxCharge::PerUnit { amount, unit } => {
            if let Some(currency) = dated.currency.filter(|of| *of != basket.currency) {
                let why = format!("its tax `{}` is in {currency}", part.name);
                return Err(bad_book(
                    class,
                    &format!("{why}, not in {}", basket.currency),
                ));
            }
            let each = match (goods.packaging, unit) {
                (_, None) => Fraction::ONE,
                (Some(packaging), Some(unit)) => packaging
                    .from_base(Fraction::ONE, *unit)
                    .map_err(|error| not_by_unit(part, goods, book, &error.to_string()))?,
                (None, Some(_)) => {
                    return Err(not_by_unit(part, goods, book, "a fee has no units"));
                }
            };
            each.times(Fraction::from(*amount))?
        }
    };
    let inside = part.inside.unwrap_or(basket.tax_mode == TaxMode::Inclusive);
    Ok(LinePart {
        part,
        value,
        inside,
    })
}

/// The refusal of an amount by a unit that goods do not come in.
fn not_by_unit(part: &TaxPart, goods: TaxedGoods<'_>, book: &Book, why: &str) -> Refusal {
    let unit = match &part.charge {
        TaxCharge::PerUnit {
            unit: Some(unit), ..
        } => unit.code(),
        TaxCharge::PerUnit { unit: None, .. } | TaxCharge::Percent(_) => "unit",
    };
    let of = book.name(goods.id);
    let why = format!("its tax `{}` is by {unit}, and of `{of}`: {why}", part.name);
    bad_book(book.name(goods.class), &why).about("product")
}
