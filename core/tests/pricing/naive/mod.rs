//! A second pricing, written from the business's sentences: plain loops, slow numbers, nothing
//! shared with the first but the shapes of what goes in. It tells no stories and stops at the first
//! error, by its code.

mod number;
mod promotions;

use std::collections::BTreeMap;

use outfield_core::domain::rules::sell::pricing::{
    Basket, Buyers, Goods, Item, PriceEntry, PriceList, Product, Validity,
};
use outfield_core::domain::rules::sell::tax::{Rounding, TaxMode};

use self::number::Number;
use crate::support::Shop;

/// What a basket comes to, all numbers as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) totals: [String; 4],
    /// Net, tax, gross and discount of each line.
    pub(crate) lines: Vec<[String; 4]>,
    pub(crate) taken: Vec<Vec<String>>,
    pub(crate) groups: Vec<[String; 4]>,
    /// Promotion, line, and what is missing of each part.
    pub(crate) near: Vec<(String, Option<usize>, Vec<String>)>,
}

/// A line while it is being priced, in smallest units.
struct Line {
    product: Option<Product>,
    pieces: Number,
    full: Number,
    amount: Number,
    opening: i128,
    tax: (String, String),
    taken: Vec<(String, bool)>,
}

pub(crate) fn price(shop: &Shop, basket: &Basket) -> Result<Answer, String> {
    if basket
        .account
        .iter()
        .any(|id| !shop.accounts.iter().any(|account| account.id == *id))
    {
        return Err("unknown_account".to_owned());
    }
    let mut lines = Vec::new();
    for line in &basket.lines {
        lines.push(open(
            shop,
            basket,
            &line.item,
            (
                &line.quantity.to_string(),
                line.unit.map(|unit| unit.to_string()),
            ),
        )?);
    }
    let mut till = promotions::Till {
        shop,
        basket,
        lines,
        free: Vec::new(),
        near: Vec::new(),
    };
    till.level(outfield_core::domain::rules::sell::pricing::Level::Line)?;
    for (line, asked) in till.lines.iter_mut().zip(&basket.lines) {
        let left = Number::whole(100).minus(&Number::read(&asked.discount_percent.to_string()));
        line.amount = Number::whole(line.amount.times(&left).over(&Number::whole(100)).nearest());
    }
    till.level(outfield_core::domain::rules::sell::pricing::Level::Order)?;
    Ok(close(till))
}

fn open(
    shop: &Shop,
    basket: &Basket,
    item: &Item,
    (quantity, unit): (&str, Option<String>),
) -> Result<Line, String> {
    let quantity = Number::read(quantity);
    let ten = 10_i128.pow(u32::from(basket.currency.exponent()));
    let line = |product: Option<Product>, pieces: Number, price: Number, tax: (String, String)| {
        let full = price.times(&quantity).times(&Number::whole(ten));
        Line {
            product,
            pieces,
            amount: full.clone(),
            full,
            opening: 0,
            tax,
            taken: Vec::new(),
        }
    };
    let id = match item {
        Item::Product(id) => id,
        Item::Own {
            unit_price,
            tax_rate,
        } => {
            let rate = tax_rate.to_string();
            let category = if rate == "0" { "Z" } else { "S" };
            let price = Number::read(&unit_price.to_string());
            return Ok(line(
                None,
                quantity.clone(),
                price,
                (category.to_owned(), rate),
            ));
        }
    };
    let product = shop
        .products
        .iter()
        .find(|product| product.id == *id)
        .ok_or("unknown_product")?;
    let unit = unit.unwrap_or(product.packaging.base().to_string());
    if product.packaging.content(unit.parse().unwrap()).is_err() {
        return Err("unknown_unit".to_owned());
    }
    let pieces = quantity.times(&holds(&unit));
    let tax = tax_of(shop, basket, product)?;
    let found = winner(shop, basket, product, &pieces)?;
    let Some((list, entry)) = found else {
        return Err("no_price".to_owned());
    };
    let each = Number::read(&entry.price.to_string()).over(&holds(&unit_of(entry, product)));
    let mut price = each.times(&holds(&unit));
    let with_tax = Number::whole(1).plus(&Number::read(&tax.1).over(&Number::whole(100)));
    match (list.tax_inclusive, basket.tax_mode) {
        (true, TaxMode::Exclusive) => price = price.over(&with_tax),
        (false, TaxMode::Inclusive) => price = price.times(&with_tax),
        (true, TaxMode::Inclusive) | (false, TaxMode::Exclusive) => {}
    }
    Ok(line(Some(product.clone()), pieces, price, tax))
}

/// What one of a unit holds, in pieces or kilograms.
fn holds(unit: &str) -> Number {
    match unit {
        "EA" | "KGM" => Number::whole(1),
        "XPK" => Number::whole(6),
        "XCS" => Number::whole(24),
        "XPX" => Number::whole(960),
        "LBR" => Number::read("0.45359237"),
        other => panic!("the shop has no {other}"),
    }
}

fn unit_of(entry: &PriceEntry, product: &Product) -> String {
    entry.unit.unwrap_or(product.packaging.base()).to_string()
}

fn in_time(validity: Validity, basket: &Basket) -> bool {
    let at = basket.at.to_string();
    validity.from.is_none_or(|from| from.to_string() <= at)
        && validity.to.is_none_or(|to| at <= to.to_string())
}

/// How near buyers are to the one who buys; none if they are others.
fn nearness(shop: &Shop, basket: &Basket, buyers: &Buyers) -> Option<u8> {
    let account = shop
        .accounts
        .iter()
        .find(|account| Some(&account.id) == basket.account.as_ref());
    let (rank, fits) = match (buyers, account) {
        (Buyers::All, _) => (4, true),
        (_, None) => return None,
        (Buyers::Contract(id), Some(account)) => {
            (0, account.contracts.iter().any(|contract| contract == id))
        }
        (Buyers::Account(id), Some(account)) => (1, account.id == *id),
        (Buyers::Tier(id), Some(account)) => (2, account.tier.as_deref() == Some(id)),
        (Buyers::Territory(id), Some(account)) => (3, account.territory.as_deref() == Some(id)),
    };
    fits.then_some(rank)
}

/// How near goods are to a product; none if they are others.
fn closeness(goods: &Goods, product: Option<&Product>) -> Option<usize> {
    match (goods, product) {
        (Goods::All, _) => Some(99),
        (_, None) => None,
        (Goods::Variant(id), Some(product)) => (product.id == *id).then_some(0),
        (Goods::Product(id), Some(product)) => {
            (product.id == *id || product.variant_of.as_deref() == Some(id)).then_some(1)
        }
        (Goods::Category(id), Some(product)) => product
            .categories
            .iter()
            .position(|own| own == id)
            .map(|at| at + 2),
    }
}

/// The one price that no other beats; two of them are an error.
fn winner<'s>(
    shop: &'s Shop,
    basket: &Basket,
    product: &Product,
    pieces: &Number,
) -> Result<Option<(&'s PriceList, &'s PriceEntry)>, String> {
    let pieces = if pieces.is_below(&Number::whole(0)) {
        Number::whole(0).minus(pieces)
    } else {
        pieces.clone()
    };
    let mut possible = Vec::new();
    for list in &shop.lists {
        for entry in &list.entries {
            let comes_in_it = entry
                .unit
                .is_none_or(|unit| product.packaging.content(unit).is_ok());
            let near = (
                nearness(shop, basket, &list.buyers),
                closeness(&entry.goods, Some(product)),
            );
            let (Some(buyer), Some(goods), true) = (near.0, near.1, comes_in_it) else {
                continue;
            };
            let minimum =
                Number::read(&entry.minimum.to_string()).times(&holds(&unit_of(entry, product)));
            if list.currency == basket.currency
                && in_time(list.validity, basket)
                && !pieces.is_below(&minimum)
            {
                possible.push((list, entry, buyer, goods, minimum));
            }
        }
    }
    let beats = |one: &(&PriceList, &PriceEntry, u8, usize, Number),
                 two: &(&PriceList, &PriceEntry, u8, usize, Number)| {
        let nearer = (one.2, one.3).cmp(&(two.2, two.3));
        nearer
            .then(two.4.compare(&one.4))
            .then(two.0.priority.cmp(&one.0.priority))
            .is_lt()
    };
    let unbeaten: Vec<_> = possible
        .iter()
        .filter(|one| !possible.iter().any(|two| beats(two, one)))
        .collect();
    match unbeaten[..] {
        [] => Ok(None),
        [one] => Ok(Some((one.0, one.1))),
        [..] => Err("ambiguous_price".to_owned()),
    }
}

fn tax_of(shop: &Shop, basket: &Basket, product: &Product) -> Result<(String, String), String> {
    let of_class = shop
        .taxes
        .iter()
        .filter(|tax| tax.class == product.tax_class && in_time(tax.validity, basket));
    let found: Vec<_> = of_class.collect();
    match found[..] {
        [] => Err("no_tax_rate".to_owned()),
        [tax] => Ok((tax.category.clone(), tax.rate.to_string())),
        [..] => Err("ambiguous_tax".to_owned()),
    }
}

/// Hands out what is left of a total after everybody has got the whole part of the claim: one each,
/// the largest rest first, then the larger amount, then by name, then by position.
fn hand_out(total: i128, claims: &[Number], amounts: &[i128], names: &[String]) -> Vec<i128> {
    let mut shares: Vec<i128> = claims.iter().map(Number::floor).collect();
    let rests: Vec<Number> = claims
        .iter()
        .zip(&shares)
        .map(|(claim, share)| claim.minus(&Number::whole(*share)))
        .collect();
    let mut waiting: Vec<usize> = (0..claims.len()).collect();
    while shares.iter().sum::<i128>() < total {
        let mut next = 0;
        for other in 1..waiting.len() {
            let (one, two) = (waiting[next], waiting[other]);
            let order = rests[two]
                .compare(&rests[one])
                .then(amounts[two].cmp(&amounts[one]));
            if order.then(names[one].cmp(&names[two])).is_gt() {
                next = other;
            }
        }
        shares[waiting.remove(next)] += 1;
    }
    shares
}

fn money(minor: i128, basket: &Basket) -> String {
    let digits = usize::from(basket.currency.exponent());
    let text = format!("{:0>width$}", minor.abs(), width = digits + 1);
    let (whole, after) = text.split_at(text.len() - digits);
    let sign = if minor < 0 { "-" } else { "" };
    if digits == 0 {
        format!("{sign}{whole}")
    } else {
        format!("{sign}{whole}.{after}")
    }
}

/// Net and tax of an amount, taxed by itself.
fn taxed(amount: i128, rate: &str, mode: TaxMode) -> (i128, i128) {
    let percent = Number::read(rate);
    let hundred = Number::whole(100);
    match mode {
        TaxMode::Exclusive => (
            amount,
            Number::whole(amount)
                .times(&percent)
                .over(&hundred)
                .nearest(),
        ),
        TaxMode::Inclusive => {
            let net = Number::whole(amount)
                .times(&hundred)
                .over(&hundred.plus(&percent))
                .nearest();
            (net, amount - net)
        }
    }
}

/// A rate as a whole number, so that rates sort.
fn millionths(rate: &str) -> i128 {
    Number::read(rate).times(&Number::whole(1_000_000)).floor()
}

fn close(till: promotions::Till<'_>) -> Answer {
    let basket = till.basket;
    let mut rows: Vec<(i128, (String, String), String)> = Vec::new();
    for line in &till.lines {
        let name = line
            .product
            .as_ref()
            .map_or(String::new(), |product| product.id.clone());
        rows.push((line.amount.nearest(), line.tax.clone(), name));
    }
    rows.extend(
        till.free
            .iter()
            .map(|(product, tax, _)| (0, tax.clone(), product.clone())),
    );
    let mut splits = vec![(0, 0); rows.len()];
    let mut groups: BTreeMap<(String, String), (i128, i128)> = BTreeMap::new();
    for key in rows
        .iter()
        .map(|row| row.1.clone())
        .collect::<std::collections::BTreeSet<_>>()
    {
        let own: Vec<usize> = (0..rows.len()).filter(|at| rows[*at].1 == key).collect();
        let amounts: Vec<i128> = own.iter().map(|at| rows[*at].0).collect();
        let whole = taxed(amounts.iter().sum(), &key.1, basket.tax_mode);
        let percent = Number::read(&key.1);
        let claim = |amount: &i128| match basket.tax_mode {
            TaxMode::Exclusive => Number::whole(*amount)
                .times(&percent)
                .over(&Number::whole(100)),
            TaxMode::Inclusive => Number::whole(*amount)
                .times(&percent)
                .over(&Number::whole(100).plus(&percent)),
        };
        let names: Vec<String> = own.iter().map(|at| rows[*at].2.clone()).collect();
        let taxes = match basket.tax_rounding {
            Rounding::Line => amounts
                .iter()
                .map(|amount| taxed(*amount, &key.1, basket.tax_mode).1)
                .collect(),
            Rounding::Document => hand_out(
                whole.1,
                &amounts.iter().map(claim).collect::<Vec<_>>(),
                &amounts,
                &names,
            ),
        };
        for ((at, amount), tax) in own.iter().zip(amounts).zip(taxes) {
            let net = if basket.tax_mode == TaxMode::Exclusive {
                amount
            } else {
                amount - tax
            };
            splits[*at] = (net, tax);
            let group = groups.entry(key.clone()).or_default();
            *group = (group.0 + net, group.1 + tax);
        }
    }
    let (net, tax) = groups
        .values()
        .fold((0, 0), |sum, group| (sum.0 + group.0, sum.1 + group.1));
    let step = till
        .shop
        .cash_steps
        .iter()
        .find(|step| step.currency() == basket.currency);
    let payable = step.map_or(net + tax, |step| {
        Number::new(net + tax, i128::from(step.minor())).nearest() * i128::from(step.minor())
    });
    let full = till
        .lines
        .iter()
        .map(|line| line.full.nearest() - line.amount.nearest());
    let discounts: Vec<i128> = full.chain(till.free.iter().map(|_| 0)).collect();
    let told = |(split, discount): (&(i128, i128), &i128)| {
        [split.0, split.1, split.0 + split.1, *discount].map(|minor| money(minor, basket))
    };
    let by_number = |key: &(String, String)| (key.0.clone(), millionths(&key.1));
    let mut sorted: Vec<_> = groups.iter().collect();
    sorted.sort_by_key(|(key, _)| by_number(key));
    let group = |(key, (net, tax)): (&(String, String), &(i128, i128))| {
        [
            key.0.clone(),
            key.1.clone(),
            money(*net, basket),
            money(*tax, basket),
        ]
    };
    let names = |taken: &Vec<(String, bool)>| {
        taken
            .iter()
            .map(|(name, _)| name.clone())
            .collect::<Vec<_>>()
    };
    let taken = till.lines.iter().map(|line| names(&line.taken));
    Answer {
        totals: [net, tax, net + tax, payable].map(|minor| money(minor, basket)),
        lines: splits.iter().zip(&discounts).map(told).collect(),
        taken: taken
            .chain(
                till.free
                    .iter()
                    .map(|(_, _, promotion)| vec![promotion.clone()]),
            )
            .collect(),
        groups: sorted.into_iter().map(group).collect(),
        near: till.near,
    }
}
