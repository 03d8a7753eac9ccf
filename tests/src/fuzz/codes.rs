//! What people and scanners write: GS1 numbers and element strings, units, decimals, days,
//! positions, ids. Whatever is read prints as what reads the same, and sums give back what went in.
//! It does not know goods.

use std::fmt::{Debug, Display};
use std::str::FromStr;

use outfield_core::base::codes::{check_gln, check_sscc};
use outfield_core::base::country::Country;
use outfield_core::base::currency::Currency;
use outfield_core::base::day::Day;
use outfield_core::base::decimal::Decimal;
use outfield_core::base::fold::{folded, runs};
use outfield_core::base::fraction::Ratio;
use outfield_core::base::fraction::{Fraction, FractionError};
use outfield_core::base::gs1::{self, Scan};
use outfield_core::base::gtin;
use outfield_core::base::id::{ChangeHash, RecordId};
use outfield_core::base::money::Money;
use outfield_core::base::phone;
use outfield_core::base::place::Position;
use outfield_core::base::text::{canonical, hides_nothing};
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
    written(&text);
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

/// The form of a form is itself, and what is folded stays as it is.
fn written(text: &str) {
    let kept = canonical(text).into_owned();
    assert_eq!(canonical(&kept), kept);
    assert!(hides_nothing(&kept));
    let plain = folded(text);
    assert_eq!(folded(&plain), plain);
    assert!(runs(text).iter().all(|run| !run.parts.is_empty()));
    for country in [None, Country::named("US"), Country::named("DE")] {
        if let Ok(kept) = phone::e164(text, country) {
            assert!(phone::is_kept(&kept));
            assert_eq!(phone::e164(&kept, country).as_ref(), Ok(&kept));
        }
    }
}

/// A number whose check digit is right is no more once one digit is another.
fn numbered(text: &str) {
    if let Ok(full) = gtin::expanded(text) {
        assert_eq!(gtin::normalised(&full).as_deref(), Ok(full.as_str()));
    }
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
        Ok(scan) => {
            // What else a plain number may mean, and what was passed over, no element says.
            let said = Scan {
                or_gtin: None,
                unread: Vec::new(),
                ..scan
            };
            assert_eq!(gs1::read(&elements(&said), today), Ok(said), "{text:?}");
        }
        Err(error) => assert!(!error.reason.is_empty()),
    }
}

fn elements(scan: &Scan) -> String {
    let mut elements = Vec::new();
    let mut push = |identifier: &str, data: Option<String>| {
        elements.extend(data.map(|data| format!("{identifier}{data}")));
    };
    for (identifier, text) in [
        ("00", &scan.sscc),
        ("01", &scan.gtin),
        ("02", &scan.content),
        ("10", &scan.batch),
        ("20", &scan.variant),
        ("21", &scan.serial),
        ("240", &scan.additional_id),
        ("400", &scan.order_number),
        ("410", &scan.ship_to),
        ("411", &scan.bill_to),
        ("412", &scan.bought_of),
        ("413", &scan.ship_for),
        ("414", &scan.location),
        ("415", &scan.billed_by),
        ("8005", &scan.price_digits),
    ] {
        push(identifier, text.clone());
    }
    for (identifier, day) in [
        ("11", scan.produced),
        ("12", scan.due),
        ("13", scan.packed),
        ("15", scan.best_before),
        ("16", scan.sell_by),
        ("17", scan.expiry),
    ] {
        push(identifier, day.map(|day| short(&day.to_string())));
    }
    let minute = scan
        .expiry_time
        .as_deref()
        .and_then(|at| at.split_once('T'));
    push(
        "7003",
        minute.map(|(day, time)| format!("{}{}", short(day), time.replace(':', ""))),
    );
    push("30", scan.pieces.map(|pieces| pieces.to_string()));
    push("37", scan.count.map(|count| count.to_string()));
    push("310", scan.net_weight_kg.map(|weight| behind(weight, 6)));
    for (name, measured) in &scan.measures {
        let identifier = gs1::measure_identifier(name).expect("a measure has an identifier");
        push(identifier, Some(behind(*measured, 6)));
    }
    push(
        "394",
        scan.discount_percent.map(|percent| behind(percent, 4)),
    );
    push("395", scan.price_per_measure.map(|price| behind(price, 6)));
    for amount in amounts(scan) {
        push("39", Some(amount));
    }
    for (identifier, data) in &scan.internal {
        push(identifier, Some(data.clone()));
    }
    // A separator that is there says that no other mark is one, such as a blank in data.
    format!("]C1{}\u{1d}", elements.join("\u{1d}"))
}

/// The amounts of a scan behind the third digit of their identifier.
fn amounts(scan: &Scan) -> Vec<String> {
    let mut amounts = Vec::new();
    for (plain, with_currency, amount) in [("0", "1", scan.amount_due), ("2", "3", scan.price)] {
        let Some(amount) = amount else { continue };
        let digits = behind(amount, 1);
        amounts.push(format!("{plain}{digits}"));
        if let Some(currency) = &scan.currency_number {
            let (scale, number) = digits.split_at(1);
            amounts.push(format!("{with_currency}{scale}{currency}{number}"));
        }
    }
    amounts
}

/// A day as a label has it.
fn short(day: &str) -> String {
    day.replace('-', "")[2..].to_owned()
}

/// How many decimals, and the digits.
fn behind(number: Decimal, digits: usize) -> String {
    format!("{}{:0digits$}", number.scale(), number.mantissa())
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
