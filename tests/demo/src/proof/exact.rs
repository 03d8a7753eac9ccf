//! Plain whole-number arithmetic for the proof: decimals as millionths. It imports nothing of the
//! core, so that a fault in how the core computes cannot hide itself here.

/// Millionths of one.
pub(crate) const ONE: i128 = 1_000_000;
/// Millionths of one cent.
const CENT: i128 = ONE / 100;

/// A decimal of at most six places as millionths; none if it is no such.
pub(crate) fn micros(text: &str) -> Option<i128> {
    let (is_negative, digits) = text
        .strip_prefix('-')
        .map_or((false, text), |digits| (true, digits));
    let (whole, after) = digits.split_once('.').unwrap_or((digits, ""));
    let is_number = |part: &str| part.bytes().all(|digit| digit.is_ascii_digit());
    if whole.is_empty() || after.len() > 6 || !is_number(whole) || !is_number(after) {
        return None;
    }
    let micros: i128 = format!("{whole}{after:0<6}").parse().ok()?;
    Some(if is_negative { -micros } else { micros })
}

/// The product of two, rounded to cents, half away from zero.
pub(crate) fn times_to_cents(one: i128, other: i128) -> i128 {
    let exact = one * other;
    let half = CENT * ONE / 2;
    let rounded = (exact.abs() + half) / (CENT * ONE) * CENT;
    if exact < 0 { -rounded } else { rounded }
}

/// As people read it, with two places.
pub(crate) fn money(micros: i128) -> String {
    let cents = micros / CENT;
    format!(
        "{}{}.{:02}",
        if cents < 0 { "-" } else { "" },
        cents.abs() / 100,
        cents.abs() % 100
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_become_millionths_and_back() {
        assert_eq!(micros("5.47"), Some(5_470_000));
        assert_eq!(micros("-0.5"), Some(-500_000));
        assert_eq!(
            (
                micros(""),
                micros("1,5"),
                micros("1.2345678"),
                micros("+-1")
            ),
            (None, None, None, None)
        );
        assert_eq!(
            (money(835_860_000), money(-500_000)),
            ("835.86".to_owned(), "-0.50".to_owned())
        );
    }

    #[test]
    fn half_a_cent_goes_away_from_zero() {
        // 835.86 at 8.5 % is 71.0481, and 1.1 x 0.05 is 0.055.
        assert_eq!(times_to_cents(835_860_000, 85_000), 71_050_000);
        assert_eq!(times_to_cents(1_100_000, 50_000), 60_000);
        assert_eq!(times_to_cents(-1_100_000, 50_000), -60_000);
    }
}
