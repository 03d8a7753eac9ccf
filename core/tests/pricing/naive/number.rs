//! Fractions of any size, the slow way: magnitudes as digits of 32 bits, nothing ever cancelled. It
//! shares no line with the core's numbers, so that both can only agree by being right.

use std::cmp::Ordering;

/// A whole number that is not negative, least digit first, without zeros at the end.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Natural(Vec<u32>);

/// A fraction with a sign.
#[derive(Debug, Clone)]
pub(crate) struct Number {
    negative: bool,
    upper: Natural,
    lower: Natural,
}

impl Natural {
    fn of(mut number: u128) -> Natural {
        let mut digits = Vec::new();
        while number > 0 {
            digits.push((number & u128::from(u32::MAX)) as u32);
            number >>= 32;
        }
        Natural(digits)
    }

    fn tidy(mut digits: Vec<u32>) -> Natural {
        while digits.last() == Some(&0) {
            digits.pop();
        }
        Natural(digits)
    }

    fn is_zero(&self) -> bool {
        self.0.is_empty()
    }

    fn compare(&self, other: &Natural) -> Ordering {
        let by_length = self.0.len().cmp(&other.0.len());
        by_length.then_with(|| self.0.iter().rev().cmp(other.0.iter().rev()))
    }

    fn plus(&self, other: &Natural) -> Natural {
        let mut sum = Vec::new();
        let mut carry = 0_u64;
        for at in 0..self.0.len().max(other.0.len()) {
            let digit = |number: &Natural| u64::from(number.0.get(at).copied().unwrap_or(0));
            carry += digit(self) + digit(other);
            sum.push(carry as u32);
            carry >>= 32;
        }
        sum.push(carry as u32);
        Natural::tidy(sum)
    }

    /// The difference from a smaller one.
    fn minus(&self, other: &Natural) -> Natural {
        let mut rest = Vec::new();
        let mut borrow = 0_i64;
        for at in 0..self.0.len() {
            let mut digit =
                i64::from(self.0[at]) - i64::from(other.0.get(at).copied().unwrap_or(0)) - borrow;
            borrow = i64::from(digit < 0);
            digit += borrow << 32;
            rest.push(digit as u32);
        }
        assert_eq!(borrow, 0, "the other was larger");
        Natural::tidy(rest)
    }

    fn times(&self, other: &Natural) -> Natural {
        let mut product = vec![0_u32; self.0.len() + other.0.len()];
        for (left, one) in self.0.iter().enumerate() {
            let mut carry = 0_u64;
            for (right, two) in other.0.iter().enumerate() {
                carry += u64::from(product[left + right]) + u64::from(*one) * u64::from(*two);
                product[left + right] = carry as u32;
                carry >>= 32;
            }
            product[left + other.0.len()] = carry as u32;
        }
        Natural::tidy(product)
    }

    /// Quotient and rest, bit by bit, as by hand.
    fn divided_by(&self, other: &Natural) -> (Natural, Natural) {
        assert!(!other.is_zero(), "nothing is divided by zero");
        let mut quotient = vec![0_u32; self.0.len()];
        let mut rest = Natural(Vec::new());
        for at in (0..self.0.len() * 32).rev() {
            rest = rest.plus(&rest);
            if self.0[at / 32] >> (at % 32) & 1 == 1 {
                rest = rest.plus(&Natural::of(1));
            }
            if rest.compare(other) != Ordering::Less {
                rest = rest.minus(other);
                quotient[at / 32] |= 1 << (at % 32);
            }
        }
        (Natural::tidy(quotient), rest)
    }

    fn small(&self) -> i128 {
        assert!(self.0.len() <= 3, "larger than any amount");
        self.0
            .iter()
            .rev()
            .fold(0, |sum, digit| (sum << 32) + i128::from(*digit))
    }
}

impl Number {
    pub(crate) fn new(upper: i128, lower: i128) -> Number {
        let negative = (upper < 0) != (lower < 0);
        Number {
            negative,
            upper: Natural::of(upper.unsigned_abs()),
            lower: Natural::of(lower.unsigned_abs()),
        }
    }

    pub(crate) fn whole(number: i128) -> Number {
        Number::new(number, 1)
    }

    /// Reads a decimal by moving its point.
    pub(crate) fn read(text: &str) -> Number {
        let (whole, after) = text.split_once('.').unwrap_or((text, ""));
        let upper: i128 = format!("{whole}{after}").parse().unwrap();
        Number::new(upper, 10_i128.pow(u32::try_from(after.len()).unwrap()))
    }

    pub(crate) fn plus(&self, other: &Number) -> Number {
        let (left, right) = (
            self.upper.times(&other.lower),
            other.upper.times(&self.lower),
        );
        let lower = self.lower.times(&other.lower);
        if self.negative == other.negative {
            return Number {
                negative: self.negative,
                upper: left.plus(&right),
                lower,
            };
        }
        match left.compare(&right) {
            Ordering::Less => Number {
                negative: other.negative,
                upper: right.minus(&left),
                lower,
            },
            Ordering::Equal | Ordering::Greater => Number {
                negative: self.negative,
                upper: left.minus(&right),
                lower,
            },
        }
    }

    pub(crate) fn minus(&self, other: &Number) -> Number {
        self.plus(&Number {
            negative: !other.negative,
            ..other.clone()
        })
    }

    pub(crate) fn times(&self, other: &Number) -> Number {
        let negative = self.negative != other.negative;
        Number {
            negative,
            upper: self.upper.times(&other.upper),
            lower: self.lower.times(&other.lower),
        }
    }

    pub(crate) fn over(&self, other: &Number) -> Number {
        let negative = self.negative != other.negative;
        Number {
            negative,
            upper: self.upper.times(&other.lower),
            lower: self.lower.times(&other.upper),
        }
    }

    pub(crate) fn compare(&self, other: &Number) -> Ordering {
        let difference = self.minus(other);
        match (difference.upper.is_zero(), difference.negative) {
            (true, _) => Ordering::Equal,
            (false, true) => Ordering::Less,
            (false, false) => Ordering::Greater,
        }
    }

    pub(crate) fn is_below(&self, other: &Number) -> bool {
        self.compare(other) == Ordering::Less
    }

    pub(crate) fn is_positive(&self) -> bool {
        !self.negative && !self.upper.is_zero()
    }

    /// The whole number at or below.
    pub(crate) fn floor(&self) -> i128 {
        let (quotient, rest) = self.upper.divided_by(&self.lower);
        let down = i128::from(self.negative && !rest.is_zero());
        if self.negative {
            -quotient.small() - down
        } else {
            quotient.small()
        }
    }

    /// The nearest whole number: the magnitude and a half, cut off.
    pub(crate) fn nearest(&self) -> i128 {
        let half_more = Number {
            negative: false,
            ..self.clone()
        }
        .plus(&Number::new(1, 2));
        if self.negative {
            -half_more.floor()
        } else {
            half_more.floor()
        }
    }
}

#[test]
fn the_slow_numbers_count_right() {
    let third = Number::new(1, 3);
    assert_eq!(
        third.plus(&third).plus(&third).compare(&Number::whole(1)),
        Ordering::Equal
    );
    assert_eq!(
        (Number::read("-2.5").nearest(), Number::read("-2.5").floor()),
        (-3, -3)
    );
    assert_eq!(
        (
            Number::read("2.4999").nearest(),
            Number::read("0.5").nearest()
        ),
        (2, 1)
    );
    let large = Number::read("123456789012345678901234.5678");
    let square = large.times(&large);
    assert_eq!(square.over(&large).minus(&large).nearest(), 0);
    assert_eq!(
        square
            .over(&large.times(&Number::whole(1_000_000_000_000_000)))
            .floor(),
        123_456_789
    );
}
