//! Global trade item numbers: 8, 12, 13 or 14 digits with a check digit, kept as 14; and UPC-E, in
//! which 8 digits stand for 12. It does not know products. Source: GS1 General Specifications,
//! sections 7.9 (check digit) and 5.2.2.4 (zero suppression).

use super::codes::{check_digits, digits};

/// Digits of a number that UPC-E stands for.
const UPC_E_DIGITS: usize = 8;
/// The number systems that UPC-E may begin with.
const UPC_E_SYSTEMS: [char; 2] = ['0', '1'];

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

/// The 14-digit form of what a person or a file says: a GTIN, or 8 digits that are none and are
/// UPC-E. Blanks around it and between its digits, as it is printed, are no matter.
pub fn said(text: &str) -> Result<String, GtinError> {
    let close: String = text.split_whitespace().collect();
    let read = normalised(&close).or_else(|error| expanded(&close).map_err(|_| error));
    read.map_err(|error| GtinError {
        text: text.to_owned(),
        ..error
    })
}

/// The 14-digit form of the 12 digits that UPC-E of 8 digits stands for: the number system 0 or 1,
/// six digits, and the check digit of the whole.
pub fn expanded(text: &str) -> Result<String, GtinError> {
    let wrong = |reason: String| GtinError {
        text: text.to_owned(),
        reason,
    };
    digits(text).map_err(wrong)?;
    if text.len() != UPC_E_DIGITS || !text.starts_with(UPC_E_SYSTEMS) {
        return Err(wrong(
            "UPC-E has 8 digits, of which the first is 0 or 1".to_owned(),
        ));
    }
    let (system, six, check) = (&text[..1], &text[1..7], &text[7..]);
    let (five, last) = six.split_at(5);
    let full = match last {
        "0" | "1" | "2" => format!("{}{last}0000{}", &five[..2], &five[2..]),
        "3" => format!("{}00000{}", &five[..3], &five[3..]),
        "4" => format!("{}00000{}", &five[..4], &five[4..]),
        _ => format!("{five}0000{last}"),
    };
    normalised(&format!("{system}{full}{check}"))
}

/// The 14-digit form of what UPC-E of 6 or 7 digits stands for, as some scanners send it: without
/// the check digit, and with 6 without the number system 0 too.
#[must_use]
pub fn expanded_short(text: &str) -> Option<String> {
    let seven = match text.len() {
        6 => format!("0{text}"),
        7 => text.to_owned(),
        _ => return None,
    };
    (0..=9).find_map(|check| expanded(&format!("{seven}{check}")).ok())
}

/// The 14-digit form of so many digits and the check digit that belongs to them.
#[must_use]
pub fn completed(digits: &str) -> Option<String> {
    (0..=9).find_map(|check| normalised(&format!("{digits}{check}")).ok())
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
            assert_eq!(said(text).as_deref(), Ok(kept));
        }
        assert_eq!(said(" 4 006381 333931\t").as_deref(), Ok("04006381333931"));
        assert_eq!(completed("400638133393").as_deref(), Some("04006381333931"));
    }

    #[test]
    fn upc_e_stands_for_twelve_digits() {
        for (short, full) in [
            ("04256212", "00042100005622"),
            ("06731906", "00067000003196"),
            ("01234505", "00012000003455"),
            ("01234514", "00012100003454"),
            ("01234523", "00012200003453"),
            ("01234531", "00012300000451"),
            ("01234543", "00012340000053"),
            ("01234558", "00012345000058"),
            ("12345670", "00123456000070"),
        ] {
            assert_eq!(expanded(short).as_deref(), Ok(full));
            assert_eq!(expanded_short(&short[..7]).as_deref(), Some(full));
            let six = short.strip_prefix('0').map(|rest| &rest[..6]);
            assert_eq!(six.and_then(expanded_short).as_deref(), six.map(|_| full));
        }
        assert_eq!(said("04252614").as_deref(), Ok("00042100005264"));
        // Eight digits that are both are what stands there.
        assert_eq!(said("04256212").as_deref(), Ok("00000004256212"));
        for text in ["21234565", "0425621", "04256211", "0425621x", ""] {
            assert!(expanded(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_wrong_digit_length_or_letter_is_named() {
        let reason = |text: &str| said(text).unwrap_err().reason;
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
