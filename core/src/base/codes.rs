//! The check digit that GS1 numbers share, and two of them: GLN (a place or party) and SSCC (one
//! parcel or pallet). It does not know places nor parcels. Source: GS1 General Specifications,
//! section 7.9.1.

/// A text that is not the GS1 number it should be, with the reason.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not {what}: {reason}")]
pub struct CodeError {
    /// What was given.
    pub text: String,
    /// What it should have been.
    pub what: &'static str,
    /// What is wrong with it.
    pub reason: String,
}

/// Checks a global location number: 13 digits.
pub fn check_gln(text: &str) -> Result<(), CodeError> {
    check(text, "a GLN", 13)
}

/// Checks a serial shipping container code: 18 digits.
pub fn check_sscc(text: &str) -> Result<(), CodeError> {
    check(text, "an SSCC", 18)
}

fn check(text: &str, what: &'static str, length: usize) -> Result<(), CodeError> {
    let wrong = |reason: String| CodeError {
        text: text.to_owned(),
        what,
        reason,
    };
    let digits = digits(text).map_err(wrong)?;
    if digits.len() != length {
        return Err(wrong(format!(
            "it has {} digits; {length} are needed",
            digits.len()
        )));
    }
    check_digits(&digits).map_err(wrong)
}

/// The digits of a text that has nothing else.
pub(super) fn digits(text: &str) -> Result<Vec<u8>, String> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("it is made of digits alone".to_owned());
    }
    Ok(text.bytes().map(|byte| byte - b'0').collect())
}

/// Checks that the last digit is the one that the others ask for: weights 3 and 1 by turns from the
/// right, and the check digit fills the sum up to the next ten. Nothing but zeros would pass, and
/// is no number.
pub(super) fn check_digits(digits: &[u8]) -> Result<(), String> {
    let Some((check, rest)) = digits.split_last() else {
        return Err("it is empty".to_owned());
    };
    let weighted = rest
        .iter()
        .rev()
        .zip([3, 1].into_iter().cycle())
        .map(|(digit, weight)| u32::from(*digit) * weight);
    let expected = (10 - weighted.sum::<u32>() % 10) % 10;
    if u32::from(*check) != expected {
        return Err(format!(
            "its check digit is {check}, but {expected} belongs there"
        ));
    }
    if digits.iter().all(|digit| *digit == 0) {
        return Err("it is all zeros".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_numbers_pass() {
        for gln in ["4000001000005", "9501101020016", "0614141000012"] {
            assert_eq!(check_gln(gln), Ok(()), "{gln}");
        }
        for sscc in [
            "376104250021234569",
            "106141412345678908",
            "340123450000000000",
        ] {
            assert_eq!(check_sscc(sscc), Ok(()), "{sscc}");
        }
    }

    #[test]
    fn a_wrong_digit_length_or_letter_is_named() {
        let gln = |text: &str| check_gln(text).unwrap_err().to_string();
        assert_eq!(
            gln("4000001000006"),
            "`4000001000006` is not a GLN: its check digit is 6, but 5 belongs there"
        );
        assert_eq!(
            gln("400000100000"),
            "`400000100000` is not a GLN: it has 12 digits; 13 are needed"
        );
        assert_eq!(
            gln("40000010000x5"),
            "`40000010000x5` is not a GLN: it is made of digits alone"
        );
        assert_eq!(
            gln("0000000000000"),
            "`0000000000000` is not a GLN: it is all zeros"
        );
        let sscc = check_sscc("376104250021234568").unwrap_err().to_string();
        assert_eq!(
            sscc,
            "`376104250021234568` is not an SSCC: its check digit is 8, but 9 belongs there"
        );
        assert!(check_sscc("").is_err());
    }
}
