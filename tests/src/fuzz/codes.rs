//! What people and scanners write: GS1 numbers and element strings, units, decimals, days,
//! positions, ids. Whatever is read prints as what reads the same, and sums give back what went in.
//! It does not know goods.

use std::fmt::{Debug, Display};
use std::str::FromStr;

use outfield_core::base::codes::{check_gln, check_sscc};
use outfield_core::base::currency::Currency;
use outfield_core::base::day::Day;
use outfield_core::base::decimal::Decimal;
use outfield_core::base::fraction::Ratio;
use outfield_core::base::fraction::{Fraction, FractionError};
use outfield_core::base::gs1::{self, Scan};
use outfield_core::base::gtin;
use outfield_core::base::id::{ChangeHash, RecordId};
use outfield_core::base::money::Money;
use outfield_core::base::place::Position;
use outfield_core::base::time::Timestamp;
use outfield_core::base::unit::Unit;
use outfield_core::objects::path::line_path;
use outfield_core::objects::{Field, FieldKind, Path, Value};

/// Every kind whose values people type.
const KINDS: &[&str] = &[
    "text",
    "integer",
    "boolean",
    "time",
    "day",
    "position",
    "reference",
    "choice",
    "phone",
    "email",
    "time_zone",
    "gtin",
    "decimal",
];

/// The first byte says whether the rest is numbers to compute with, or a text.
pub fn codes(bytes: &[u8]) {
    let Some((how, rest)) = bytes.split_first() else {
        return;
    };
    if *how == b'#' {
        return numbers(rest);
    }
    let text = String::from_utf8_lossy(bytes);
    numbered(&text);
    scanned(&text);
    decimals(&text);
    typed(&text);
    again::<Unit>(&text);
    again::<Day>(&text);
    again::<Position>(&text);
    again::<RecordId>(&text);
    again::<ChangeHash>(&text);
    if let Ok(currency) = Currency::named(&text) {
        assert_eq!(currency.code(), text);
    }
    if let Some(Path::Line { lines, line, field }) = Path::parse(&text) {
        assert_eq!(line_path(lines, line, field), text);
    }
    if let Ok(at) = Timestamp::parse(&text)
        && (Timestamp::MIN..=Timestamp::MAX).contains(&at)
    {
        assert_eq!(Timestamp::parse(&at.rfc3339()), Ok(at));
    }
}

/// What is read prints as what reads as the same.
fn again<T: FromStr<Err: Debug> + Display + PartialEq + Debug>(text: &str) {
    if let Ok(read) = text.parse::<T>() {
        let printed = read.to_string();
        assert_eq!(printed.parse::<T>().unwrap(), read);
        assert_eq!(printed.parse::<T>().unwrap().to_string(), printed);
    }
}

/// A number whose check digit is right is no more once one digit is another.
fn numbered(text: &str) {
    if let Ok(kept) = gtin::normalised(text) {
        assert_eq!(kept.len(), 14);
        assert_eq!(gtin::normalised(&kept).as_deref(), Ok(kept.as_str()));
        assert!(kept.ends_with(text));
        one_digit_off(text, |text| gtin::normalised(text).is_ok());
    }
    if check_gln(text).is_ok() {
        one_digit_off(text, |text| check_gln(text).is_ok());
    }
    if check_sscc(text).is_ok() {
        one_digit_off(text, |text| check_sscc(text).is_ok());
    }
}

fn one_digit_off(text: &str, passes: impl Fn(&str) -> bool) {
    for at in 0..text.len() {
        let mut other = text.as_bytes().to_vec();
        other[at] = b'0' + (other[at] - b'0' + 1) % 10;
        assert!(
            !passes(std::str::from_utf8(&other).unwrap()),
            "{text} passes with another digit at {at}"
        );
    }
}

/// A scan, written anew as the elements that it holds, says the same.
fn scanned(text: &str) {
    let today = Day::new(2026, 11, 24).unwrap();
    match gs1::read(text, today) {
        Ok(scan) => assert_eq!(gs1::read(&elements(&scan), today), Ok(scan), "{text:?}"),
        Err(error) => assert!(!error.reason.is_empty()),
    }
}

fn elements(scan: &Scan) -> String {
    let text = |identifier: &str, data: &Option<String>| {
        data.as_ref().map(|data| format!("{identifier}{data}"))
    };
    let day = |identifier: &str, day: &Option<Day>| {
        let shown = day.as_ref().map(|day| day.to_string().replace('-', ""));
        shown.map(|digits| format!("{identifier}{}", &digits[2..]))
    };
    let weight = |weight: Decimal| format!("310{}{:06}", weight.scale(), weight.mantissa());
    let elements = [
        text("00", &scan.sscc),
        text("01", &scan.gtin),
        text("02", &scan.content),
        text("10", &scan.batch),
        day("11", &scan.produced),
        day("15", &scan.best_before),
        day("17", &scan.expiry),
        text("21", &scan.serial),
        scan.net_weight_kg.map(weight),
        scan.count.map(|count| format!("37{count}")),
        text("414", &scan.location),
    ];
    format!(
        "]C1{}",
        elements
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join("\u{1d}")
    )
}

/// What a person types into a field of any kind is refused, or is kept as what reads as the same.
fn typed(text: &str) {
    for kind in KINDS {
        let field: Field =
            serde_json::from_value(serde_json::json!({ "kind": kind, "choices": ["one"] }))
                .unwrap();
        let Ok(value) = field.kind.parse(text) else {
            continue;
        };
        let fits = field.check(&value).is_ok();
        // These two say when they check whether a text fits; the others have read it by now.
        let is_read = !matches!(
            field.kind,
            FieldKind::Text
                | FieldKind::Day
                | FieldKind::Choice
                | FieldKind::Phone
                | FieldKind::Email
                | FieldKind::TimeZone
        );
        assert!(fits || !is_read, "{kind}: {value:?}");
        if let (Value::Text(kept), true) = (&value, fits) {
            assert_eq!(field.kind.parse(kept), Ok(value.clone()), "{kind}");
        }
    }
}

/// Each pair of decimals orders as fractions do, and is exact as an amount.
fn decimals(text: &str) {
    let read: Vec<Decimal> = text
        .split([' ', '/'])
        .take(4)
        .filter_map(|part| part.parse().ok())
        .collect();
    for decimal in &read {
        again::<Decimal>(&decimal.to_string());
        assert_eq!(
            Decimal::new(decimal.mantissa(), decimal.scale()).as_ref(),
            Ok(decimal)
        );
        for code in ["EUR", "JPY", "CLF"] {
            if let Ok(money) = Money::exact(*decimal, Currency::named(code).unwrap()) {
                assert_eq!(money.to_string().parse::<Decimal>().as_ref(), Ok(decimal));
            }
        }
        for other in &read {
            assert_eq!(
                decimal.cmp(other),
                Fraction::from(*decimal).cmp(&Fraction::from(*other))
            );
        }
    }
}

/// Two fractions of 128 bits, computed with. What does not fit says so.
fn numbers(bytes: &[u8]) {
    let mut words = bytes.chunks(16).map(|chunk| {
        let mut word = [0; 16];
        word[..chunk.len()].copy_from_slice(chunk);
        i128::from_le_bytes(word)
    });
    let mut next = || words.next().unwrap_or(1);
    let (upper, lower) = (next(), next());
    let one = Fraction::new(upper, lower);
    for decimals in 0..4 {
        let _ = Ratio::of(upper, lower).decimal(decimals);
    }
    let (Ok(one), Ok(two)) = (one, Fraction::new(next(), next())) else {
        return;
    };
    let _ = computed(one, two);
    assert_eq!(one.cmp(&two), two.cmp(&one).reverse());
    assert_eq!(one.cmp(&two).is_eq(), one == two);
    for scale in [0, 1, 6, 12] {
        if let Ok(least) = one.shown_at_least(scale) {
            assert!(Fraction::from(least) >= one);
        }
        if let Ok(shown) = one.shown(scale) {
            assert!(shown.scale() <= scale);
        }
    }
    assert!(Fraction::whole(one.floor()) <= one);
    let away = one
        .minus(Fraction::whole(one.rounded()))
        .and_then(Fraction::unsigned);
    assert!(
        away.is_err()
            || away.is_ok_and(|away| away
                .times(Fraction::whole(2))
                .is_ok_and(|twice| twice <= Fraction::ONE))
    );
}

fn computed(one: Fraction, two: Fraction) -> Result<(), FractionError> {
    let sum = one.plus(two)?;
    assert_eq!(two.plus(one), Ok(sum));
    if let Ok(back) = sum.minus(two) {
        assert_eq!(back, one);
    }
    let product = one.times(two)?;
    assert_eq!(two.times(one), Ok(product));
    if let Ok(back) = product.over(two) {
        assert_eq!(back, one);
    }
    Ok(())
}
