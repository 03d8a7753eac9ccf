//! The golden cases: published bug reports of other systems, recomputed, each per line and per
//! document.

use serde_json::{Value as Json, json};

use crate::support::{PriceShop, totals};

/// One case: what was reported, its lines (quantity, unit price, per cent off), and what must come
/// out.
struct Case {
    quote: &'static str,
    mode: &'static str,
    rate: &'static str,
    lines: &'static [(&'static str, &'static str, &'static str)],
    net: [&'static str; 2],
    tax: [&'static str; 2],
    gross: [&'static str; 2],
}

const CASES: &[Case] = &[
    Case {
        quote: "598.89, 329.84, -59.89, -32.98 at 8.5 % (net 835.86): tax 71.06 | tax 71.05",
        mode: "exclusive",
        rate: "8.5",
        lines: &[
            ("1", "598.89", "0"),
            ("1", "329.84", "0"),
            ("1", "-59.89", "0"),
            ("1", "-32.98", "0"),
        ],
        net: ["835.86", "835.86"],
        tax: ["71.06", "71.05"],
        gross: ["906.92", "906.91"],
    },
    Case {
        quote: "the same, taken back by quantity instead of price",
        mode: "exclusive",
        rate: "8.5",
        lines: &[
            ("1", "598.89", "0"),
            ("1", "329.84", "0"),
            ("-1", "59.89", "0"),
            ("-1", "32.98", "0"),
        ],
        net: ["835.86", "835.86"],
        tax: ["71.06", "71.05"],
        gross: ["906.92", "906.91"],
    },
    Case {
        quote: "55.55, 11.11 at 23 % (net 66.66): 15.34 | 15.33",
        mode: "exclusive",
        rate: "23",
        lines: &[("1", "55.55", "0"), ("1", "11.11", "0")],
        net: ["66.66", "66.66"],
        tax: ["15.34", "15.33"],
        gross: ["82.00", "81.99"],
    },
    Case {
        quote: "10 x 30.75 less 5 %, 1 x 70 less 5 % at 15 % (net 358.63): 53.80 | 53.79",
        mode: "exclusive",
        rate: "15",
        lines: &[("10", "30.75", "5"), ("1", "70", "5")],
        net: ["358.63", "358.63"],
        tax: ["53.80", "53.79"],
        gross: ["412.43", "412.42"],
    },
    Case {
        quote: "10.74, 2 x 0.83 at 21 %: 2.61 (total 15.01) | 2.60 (total 15.00)",
        mode: "exclusive",
        rate: "21",
        lines: &[("1", "10.74", "0"), ("2", "0.83", "0")],
        net: ["12.40", "12.40"],
        tax: ["2.61", "2.60"],
        gross: ["15.01", "15.00"],
    },
    Case {
        quote: "8.01 including 20 %: gross stays 8.01, tax 1.33 | same",
        mode: "inclusive",
        rate: "20",
        lines: &[("1", "8.01", "0")],
        net: ["6.68", "6.68"],
        tax: ["1.33", "1.33"],
        gross: ["8.01", "8.01"],
    },
    Case {
        quote: "3 x 1.10 including 5 %: gross 3.30, tax 0.16, net 3.14 | same",
        mode: "inclusive",
        rate: "5",
        lines: &[("3", "1.10", "0")],
        net: ["3.14", "3.14"],
        tax: ["0.16", "0.16"],
        gross: ["3.30", "3.30"],
    },
    Case {
        quote: "69.99 including 20 %: net 58.33, tax 11.66 | same",
        mode: "inclusive",
        rate: "20",
        lines: &[("1", "69.99", "0")],
        net: ["58.33", "58.33"],
        tax: ["11.66", "11.66"],
        gross: ["69.99", "69.99"],
    },
    Case {
        quote: "4 and 5 x 2.8207 less 100 %: 0.00 | 0.00",
        mode: "exclusive",
        rate: "21",
        lines: &[("4", "2.8207", "100"), ("5", "2.8207", "100")],
        net: ["0.00", "0.00"],
        tax: ["0.00", "0.00"],
        gross: ["0.00", "0.00"],
    },
];

fn basket(case: &Case, rounding: &str) -> Json {
    let line = |(quantity, unit_price, discount): &(&str, &str, &str)| {
        json!({
            "quantity": quantity,
            "unit_price": unit_price,
            "discount_percent": discount,
            "tax_rate": case.rate,
        })
    };
    let lines: Vec<Json> = case.lines.iter().map(line).collect();
    json!({"tax_mode": case.mode, "tax_rounding": rounding, "lines": lines})
}

#[test]
fn every_golden_case_comes_out_per_line_and_per_document() {
    for case in CASES {
        for (column, rounding) in ["line", "document"].into_iter().enumerate() {
            let priced = PriceShop::default().price(&basket(case, rounding)).unwrap();
            let wanted = [case.net, case.tax, case.gross].map(|columns| columns[column].to_owned());
            assert_eq!(
                <[String; 3]>::from(totals(&priced)),
                wanted,
                "{rounding}: {}",
                case.quote
            );
            let sum = |of: fn(&outfield_core::domain::rules::sell::pricing::PricedLine) -> i64| {
                priced.lines.iter().map(of).sum::<i64>()
            };
            let lines = (
                sum(|line| line.net.minor()),
                sum(|line| line.tax.minor()),
                sum(|line| line.gross.minor()),
            );
            let whole = (priced.net.minor(), priced.tax.minor(), priced.gross.minor());
            assert_eq!(
                lines, whole,
                "{rounding}: the lines of {} sum to the whole",
                case.quote
            );
        }
    }
}

#[test]
fn currencies_without_and_with_three_decimals_round_at_their_own_digits() {
    for (currency, lines, wanted) in [
        // 3 x 33.4 yen are 100.2: 100, and 10 % of it.
        (
            "JPY",
            json!([{"quantity": 3, "unit_price": "33.4", "tax_rate": 10}]),
            ["100", "10", "110"],
        ),
        // Half a yen goes up, on both sides of zero.
        (
            "JPY",
            json!([{"quantity": -5, "unit_price": "0.5", "tax_rate": 10}]),
            ["-3", "0", "-3"],
        ),
        // 7 x 1.2345 dinars are 8.6415: 8.642; 5 % is 0.4321.
        (
            "KWD",
            json!([{"quantity": 7, "unit_price": "1.2345", "tax_rate": "5"}]),
            ["8.642", "0.432", "9.074"],
        ),
        (
            "EUR",
            json!([{"quantity": "0.333", "unit_price": "2.999999", "tax_rate": "0"}]),
            ["1.00", "0.00", "1.00"],
        ),
    ] {
        let priced = PriceShop::default()
            .price(&json!({"currency": currency, "lines": lines}))
            .unwrap();
        assert_eq!(
            <[String; 3]>::from(totals(&priced)),
            wanted,
            "{currency} {lines}"
        );
    }
}

#[test]
fn what_cash_cannot_pay_stands_in_a_field_of_its_own() {
    for (step, price, payable, difference) in [
        ("0.05", "9.97", "9.95", "-0.02"),
        ("0.05", "9.98", "10.00", "0.02"),
        ("0.05", "-9.98", "-10.00", "-0.02"),
        ("0.10", "9.95", "10.00", "0.05"),
        ("1.00", "0.49", "0.00", "-0.49"),
    ] {
        let cash_steps = vec![crate::support::money(step, "CHF")];
        let shop = PriceShop {
            cash_steps,
            ..PriceShop::default()
        };
        let lines = json!([{"quantity": 1, "unit_price": price, "tax_rate": 0}]);
        let priced = shop
            .price(&json!({"currency": "CHF", "tax_mode": "inclusive", "lines": lines}))
            .unwrap();
        assert_eq!(priced.gross.to_string(), price);
        let paid = (
            priced.payable.to_string(),
            priced.cash_difference.to_string(),
        );
        assert_eq!(
            paid,
            (payable.to_owned(), difference.to_owned()),
            "{price} by {step}"
        );
        // The rule of francs says nothing about euros.
        let lines = json!([{"quantity": 1, "unit_price": price, "tax_rate": 0}]);
        assert_eq!(
            shop.price(&json!({"lines": lines}))
                .unwrap()
                .cash_difference
                .minor(),
            0
        );
    }
}

#[test]
fn several_rates_are_groups_of_their_own() {
    let lines = json!([
        {"quantity": 1, "unit_price": "0.33", "tax_rate": "19"},
        {"quantity": 1, "unit_price": "0.33", "tax_rate": "7.0"},
        {"quantity": 1, "unit_price": "0.33", "tax_rate": 19},
        {"quantity": 1, "unit_price": "0.33", "tax_rate": 0},
    ]);
    for (rounding, taxes) in [
        ("line", ["0.02", "0.12", "0.00"]),
        ("document", ["0.02", "0.13", "0.00"]),
    ] {
        let priced = PriceShop::default()
            .price(&json!({"tax_rounding": rounding, "lines": lines}))
            .unwrap();
        let group = |group: &outfield_core::domain::rules::sell::pricing::TaxGroup| {
            (
                group.category.clone(),
                group.rate.to_string(),
                group.tax.to_string(),
            )
        };
        let groups: Vec<_> = priced.tax_groups.iter().map(group).collect();
        let wanted = [
            ("S", "7", taxes[0]),
            ("S", "19", taxes[1]),
            ("Z", "0", taxes[2]),
        ];
        assert_eq!(
            groups,
            wanted.map(|(category, rate, tax)| (category.into(), rate.into(), tax.into())),
            "{rounding}"
        );
    }
}
