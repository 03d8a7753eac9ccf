//! Several taxes a line, of every basket: one tax in several is what the rate alone is, sums hold,
//! and the order of lines says nothing.

use outfield_core::base::fraction::Fraction;
use outfield_core::domain::rules::sell::pricing::{
    Basket, DatedPart, Priced, PricedLine, Validity, price,
};
use outfield_core::domain::rules::sell::tax::Rounding;
use outfield_core::domain::rules::sell::tax_parts::{TaxBase, TaxCharge, TaxPart};
use proptest::prelude::*;
use proptest::sample::select;

use crate::strategies::sale;
use crate::support::{PriceShop, decimal, totals};

fn percent(name: &str, rate: &str) -> DatedPart {
    DatedPart {
        part: TaxPart {
            name: name.to_owned(),
            version: 1,
            position: 0,
            category: "S".to_owned(),
            charge: TaxCharge::Percent(decimal(rate)),
            base: TaxBase::Net,
            inside: None,
        },
        currency: None,
        validity: Validity::default(),
    }
}

fn part() -> impl Strategy<Value = DatedPart> {
    let charge = prop_oneof![
        3 => select(vec!["0", "1", "6.5", "9.975", "21", "33.333333"])
            .prop_map(|rate| TaxCharge::Percent(decimal(rate))),
        1 => select(vec!["0", "0.18", "10", "0.000001"])
            .prop_map(|amount| TaxCharge::PerUnit { amount: decimal(amount), unit: None }),
    ];
    let base = select(vec![TaxBase::Net, TaxBase::Net, TaxBase::NetAndBefore]);
    let inside = select(vec![None, None, Some(true), Some(false)]);
    let name = select(vec!["State", "County", "City"]);
    (name, charge, base, inside, 0_i64..3).prop_map(|(name, charge, base, inside, position)| {
        let plain = percent(name, "0");
        DatedPart {
            part: TaxPart {
                charge,
                base,
                inside,
                position,
                ..plain.part
            },
            ..plain
        }
    })
}

/// The same shop whose classes have several taxes each.
fn taxed(shop: PriceShop) -> impl Strategy<Value = PriceShop> {
    let of_class = || prop::collection::vec(part(), 0..4);
    (of_class(), of_class()).prop_map(move |(standard, reduced)| {
        let named = |class: &str, parts: Vec<DatedPart>| {
            let class = class.to_owned();
            let named: Vec<_> = parts
                .into_iter()
                .map(|part| (class.clone(), part))
                .collect();
            named
        };
        let parts = [named("standard", standard), named("reduced", reduced)].concat();
        PriceShop {
            parts,
            ..shop.clone()
        }
    })
}

fn answer(shop: &PriceShop, basket: &Basket) -> Option<Priced> {
    price(basket, &shop.book().unwrap()).ok()
}

fn amounts(priced: &Priced) -> Vec<[String; 4]> {
    let line = |line: &PricedLine| {
        [line.net, line.tax, line.gross, line.discount].map(|money| money.to_string())
    };
    priced.lines.iter().map(line).collect()
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 512,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn one_tax_among_several_is_what_the_rate_alone_is((shop, mut basket) in sale()) {
        // Lines that carry their own rate are a group with the others, unless those have a name.
        basket.lines.retain(|line| !matches!(
            line.item,
            outfield_core::domain::rules::sell::pricing::Item::Own { .. }
        ));
        let rates = if basket.at.year() == 2026 { "19" } else { "20" };
        let parts = vec![
            ("standard".to_owned(), percent("VAT", rates)),
            ("reduced".to_owned(), percent("VAT", "7")),
        ];
        let with = PriceShop { parts, ..shop.clone() };
        let told = |shop: &PriceShop| {
            let priced = answer(shop, &basket)?;
            let mut groups: Vec<_> = priced
                .tax_groups
                .iter()
                .map(|group| (group.rate, group.base, group.tax))
                .collect();
            groups.sort_by_key(|(rate, _, _)| *rate);
            Some((amounts(&priced), groups, totals(&priced)))
        };
        prop_assert_eq!(told(&shop), told(&with));
    }

    #[test]
    fn taxes_sum_to_lines_and_to_groups_and_each_is_as_near_as_rounding_allows(
        (shop, basket) in sale().prop_flat_map(|(shop, basket)| (taxed(shop), Just(basket))),
    ) {
        let Some(priced) = answer(&shop, &basket) else { return Ok(()) };
        let mut sums = [0_i64; 3];
        let mut by_line = 0;
        for line in &priced.lines {
            sums[0] += line.net.minor();
            sums[1] += line.tax.minor();
            sums[2] += line.gross.minor();
            prop_assert_eq!(line.net.minor() + line.tax.minor(), line.gross.minor());
            let of_parts: i64 = line.taxes.iter().map(|share| share.tax.minor()).sum();
            by_line += of_parts;
            prop_assert!(line.taxes.is_empty() || of_parts == line.tax.minor());
        }
        prop_assert_eq!(sums, [priced.net, priced.tax, priced.gross].map(|sum| sum.minor()));
        let named = priced.tax_groups.iter().filter(|group| group.name.is_some());
        prop_assert_eq!(named.map(|group| group.tax.minor()).sum::<i64>(), by_line);
        let whole: i64 = priced.tax_groups.iter().map(|group| group.tax.minor()).sum();
        prop_assert_eq!(whole, priced.tax.minor());
        // What comes on top of what is shown is the rate of what is shown, rounded once.
        for share in priced.lines.iter().flat_map(|line| &line.taxes) {
            let (Some(rate), false) = (share.rate, share.inside) else { continue };
            let exact = Fraction::percent(rate).unwrap()
                .times(Fraction::whole(share.base.minor().into())).unwrap();
            let off = exact.minus(Fraction::whole(share.tax.minor().into())).unwrap();
            let most = match basket.tax_rounding {
                Rounding::Line => Fraction::new(1, 2).unwrap(),
                Rounding::Document => Fraction::ONE,
            };
            prop_assert!(off.unsigned().unwrap() <= most, "{:?}", share);
        }
    }

    #[test]
    fn the_order_of_lines_changes_no_tax(
        (shop, basket) in sale().prop_flat_map(|(shop, basket)| (taxed(shop), Just(basket))),
        turn in 0_usize..8,
    ) {
        let mut turned = basket.clone();
        let by = turn.min(turned.lines.len());
        turned.lines.rotate_left(by);
        turned.lines.reverse();
        let told = |basket: &Basket| {
            let priced = answer(&shop, basket)?;
            Some((totals(&priced), priced.payable, priced.tax_groups))
        };
        prop_assert_eq!(told(&basket), told(&turned));
    }
}
