//! Amounts of money: whole minor units of one currency, with arithmetic that says when it does not
//! fit. It does not know prices, taxes nor what is paid.

use std::fmt;

use super::currency::Currency;
use super::decimal::{Decimal, fixed, ten_to};
use super::fraction::{Fraction, FractionError};

/// Digits that a price of one unit may have after the point.
pub const UNIT_PRICE_SCALE_MAX: u8 = 6;

/// What cannot be an amount.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Two currencies in one sum.
    #[error("{0} and {1} cannot be added; convert one of them first")]
    CurrencyMismatch(Currency, Currency),
    /// More than 63 bits of minor units.
    #[error("the amount is too large")]
    Overflow,
    /// More digits than the currency has.
    #[error(
        "`{amount}` has more digits after the point than {currency} has ({})",
        currency.exponent()
    )]
    TooFine {
        /// What was given.
        amount: Decimal,
        /// The currency.
        currency: Currency,
    },
}

impl From<FractionError> for MoneyError {
    fn from(_: FractionError) -> Self {
        MoneyError::Overflow
    }
}

/// An amount; prints with exactly the digits of its currency, as `-0.05` or `1300`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Money {
    minor: i64,
    currency: Currency,
}

impl Money {
    /// So many of the currency's smallest units.
    #[must_use]
    pub fn new(minor: i64, currency: Currency) -> Money {
        Money { minor, currency }
    }

    /// So many smallest units, if they fit.
    pub fn of(minor: i128, currency: Currency) -> Result<Money, MoneyError> {
        let minor = i64::try_from(minor).map_err(|_| MoneyError::Overflow)?;
        Ok(Money { minor, currency })
    }

    /// An amount as written; more digits than the currency has are refused, never rounded.
    pub fn exact(amount: Decimal, currency: Currency) -> Result<Money, MoneyError> {
        if amount.scale() > currency.exponent() {
            return Err(MoneyError::TooFine { amount, currency });
        }
        let shift = ten_to(currency.exponent() - amount.scale());
        Money::of(
            amount
                .mantissa()
                .checked_mul(shift)
                .ok_or(MoneyError::Overflow)?,
            currency,
        )
    }

    /// The nearest amount, halves away from zero. Rounding away from zero treats a sale and its
    /// refund alike.
    pub fn rounded(amount: Fraction, currency: Currency) -> Result<Money, MoneyError> {
        Money::of(in_minor(amount, currency)?.rounded(), currency)
    }

    /// The smallest units.
    #[must_use]
    pub fn minor(self) -> i64 {
        self.minor
    }

    /// The currency.
    #[must_use]
    pub fn currency(self) -> Currency {
        self.currency
    }

    /// The sum.
    pub fn plus(self, other: Money) -> Result<Money, MoneyError> {
        self.same(other)?;
        let minor = self
            .minor
            .checked_add(other.minor)
            .ok_or(MoneyError::Overflow)?;
        Ok(Money { minor, ..self })
    }

    /// The difference.
    pub fn minus(self, other: Money) -> Result<Money, MoneyError> {
        self.same(other)?;
        let minor = self
            .minor
            .checked_sub(other.minor)
            .ok_or(MoneyError::Overflow)?;
        Ok(Money { minor, ..self })
    }

    fn same(self, other: Money) -> Result<(), MoneyError> {
        if self.currency == other.currency {
            return Ok(());
        }
        Err(MoneyError::CurrencyMismatch(self.currency, other.currency))
    }
}

impl From<Money> for Decimal {
    fn from(money: Money) -> Self {
        Decimal::shifted(money.minor, money.currency.exponent())
    }
}

impl From<Money> for Fraction {
    fn from(money: Money) -> Self {
        Decimal::from(money).into()
    }
}

/// An amount in smallest units, still exact.
pub fn in_minor(amount: Fraction, currency: Currency) -> Result<Fraction, FractionError> {
    amount.times(Fraction::whole(ten_to(currency.exponent())))
}

/// A number of smallest units, still exact, as an amount.
pub fn in_major(minor: Fraction, currency: Currency) -> Result<Fraction, FractionError> {
    minor.over(Fraction::whole(ten_to(currency.exponent())))
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fixed(i128::from(self.minor), self.currency.exponent(), f)
    }
}

impl serde::Serialize for Money {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rounded(amount: &str, code: &str) -> String {
        let amount = Fraction::from(amount.parse::<Decimal>().unwrap());
        Money::rounded(amount, Currency::named(code).unwrap())
            .unwrap()
            .to_string()
    }

    #[test]
    fn amounts_round_half_away_from_zero_at_the_currencys_exponent() {
        for (amount, code, shown) in [
            ("2.675", "EUR", "2.68"),
            ("-2.675", "EUR", "-2.68"),
            ("0.5", "JPY", "1"),
            ("1299.499", "JPY", "1299"),
            ("1.2345", "KWD", "1.235"),
            ("0.00004999", "CLF", "0.0000"),
            ("-0.004", "EUR", "0.00"),
        ] {
            assert_eq!(rounded(amount, code), shown, "{amount} {code}");
        }
    }

    #[test]
    fn an_amount_as_written_is_never_rounded() {
        let exact = |amount: &str, code: &str| {
            Money::exact(amount.parse().unwrap(), Currency::named(code).unwrap()).map(Money::minor)
        };
        assert_eq!(exact("12.3", "EUR"), Ok(1230));
        assert_eq!(exact("-7", "KWD"), Ok(-7000));
        assert_eq!(
            exact("12.345", "EUR").unwrap_err().to_string(),
            "`12.345` has more digits after the point than EUR has (2)"
        );
        assert_eq!(
            exact("100000000000000000000", "EUR"),
            Err(MoneyError::Overflow)
        );
    }

    #[test]
    fn sums_say_when_they_do_not_fit() {
        let money = |minor, code| Money::new(minor, Currency::named(code).unwrap());
        assert_eq!(
            money(5, "EUR").plus(money(-7, "EUR")).unwrap().to_string(),
            "-0.02"
        );
        assert_eq!(
            money(i64::MAX, "EUR").plus(money(1, "EUR")),
            Err(MoneyError::Overflow)
        );
        assert_eq!(
            money(i64::MIN, "EUR").minus(money(1, "EUR")),
            Err(MoneyError::Overflow)
        );
        let mixed = money(1, "EUR").plus(money(1, "USD")).unwrap_err();
        assert_eq!(
            mixed.to_string(),
            "EUR and USD cannot be added; convert one of them first"
        );
    }
}
