//! Amounts of the second pricing: shares of a total, tax of an amount, money as text.
//! It does not know lines.

use outfield_core::domain::rules::sell::pricing::Basket;
use outfield_core::domain::rules::sell::tax::TaxMode;

use super::number::Number;

/// Hands out what is left of a total after everybody has got the whole part of the claim: one each,
/// the largest rest first, then the larger amount, then by name, then by position.
pub(super) fn hand_out(
    total: i128,
    claims: &[Number],
    amounts: &[i128],
    names: &[String],
) -> Vec<i128> {
    let mut shares: Vec<i128> = claims.iter().map(Number::floor).collect();
    let rests: Vec<Number> = claims
        .iter()
        .zip(&shares)
        .map(|(claim, share)| claim.minus(&Number::whole(*share)))
        .collect();
    let mut waiting: Vec<usize> = (0..claims.len()).collect();
    while shares.iter().sum::<i128>() < total {
        let mut next = 0;
        for other in 1..waiting.len() {
            let (one, two) = (waiting[next], waiting[other]);
            let order = rests[two]
                .compare(&rests[one])
                .then(amounts[two].cmp(&amounts[one]));
            if order.then(names[one].cmp(&names[two])).is_gt() {
                next = other;
            }
        }
        shares[waiting.remove(next)] += 1;
    }
    shares
}

pub(super) fn money(minor: i128, basket: &Basket) -> String {
    let digits = usize::from(basket.currency.exponent());
    let text = format!("{:0>width$}", minor.abs(), width = digits + 1);
    let (whole, after) = text.split_at(text.len() - digits);
    let sign = if minor < 0 { "-" } else { "" };
    if digits == 0 {
        format!("{sign}{whole}")
    } else {
        format!("{sign}{whole}.{after}")
    }
}

/// Net and tax of an amount, taxed by itself.
pub(super) fn taxed(amount: i128, rate: &str, mode: TaxMode) -> (i128, i128) {
    let percent = Number::read(rate);
    let hundred = Number::whole(100);
    match mode {
        TaxMode::Exclusive => (
            amount,
            Number::whole(amount)
                .times(&percent)
                .over(&hundred)
                .nearest(),
        ),
        TaxMode::Inclusive => {
            let net = Number::whole(amount)
                .times(&hundred)
                .over(&hundred.plus(&percent))
                .nearest();
            (net, amount - net)
        }
    }
}

/// A rate as a whole number, so that rates sort.
pub(super) fn millionths(rate: &str) -> i128 {
    Number::read(rate).times(&Number::whole(1_000_000)).floor()
}
