//! Exact fractions: what prices, quantities and rates become while they are computed with. Rounding
//! is asked for by name, once, at the end. It does not know what is counted.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use super::decimal::{Decimal, Fixed, SCALE_MAX, ten_to};

/// A computation that has no exact answer here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FractionError {
    /// The exact answer needs more than 127 bits; a wrong digit is never given instead.
    #[error("the number is too large to be computed exactly")]
    TooLarge,
    /// Nothing can be shared among none.
    #[error("nothing can be divided by zero")]
    ByZero,
    /// The text is not two whole numbers with a stroke between them.
    #[error("this is no fraction such as 100/119")]
    Unreadable,
}

/// A fraction in lowest terms; the denominator is positive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fraction {
    numerator: i128,
    denominator: i128,
}

impl Fraction {
    /// Nothing.
    pub const ZERO: Fraction = Fraction {
        numerator: 0,
        denominator: 1,
    };
    /// The whole.
    pub const ONE: Fraction = Fraction {
        numerator: 1,
        denominator: 1,
    };

    /// `numerator / denominator` in lowest terms.
    pub fn new(numerator: i128, denominator: i128) -> Result<Fraction, FractionError> {
        if denominator == 0 {
            return Err(FractionError::ByZero);
        }
        let divisor = common_divisor(numerator, denominator)?;
        let (numerator, denominator) = (numerator / divisor, denominator / divisor);
        if denominator > 0 {
            return Ok(Fraction {
                numerator,
                denominator,
            });
        }
        let negated = |number: i128| number.checked_neg().ok_or(FractionError::TooLarge);
        Ok(Fraction {
            numerator: negated(numerator)?,
            denominator: negated(denominator)?,
        })
    }

    /// A whole number.
    #[must_use]
    pub fn whole(number: i128) -> Fraction {
        Fraction {
            numerator: number,
            denominator: 1,
        }
    }

    /// A per cent figure as a fraction: 8.5 becomes 17/200.
    pub fn percent(percent: Decimal) -> Result<Fraction, FractionError> {
        Fraction::from(percent).over(Fraction::whole(100))
    }

    /// The upper number.
    #[must_use]
    pub fn numerator(self) -> i128 {
        self.numerator
    }

    /// The lower number, which is positive.
    #[must_use]
    pub fn denominator(self) -> i128 {
        self.denominator
    }

    /// Whether it is more than nothing.
    #[must_use]
    pub fn is_positive(self) -> bool {
        self.numerator > 0
    }

    /// Whether it is a whole number.
    #[must_use]
    pub fn is_whole(self) -> bool {
        self.denominator == 1
    }

    /// The fraction without its sign.
    pub fn unsigned(self) -> Result<Fraction, FractionError> {
        let numerator = self
            .numerator
            .checked_abs()
            .ok_or(FractionError::TooLarge)?;
        Ok(Fraction { numerator, ..self })
    }

    /// The sum.
    pub fn plus(self, other: Fraction) -> Result<Fraction, FractionError> {
        if self.is_whole() && other.is_whole() {
            let sum = self
                .numerator
                .checked_add(other.numerator)
                .ok_or(FractionError::TooLarge)?;
            return Ok(Fraction::whole(sum));
        }
        let shared = common_divisor(self.denominator, other.denominator)?;
        let widen = other.denominator / shared;
        let left = product(self.numerator, widen)?;
        let right = product(other.numerator, self.denominator / shared)?;
        let sum = left.checked_add(right).ok_or(FractionError::TooLarge)?;
        Fraction::new(sum, product(self.denominator, widen)?)
    }

    /// The difference.
    pub fn minus(self, other: Fraction) -> Result<Fraction, FractionError> {
        let numerator = other
            .numerator
            .checked_neg()
            .ok_or(FractionError::TooLarge)?;
        self.plus(Fraction { numerator, ..other })
    }

    /// The product. What cancels is cancelled first, so that only a truly large answer is too
    /// large.
    pub fn times(self, other: Fraction) -> Result<Fraction, FractionError> {
        let one = common_divisor(self.numerator, other.denominator)?;
        let two = common_divisor(other.numerator, self.denominator)?;
        let numerator = product(self.numerator / one, other.numerator / two)?;
        let denominator = product(self.denominator / two, other.denominator / one)?;
        Ok(Fraction {
            numerator,
            denominator,
        })
    }

    /// The quotient.
    pub fn over(self, other: Fraction) -> Result<Fraction, FractionError> {
        self.times(Fraction::new(other.denominator, other.numerator)?)
    }

    /// The greatest whole number that is not above it.
    #[must_use]
    pub fn floor(self) -> i128 {
        self.numerator.div_euclid(self.denominator)
    }

    /// The nearest whole number, halves away from zero: 2.5 becomes 3 and -2.5 becomes -3.
    #[must_use]
    pub fn rounded(self) -> i128 {
        if self.is_whole() {
            return self.numerator;
        }
        let (whole, rest) = (
            self.numerator / self.denominator,
            self.numerator % self.denominator,
        );
        let half_or_more =
            rest.unsigned_abs() >= self.denominator.unsigned_abs() - rest.unsigned_abs();
        if half_or_more {
            whole + rest.signum()
        } else {
            whole
        }
    }

    /// The nearest decimal with at most `scale` digits after the point, halves away from zero; for
    /// showing, not for going on with.
    pub fn shown(self, scale: u8) -> Result<Decimal, FractionError> {
        let scale = scale.min(SCALE_MAX);
        let shifted = self.times(Fraction::whole(ten_to(scale)))?;
        Decimal::new(shifted.rounded(), scale).map_err(|_| FractionError::TooLarge)
    }

    /// The least decimal with at most `scale` digits after the point that is not below it.
    pub fn shown_at_least(self, scale: u8) -> Result<Decimal, FractionError> {
        let scale = scale.min(SCALE_MAX);
        let shifted = Fraction::ZERO
            .minus(self)?
            .times(Fraction::whole(ten_to(scale)))?;
        let least = shifted
            .floor()
            .checked_neg()
            .ok_or(FractionError::TooLarge)?;
        Decimal::new(least, scale).map_err(|_| FractionError::TooLarge)
    }
}

impl fmt::Display for Fraction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.numerator, self.denominator)
    }
}

impl FromStr for Fraction {
    type Err = FractionError;

    fn from_str(text: &str) -> Result<Fraction, FractionError> {
        let (above, below) = text.split_once('/').ok_or(FractionError::Unreadable)?;
        let whole = |digits: &str| digits.parse().map_err(|_| FractionError::Unreadable);
        Fraction::new(whole(above)?, whole(below)?)
    }
}

impl From<Decimal> for Fraction {
    fn from(decimal: Decimal) -> Self {
        let (numerator, denominator) = (decimal.mantissa(), ten_to(decimal.scale()));
        // Neither can be the one number that has no opposite, so lowest terms always exist.
        Fraction::new(numerator, denominator).unwrap_or(Fraction {
            numerator,
            denominator,
        })
    }
}

impl Ord for Fraction {
    /// Compares whole parts, then what is left, turned upside down; so no product is needed that
    /// might not fit.
    fn cmp(&self, other: &Self) -> Ordering {
        let (mut one, mut two) = (*self, *other);
        if one.denominator == two.denominator {
            return one.numerator.cmp(&two.numerator);
        }
        let mut turned = false;
        loop {
            let by_whole = one.floor().cmp(&two.floor());
            let (left, right) = (
                one.numerator.rem_euclid(one.denominator),
                two.numerator.rem_euclid(two.denominator),
            );
            let order = match (by_whole, left, right) {
                (Ordering::Equal, 0, _) | (Ordering::Equal, _, 0) => left.cmp(&right),
                (Ordering::Equal, _, _) => {
                    one = Fraction {
                        numerator: one.denominator,
                        denominator: left,
                    };
                    two = Fraction {
                        numerator: two.denominator,
                        denominator: right,
                    };
                    turned = !turned;
                    continue;
                }
                (Ordering::Less | Ordering::Greater, _, _) => by_whole,
            };
            return if turned { order.reverse() } else { order };
        }
    }
}

impl PartialOrd for Fraction {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

fn product(one: i128, other: i128) -> Result<i128, FractionError> {
    one.checked_mul(other).ok_or(FractionError::TooLarge)
}

/// The greatest number that divides both; 1 if both are nothing.
fn common_divisor(one: i128, other: i128) -> Result<i128, FractionError> {
    let (mut one, mut other) = (one.unsigned_abs(), other.unsigned_abs());
    if one == 1 || other == 1 {
        return Ok(1);
    }
    while other != 0 {
        // The rests soon fit 64 bits, where a division takes a third of the time.
        if let (Ok(one), Ok(other)) = (u64::try_from(one), u64::try_from(other)) {
            return Ok(i128::from(small_divisor(one, other)));
        }
        (one, other) = (other, one % other);
    }
    i128::try_from(one.max(1)).map_err(|_| FractionError::TooLarge)
}

fn small_divisor(mut one: u64, mut other: u64) -> u64 {
    while other != 0 {
        (one, other) = (other, one % other);
    }
    one.max(1)
}

/// One count over another, such as 15 of 18; unlike a fraction it keeps both, and may have nothing
/// below.
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
    pub fn decimal(self, decimals: u8) -> Option<String> {
        let scale = 10_i128.checked_pow(u32::from(decimals))?;
        let numerator = self.numerator.checked_mul(scale)?;
        let rounded = Fraction::new(numerator, self.denominator).ok()?.rounded();
        Some(
            Fixed {
                mantissa: rounded,
                scale: decimals,
            }
            .to_string(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fraction(numerator: i128, denominator: i128) -> Fraction {
        Fraction::new(numerator, denominator).unwrap()
    }

    #[test]
    fn halves_go_away_from_zero_on_both_sides() {
        for (numerator, denominator, rounded) in [
            (5, 2, 3),
            (-5, 2, -3),
            (49, 100, 0),
            (-49, 100, 0),
            (1, 2, 1),
            (-1, 2, -1),
            (7, 1, 7),
            (2, 3, 1),
        ] {
            assert_eq!(
                fraction(numerator, denominator).rounded(),
                rounded,
                "{numerator}/{denominator}"
            );
        }
        assert_eq!(fraction(-1, 3).floor(), -1);
        assert_eq!(fraction(10, 12).shown(6).unwrap().to_string(), "0.833333");
        assert_eq!(
            fraction(1, 3).shown_at_least(2).unwrap().to_string(),
            "0.34"
        );
        assert_eq!(
            fraction(-1, 3).shown_at_least(2).unwrap().to_string(),
            "-0.33"
        );
    }

    #[test]
    fn fractions_are_kept_in_lowest_terms() {
        assert_eq!(fraction(6, -4), fraction(-3, 2));
        assert_eq!(fraction(1, 6).plus(fraction(1, 3)), Ok(fraction(1, 2)));
        assert_eq!(fraction(1, 2).minus(fraction(1, 2)), Ok(Fraction::ZERO));
        assert_eq!(fraction(2, 3).over(fraction(-4, 3)), Ok(fraction(-1, 2)));
        assert_eq!(
            Fraction::percent("8.5".parse().unwrap()),
            Ok(fraction(17, 200))
        );
    }

    #[test]
    fn what_does_not_fit_is_an_error_and_never_a_wrong_digit() {
        let huge = Fraction::whole(i128::MAX);
        assert_eq!(huge.plus(Fraction::ONE), Err(FractionError::TooLarge));
        assert_eq!(huge.times(Fraction::whole(2)), Err(FractionError::TooLarge));
        assert_eq!(huge.times(fraction(2, i128::MAX)), Ok(Fraction::whole(2)));
        assert_eq!(
            Fraction::ONE.over(Fraction::ZERO),
            Err(FractionError::ByZero)
        );
        assert_eq!(Fraction::new(1, i128::MIN), Err(FractionError::TooLarge));
        assert_eq!(
            Fraction::new(i128::MIN, i128::MIN),
            Err(FractionError::TooLarge)
        );
        assert_eq!(
            fraction(1 << 126, 5).shown_at_least(1),
            Err(FractionError::TooLarge)
        );
    }

    #[test]
    fn order_needs_no_room() {
        assert!(fraction(i128::MAX - 1, i128::MAX) < Fraction::ONE);
        assert!(fraction(i128::MAX - 2, i128::MAX - 1) < fraction(i128::MAX - 1, i128::MAX));
        assert!(fraction(-1, 3) < fraction(-1, 4) && fraction(-1, 3) > fraction(-1, 2));
        assert_eq!(fraction(3, 9).cmp(&fraction(1, 3)), Ordering::Equal);
    }

    #[test]
    fn a_fraction_is_read_as_it_is_written_and_nothing_else() {
        let written = fraction(-200, 238).to_string();
        assert_eq!(
            (&*written, written.parse()),
            ("-100/119", Ok(fraction(-100, 119)))
        );
        for text in ["", "1", "1/0", "1/2/3", "a/2", "1/ 2"] {
            assert!(text.parse::<Fraction>().is_err(), "{text}");
        }
    }

    #[track_caller]
    fn check_percent(numerator: i64, denominator: i64, percent: Option<&str>) {
        assert_eq!(
            Ratio::of(numerator, denominator).percent().as_deref(),
            percent,
            "{numerator}/{denominator}"
        );
    }

    #[test]
    fn percent_has_one_decimal_rounded_half_away_from_zero() {
        check_percent(15, 18, Some("83.3"));
        check_percent(15, 20, Some("75.0"));
        check_percent(1, 2000, Some("0.1"));
        check_percent(-1, 2000, Some("-0.1"));
        check_percent(1, 2001, Some("0.0"));
        check_percent(2, 3, Some("66.7"));
        check_percent(0, 7, Some("0.0"));
        check_percent(9, 3, Some("300.0"));
    }

    #[test]
    fn nothing_has_no_share_and_too_much_no_text() {
        check_percent(0, 0, None);
        check_percent(7, 0, None);
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
