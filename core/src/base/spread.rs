//! Shares in whole units that sum exactly to what is shared: the largest remainder method.
//! It does not know what is shared among whom; discounts, taxes and instalments are all alike here.

use super::fraction::{Fraction, FractionError};

/// Shares `total` in proportion to weights that are not negative. Equal claims on a last unit go to
/// the one that stands first, so the caller decides by its order.
pub fn in_proportion(total: i128, weights: &[i128]) -> Result<Vec<i128>, FractionError> {
    let whole = weights
        .iter()
        .try_fold(0_i128, |sum, weight| sum.checked_add(*weight));
    let whole = whole.ok_or(FractionError::TooLarge)?;
    let claims: Option<Vec<i128>> = weights
        .iter()
        .map(|weight| weight.checked_mul(total))
        .collect();
    to_claims(total, &claims.ok_or(FractionError::TooLarge)?, whole)
}

/// Shares `total` by claims in parts of one unit (`claim / parts`), each rounded down, and gives
/// what is left, one unit each, to the largest remainders. `total` must lie within one unit of the
/// exact sum of the claims.
pub fn to_claims(total: i128, claims: &[i128], parts: i128) -> Result<Vec<i128>, FractionError> {
    if parts <= 0 {
        return Err(FractionError::ByZero);
    }
    let mut shares: Vec<i128> = claims.iter().map(|claim| claim.div_euclid(parts)).collect();
    let rests: Vec<i128> = claims.iter().map(|claim| claim.rem_euclid(parts)).collect();
    let given = shares
        .iter()
        .try_fold(0_i128, |sum, share| sum.checked_add(*share));
    let left = left_over(total, given, shares.len())?;
    give_left_over(&mut shares, &rests, left);
    Ok(shares)
}

/// The same for claims that are fractions of any kind.
pub fn to_fractions(total: i128, claims: &[Fraction]) -> Result<Vec<i128>, FractionError> {
    let mut shares: Vec<i128> = claims.iter().map(|claim| claim.floor()).collect();
    let mut rests = Vec::with_capacity(claims.len());
    for (claim, share) in claims.iter().zip(&shares) {
        rests.push(claim.minus(Fraction::whole(*share))?);
    }
    let given = shares
        .iter()
        .try_fold(0_i128, |sum, share| sum.checked_add(*share));
    let left = left_over(total, given, shares.len())?;
    give_left_over(&mut shares, &rests, left);
    Ok(shares)
}

/// How many units nobody has yet; at most one for each.
fn left_over(total: i128, given: Option<i128>, takers: usize) -> Result<usize, FractionError> {
    let left = given
        .and_then(|given| total.checked_sub(given))
        .and_then(|left| usize::try_from(left).ok());
    left.filter(|left| *left <= takers)
        .ok_or(FractionError::TooLarge)
}

/// Gives one unit each to the largest rests; of equal ones to the first.
fn give_left_over<T: Ord + Copy>(shares: &mut [i128], rests: &[T], left: usize) {
    let mut order: Vec<usize> = (0..shares.len()).collect();
    order.sort_by_key(|index| std::cmp::Reverse(rests[*index]));
    for index in order.into_iter().take(left) {
        shares[index] += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_sum_exactly_and_the_largest_remainder_takes_the_last_unit() {
        for (total, weights, shares) in [
            (10, &[1, 1, 1][..], &[4, 3, 3][..]),
            (100, &[1, 2, 4], &[14, 29, 57]),
            (-10, &[1, 1, 1], &[-3, -3, -4]),
            (7, &[0, 5, 0], &[0, 7, 0]),
            (0, &[3, 4], &[0, 0]),
            (1, &[2, 3], &[0, 1]),
        ] {
            assert_eq!(
                in_proportion(total, weights).as_deref(),
                Ok(shares),
                "{total} by {weights:?}"
            );
        }
    }

    #[test]
    fn claims_that_do_not_come_to_the_total_are_an_error() {
        assert_eq!(to_claims(5, &[10, 10], 10), Err(FractionError::TooLarge));
        assert_eq!(to_claims(1, &[], 1), Err(FractionError::TooLarge));
        assert_eq!(in_proportion(5, &[0, 0]), Err(FractionError::ByZero));
        assert_eq!(in_proportion(i128::MAX, &[2]), Err(FractionError::TooLarge));
    }

    #[test]
    fn fractions_share_as_claims_of_one_kind_do() {
        let of = |claims: &[(i128, i128)]| -> Vec<Fraction> {
            let read = |(one, other): &(i128, i128)| Fraction::new(*one, *other).unwrap();
            claims.iter().map(read).collect()
        };
        for (total, claims, shares) in [
            (
                442,
                &[(67_561, 200), (5197, 100), (5197, 100)][..],
                &[338, 52, 52][..],
            ),
            (1, &[(1, 3), (1, 2), (1, 6)], &[0, 1, 0]),
            (-1, &[(-15, 10), (7, 10)], &[-2, 1]),
            (0, &[], &[]),
        ] {
            assert_eq!(to_fractions(total, &of(claims)).as_deref(), Ok(shares));
        }
        assert_eq!(
            to_fractions(3, &of(&[(1, 2), (1, 2)])),
            Err(FractionError::TooLarge)
        );
    }

    #[test]
    fn negative_claims_are_rounded_down_too() {
        assert_eq!(to_claims(-1, &[-15, 7], 10).as_deref(), Ok(&[-2, 1][..]));
    }
}
