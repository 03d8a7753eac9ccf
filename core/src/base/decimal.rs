//! Exact decimals as people write them: prices, rates, quantities. Nothing here rounds.
//! It does not know currencies nor units; what has to be divided becomes a `Fraction`.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

/// Digits before and after the point together.
pub const DIGITS_MAX: usize = 24;
/// Digits after the point.
pub const SCALE_MAX: u8 = 12;
/// Digits before the point of a number that somebody types.
const TYPED_DIGITS_MAX: usize = 15;
/// Digits after the point of a number that somebody types.
const TYPED_SCALE_MAX: usize = 6;

// Two decimals brought to one scale must fit 128 bits, so that comparing cannot fail.
const _: () = assert!(DIGITS_MAX + (SCALE_MAX as usize) <= 38);

/// A text or a pair of numbers that is no decimal, with the reason.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a decimal: {reason}")]
pub struct DecimalError {
    /// What was given.
    pub text: String,
    /// What is wrong with it.
    pub reason: String,
}

/// A number of up to 24 digits, 12 of them after the point. It has one form: no zero ends what
/// stands after the point, so equal numbers are equal bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Decimal {
    mantissa: i128,
    scale: u8,
}

impl Decimal {
    /// Nothing.
    pub const ZERO: Decimal = Decimal {
        mantissa: 0,
        scale: 0,
    };

    /// `mantissa` shifted by `scale` digits: `(1995, 2)` is 19.95.
    pub fn new(mantissa: i128, scale: u8) -> Result<Decimal, DecimalError> {
        let wrong = |reason: &str| DecimalError {
            text: format!("{mantissa}e-{scale}"),
            reason: reason.to_owned(),
        };
        let (mut mantissa, mut scale) = (mantissa, scale);
        while scale > 0 && mantissa % 10 == 0 {
            (mantissa, scale) = (mantissa / 10, scale - 1);
        }
        if scale > SCALE_MAX {
            return Err(wrong("it has more than 12 digits after the point"));
        }
        if mantissa.unsigned_abs() >= ten_to(24).unsigned_abs() {
            return Err(wrong("it has more than 24 digits"));
        }
        Ok(Decimal { mantissa, scale })
    }

    /// A number as people type it, at most 15 digits before and 6 after the point; zeros may lead,
    /// as they do on a till. None if it is no such number.
    #[must_use]
    pub fn typed(text: &str) -> Option<Decimal> {
        let (sign, digits) = match text.strip_prefix('-') {
            Some(digits) => ("-", digits),
            None => ("", text),
        };
        let (whole, after) = match digits.split_once('.') {
            Some((whole, after)) => (whole, after),
            None => (digits, "0"),
        };
        let is_number = whole.bytes().all(|byte| byte.is_ascii_digit());
        if !is_number
            || whole.is_empty()
            || whole.len() > TYPED_DIGITS_MAX
            || after.len() > TYPED_SCALE_MAX
        {
            return None;
        }
        let whole = match whole.trim_start_matches('0') {
            "" => "0",
            significant => significant,
        };
        format!("{sign}{whole}.{after}").parse().ok()
    }

    /// So many units of which 10 to the power of `scale`, at most 12, make one.
    pub(super) fn shifted(units: i64, scale: u8) -> Decimal {
        let (mut mantissa, mut scale) = (i128::from(units), scale.min(SCALE_MAX));
        while scale > 0 && mantissa % 10 == 0 {
            (mantissa, scale) = (mantissa / 10, scale - 1);
        }
        Decimal { mantissa, scale }
    }

    /// All digits as one whole number.
    #[must_use]
    pub fn mantissa(self) -> i128 {
        self.mantissa
    }

    /// How many digits stand after the point.
    #[must_use]
    pub fn scale(self) -> u8 {
        self.scale
    }

    /// Whether it is nothing.
    #[must_use]
    pub fn is_zero(self) -> bool {
        self.mantissa == 0
    }

    /// Whether it is more than nothing.
    #[must_use]
    pub fn is_positive(self) -> bool {
        self.mantissa > 0
    }

    /// Whether it is less than nothing.
    #[must_use]
    pub fn is_negative(self) -> bool {
        self.mantissa < 0
    }
}

/// Ten to a power of at most 38; what lies beyond stays at the greatest, which no caller reaches.
#[must_use]
pub(super) fn ten_to(power: u8) -> i128 {
    10_i128.saturating_pow(u32::from(power))
}

impl From<i64> for Decimal {
    fn from(whole: i64) -> Self {
        Decimal {
            mantissa: i128::from(whole),
            scale: 0,
        }
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        let scale = self.scale.max(other.scale);
        let at_scale = |decimal: &Decimal| decimal.mantissa * ten_to(scale - decimal.scale);
        at_scale(self).cmp(&at_scale(other))
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl FromStr for Decimal {
    type Err = DecimalError;

    /// Reads digits, at most one point between digits, and a minus before them. There is no plus,
    /// no exponent, no separator of thousands and no idle leading zero: whoever sees one of these
    /// meant something else.
    fn from_str(text: &str) -> Result<Self, DecimalError> {
        let wrong = |reason: &str| DecimalError {
            text: text.to_owned(),
            reason: reason.to_owned(),
        };
        let unsigned = text.strip_prefix('-').unwrap_or(text);
        let (whole, after) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
        let is_digits =
            |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !is_digits(whole) || !is_digits(after) {
            return Err(wrong("digits are expected, such as 19.95 or -3"));
        }
        if whole.len() > 1 && whole.starts_with('0') {
            return Err(wrong("a zero may not lead other digits"));
        }
        let after = after.trim_end_matches('0');
        if after.len() > usize::from(SCALE_MAX) {
            return Err(wrong("it has more than 12 digits after the point"));
        }
        if whole.len() + after.len() > DIGITS_MAX {
            return Err(wrong("it has more than 24 digits"));
        }
        let digits = whole.bytes().chain(after.bytes());
        let mantissa = digits.fold(0_i128, |sum, digit| sum * 10 + i128::from(digit - b'0'));
        let mantissa = if text.starts_with('-') {
            -mantissa
        } else {
            mantissa
        };
        Ok(Decimal {
            mantissa,
            scale: u8::try_from(after.len()).unwrap_or(SCALE_MAX),
        })
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fixed(self.mantissa, self.scale, f)
    }
}

/// A shifted whole number that prints with exactly `scale` digits after the point.
pub(super) struct Fixed {
    pub(super) mantissa: i128,
    pub(super) scale: u8,
}

impl fmt::Display for Fixed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fixed(self.mantissa, self.scale, f)
    }
}

/// Prints a shifted whole number with exactly `scale` digits after the point.
pub(super) fn fixed(mantissa: i128, scale: u8, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let sign = if mantissa < 0 { "-" } else { "" };
    let (digits, unit) = (mantissa.unsigned_abs(), ten_to(scale).unsigned_abs());
    let width = usize::from(scale);
    // Nearly all numbers are small, and small ones divide and print several times faster.
    match (u64::try_from(digits), u64::try_from(unit)) {
        (Ok(digits), Ok(_)) if scale == 0 => write!(f, "{sign}{digits}"),
        (Ok(digits), Ok(unit)) => write!(f, "{sign}{}.{:0width$}", digits / unit, digits % unit),
        (Err(_), _) if scale == 0 => write!(f, "{sign}{digits}"),
        (Ok(_) | Err(_), Ok(_) | Err(_)) => {
            write!(f, "{sign}{}.{:0width$}", digits / unit, digits % unit)
        }
    }
}

impl<'de> serde::Deserialize<'de> for Decimal {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl serde::Serialize for Decimal {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decimal_prints_in_its_one_form() {
        for (text, printed) in [
            ("0", "0"),
            ("-0.00", "0"),
            ("1.10", "1.1"),
            ("-3", "-3"),
            ("0.000001", "0.000001"),
            ("-0.05", "-0.05"),
            ("999999999999999999999999", "999999999999999999999999"),
            ("999999999999.999999999999", "999999999999.999999999999"),
        ] {
            assert_eq!(
                text.parse::<Decimal>()
                    .map(|decimal| decimal.to_string())
                    .as_deref(),
                Ok(printed),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_not_plain_digits_is_refused() {
        for text in [
            "", "-", ".", "1.", ".5", "+1", "1e2", "1,000", "1 000", "1.2.3", "--1", "0x1", "01",
            "00", "1_0", " 1", "١", "NaN", "inf",
        ] {
            assert!(text.parse::<Decimal>().is_err(), "{text}");
        }
        let reason = |text: &str| text.parse::<Decimal>().unwrap_err().reason;
        assert_eq!(
            reason("0.1234567890123"),
            "it has more than 12 digits after the point"
        );
        assert_eq!(
            reason("1000000000000000000000000"),
            "it has more than 24 digits"
        );
        assert_eq!(reason("1e2"), "digits are expected, such as 19.95 or -3");
    }

    #[test]
    fn decimals_order_by_value_whatever_their_scale() {
        let decimal = |text: &str| text.parse::<Decimal>().unwrap();
        assert!(decimal("9.999999999999") < decimal("10"));
        assert!(decimal("-2") < decimal("-1.5"));
        assert_eq!(decimal("1.50"), Decimal::new(150, 2).unwrap());
        assert!(Decimal::new(1, 13).is_err() && Decimal::new(10_i128.pow(24), 0).is_err());
    }

    #[test]
    fn what_people_type_has_one_text() {
        for (typed, kept) in [
            ("2.50", "2.5"),
            ("007", "7"),
            ("-0", "0"),
            ("0.00", "0"),
            ("-3.10", "-3.1"),
            ("10", "10"),
        ] {
            let read = Decimal::typed(typed).map(|read| read.to_string());
            assert_eq!(read.as_deref(), Some(kept), "{typed}");
        }
    }

    #[test]
    fn what_is_no_plain_decimal_is_none() {
        for text in [
            "",
            "-",
            ".5",
            "5.",
            "1e3",
            "1,5",
            "+1",
            " 1",
            "1.2.3",
            "1.1234567",
            "1234567890123456",
            "٣",
            "0-1",
            "--1",
        ] {
            assert_eq!(Decimal::typed(text), None, "{text}");
        }
    }
}
