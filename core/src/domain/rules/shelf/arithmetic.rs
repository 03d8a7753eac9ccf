//! What counts of a shelf come to: what is there, how much of the shelf is ours, what to order.
//! Pure arithmetic over plain values; it does not know records, nor who may count.

use std::collections::BTreeMap;

use crate::base::fraction::Ratio;
use crate::base::id::RecordId;

/// How a product was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// Nobody has looked.
    NotChecked,
    /// The account does not list it.
    NotListed,
    /// Listed, and not on the shelf.
    ListedVoid,
    /// Listed and on the shelf, but past its day.
    Expired,
    /// Listed and on the shelf.
    Present,
}

impl Status {
    /// All of them, by the names that data uses.
    const NAMED: [(&'static str, Status); 5] = [
        ("not_checked", Status::NotChecked),
        ("not_listed", Status::NotListed),
        ("listed_void", Status::ListedVoid),
        ("expired", Status::Expired),
        ("present", Status::Present),
    ];

    /// Reads a status; what is not one counts as not checked.
    #[must_use]
    pub fn named(name: &str) -> Status {
        Self::NAMED
            .iter()
            .find(|(known, _)| *known == name)
            .map_or(Status::NotChecked, |(_, status)| *status)
    }

    /// The name that data uses.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::NAMED
            .iter()
            .find(|(_, status)| *status == self)
            .map_or("not_checked", |(name, _)| *name)
    }

    /// Whether the account lists the product; none where nobody has looked.
    #[must_use]
    pub fn is_listed(self) -> Option<bool> {
        match self {
            Status::NotChecked => None,
            Status::NotListed => Some(false),
            Status::ListedVoid | Status::Expired | Status::Present => Some(true),
        }
    }

    /// Whether units can stand on the shelf.
    #[must_use]
    pub fn is_on_shelf(self) -> bool {
        match self {
            Status::Present | Status::Expired => true,
            Status::NotChecked | Status::NotListed | Status::ListedVoid => false,
        }
    }
}

/// What one person counted of one product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Count {
    /// The product.
    pub product: RecordId,
    /// When it was counted, in milliseconds since 1970, and by whom.
    pub at: (i64, String),
    /// How it was found.
    pub status: Status,
    /// Facings of it.
    pub facings: i64,
    /// Units on the shelf.
    pub on_shelf_units: i64,
    /// Units in the back room.
    pub back_stock_units: i64,
    /// Units that the account should have.
    pub par_units: Option<i64>,
    /// Its category; empty if nobody said.
    pub category: String,
    /// Whether it is ours and not a competitor's.
    pub own: bool,
    /// Whether counts of it by several people add up.
    pub sum: bool,
}

/// One product on the shelf, from all counts of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stock {
    /// The product.
    pub product: RecordId,
    /// How it was found.
    pub status: Status,
    /// Facings of it.
    pub facings: i64,
    /// Units on the shelf and in the back room.
    pub on_hand_units: i64,
    /// Units that the account should have.
    pub par_units: Option<i64>,
    /// Its category; empty if nobody said.
    pub category: String,
    /// Whether it is ours and not a competitor's.
    pub own: bool,
}

/// Joins the counts of each product, in order of the products. The latest count stands; where it
/// says `sum`, all counts that say so add up, and the product is there if any of them found it.
/// What nobody checked joins nothing.
#[must_use]
pub fn joined(counts: &[Count]) -> Vec<Stock> {
    let mut by_product: BTreeMap<RecordId, Vec<&Count>> = BTreeMap::new();
    for count in counts {
        by_product.entry(count.product).or_default().push(count);
    }
    by_product
        .into_values()
        .filter_map(|counts| join(&counts))
        .collect()
}

fn join(counts: &[&Count]) -> Option<Stock> {
    let is_checked = |count: &&&Count| count.status != Status::NotChecked;
    let latest = counts
        .iter()
        .filter(is_checked)
        .max_by_key(|count| &count.at);
    let latest = latest.or_else(|| counts.iter().max_by_key(|count| &count.at))?;
    let joins = |count: &&&Count| {
        std::ptr::eq(**count, *latest) || (latest.sum && count.sum && is_checked(count))
    };
    let all = |units: fn(&Count) -> i64| {
        counts
            .iter()
            .filter(joins)
            .fold(0_i64, |sum, c| sum.saturating_add(units(c)))
    };
    Some(Stock {
        product: latest.product,
        status: counts
            .iter()
            .filter(joins)
            .map(|count| count.status)
            .max()
            .unwrap_or(latest.status),
        facings: all(|count| count.facings),
        on_hand_units: all(|count| count.on_shelf_units.saturating_add(count.back_stock_units)),
        par_units: latest.par_units,
        category: latest.category.clone(),
        own: latest.own,
    })
}

/// On-shelf availability: products that are present, of those that are listed and were checked.
/// What is left of the whole is out of stock, so that an expired product counts as out.
#[must_use]
pub fn availability(stocks: &[Stock]) -> Ratio {
    let listed = stocks
        .iter()
        .filter(|stock| stock.status.is_listed() == Some(true));
    let present = stocks
        .iter()
        .filter(|stock| stock.status == Status::Present);
    Ratio {
        numerator: present.count() as i128,
        denominator: listed.count() as i128,
    }
}

/// Our facings of all facings.
#[must_use]
pub fn share(stocks: &[Stock]) -> Ratio {
    let facings = |stocks: &mut dyn Iterator<Item = &Stock>| {
        stocks.map(|stock| i128::from(stock.facings)).sum()
    };
    let numerator = facings(&mut stocks.iter().filter(|stock| stock.own));
    Ratio {
        numerator,
        denominator: facings(&mut stocks.iter()),
    }
}

/// Share of the shelf of each category, in order of their names.
#[must_use]
pub fn shares(stocks: &[Stock]) -> BTreeMap<String, Ratio> {
    let mut by_category: BTreeMap<String, Vec<Stock>> = BTreeMap::new();
    for stock in stocks {
        by_category
            .entry(stock.category.clone())
            .or_default()
            .push(stock.clone());
    }
    by_category
        .into_iter()
        .map(|(category, stocks)| (category, share(&stocks)))
        .collect()
}

/// What to order so that the account has its par level again, never less than nothing: only of
/// products of ours that are listed, were checked, and have a par level.
#[must_use]
pub fn suggested(stock: &Stock) -> i64 {
    let is_ours = stock.own && stock.status.is_listed() == Some(true);
    let par_units = stock.par_units.filter(|_| is_ours).unwrap_or(0);
    par_units.saturating_sub(stock.on_hand_units).max(0)
}
