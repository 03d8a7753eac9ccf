//! Shares in whole units that sum exactly to what is shared: the largest remainder method.
//! It does not know what is shared among whom; discounts, taxes and instalments are all alike here.

use super::fraction::FractionError;

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
    let left = given
        .and_then(|given| total.checked_sub(given))
        .and_then(|left| usize::try_from(left).ok());
    let left = left
        .filter(|left| *left <= shares.len())
        .ok_or(FractionError::TooLarge)?;
    let mut order: Vec<usize> = (0..claims.len()).collect();
    order.sort_by_key(|index| std::cmp::Reverse(rests[*index]));
    for index in order.into_iter().take(left) {
        shares[index] += 1;
    }
    Ok(shares)
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
    fn negative_claims_are_rounded_down_too() {
        assert_eq!(to_claims(-1, &[-15, 7], 10).as_deref(), Ok(&[-2, 1][..]));
    }
}
