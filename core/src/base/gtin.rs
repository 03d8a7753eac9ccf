//! Global trade item numbers: 8, 12, 13 or 14 digits with a check digit, kept as 14.
//! It does not know products. Source: GS1 General Specifications, section 7.9 (check digit).

use super::codes::{check_digits, digits};

/// A text that is no GTIN, with the reason.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a GTIN: {reason}")]
pub struct GtinError {
    /// What was given.
    pub text: String,
    /// What is wrong with it.
    pub reason: String,
}

/// The 14-digit form of a GTIN of 8, 12, 13 or 14 digits.
pub fn normalised(text: &str) -> Result<String, GtinError> {
    let wrong = |reason: String| GtinError {
        text: text.to_owned(),
        reason,
    };
    let digits = digits(text).map_err(wrong)?;
    if ![8, 12, 13, 14].contains(&digits.len()) {
        return Err(wrong(format!(
            "it has {} digits; 8, 12, 13 or 14 are possible",
            digits.len()
        )));
    }
    check_digits(&digits).map_err(wrong)?;
    Ok(format!("{text:0>14}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_numbers_pass_and_are_kept_with_14_digits() {
        for (text, kept) in [
            ("4006381333931", "04006381333931"),
            ("036000291452", "00036000291452"),
            ("96385074", "00000096385074"),
        ] {
            assert_eq!(normalised(text).as_deref(), Ok(kept));
            assert_eq!(normalised(kept).as_deref(), Ok(kept));
        }
    }

    #[test]
    fn a_wrong_digit_length_or_letter_is_named() {
        let reason = |text: &str| normalised(text).unwrap_err().reason;
        assert_eq!(
            reason("4006381333932"),
            "its check digit is 2, but 1 belongs there"
        );
        assert_eq!(
            reason("123"),
            "it has 3 digits; 8, 12, 13 or 14 are possible"
        );
        assert_eq!(reason("40063813x3931"), "it is made of digits alone");
        assert_eq!(reason("00000000"), "it is all zeros");
    }
}
