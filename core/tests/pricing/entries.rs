//! Which price wins, from when to when, in which unit, and what happens if nothing decides.

use outfield_core::base::currency::Currency;
use outfield_core::domain::rules::sell::pricing::{Buyers, Goods, PriceList, Validity};
use outfield_core::domain::rules::sell::tax::TaxTreatment;
use serde_json::json;

use crate::support::{PriceShop, category, day, decimal, entry, list, product, totals, unit};

fn by(buyers: Buyers, id: &str, price: &str) -> PriceList {
    list(id, buyers, vec![entry("1", product("crisps"), "0", price)])
}

fn contract() -> Buyers {
    Buyers::Contract("C".to_owned())
}

fn account() -> Buyers {
    Buyers::Account("harbour".to_owned())
}

fn tier() -> Buyers {
    Buyers::Tier("gold".to_owned())
}

fn territory() -> Buyers {
    Buyers::Territory("north".to_owned())
}

/// The unit price of so many crisps for the harbour shop.
#[track_caller]
fn check(shop: &PriceShop, quantity: &str, price: &str) {
    assert_eq!(
        shop.sell(&[("crisps", quantity)]).lines[0]
            .unit_price
            .to_string(),
        price
    );
}

#[test]
fn contract_before_account_before_tier_before_territory_before_all() {
    let lists = [
        (territory(), "north", "0.90"),
        (tier(), "gold", "0.95"),
        (account(), "own", "1.50"),
        (contract(), "C", "2"),
    ];
    let mut shop = PriceShop::new();
    for (buyers, id, price) in lists {
        shop = shop.selling(by(buyers, id, price));
        check(&shop, "1", &decimal(price).to_string());
    }
}

#[test]
fn a_list_for_others_is_not_looked_at() {
    for buyers in [
        Buyers::Contract("D".to_owned()),
        Buyers::Account("market".to_owned()),
        Buyers::Tier("silver".to_owned()),
        Buyers::Territory("south".to_owned()),
    ] {
        check(
            &PriceShop::new().selling(by(buyers, "other", "0.10")),
            "1",
            "1",
        );
    }
    let nobody = json!({"lines": [{"product": "crisps", "quantity": 1}]});
    let priced = PriceShop::new()
        .selling(by(tier(), "gold", "0.10"))
        .price(&nobody)
        .unwrap();
    assert_eq!(priced.net.to_string(), "1.00");
}

#[test]
fn variant_before_product_before_the_nearest_category() {
    let entries = [
        (category("food"), "0.40"),
        (category("snacks"), "0.50"),
        (product("crisps"), "0.60"),
        (Goods::Variant("salted".to_owned()), "0.70"),
    ];
    for last in 1..=entries.len() {
        let entries = entries[..last].iter().enumerate();
        let entries = entries
            .map(|(at, (goods, price))| entry(&at.to_string(), goods.clone(), "0", price))
            .collect();
        let shop = PriceShop {
            lists: vec![list("base", Buyers::All, entries)],
            ..PriceShop::new()
        };
        let price = ["0.4", "0.5", "0.6", "0.7"][last - 1];
        assert_eq!(
            shop.sell(&[("salted", "1")]).lines[0]
                .unit_price
                .to_string(),
            price
        );
    }
}

#[test]
fn the_nearest_buyer_goes_before_the_nearest_goods_and_both_before_the_quantity() {
    let wide = list(
        "gold",
        tier(),
        vec![entry("1", category("food"), "0", "0.80")],
    );
    let shop = PriceShop::new().selling(wide);
    check(&shop, "1", "0.8");
    let many = list(
        "many",
        Buyers::All,
        vec![entry("1", product("crisps"), "10", "0.20")],
    );
    check(&shop.selling(many), "10", "0.8");
}

#[test]
fn the_largest_minimum_that_is_reached_wins_and_then_the_priority() {
    let breaks = vec![
        entry("10", product("crisps"), "10", "0.90"),
        entry("24", product("crisps"), "24", "0.80"),
        entry("100", product("crisps"), "100", "0.70"),
    ];
    let shop = PriceShop::new().selling(list("breaks", Buyers::All, breaks));
    for (quantity, price) in [
        ("9", "1"),
        ("9.999999", "1"),
        ("10", "0.9"),
        ("24", "0.8"),
        ("99", "0.8"),
        ("100", "0.7"),
    ] {
        check(&shop, quantity, price);
    }
    let urgent = PriceList {
        priority: 7,
        ..list(
            "urgent",
            Buyers::All,
            vec![entry("1", product("crisps"), "24", "0.85")],
        )
    };
    let shop = shop.selling(urgent);
    check(&shop, "24", "0.85");
    check(&shop, "100", "0.7");
    // What comes back is priced as what was sold.
    check(&shop, "-100", "0.7");
}

#[test]
fn quantities_compare_in_the_base_unit() {
    let mut by_case = entry("case", product("crisps"), "2", "18.00");
    by_case.unit = Some(unit("XCS"));
    let shop = PriceShop::new().selling(list("cases", Buyers::All, vec![by_case]));
    for (quantity, packed, price, net) in [
        ("47", "EA", "1", "47.00"),
        ("48", "EA", "0.75", "36.00"),
        ("7", "XPK", "6", "42.00"),
        ("8", "XPK", "4.5", "36.00"),
        ("2", "XCS", "18", "36.00"),
        ("1", "XPX", "720", "720.00"),
    ] {
        let lines = json!([{"product": "crisps", "quantity": quantity, "unit": packed}]);
        let priced = shop.price(&json!({"lines": lines})).unwrap();
        let line = &priced.lines[0];
        assert_eq!(
            (
                line.unit_price.to_string().as_str(),
                line.net.to_string().as_str()
            ),
            (price, net),
            "{quantity} {packed}"
        );
    }
}

#[test]
fn of_two_that_are_equal_the_price_of_the_lines_own_unit_wins() {
    let mut by_case = entry("case", product("crisps"), "0", "101");
    by_case.unit = Some(unit("XCS"));
    let each = entry("each", product("crisps"), "0", "100");
    let shop = PriceShop::new().selling(PriceList {
        priority: 1,
        ..list("both", Buyers::All, vec![each, by_case])
    });
    for (quantity, packed, net) in [
        ("1", "XCS", "101.00"),
        ("10", "EA", "1000.00"),
        // What has no price of its own follows the base unit.
        ("1", "XPK", "600.00"),
    ] {
        let lines = json!([{"product": "crisps", "quantity": quantity, "unit": packed}]);
        let priced = shop.price(&json!({"lines": lines})).unwrap();
        assert_eq!(priced.lines[0].net.to_string(), net, "{quantity} {packed}");
    }
}

#[test]
fn a_price_that_does_not_divide_is_computed_exactly_and_only_shown_short() {
    let mut by_case = entry("case", product("crisps"), "0", "10.00");
    by_case.unit = Some(unit("XCS"));
    let shop = PriceShop {
        lists: vec![list("base", Buyers::All, vec![by_case])],
        ..PriceShop::new()
    };
    check(&shop, "24", "0.416667");
    assert_eq!(
        shop.sell(&[("crisps", "24"), ("crisps", "2400")])
            .net
            .to_string(),
        "1010.00"
    );
    let pounds = json!({"lines": [{"product": "ham", "quantity": 100, "unit": "LBR"}]});
    // 45.359237 kg at 12.50.
    assert_eq!(
        PriceShop::new().price(&pounds).unwrap().net.to_string(),
        "566.99"
    );
}

#[test]
fn a_price_per_case_says_nothing_about_what_comes_in_no_cases() {
    let mut by_case = entry("case", category("food"), "0", "9.00");
    by_case.unit = Some(unit("XCS"));
    let shop = PriceShop::new().selling(list("cases", tier(), vec![by_case]));
    assert_eq!(
        shop.sell(&[("ham", "1")]).lines[0].unit_price.to_string(),
        "12.5"
    );
    check(&shop, "1", "0.375");
}

#[test]
fn lists_hold_from_their_first_day_to_their_last() {
    let validity = Validity {
        from: Some(day("2026-12-01")),
        to: Some(day("2026-12-31")),
    };
    let shop = PriceShop::new().selling(PriceList {
        validity,
        ..by(tier(), "winter", "0.50")
    });
    for (at, price) in [
        ("2026-11-30", "1"),
        ("2026-12-01", "0.5"),
        ("2026-12-31", "0.5"),
        ("2027-01-01", "1"),
        // Late in the evening in London it is December in Berlin.
        ("2026-11-30T23:30:00Z", "0.5"),
        ("2026-11-30T22:30:00Z", "1"),
    ] {
        let lines = json!([{"product": "crisps", "quantity": 1}]);
        let priced = shop
            .price(&json!({"account": "harbour", "at": at, "lines": lines}))
            .unwrap();
        assert_eq!(priced.lines[0].unit_price.to_string(), price, "{at}");
    }
}

#[test]
fn tax_rates_hold_from_their_first_day_to_their_last() {
    for (at, tax) in [("2026-12-31", "1.90"), ("2027-01-01", "2.00")] {
        let lines = json!([{"product": "crisps", "quantity": 10}]);
        assert_eq!(
            PriceShop::new()
                .price(&json!({"at": at, "lines": lines}))
                .unwrap()
                .tax
                .to_string(),
            tax,
            "{at}"
        );
    }
}

#[test]
fn a_tie_left_over_names_both_entries_and_a_tie_that_loses_is_nobodys_error() {
    let shop = PriceShop::new().selling(by(Buyers::All, "spring", "0.90"));
    let lines = json!([{"product": "ham", "quantity": 1}, {"product": "crisps", "quantity": 1}]);
    let refusal = shop.price(&json!({"lines": lines})).unwrap_err();
    assert_eq!(
        (refusal.code.as_str(), &refusal.fields[..]),
        ("ambiguous_price", &["lines[1]".to_owned()][..])
    );
    assert_eq!(
        refusal.numbers["entries"],
        json!(["base/crisps", "spring/1"])
    );
    assert!(
        refusal.message.contains("`base/crisps` and `spring/1`"),
        "{refusal}"
    );
    check(&shop.selling(by(contract(), "C", "0.80")), "1", "0.8");
    let higher = PriceList {
        priority: 1,
        ..by(Buyers::All, "spring", "0.90")
    };
    check(&PriceShop::new().selling(higher), "1", "0.9");
}

#[test]
fn two_tax_rates_on_one_day_are_an_error_that_names_both() {
    let mut shop = PriceShop::new();
    shop.taxes[0].validity.to = None;
    let basket = json!({"at": "2027-03-01", "lines": [{"product": "crisps", "quantity": 1}]});
    let refusal = shop.price(&basket).unwrap_err();
    assert_eq!(refusal.code, "ambiguous_tax");
    assert_eq!(
        refusal.numbers["entries"],
        json!(["standard version 1", "standard version 2"])
    );
}

#[test]
fn a_price_of_the_other_tax_mode_is_converted_exactly() {
    let with_tax = PriceList {
        tax_inclusive: true,
        ..by(tier(), "shelf", "1.19")
    };
    let shop = PriceShop::new().selling(with_tax);
    for (mode, rounding, wanted) in [
        ("exclusive", "line", ["300.00", "57.00", "357.00"]),
        ("inclusive", "document", ["300.00", "57.00", "357.00"]),
    ] {
        let lines = json!([{"product": "crisps", "quantity": 300}]);
        let basket = json!({
            "account": "harbour", "tax_mode": mode, "tax_rounding": rounding, "lines": lines,
        });
        assert_eq!(
            <[String; 3]>::from(totals(&shop.price(&basket).unwrap())),
            wanted,
            "{mode}"
        );
    }
    let lines = json!([{"product": "ham", "quantity": 1}]);
    let priced = shop
        .price(&json!({"tax_mode": "inclusive", "lines": lines}))
        .unwrap();
    // 12.50 and 7 % are 13.375.
    assert_eq!(
        <[String; 3]>::from(totals(&priced)),
        ["12.50", "0.88", "13.38"]
    );
}

#[test]
fn of_a_buyer_without_tax_none_is_taken_whatever_the_list_holds() {
    let with_tax = PriceList {
        tax_inclusive: true,
        ..by(tier(), "shelf", "1.19")
    };
    for (treatment, category) in [
        (TaxTreatment::Exempt, "E"),
        (TaxTreatment::Export, "G"),
        (TaxTreatment::ReverseCharge, "AE"),
    ] {
        for (list, mode) in [
            (None, "exclusive"),
            (None, "inclusive"),
            (Some(&with_tax), "exclusive"),
            (Some(&with_tax), "inclusive"),
        ] {
            let mut shop = PriceShop::new();
            shop.accounts[0].treatment = Some(treatment);
            shop.lists.extend(list.cloned());
            let lines = json!([{"product": "crisps", "quantity": 300}]);
            let basket = json!({"account": "harbour", "tax_mode": mode, "lines": lines});
            let priced = shop.price(&basket).unwrap();
            assert_eq!(
                <[String; 3]>::from(totals(&priced)),
                ["300.00", "0.00", "300.00"],
                "{treatment:?} {mode}"
            );
            assert_eq!(priced.lines[0].tax_category, category);
            assert_eq!(priced.tax_groups.len(), 1);
        }
    }
}

#[test]
fn prices_in_another_currency_are_not_prices() {
    let dollars = PriceList {
        currency: Currency::named("USD").unwrap(),
        ..by(tier(), "dollars", "0.50")
    };
    let shop = PriceShop::new().selling(dollars);
    check(&shop, "1", "1");
    let lines = json!([{"product": "crisps", "quantity": 1}]);
    let of =
        |account: &str| shop.price(&json!({"currency": "USD", "account": account, "lines": lines}));
    assert_eq!(of("harbour").unwrap().net.to_string(), "0.50");
    let refusal = shop
        .price(&json!({"currency": "USD", "lines": lines}))
        .unwrap_err();
    assert_eq!(
        (refusal.code.as_str(), &refusal.fields[..]),
        ("no_price", &["lines[0].product".to_owned()][..])
    );
}

#[test]
fn every_step_of_a_price_is_told() {
    let breaks = vec![
        entry("base", product("crisps"), "0", "0.95"),
        entry("many", product("crisps"), "10", "0.9234"),
    ];
    let shop = PriceShop::new().selling(PriceList {
        version: 4,
        ..list("deal", contract(), breaks)
    });
    let lines = json!([{"product": "crisps", "quantity": 13, "discount_percent": "2.5"}]);
    let priced = shop
        .price(&json!({"account": "harbour", "lines": lines}))
        .unwrap();
    let told: Vec<String> = priced.lines[0]
        .trace
        .iter()
        .map(|step| serde_json::to_string(step).unwrap())
        .collect();
    let wanted = [
        concat!(
            r#"{"step":"list_price","rule":"base/crisps","version":1,"in":null,"out":"1","#,
            r#""why":"1 EUR per EA, for product crisps, for everybody"}"#,
        ),
        concat!(
            r#"{"step":"agreed_price","rule":"deal/base","version":4,"in":"1","out":"0.95","#,
            r#""why":"0.95 EUR per EA, for product crisps, by contract C"}"#,
        ),
        concat!(
            r#"{"step":"quantity_break","rule":"deal/many","version":4,"in":"0.95","#,
            r#""out":"0.9234","#,
            r#""why":"0.9234 EUR per EA, for product crisps from 10 EA, by contract C"}"#,
        ),
        concat!(
            r#"{"step":"line_amount","rule":"line","version":null,"in":"0.9234","#,
            r#""out":"12.0042","why":"13 x 0.9234"}"#,
        ),
        concat!(
            r#"{"step":"discount","rule":"line","version":null,"in":"12.0042","out":"11.70","#,
            r#""why":"2.5 % off"}"#,
        ),
        concat!(
            r#"{"step":"tax","rule":"standard","version":1,"in":"11.70","out":"13.92","#,
            r#""why":"S 19 % on top"}"#,
        ),
    ];
    assert_eq!(told, wanted);
    let whole: Vec<String> = priced
        .trace
        .iter()
        .map(|step| serde_json::to_string(step).unwrap())
        .collect();
    let wanted = [concat!(
        r#"{"step":"tax","rule":"S 19 %","version":null,"in":"11.70","out":"2.22","#,
        r#""why":"rounded once for the group"}"#,
    )];
    assert_eq!(whole, wanted);
}

#[test]
fn a_book_that_contradicts_itself_is_refused_where_it_is_filled() {
    let same = || by(tier(), "base", "1");
    let twice = list(
        "two",
        tier(),
        vec![
            entry("1", product("a"), "0", "1"),
            entry("1", product("b"), "0", "1"),
        ],
    );
    let everything = list("all", tier(), vec![entry("1", Goods::All, "0", "1")]);
    let ends = Validity {
        from: Some(day("2026-02-01")),
        to: Some(day("2026-01-31")),
    };
    for (list, words) in [
        (
            same(),
            "`base`: a price list with this id is in the book already",
        ),
        (twice, "`two/1`: the list has an entry with this id already"),
        (
            everything,
            "`all/1`: a price is of a variant, product or category, never of everything",
        ),
        (
            PriceList {
                validity: ends,
                ..by(tier(), "past", "1")
            },
            "`past`: it ends before it begins",
        ),
        (
            by(tier(), "less", "-1"),
            "`less/1`: a price is not negative",
        ),
        (
            by(tier(), "fine", "0.0000001"),
            "`fine/1`: a price is not negative and has at most 6 digits",
        ),
    ] {
        let refusal = PriceShop::new().selling(list).book().unwrap_err();
        assert_eq!(refusal.code, "bad_price_book");
        assert!(refusal.message.starts_with(words), "{refusal}");
    }
}
