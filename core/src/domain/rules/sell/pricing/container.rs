//! Deposits: which containers go out with what is sold, and come back. A container may lie in
//! another, to a depth. They stand beside discounts, promotions and hurdles. It does not know what
//! containers are made of, nor who has how many.

use std::collections::BTreeMap;

use super::book::Book;
use super::charge::{ChargeKind, LineCharge};
use super::charging::by_quantity;
use super::deposit::Deposit;
use super::line::{PricedUnit, priced_unit};
use super::scope::{Account, Product, bad_book};
use super::sheet::{ChargeLine, Sheet};
use super::tax_line::{TaxedGoods, line_tax};
use crate::base::fraction::Fraction;
use crate::base::limits::DEPOSIT_DEPTH_MAX;
use crate::base::unit::Unit;
use crate::domain::refusal::Refusal;

/// A unit of a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct UnitOf<'a> {
    product: &'a str,
    unit: Unit,
}

/// So many of each.
type Counted<'a> = BTreeMap<UnitOf<'a>, Fraction>;

/// The lines of deposits that a basket comes with, by container.
pub(super) fn lines<'a>(
    sheet: &Sheet<'a>,
    account: Option<&Account>,
) -> Result<Vec<ChargeLine<'a>>, Refusal> {
    let book = sheet.book;
    if !book.has_deposits() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for (id, quantity) in containers(sheet)? {
        if quantity == Fraction::ZERO {
            continue;
        }
        let Some(product) = book.product(id) else {
            return Err(bad_book(
                book.name(id),
                "it is the container of a deposit, and no product here",
            ));
        };
        found.push(line(sheet, account, product, quantity)?);
    }
    Ok(found)
}

fn line<'a>(
    sheet: &Sheet<'a>,
    account: Option<&Account>,
    product: &'a Product,
    quantity: Fraction,
) -> Result<ChargeLine<'a>, Refusal> {
    let (book, basket) = (sheet.book, sheet.basket);
    let unit = product.packaging.base();
    let tax = line_tax(book, TaxedGoods::from(product), basket)?;
    let asked = PricedUnit {
        product,
        unit,
        quantity,
    };
    let (unit_price, steps) = priced_unit(asked, &tax, basket, book, account)?;
    let charge = LineCharge {
        kind: ChargeKind::Deposit,
        id: Some(format!("deposit~{}", product.id)),
        name: book.name(&product.id).to_owned(),
        reason_code: None,
    };
    let opened = ChargeLine {
        charge,
        product: Some(product),
        quantity,
        unit: Some(unit),
        unit_price,
        minor: 0,
        tax,
        steps,
    };
    by_quantity(opened, basket.currency)
}

/// How many of each container go with all that is sold, or come back with it.
fn containers<'a>(sheet: &Sheet<'a>) -> Result<BTreeMap<&'a str, Fraction>, Refusal> {
    let book = sheet.book;
    let mut level: Counted<'a> = BTreeMap::new();
    for line in &sheet.lines {
        let Some(product) = line.product else {
            continue;
        };
        let unit = line.line.unit.unwrap_or(product.packaging.base());
        let of = UnitOf {
            product: &product.id,
            unit,
        };
        add(&mut level, of, line.line.quantity.into())?;
    }
    for free in &sheet.free {
        let of = UnitOf {
            product: &free.product.id,
            unit: free.product.packaging.base(),
        };
        add(&mut level, of, free.quantity)?;
    }
    let mut all: BTreeMap<&str, Fraction> = BTreeMap::new();
    for _ in 0..=DEPOSIT_DEPTH_MAX {
        let mut inner = Counted::new();
        for (of, quantity) in level {
            let Some((deposit, quantity)) = deposit(book, of, quantity)? else {
                continue;
            };
            let container = deposit.container.as_str();
            let count = quantity.times(Fraction::whole(deposit.count.into()))?;
            let sum = all.entry(container).or_insert(Fraction::ZERO);
            *sum = sum.plus(count)?;
            let base = book.product(container).map(|of| of.packaging.base());
            let of = UnitOf {
                product: container,
                unit: base.unwrap_or(Unit::EACH),
            };
            add(&mut inner, of, count)?;
        }
        if inner.is_empty() {
            return Ok(all);
        }
        level = inner;
    }
    let last = level.keys().next().map_or("", |of| of.product);
    let why =
        format!("containers lie in each other deeper than {DEPOSIT_DEPTH_MAX}, or in a circle");
    Err(bad_book(book.name(last), &why))
}

/// What goes with so many of a unit: what the unit says, or else what its base units come in.
fn deposit<'a>(
    book: &'a Book,
    of: UnitOf<'a>,
    quantity: Fraction,
) -> Result<Option<(&'a Deposit, Fraction)>, Refusal> {
    let deposits = book.deposits(of.product)?;
    let Some(product) = book.product(of.product).filter(|_| !deposits.is_empty()) else {
        return Ok(None);
    };
    let base = product.packaging.base();
    let by = |unit: Unit| {
        deposits
            .iter()
            .find(|deposit| deposit.unit.unwrap_or(base) == unit)
    };
    if let Some(own) = by(of.unit) {
        return Ok(Some((own, quantity)));
    }
    let Some(each) = by(base) else {
        return Ok(None);
    };
    Ok(Some((each, product.packaging.to_base(quantity, of.unit)?)))
}

fn add<'a>(counted: &mut Counted<'a>, of: UnitOf<'a>, quantity: Fraction) -> Result<(), Refusal> {
    let sum = counted.entry(of).or_insert(Fraction::ZERO);
    *sum = sum.plus(quantity)?;
    Ok(())
}
