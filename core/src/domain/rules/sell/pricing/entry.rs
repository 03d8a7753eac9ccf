//! Which price wins, and the steps that led there: list price, agreed price, quantity break.
//! It does not know promotions.

use std::cmp::Reverse;

use super::basket::Basket;
use super::book::{Book, PriceEntry, PriceList};
use super::scope::{Account, Buyers, Goods, Product};
use super::trace::{PriceReason, PriceStage, PriceStep, price_told};
use crate::base::fraction::Fraction;
use crate::base::quantity::QuantityError;
use crate::base::unit::Unit;
use crate::domain::refusal::Refusal;

/// A price that could be the one.
#[derive(Debug, Clone, Copy)]
struct Candidate<'a> {
    list: &'a PriceList,
    entry: &'a PriceEntry,
    /// How near it is to the buyer: contract, account, tier, territory, all.
    buyer_rank: u8,
    /// How near it is to the goods: variant, product, nearest category, the next one up.
    goods_rank: usize,
    /// How near its unit is to the line's: the same, the product's base unit, another.
    unit_rank: u8,
    /// From how many base units on it holds.
    minimum: Fraction,
}

/// What price is asked for: that of one unit of a product, for a buyer of so many.
#[derive(Debug, Clone, Copy)]
pub(super) struct PriceQuery<'a> {
    pub(super) book: &'a Book,
    pub(super) basket: &'a Basket,
    /// Who buys, where that is known.
    pub(super) account: Option<&'a Account>,
    pub(super) product: &'a Product,
    /// The unit of the line.
    pub(super) unit: Unit,
    /// The quantity in base units, without its sign.
    pub(super) quantity: Fraction,
}

/// What one unit costs, as the winning list says it.
#[derive(Debug, Clone)]
pub(super) struct Found<'a> {
    /// The price of one unit of the line.
    pub(super) price: Fraction,
    /// The list it is from.
    pub(super) list: &'a PriceList,
    /// How it was found.
    pub(super) steps: Vec<PriceStep>,
}

/// The price of one `unit` for a buyer of so many base units. The nearest buyer wins, then the
/// nearest goods, then the largest minimum that the quantity reaches, then the highest priority,
/// then the price of the line's own unit, then that of the base unit. Nothing else decides: two
/// that are still equal are an error that names both. The quantity of the line alone is looked at,
/// and what is taken back counts as what was bought.
pub(super) fn price<'a>(query: &PriceQuery<'a>) -> Result<Option<Found<'a>>, Refusal> {
    let all = candidates(query)?;
    let Some(winner) = best(&all, true)? else {
        return Ok(None);
    };
    let mut path: Vec<(PriceStage, Candidate<'a>)> = Vec::new();
    let is_agreed = |candidate: &Candidate<'_>| candidate.buyer_rank < FIRST_LISTED;
    let (agreed, listed): (Vec<_>, Vec<_>) = all.into_iter().partition(is_agreed);
    // A tie among prices that lose is nobody's error; such a price is only left out of the story.
    path.extend(
        best(&listed, false)
            .ok()
            .flatten()
            .map(|first| (PriceStage::ListPrice, first)),
    );
    path.extend(
        best(&agreed, false)
            .ok()
            .flatten()
            .map(|first| (PriceStage::AgreedPrice, first)),
    );
    match path.last() {
        Some((_, last)) if same(last, &winner) => {}
        Some((_, last)) if last.class() == winner.class() => {
            path.push((PriceStage::QuantityBreak, winner))
        }
        Some(_) | None if is_agreed(&winner) => path.push((PriceStage::AgreedPrice, winner)),
        Some(_) | None => path.push((PriceStage::ListPrice, winner)),
    }
    let (price, steps) = told(&path, query)?;
    Ok(Some(Found {
        price,
        list: winner.list,
        steps,
    }))
}

/// The first rank of prices that nobody agreed on with the buyer.
const FIRST_LISTED: u8 = 2;

fn candidates<'a>(query: &PriceQuery<'a>) -> Result<Vec<Candidate<'a>>, QuantityError> {
    let (basket, product) = (query.basket, query.product);
    let own = [
        Goods::Variant(product.id.clone()),
        Goods::Product(product.id.clone()),
    ];
    let parent = product.variant_of.iter().cloned().map(Goods::Product);
    let named = own.into_iter().chain(parent).zip([0, 1, 1]);
    let categories = product
        .categories
        .iter()
        .cloned()
        .map(Goods::Category)
        .zip(2..);
    let mut found = Vec::new();
    for (goods, goods_rank) in named.chain(categories) {
        for (list, entry) in query.book.prices(&goods) {
            let holds = list.currency == basket.currency && list.validity.holds(basket.at);
            if !holds || !list.buyers.include(query.account) {
                continue;
            }
            let minimum = product.packaging.to_base(
                entry.minimum.into(),
                entry.unit.unwrap_or(product.packaging.base()),
            );
            let minimum = match minimum {
                Ok(minimum) => minimum,
                // A category's price per case says nothing about what does not come in cases.
                Err(QuantityError::UnknownUnit { .. }) => continue,
                Err(error) => return Err(error),
            };
            if minimum <= query.quantity {
                let buyer_rank = rank(&list.buyers);
                let unit = entry.unit.unwrap_or(product.packaging.base());
                found.push(Candidate {
                    list,
                    entry,
                    buyer_rank,
                    goods_rank,
                    unit_rank: unit_rank(unit, query),
                    minimum,
                });
            }
        }
    }
    Ok(found)
}

fn unit_rank(unit: Unit, query: &PriceQuery<'_>) -> u8 {
    if unit == query.unit {
        0
    } else if unit == query.product.packaging.base() {
        1
    } else {
        2
    }
}

fn rank(buyers: &Buyers) -> u8 {
    match buyers {
        Buyers::Contract(_) => 0,
        Buyers::Account(_) => 1,
        Buyers::Tier(_) => FIRST_LISTED,
        Buyers::Territory(_) => 3,
        Buyers::All => 4,
    }
}

impl Candidate<'_> {
    /// Prices of one class differ by quantity and priority only.
    fn class(&self) -> (u8, usize) {
        (self.buyer_rank, self.goods_rank)
    }

    fn name(&self) -> String {
        format!("{}/{}", self.list.id, self.entry.id)
    }
}

fn same(one: &Candidate<'_>, other: &Candidate<'_>) -> bool {
    std::ptr::eq(one.entry, other.entry)
}

/// The one that wins among candidates; the largest minimum goes first, or the smallest where the
/// price before any quantity break is asked for.
fn best<'a>(
    candidates: &[Candidate<'a>],
    with_breaks: bool,
) -> Result<Option<Candidate<'a>>, Refusal> {
    let by_minimum = |candidate: &Candidate<'_>| {
        let minimum = candidate.minimum;
        if with_breaks {
            (Some(Reverse(minimum)), None)
        } else {
            (None, Some(minimum))
        }
    };
    let key = |candidate: &Candidate<'_>| {
        (
            candidate.class(),
            by_minimum(candidate),
            Reverse(candidate.list.priority),
            candidate.unit_rank,
        )
    };
    let Some(first) = candidates.iter().min_by_key(|candidate| key(candidate)) else {
        return Ok(None);
    };
    let rival = candidates
        .iter()
        .find(|other| !same(other, first) && key(other) == key(first));
    let Some(rival) = rival else {
        return Ok(Some(*first));
    };
    let mut names = [first.name(), rival.name()];
    names.sort();
    let message = format!(
        "`{}` and `{}` give two prices with nothing to choose between them; \
         give one of the lists a higher priority",
        names[0], names[1]
    );
    Err(Refusal::rule("ambiguous_price", message).with("entries", names.to_vec()))
}

/// The price at the end of the path, and each step of it as a person reads it: prices of one unit
/// of the line.
fn told(
    path: &[(PriceStage, Candidate<'_>)],
    query: &PriceQuery<'_>,
) -> Result<(Fraction, Vec<PriceStep>), QuantityError> {
    let (book, packaging) = (query.book, &query.product.packaging);
    let mut before = None;
    let mut price = Fraction::ZERO;
    let mut steps = Vec::new();
    for (stage, candidate) in path {
        let priced_by = candidate.entry.unit.unwrap_or(packaging.base());
        let units = packaging
            .content(query.unit)?
            .over(packaging.content(priced_by)?)?;
        price = Fraction::from(candidate.entry.price).times(units)?;
        let after = price_told(price)?;
        let (goods, buyers) = (
            goods_told(&candidate.entry.goods, book),
            buyers_told(&candidate.list.buyers, book),
        );
        let minimum = candidate.entry.minimum;
        let from = if minimum.is_zero() {
            String::new()
        } else {
            format!(" from {minimum} {priced_by}")
        };
        let why = format!(
            "{} {} per {priced_by}, for {goods}{from}, {buyers}",
            candidate.entry.price, query.basket.currency
        );
        let reason = PriceReason::new(&candidate.name(), Some(candidate.list.version), &why);
        steps.push(reason.step(*stage, before.replace(after), after));
    }
    Ok((price, steps))
}

/// The goods as a person reads them.
pub(super) fn goods_told(goods: &Goods, book: &Book) -> String {
    let named = |kind: &str, id: &str| {
        book.known_name(id)
            .map_or_else(|| format!("{kind} {id}"), str::to_owned)
    };
    match goods {
        Goods::Variant(id) => named("variant", id),
        Goods::Product(id) => named("product", id),
        Goods::Category(id) => format!("category {id}"),
        Goods::All => "everything".to_owned(),
    }
}

fn buyers_told(buyers: &Buyers, book: &Book) -> String {
    match buyers {
        Buyers::Contract(id) => format!("by contract {id}"),
        Buyers::Account(id) => format!("for account {}", book.name(id)),
        Buyers::Tier(id) => format!("for tier {id}"),
        Buyers::Territory(id) => format!("for territory {}", book.name(id)),
        Buyers::All => "for everybody".to_owned(),
    }
}
