//! Two pricings that share no code must say the same of every basket, errors included.

use outfield_core::domain::rules::sell::pricing::{NearMiss, Priced, PricedLine, TaxGroup, price};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::naive::{self, NaivePriced};
use crate::strategies::sale;

fn told(priced: &Priced) -> NaivePriced {
    let line = |line: &PricedLine| {
        [line.net, line.tax, line.gross, line.discount].map(|money| money.to_string())
    };
    let group = |group: &TaxGroup| {
        [
            group.category.clone(),
            group.rate.to_string(),
            group.base.to_string(),
            group.tax.to_string(),
        ]
    };
    let near = |miss: &NearMiss| {
        let missing = miss.missing.iter().map(|gap| gap.missing.clone()).collect();
        (miss.promotion.clone(), miss.line, missing)
    };
    NaivePriced {
        totals: [priced.net, priced.tax, priced.gross, priced.payable]
            .map(|money| money.to_string()),
        lines: priced.lines.iter().map(line).collect(),
        taken: priced
            .lines
            .iter()
            .map(|line| line.promotions.clone())
            .collect(),
        groups: priced.tax_groups.iter().map(group).collect(),
        near: priced.near_misses.iter().map(near).collect(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 4_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn two_pricings_agree_on_every_basket((shop, basket) in sale()) {
        let first = price(&basket, &shop.book().unwrap());
        let first = first.map(|priced| told(&priced)).map_err(|refusal| refusal.code);
        prop_assert_eq!(first, naive::price(&shop, &basket));
    }
}

#[test]
fn the_random_baskets_meet_every_rule() {
    let mut runner = TestRunner::deterministic();
    let mut met = std::collections::BTreeMap::<String, usize>::new();
    for _ in 0..600 {
        let (shop, basket) = sale().new_tree(&mut runner).unwrap().current();
        let answer = price(&basket, &shop.book().unwrap());
        let mut seen = Vec::new();
        match answer {
            Err(refusal) => seen.push(refusal.code),
            Ok(priced) => {
                seen.push("priced".to_owned());
                let steps = priced
                    .lines
                    .iter()
                    .flat_map(|line| &line.trace)
                    .chain(&priced.trace);
                seen.extend(steps.map(|step| format!("{:?}", step.stage)));
                seen.extend(
                    priced
                        .lines
                        .iter()
                        .filter(|line| line.free)
                        .map(|_| "free".to_owned()),
                );
                seen.extend(priced.near_misses.iter().map(|_| "near".to_owned()));
            }
        }
        seen.sort();
        seen.dedup();
        seen.into_iter()
            .for_each(|what| *met.entry(what).or_default() += 1);
    }
    for what in [
        "ListPrice",
        "AgreedPrice",
        "QuantityBreak",
        "OwnPrice",
        "TaxConversion",
        "LinePromotion",
        "Discount",
        "LineRounding",
        "OrderPromotion",
        "CashRounding",
        "free",
        "near",
        "ambiguous_promotion",
        "ambiguous_price",
        "unknown_account",
        "unknown_product",
        "unknown_unit",
    ] {
        assert!(
            met.get(what).is_some_and(|times| *times >= 5),
            "{what} is met too seldom: {met:?}"
        );
    }
    assert!(
        met["priced"] >= 300,
        "too few baskets have a price: {met:?}"
    );
}
