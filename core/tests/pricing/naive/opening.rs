//! Opening a line in the second pricing: which price, which tax. It does not know promotions.

use outfield_core::domain::rules::sell::pricing::{
    Basket, Buyers, Goods, Item, PriceEntry, PriceList, Product, Validity,
};
use outfield_core::domain::rules::sell::tax::TaxMode;

use super::number::Number;
use crate::support::PriceShop;

/// A line while it is being priced, in smallest units.
pub(super) struct NaiveLine {
    pub(super) product: Option<Product>,
    pub(super) pieces: Number,
    pub(super) full: Number,
    pub(super) amount: Number,
    pub(super) opening: i128,
    pub(super) tax: (String, String),
    pub(super) taken: Vec<(String, bool)>,
}

pub(super) fn open(
    shop: &PriceShop,
    basket: &Basket,
    item: &Item,
    quantity: &str,
    unit: Option<String>,
) -> Result<NaiveLine, String> {
    let quantity = Number::read(quantity);
    let ten = 10_i128.pow(u32::from(basket.currency.exponent()));
    let line = |product: Option<Product>, pieces: Number, price: Number, tax: (String, String)| {
        let full = price.times(&quantity).times(&Number::whole(ten));
        NaiveLine {
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
    let found = winner(
        shop,
        basket,
        product,
        &WantedPieces {
            unit: &unit,
            pieces: &pieces,
        },
    )?;
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

pub(super) fn in_time(validity: Validity, basket: &Basket) -> bool {
    let at = basket.at.to_string();
    validity.from.is_none_or(|from| from.to_string() <= at)
        && validity.to.is_none_or(|to| at <= to.to_string())
}

/// How near buyers are to the one who buys; none if they are others.
pub(super) fn nearness(shop: &PriceShop, basket: &Basket, buyers: &Buyers) -> Option<u8> {
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
pub(super) fn closeness(goods: &Goods, product: Option<&Product>) -> Option<usize> {
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

/// What a line wants: its unit, and how many pieces that comes to.
struct WantedPieces<'a> {
    unit: &'a str,
    pieces: &'a Number,
}

/// The one price that no other beats; two of them are an error.
fn winner<'s>(
    shop: &'s PriceShop,
    basket: &Basket,
    product: &Product,
    wanted: &WantedPieces<'_>,
) -> Result<Option<(&'s PriceList, &'s PriceEntry)>, String> {
    let pieces = wanted.pieces;
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
    let distance = |entry: &PriceEntry| match unit_of(entry, product) {
        unit if unit == wanted.unit => "",
        unit if unit == product.packaging.base().to_string() => "base",
        _ => "other",
    };
    let beats = |one: &(&PriceList, &PriceEntry, u8, usize, Number),
                 two: &(&PriceList, &PriceEntry, u8, usize, Number)| {
        let nearer = (one.2, one.3).cmp(&(two.2, two.3));
        nearer
            .then(two.4.compare(&one.4))
            .then(two.0.priority.cmp(&one.0.priority))
            .then(distance(one.1).cmp(distance(two.1)))
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

pub(super) fn tax_of(
    shop: &PriceShop,
    basket: &Basket,
    product: &Product,
) -> Result<(String, String), String> {
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
