//! Phone numbers as people write them, and the one form in which they are kept: E.164, a plus and
//! up to 15 digits. It does not know whether anybody answers.

use super::country::Country;
use super::fold::folded;

/// Digits of a number that can be called from abroad.
const DIGITS_MIN: usize = 7;
const DIGITS_MAX: usize = 15;
/// What people in North America dial before the code of another country.
const NORTH_AMERICA_ABROAD: &str = "011";
/// What most others dial before it.
const ABROAD: &str = "00";
/// Digits of a number of North America.
const NORTH_AMERICA_DIGITS: usize = 10;
/// What may stand between digits.
const BETWEEN: &[char] = &['-', '.', '/', '(', ')', '\u{b7}', '\u{2022}'];

/// A text that is no phone number, with the reason.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a phone number: {reason}")]
pub struct PhoneError {
    /// What was given.
    pub text: String,
    /// What is wrong with it, and what to do.
    pub reason: &'static str,
}

/// Whether a text is a number as it is kept, such as +14795550100.
#[must_use]
pub fn is_kept(text: &str) -> bool {
    let Some(digits) = text.strip_prefix('+') else {
        return false;
    };
    digits.bytes().all(|byte| byte.is_ascii_digit()) && is_callable(digits)
}

/// The number as it is kept. One that names its country (`+1 (479) 555-0100`, `0049 711 1234567`)
/// needs nothing; any other is read as dialled in `country`.
pub fn e164(text: &str, country: Option<Country>) -> Result<String, PhoneError> {
    let wrong = |reason| PhoneError {
        text: text.to_owned(),
        reason,
    };
    let written = WrittenPhone::read(text).map_err(wrong)?;
    let abroad = match (written.names_country, country) {
        (true, _) => written.digits,
        (false, Some(country)) => dialled_in(country, &written.digits).map_err(wrong)?,
        (false, None) => match written.digits.strip_prefix(ABROAD) {
            Some(abroad) => abroad.to_owned(),
            None => {
                return Err(wrong(
                    "it names no country; begin with + and its code, such as +1 479 555 0100",
                ));
            }
        },
    };
    if !is_callable(&abroad) {
        return Err(wrong(
            "it has 7 to 15 digits, and no country's code begins with 0",
        ));
    }
    Ok(format!("+{abroad}"))
}

fn is_callable(digits: &str) -> bool {
    (DIGITS_MIN..=DIGITS_MAX).contains(&digits.len()) && !digits.starts_with('0')
}

/// The digits of a number, and whether they begin with the code of a country.
struct WrittenPhone {
    digits: String,
    names_country: bool,
}

impl WrittenPhone {
    fn read(text: &str) -> Result<WrittenPhone, &'static str> {
        let folded = folded(text);
        let plain = folded.trim();
        let plain = plain.strip_prefix("tel:").unwrap_or(plain);
        let names_country = plain.trim_start_matches(['(', ' ']).starts_with('+');
        // Whoever writes the zero of home beside the country's code puts it in brackets.
        let plain = if names_country || plain.starts_with(ABROAD) {
            plain.replace("(0)", "")
        } else {
            plain.to_owned()
        };
        let mut digits = String::new();
        for letter in plain.chars() {
            match letter {
                '0'..='9' => digits.push(letter),
                '+' if names_country && digits.is_empty() => {}
                'x' | 'e' | '#' | ';' | ',' if !digits.is_empty() => {
                    return Err("an extension has no place in it; keep that in a note");
                }
                _ if letter.is_whitespace() || BETWEEN.contains(&letter) => {}
                '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{30fc}' => {}
                _ => return Err("it is made of digits, with a + before them"),
            }
        }
        Ok(WrittenPhone {
            digits,
            names_country,
        })
    }
}

/// What is dialled abroad for what people dial at home.
fn dialled_in(country: Country, digits: &str) -> Result<String, &'static str> {
    let calling = country.calling();
    if calling == "1" {
        if let Some(abroad) = digits.strip_prefix(NORTH_AMERICA_ABROAD) {
            return Ok(abroad.to_owned());
        }
        let is_long = digits.len() == NORTH_AMERICA_DIGITS + 1;
        let own = digits
            .strip_prefix('1')
            .filter(|_| is_long)
            .unwrap_or(digits);
        return if own.len() == NORTH_AMERICA_DIGITS && !own.starts_with(['0', '1']) {
            Ok(format!("1{own}"))
        } else {
            Err("a number there has 10 digits, its area's code among them")
        };
    }
    if let Some(abroad) = digits.strip_prefix(ABROAD) {
        return Ok(abroad.to_owned());
    }
    let trunk = country.trunk();
    let own = match digits.strip_prefix(trunk) {
        Some(own) if !trunk.is_empty() => own,
        Some(_) | None => digits,
    };
    Ok(format!("{calling}{own}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, country: &str, kept: &str) {
        let found = e164(text, Country::named(country));
        assert_eq!(found.as_deref(), Ok(kept), "{text}");
        assert!(is_kept(kept));
        assert_eq!(e164(kept, None).as_deref(), Ok(kept));
    }

    #[test]
    fn a_number_that_names_its_country_is_certain() {
        for text in [
            "+14795550100",
            "+1 479 555 0100",
            "+1 (479) 555-0100",
            "+1-479-555-0100",
            "+1.479.555.0100",
            "+1\u{a0}479\u{a0}555\u{a0}0100",
            "+1 479 555\u{2013}0100",
            "(+1) 479 555 0100",
            "tel:+1-479-555-0100",
            "\u{ff0b}\u{ff11} 479 555 0100",
            " +1/479/555 01 00 ",
            "\u{200e}+1 479 555 0100\u{202c}",
            "001 479 555 0100",
        ] {
            check(text, "", "+14795550100");
        }
        check("+44 20 7946 0958", "US", "+442079460958");
        check("+44 (0)20 7946 0958", "", "+442079460958");
        check(
            "0049 (0) 711 1234567".replace("(0) ", "(0)").as_str(),
            "",
            "+497111234567",
        );
        check("+49 711/1234567", "", "+497111234567");
        check("+\u{664}\u{669} 711 1234567", "", "+497111234567");
    }

    #[test]
    fn one_that_does_not_is_read_as_dialled_at_home() {
        for (text, country, kept) in [
            ("(479) 555-0100", "US", "+14795550100"),
            ("1-479-555-0100", "US", "+14795550100"),
            ("479.555.0100", "CA", "+14795550100"),
            ("011 49 711 1234567", "US", "+497111234567"),
            ("0711 1234567", "DE", "+497111234567"),
            ("0049 711 1234567", "DE", "+497111234567"),
            ("020 7946 0958", "GB", "+442079460958"),
            ("06 12 34 56 78", "FR", "+33612345678"),
            ("06 1234 5678", "IT", "+390612345678"),
            ("91 123 45 67", "ES", "+34911234567"),
            ("06 1 234 5678", "HU", "+3612345678"),
            ("8 (495) 123-45-67", "RU", "+74951234567"),
            ("098765 43210", "IN", "+919876543210"),
            ("03-1234-5678", "JP", "+81312345678"),
            ("11 91234-5678", "BR", "+5511912345678"),
        ] {
            check(text, country, kept);
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        let reason =
            |text: &str, country: &str| e164(text, Country::named(country)).unwrap_err().reason;
        assert!(reason("479 555 0100", "").starts_with("it names no country"));
        assert!(reason("+1 479 555 0100 x12", "").starts_with("an extension"));
        assert!(reason("+1 479 555 0100 ext. 12", "").starts_with("an extension"));
        assert!(reason("1-800-FLOWERS", "US").starts_with("it is made of digits"));
        assert!(reason("555 0100", "US").starts_with("a number there has 10 digits"));
        assert!(reason("+1", "").starts_with("it has 7 to 15 digits"));
        assert!(reason("+0479 555 0100", "").starts_with("it has 7 to 15 digits"));
        assert!(reason("+1 479 +555 0100", "").starts_with("it is made of digits"));
        assert!(reason("+1234567890123456", "").starts_with("it has 7 to 15 digits"));
        assert!(reason("n/a", "US").starts_with("it is made of digits"));
        assert!(reason("", "US").starts_with("a number there"));
    }
}
