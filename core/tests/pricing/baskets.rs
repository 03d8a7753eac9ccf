//! Baskets as JSON: what is read, what is refused, and that an answer has one form.

use outfield_core::domain::RefusalKind;
use serde_json::json;

use crate::support::{PriceShop, day, parsed};
use outfield_core::domain::rules::sell::pricing::Basket;

fn line(members: &str) -> String {
    let header = r#""currency": "EUR", "tax_mode": "exclusive", "tax_rounding": "line""#;
    format!(r#"{{{header}, "lines": [{{"product": "crisps", "quantity": 1}}, {{{members}}}]}}"#)
}

#[track_caller]
fn refused(basket: &str, field: &str, words: &str) {
    let refusal = Basket::parse(basket, day("2026-11-24"), "Europe/Berlin").unwrap_err();
    assert_eq!(refusal.kind, RefusalKind::BadInput, "{basket}");
    assert_eq!(refusal.fields.join(" "), field, "{basket}: {refusal}");
    assert!(refusal.message.contains(words), "{basket}: {refusal}");
}

/// Members of a line, the member that is wrong, words of what is said of it.
const WRONG_LINES: &[(&str, &str, &str)] = &[
    (
        r#""quantity": 1"#,
        "product",
        "a line names a `product`, or carries its own",
    ),
    (
        r#""product": "a""#,
        "quantity",
        "`lines[1].quantity` is needed",
    ),
    (
        r#""product": "", "quantity": 1"#,
        "product",
        "a text that is not empty is expected",
    ),
    (
        r#""product": 7, "quantity": 1"#,
        "product",
        "a text that is not empty is expected",
    ),
    (
        r#""product": "a", "quantity": 2.5"#,
        "quantity",
        "written as a text, such as \"2.5\"",
    ),
    (
        r#""product": "a", "quantity": 1e3"#,
        "quantity",
        "written as a text",
    ),
    (
        r#""product": "a", "quantity": 99999999999999999999"#,
        "quantity",
        "written as a text",
    ),
    (
        r#""product": "a", "quantity": "2,5""#,
        "quantity",
        "`2,5` is not a decimal: digits are expected",
    ),
    (
        r#""product": "a", "quantity": "1e3""#,
        "quantity",
        "`1e3` is not a decimal",
    ),
    (
        r#""product": "a", "quantity": true"#,
        "quantity",
        "a decimal as text",
    ),
    (
        r#""product": "a", "quantity": [1]"#,
        "quantity",
        "a decimal as text",
    ),
    (
        r#""product": "a", "quantity": "0.0000001""#,
        "quantity",
        "more than 6 digits after the point",
    ),
    (
        r#""product": "a", "quantity": 1000000001"#,
        "quantity",
        "is not between -1000000000 and 1000000000",
    ),
    (
        r#""product": "a", "quantity": 1, "unit": "case""#,
        "unit",
        "`case` is not a unit of UN/ECE",
    ),
    (
        r#""product": "a", "quantity": 1, "discount_percent": 101"#,
        "discount_percent",
        "not between 0 and 100",
    ),
    (
        r#""product": "a", "quantity": 1, "discount_percent": "-1""#,
        "discount_percent",
        "not between 0 and 100",
    ),
    (
        r#""product": "a", "quantity": 1, "unit_price": "1""#,
        "unit_price",
        "the price list says this of a product",
    ),
    (
        r#""product": "a", "quantity": 1, "tax_rate": 7"#,
        "tax_rate",
        "the price list says this of a product",
    ),
    (
        r#""unit_price": "1", "quantity": 1"#,
        "tax_rate",
        "`lines[1].tax_rate` is needed",
    ),
    (
        r#""tax_rate": "1", "quantity": 1"#,
        "unit_price",
        "`lines[1].unit_price` is needed",
    ),
    (
        r#""unit_price": "1", "tax_rate": -1, "quantity": 1"#,
        "tax_rate",
        "not between 0 and 1000",
    ),
    (
        r#""unit_price": 1.5, "tax_rate": 1, "quantity": 1"#,
        "unit_price",
        "written as a text",
    ),
    (
        r#""unit_price": "0.1234567", "tax_rate": 1, "quantity": 1"#,
        "unit_price",
        "more than 6 digits",
    ),
    (
        r#""product": "a", "quantity": 1, "qty": 2"#,
        "qty",
        "`lines[1].qty` is unknown; there are discount_percent, product",
    ),
];

#[test]
fn what_is_wrong_with_a_line_names_line_and_member() {
    for (members, field, words) in WRONG_LINES {
        refused(&line(members), &format!("lines[1].{field}"), words);
    }
}

/// A basket, the member that is wrong, words of what is said of it.
const WRONG_BASKETS: &[(&str, &str, &str)] = &[
    ("", "", "the basket cannot be read: EOF"),
    ("[]", "", "it must be a JSON object"),
    ("{}", "currency", "`currency` is needed"),
    (
        r#"{"currency": "eur"}"#,
        "currency",
        "`eur` is not a currency of ISO 4217",
    ),
    (r#"{"currency": "EUR"}"#, "tax_mode", "`tax_mode` is needed"),
    (
        r#"{"currency": "EUR", "tax_mode": "net"}"#,
        "tax_mode",
        "`net` is neither exclusive nor inclusive",
    ),
    (
        r#"{"currency": "EUR", "tax_mode": "inclusive"}"#,
        "tax_rounding",
        "`tax_rounding` is needed",
    ),
    (
        r#"{"currency": "EUR", "tax_mode": "inclusive", "tax_rounding": "x"}"#,
        "tax_rounding",
        "`x` is neither line nor document",
    ),
    (
        r#"{"currency": "EUR", "tax_mode": "inclusive", "tax_rounding": "line"}"#,
        "lines",
        "a list of lines is needed",
    ),
    (
        r#"{"currency": "EUR", "tax_mode": "inclusive", "tax_rounding": "line", "lines": [7]}"#,
        "lines[0]",
        "a line is a JSON object",
    ),
    (
        concat!(
            r#"{"currency": "EUR", "tax_mode": "inclusive", "tax_rounding": "line", "#,
            r#""at": "24.11.2026", "lines": []}"#,
        ),
        "at",
        "a day such as 2026-11-24, or a moment",
    ),
    (
        concat!(
            r#"{"currency": "EUR", "tax_mode": "inclusive", "tax_rounding": "line", "#,
            r#""lines": [], "note": 1}"#,
        ),
        "note",
        "`note` is unknown; there are account, at, currency",
    ),
    (
        r#"{"currency": "EUR", "currency": "USD"}"#,
        "",
        "the member `currency` stands there twice",
    ),
    (
        r#"{"currency": "EUR", "lines": [{"quantity": 1, "quantity": 100}]}"#,
        "",
        "the member `quantity` stands there twice",
    ),
];

#[test]
fn what_is_wrong_with_a_basket_names_the_member() {
    for (basket, field, words) in WRONG_BASKETS {
        refused(basket, field, words);
    }
    let lines: Vec<_> = (0..2001)
        .map(|_| json!({"product": "crisps", "quantity": 1}))
        .collect();
    assert!(
        parsed(&json!({"lines": lines}))
            .unwrap_err()
            .message
            .contains("2001 lines; at most 2000 are possible")
    );
}

#[test]
fn what_the_book_does_not_know_names_line_and_member() {
    for (line, code, field) in [
        (
            json!({"product": "cheese", "quantity": 1}),
            "unknown_product",
            "lines[0].product",
        ),
        (
            json!({"product": "ham", "quantity": 1, "unit": "EA"}),
            "unknown_unit",
            "lines[0].unit",
        ),
        (
            json!({"product": "crisps", "quantity": 1000000000, "unit": "XPX"}),
            "ok",
            "",
        ),
        (
            json!({"unit_price": 1_000_000_000_000_i64, "tax_rate": 0, "quantity": 1_000_000_000}),
            "too_large",
            "lines[0]",
        ),
    ] {
        let answer = PriceShop::new().price(&json!({"lines": [line]}));
        let (said, fields) = answer.map_or_else(
            |refusal| (refusal.code, refusal.fields),
            |_| ("ok".into(), Vec::new()),
        );
        assert_eq!(
            (said.as_str(), fields.join(" ").as_str()),
            (code, field),
            "{line}"
        );
    }
    let refusal = PriceShop::new()
        .price(&json!({"account": "market", "lines": []}))
        .unwrap_err();
    assert_eq!(
        (refusal.code.as_str(), refusal.message.as_str()),
        ("unknown_account", "there is no account `market` here")
    );
}

#[test]
fn numbers_are_read_as_text_or_as_whole_numbers_and_are_the_same() {
    let as_text =
        json!({"lines": [{"unit_price": "2.50", "tax_rate": "19.0", "quantity": "3.000"}]});
    let as_number = json!({"lines": [{
        "unit_price": "2.5", "tax_rate": 19, "quantity": 3, "discount_percent": null,
    }]});
    assert_eq!(parsed(&as_text).unwrap(), parsed(&as_number).unwrap());
}

#[test]
fn an_answer_has_one_form() {
    let lines = json!([{"unit_price": "2.5", "tax_rate": "5", "quantity": "-1", "unit": "XCS"}]);
    let basket = json!({"currency": "KWD", "tax_rounding": "line", "lines": lines});
    let wanted = concat!(
        r#"{"currency":"KWD","tax_mode":"exclusive","tax_rounding":"line","#,
        r#""at":"2026-11-24","account":null,"#,
        r#""net":"-2.500","tax":"-0.125","gross":"-2.625","cash_difference":"0.000","#,
        r#""payable":"-2.625","#,
        r#""lines":[{"product":null,"quantity":"-1","unit":"XCS","unit_price":"2.5","#,
        r#""discount":"0.000","#,
        r#""net":"-2.500","tax":"-0.125","gross":"-2.625","tax_category":"S","#,
        r#""tax_rate":"5","free":false,"#,
        r#""promotions":[],"trace":["#,
        r#"{"step":"own_price","rule":"line","version":null,"in":null,"out":"2.5","#,
        r#""why":"the line carries its own price"},"#,
        r#"{"step":"line_amount","rule":"line","version":null,"in":"2.5","out":"-2.500","#,
        r#""why":"-1 x 2.5"},"#,
        r#"{"step":"tax","rule":"S","version":null,"in":"-2.500","out":"-2.625","#,
        r#""why":"S 5 % on top"}]}],"#,
        r#""tax_groups":[{"category":"S","rate":"5","base":"-2.500","tax":"-0.125"}],"#,
        r#""near_misses":[],"#,
        r#""trace":[{"step":"tax","rule":"S 5 %","version":null,"in":"-2.500","out":"-0.125","#,
        r#""why":"rounded on each line, then summed"}]}"#,
    );
    assert_eq!(
        PriceShop::default().price(&basket).unwrap().to_json(),
        wanted
    );
}

#[test]
fn an_empty_basket_costs_nothing() {
    let priced = PriceShop::new().price(&json!({"lines": []})).unwrap();
    assert_eq!(
        (priced.gross.to_string().as_str(), priced.tax_groups.len()),
        ("0.00", 0)
    );
}
