//! Random shops and baskets: small enough to be read when a test fails, odd enough to meet every
//! rule.

use outfield_core::base::currency::Currency;
use outfield_core::base::decimal::Decimal;
use outfield_core::base::money::Money;
use outfield_core::domain::rules::sell::pricing::{
    Basket, BasketLine, Buyers, Goods, Hurdle, Item, Level, PriceEntry, PriceList, Promotion,
    Reward, Validity,
};
use outfield_core::domain::rules::sell::tax::{Rounding, TaxMode};
use proptest::prelude::*;
use proptest::sample::select;

use crate::support::{PriceShop, day, harbour, products, taxes, unit};

fn number(most: i64, scale_max: u8) -> impl Strategy<Value = Decimal> {
    (1..=most, 0..=scale_max)
        .prop_map(|(digits, scale)| Decimal::new(i128::from(digits), scale).unwrap())
}

fn goods() -> impl Strategy<Value = Goods> {
    let named = ["crisps", "salted", "ham"].map(|id| Goods::Product(id.to_owned()));
    let categories = ["snacks", "meat", "food"].map(|id| Goods::Category(id.to_owned()));
    select(
        [
            &named[..],
            &categories,
            &[Goods::Variant("salted".to_owned())],
        ]
        .concat(),
    )
}

fn buyers() -> impl Strategy<Value = Buyers> {
    select(vec![
        Buyers::All,
        Buyers::All,
        Buyers::All,
        Buyers::All,
        Buyers::Contract("C".to_owned()),
        Buyers::Account("harbour".to_owned()),
        Buyers::Tier("gold".to_owned()),
        Buyers::Territory("north".to_owned()),
        Buyers::Tier("silver".to_owned()),
    ])
}

fn validity() -> impl Strategy<Value = Validity> {
    let ends = |from: Option<&str>, to: Option<&str>| Validity {
        from: from.map(day),
        to: to.map(day),
    };
    select(vec![
        ends(None, None),
        ends(None, None),
        ends(None, None),
        ends(None, None),
        ends(Some("2026-11-24"), None),
        ends(None, Some("2026-12-31")),
        ends(Some("2027-01-01"), Some("2027-01-31")),
    ])
}

fn currency() -> impl Strategy<Value = Currency> {
    select(vec!["EUR", "EUR", "CHF", "JPY", "KWD"]).prop_map(|code| Currency::named(code).unwrap())
}

fn entry() -> impl Strategy<Value = PriceEntry> {
    let minimum =
        select(vec!["0", "0", "1", "2.5", "10", "24"]).prop_map(|text| text.parse().unwrap());
    let packed = select(vec![None, None, Some("XCS"), Some("KGM"), Some("EA")]);
    (goods(), minimum, packed, number(99_999, 6)).prop_map(|(goods, minimum, packed, price)| {
        PriceEntry {
            id: String::new(),
            goods,
            minimum,
            unit: packed.map(unit),
            price,
        }
    })
}

fn list(currency: Currency) -> impl Strategy<Value = PriceList> {
    let entries = prop::collection::vec(entry(), 1..4);
    (buyers(), 0..5_i32, validity(), any::<bool>(), entries).prop_map(
        move |(buyers, priority, validity, tax_inclusive, entries)| {
            let numbered = entries.into_iter().enumerate();
            let entries = numbered
                .map(|(at, entry)| PriceEntry {
                    id: at.to_string(),
                    ..entry
                })
                .collect();
            PriceList {
                id: String::new(),
                version: 1,
                buyers,
                priority,
                currency,
                validity,
                tax_inclusive,
                entries,
            }
        },
    )
}

/// Prices of everything, so that most baskets have one.
fn base(currency: Currency) -> impl Strategy<Value = PriceList> {
    (number(99_999, 6), number(99_999, 6)).prop_map(move |(snacks, meat)| {
        let entry = |id: &str, price| PriceEntry {
            id: id.to_owned(),
            goods: Goods::Category(id.to_owned()),
            minimum: Decimal::ZERO,
            unit: None,
            price,
        };
        let entries = vec![entry("snacks", snacks), entry("meat", meat)];
        let (buyers, validity) = (Buyers::All, Validity::default());
        let (id, priority) = ("base".to_owned(), -1);
        PriceList {
            id,
            version: 1,
            buyers,
            priority,
            currency,
            validity,
            tax_inclusive: false,
            entries,
        }
    })
}

fn amount(currency: Currency) -> impl Strategy<Value = Money> {
    (1..=2_000_i64).prop_map(move |minor| Money::new(minor, currency))
}

fn hurdle(currency: Currency) -> impl Strategy<Value = Hurdle> {
    prop_oneof![
        number(30, 1).prop_map(Hurdle::Quantity),
        amount(currency).prop_map(Hurdle::Value),
        prop::collection::vec((goods(), number(20, 1)), 1..3).prop_map(Hurdle::Mix),
    ]
}

fn reward(currency: Currency) -> impl Strategy<Value = Reward> {
    prop_oneof![
        3 => number(100, 2).prop_map(Reward::Percent),
        2 => amount(currency).prop_map(Reward::Amount),
        1 => (select(vec!["crisps", "salted", "ham"]), number(9, 1))
            .prop_map(|(product, quantity)| Reward::FreeGoods {
                product: product.to_owned(),
                quantity,
            }),
    ]
}

pub(crate) fn promotion(currency: Currency) -> impl Strategy<Value = Promotion> {
    let level = select(vec![Level::Line, Level::Order]);
    let goods = prop_oneof![
        1 => Just(vec![Goods::All]),
        2 => prop::collection::vec(goods(), 1..3),
    ];
    let flags = (any::<bool>(), prop::bool::weighted(0.25), 0..3_i32);
    (
        level,
        buyers(),
        goods,
        validity(),
        (hurdle(currency), reward(currency)),
        flags,
    )
        .prop_map(
            |(level, buyers, goods, validity, (hurdle, reward), (repeats, excludes, priority))| {
                let mix_of_lines = level == Level::Line && matches!(hurdle, Hurdle::Mix(_));
                let is_percent = matches!(reward, Reward::Percent(_));
                // What the book would refuse is made into the nearest thing that it takes.
                let level = if mix_of_lines && !is_percent {
                    Level::Order
                } else {
                    level
                };
                let (id, version, repeats) = (String::new(), 1, repeats && !is_percent);
                Promotion {
                    id,
                    version,
                    level,
                    buyers,
                    goods,
                    validity,
                    hurdle,
                    reward,
                    repeats,
                    excludes,
                    priority,
                }
            },
        )
}

pub(crate) fn shop(currency: Currency) -> impl Strategy<Value = PriceShop> {
    let lists = prop::collection::vec(list(currency), 0..6);
    let promotions = prop::collection::vec(promotion(currency), 0..9);
    let step = select(vec![None, Some(5_i64), Some(100)]);
    (base(currency), lists, promotions, step).prop_map(move |(base, lists, promotions, step)| {
        let lists = lists.into_iter().enumerate().map(|(at, list)| PriceList {
            id: format!("list {at}"),
            ..list
        });
        let numbered = promotions.into_iter().enumerate();
        let promotions = numbered
            .map(|(at, one)| Promotion {
                id: format!("promotion {at}"),
                ..one
            })
            .collect();
        PriceShop {
            products: products(),
            accounts: vec![harbour()],
            lists: std::iter::once(base).chain(lists).collect(),
            promotions,
            taxes: taxes(),
            parts: Vec::new(),
            cash_steps: step
                .map(|minor| Money::new(minor, currency))
                .into_iter()
                .collect(),
        }
    })
}

fn line() -> impl Strategy<Value = BasketLine> {
    let bought = select(vec![
        ("crisps", None),
        ("crisps", Some("XPK")),
        ("crisps", Some("XCS")),
        ("salted", Some("EA")),
        ("salted", None),
        ("ham", None),
        ("ham", Some("LBR")),
    ])
    .prop_map(|(id, packed)| (Item::Product(id.to_owned()), packed.map(unit)));
    let rate = select(vec!["0", "7", "19", "8.5", "33.333333"]);
    let own = (number(999_999, 6), any::<bool>(), rate).prop_map(|(price, back, rate)| {
        let price = if back {
            Decimal::new(-price.mantissa(), price.scale()).unwrap()
        } else {
            price
        };
        (
            Item::Own {
                unit_price: price,
                tax_rate: rate.parse().unwrap(),
            },
            None,
        )
    });
    let discount = select(vec!["0", "0", "0", "5", "12.5", "33.3333", "100"]);
    let nowhere = select(vec![
        ("cheese", None),
        ("ham", Some("XCS")),
        ("crisps", Some("KGM")),
        ("harbour", Some("EA")),
    ])
    .prop_map(|(id, packed)| (Item::Product(id.to_owned()), packed.map(unit)));
    let item = prop_oneof![160 => bought, 40 => own, 3 => nowhere];
    (item, number(40, 2), prop::bool::weighted(0.1), discount).prop_map(
        |((item, unit), quantity, back, discount)| {
            let sign = if back { -1 } else { 1 };
            let quantity = Decimal::new(sign * quantity.mantissa(), quantity.scale()).unwrap();
            BasketLine {
                item,
                quantity,
                unit,
                discount_percent: discount.parse().unwrap(),
                kept: None,
            }
        },
    )
}

fn basket(currency: Currency) -> impl Strategy<Value = Basket> {
    let mode = select(vec![TaxMode::Exclusive, TaxMode::Inclusive]);
    let rounding = select(vec![Rounding::Line, Rounding::Document]);
    let account =
        prop_oneof![20 => Just(Some("harbour")), 10 => Just(None), 1 => Just(Some("crisps"))];
    let at = select(vec!["2026-11-24", "2026-11-23", "2027-01-15"]);
    let lines = prop::collection::vec(line(), 1..8);
    (mode, rounding, account, at, lines).prop_map(
        move |(tax_mode, tax_rounding, account, at, lines)| {
            let account = account.map(str::to_owned);
            Basket {
                currency,
                tax_mode,
                tax_rounding,
                account,
                at: day(at),
                lines,
            }
        },
    )
}

/// A shop and a basket in one currency.
pub(crate) fn sale() -> impl Strategy<Value = (PriceShop, Basket)> {
    currency().prop_flat_map(|currency| (shop(currency), basket(currency)))
}
