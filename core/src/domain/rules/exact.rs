//! Exact decimals as people type them: `12`, `2.50`, `-3`. It reads and compares them and computes
//! nothing; it does not know currencies nor units.

/// Digits before the point.
const WHOLE_DIGITS_MAX: usize = 15;
/// Decimals that a unit price may carry.
const DECIMALS_MAX: usize = 6;

/// A number of `units`, of which 10 to the power of `decimals` make one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exact {
    /// All digits as one whole number.
    pub units: i128,
    /// How many of them stand behind the point.
    pub decimals: u32,
}

impl Exact {
    /// Reads a decimal; none if it is not one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (sign, digits) = text
            .strip_prefix('-')
            .map_or((1, text), |digits| (-1, digits));
        let (whole, behind) = digits
            .split_once('.')
            .map_or((digits, None), |(whole, behind)| (whole, Some(behind)));
        let is_number =
            |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        let fits = is_number(whole) && whole.len() <= WHOLE_DIGITS_MAX;
        if !fits || behind.is_some_and(|behind| !is_number(behind) || behind.len() > DECIMALS_MAX) {
            return None;
        }
        let behind = behind.unwrap_or_default();
        let units: i128 = format!("{whole}{behind}").parse().ok()?;
        Some(Exact {
            units: sign * units,
            decimals: u32::try_from(behind.len()).ok()?,
        })
    }

    /// The one text that equal numbers share: no zeros that say nothing.
    #[must_use]
    pub fn text(self) -> String {
        let digits = format!(
            "{:0>width$}",
            self.units.unsigned_abs(),
            width = self.decimals as usize + 1
        );
        let (whole, behind) = digits.split_at(digits.len() - self.decimals as usize);
        let behind = behind.trim_end_matches('0');
        let sign = if self.units < 0 { "-" } else { "" };
        if behind.is_empty() {
            format!("{sign}{whole}")
        } else {
            format!("{sign}{whole}.{behind}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_numbers_share_one_text() {
        for (text, kept) in [
            ("2.50", "2.5"),
            ("007", "7"),
            ("-0", "0"),
            ("0.00", "0"),
            ("-3.10", "-3.1"),
            ("10", "10"),
        ] {
            assert_eq!(
                Exact::parse(text).map(Exact::text).as_deref(),
                Some(kept),
                "{text}"
            );
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
        ] {
            assert_eq!(Exact::parse(text), None, "{text}");
        }
    }
}
