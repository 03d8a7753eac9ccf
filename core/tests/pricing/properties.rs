//! What holds of every basket, whatever it holds.

use outfield_core::base::decimal::Decimal;
use outfield_core::base::fraction::Fraction;
use outfield_core::base::spread::{in_proportion, to_claims};
use outfield_core::domain::rules::sell::pricing::{
    Basket, Hurdle, Priced, Promotion, Validity, price,
};
use outfield_core::domain::rules::sell::tax::{Rounding, TaxMode};
use proptest::prelude::*;
use serde_json::json;

use crate::strategies::sale;
use crate::support::{PriceShop, day, decimal, totals};

fn answer(shop: &PriceShop, basket: &Basket) -> Option<Priced> {
    price(basket, &shop.book().unwrap()).ok()
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 512,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn shares_sum_exactly_and_are_within_one_of_their_claim(
        total in -100_000_i128..100_000, weights in prop::collection::vec(0_i128..10_000, 1..20),
    ) {
        prop_assume!(weights.iter().sum::<i128>() > 0);
        let whole: i128 = weights.iter().sum();
        let shares = in_proportion(total, &weights).unwrap();
        prop_assert_eq!(shares.iter().sum::<i128>(), total);
        for (share, weight) in shares.iter().zip(&weights) {
            prop_assert!((share * whole - total * weight).abs() < whole, "{} of {}", share, weight);
        }
    }

    #[test]
    fn claims_of_both_signs_come_to_their_rounded_sum(
        claims in prop::collection::vec(-100_000_i128..100_000, 1..20), parts in 1_i128..1_000,
    ) {
        let total = Fraction::new(claims.iter().sum(), parts).unwrap().rounded();
        let shares = to_claims(total, &claims, parts).unwrap();
        prop_assert_eq!(shares.iter().sum::<i128>(), total);
        for (share, claim) in shares.iter().zip(&claims) {
            prop_assert!((share * parts - claim).abs() < parts);
        }
    }

    #[test]
    fn lines_sum_to_groups_and_groups_to_the_whole((shop, basket) in sale()) {
        let Some(priced) = answer(&shop, &basket) else { return Ok(()) };
        let (mut net, mut tax, mut gross) = (0, 0, 0);
        for line in &priced.lines {
            net += line.net.minor();
            tax += line.tax.minor();
            gross += line.gross.minor();
        }
        let whole = (priced.net.minor(), priced.tax.minor(), priced.gross.minor());
        prop_assert_eq!((net, tax, gross), whole);
        let (mut base, mut tax) = (0, 0);
        for group in &priced.tax_groups {
            base += group.base.minor();
            tax += group.tax.minor();
        }
        prop_assert_eq!((base, tax), (priced.net.minor(), priced.tax.minor()));
        prop_assert_eq!(priced.net.minor() + priced.tax.minor(), priced.gross.minor());
        let paid = priced.gross.minor() + priced.cash_difference.minor();
        prop_assert_eq!(paid, priced.payable.minor());
    }

    #[test]
    fn the_tax_of_a_document_is_within_half_a_unit_of_the_exact_one_in_every_group(
        (shop, mut basket) in sale(),
    ) {
        basket.tax_rounding = Rounding::Document;
        let Some(priced) = answer(&shop, &basket) else { return Ok(()) };
        for group in &priced.tax_groups {
            let rate = Fraction::percent(group.rate).unwrap();
            let base = Fraction::whole(i128::from(group.base.minor()));
            let tax = Fraction::whole(i128::from(group.tax.minor()));
            let exact = match basket.tax_mode {
                TaxMode::Exclusive => base.times(rate).unwrap(),
                TaxMode::Inclusive => {
                    let share = rate.over(Fraction::ONE.plus(rate).unwrap()).unwrap();
                    base.plus(tax).unwrap().times(share).unwrap()
                }
            };
            let off = tax.minus(exact).unwrap().unsigned().unwrap();
            prop_assert!(off <= Fraction::new(1, 2).unwrap(), "{:?} {}", group, basket.currency);
        }
    }

    #[test]
    fn where_prices_hold_the_tax_the_gross_is_the_same_however_tax_is_rounded(
        (shop, mut basket) in sale(),
    ) {
        basket.tax_mode = TaxMode::Inclusive;
        basket.tax_rounding = Rounding::Line;
        let per_line = answer(&shop, &basket);
        basket.tax_rounding = Rounding::Document;
        let per_document = answer(&shop, &basket);
        let gross = |priced: &Priced| -> Vec<i64> {
            priced.lines.iter().map(|line| line.gross.minor()).collect()
        };
        prop_assert_eq!(per_line.as_ref().map(gross), per_document.as_ref().map(gross));
    }

    #[test]
    fn the_order_of_lines_changes_no_total((shop, basket) in sale(), turn in 0_usize..8) {
        let mut turned = basket.clone();
        let by = turn.min(turned.lines.len());
        turned.lines.rotate_left(by);
        turned.lines.reverse();
        let told = |basket: &Basket| {
            let priced = answer(&shop, basket)?;
            Some((totals(&priced), priced.payable, priced.tax_groups, priced.lines.len()))
        };
        prop_assert_eq!(told(&basket), told(&turned));
    }

    #[test]
    fn a_promotion_out_of_reach_or_out_of_date_leaves_the_bytes_of_none((shop, basket) in sale()) {
        let without = PriceShop { promotions: Vec::new(), ..shop.clone() };
        let far = |promotion: &Promotion| {
            let never = Validity { from: Some(day("2030-01-01")), to: None };
            Promotion { validity: never, ..promotion.clone() }
        };
        let promotions = shop.promotions.iter().map(far).collect();
        let with = PriceShop { promotions, ..shop.clone() };
        let bytes = |shop: &PriceShop| answer(shop, &basket).map(|priced| priced.to_json());
        prop_assert_eq!(bytes(&with), bytes(&without));
        // Out of reach by quantity: the same but for the near miss that says so.
        let high = |promotion: &Promotion| {
            Promotion { hurdle: Hurdle::Quantity(decimal("1000000")), ..promotion.clone() }
        };
        let promotions = shop.promotions.iter().map(high).collect();
        let with = PriceShop { promotions, ..shop };
        let bytes = |shop: &PriceShop| answer(shop, &basket).map(|priced| {
            Priced { near_misses: Vec::new(), ..priced }.to_json()
        });
        prop_assert_eq!(bytes(&with), bytes(&without));
    }

    #[test]
    fn the_same_basket_and_book_give_the_same_bytes((shop, basket) in sale()) {
        let mut shuffled = shop.clone();
        shuffled.lists.reverse();
        shuffled.promotions.reverse();
        shuffled.products.reverse();
        shuffled.taxes.reverse();
        let bytes = |shop: &PriceShop| price(&basket, &shop.book().unwrap())
            .map(|priced| priced.to_json())
            .map_err(|refusal| (refusal.code, refusal.message, refusal.numbers));
        prop_assert_eq!(bytes(&shop), bytes(&shop));
        // The order in which a book is filled says nothing; only the two that an error names may be
        // others.
        let bytes_or_code = |shop: &PriceShop| bytes(shop).map_err(|error| error.0);
        prop_assert_eq!(bytes_or_code(&shop), bytes_or_code(&shuffled));
    }

    #[test]
    fn no_text_and_no_number_makes_a_reader_panic(
        text in r#"[\]\[C1d2Q3EeI0-9(){}:,."\x1d a-zé-]{0,48}"#,
        digits in any::<i64>(),
        rest in "[0-9]{0,40}",
    ) {
        let today = day("2026-11-24");
        let texts = [
            text.clone(),
            format!("(01){rest}({text}"),
            format!("]C1{digits}{rest}{text}"),
            format!("{digits}.{rest}"),
        ];
        for text in texts {
            let _ = outfield_core::base::gs1::read(&text, today);
            let _ = Basket::parse(&text, today, "Europe/Berlin");
            if let Ok(read) = text.parse::<Decimal>() {
                prop_assert_eq!(read.to_string().parse::<Decimal>(), Ok(read));
                let parts = [Fraction::from(read), Fraction::new(i128::from(digits), 7).unwrap()];
                let square = parts[0].times(parts[0]);
                let _ = square.and_then(|square| square.times(square)).map(Fraction::rounded);
                let quotient = parts[0].over(parts[1]);
                let _ = quotient.and_then(|quotient| quotient.plus(parts[1])).map(Fraction::floor);
                prop_assert_eq!(parts[0].cmp(&parts[1]), parts[1].cmp(&parts[0]).reverse());
            }
        }
    }
}

#[test]
fn a_price_beyond_all_amounts_is_an_error_on_its_line() {
    for price in [
        "1000000000000000000",
        "999999999999999999999999",
        "999999999999999999.999999",
    ] {
        let mut shop = PriceShop::new();
        shop.lists[0].entries[0].price = decimal(price);
        let lines = json!([
            {"product": "ham", "quantity": 1},
            {"product": "crisps", "quantity": 1_000_000_000, "unit": "XPX"},
        ]);
        let refusal = shop.price(&json!({"lines": lines})).unwrap_err();
        assert_eq!(
            (refusal.code.as_str(), refusal.fields.join(" ").as_str()),
            ("too_large", "lines[1]"),
            "{price}"
        );
    }
}
