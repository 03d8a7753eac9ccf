//! Exact fractions of whole numbers, printed by integer arithmetic: percent and averages, half away
//! from zero. It does not know what is counted.

/// One whole number over another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ratio {
    /// What is counted.
    pub numerator: i128,
    /// What it is counted of.
    pub denominator: i128,
}

impl Ratio {
    /// A fraction of two counts.
    #[must_use]
    pub fn of(numerator: impl Into<i128>, denominator: impl Into<i128>) -> Self {
        Ratio {
            numerator: numerator.into(),
            denominator: denominator.into(),
        }
    }

    /// Both halves counted together with those of another: a share of two wholes.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Ratio {
            numerator: self.numerator.saturating_add(other.numerator),
            denominator: self.denominator.saturating_add(other.denominator),
        }
    }

    /// What is left of the whole.
    #[must_use]
    pub fn rest(self) -> Self {
        Ratio {
            numerator: self.denominator.saturating_sub(self.numerator),
            denominator: self.denominator,
        }
    }

    /// Percent with one decimal, such as `83.3`; none where the denominator is 0.
    #[must_use]
    pub fn percent(self) -> Option<String> {
        Ratio {
            numerator: self.numerator.checked_mul(100)?,
            ..self
        }
        .decimal(1)
    }

    /// The quotient with so many decimals; none where the denominator is 0 or the numbers have no
    /// room.
    #[must_use]
    pub fn decimal(self, decimals: u32) -> Option<String> {
        let scale = 10_i128.checked_pow(decimals)?;
        let (numerator, denominator) = (self.numerator.checked_mul(scale)?, self.denominator);
        if denominator == 0 {
            return None;
        }
        let (whole, left) = (
            numerator.checked_div(denominator)?,
            numerator.checked_rem(denominator)?,
        );
        let up = left.unsigned_abs() >= denominator.unsigned_abs() - left.unsigned_abs();
        let away = if (numerator < 0) == (denominator < 0) {
            1
        } else {
            -1
        };
        let rounded = if up { whole.checked_add(away)? } else { whole };
        let (sign, digits) = (if rounded < 0 { "-" } else { "" }, rounded.unsigned_abs());
        let scale = scale.unsigned_abs();
        if decimals == 0 {
            return Some(format!("{sign}{digits}"));
        }
        Some(format!(
            "{sign}{}.{:0width$}",
            digits / scale,
            digits % scale,
            width = decimals as usize
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(numerator: i64, denominator: i64, percent: Option<&str>) {
        assert_eq!(
            Ratio::of(numerator, denominator).percent().as_deref(),
            percent,
            "{numerator}/{denominator}"
        );
    }

    #[test]
    fn percent_has_one_decimal_rounded_half_away_from_zero() {
        check(15, 18, Some("83.3"));
        check(15, 20, Some("75.0"));
        check(1, 2000, Some("0.1"));
        check(-1, 2000, Some("-0.1"));
        check(1, 2001, Some("0.0"));
        check(2, 3, Some("66.7"));
        check(0, 7, Some("0.0"));
        check(9, 3, Some("300.0"));
    }

    #[test]
    fn nothing_has_no_share_and_too_much_no_text() {
        check(0, 0, None);
        check(7, 0, None);
        assert_eq!(Ratio::of(i128::MAX, 1).percent(), None);
        assert_eq!(Ratio::of(i128::MIN, -1).decimal(0), None);
    }

    #[test]
    fn a_quotient_has_the_decimals_that_were_asked_for() {
        assert_eq!(Ratio::of(17, 4).decimal(1).as_deref(), Some("4.3"));
        assert_eq!(Ratio::of(-17, 4).decimal(1).as_deref(), Some("-4.3"));
        assert_eq!(Ratio::of(17, 4).decimal(0).as_deref(), Some("4"));
        assert_eq!(Ratio::of(18, 4).decimal(0).as_deref(), Some("5"));
        assert_eq!(Ratio::of(1, -2).decimal(0).as_deref(), Some("-1"));
        assert_eq!(Ratio::of(18, 4).rest(), Ratio::of(-14, 4));
        assert_eq!(Ratio::of(1, 4).and(Ratio::of(2, 3)), Ratio::of(3, 7));
    }
}
