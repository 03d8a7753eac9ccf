//! Numbers that shops give by themselves to what they weigh and price: an EAN of the prefixes 02
//! and 20 to 29 that holds an item's number and a weight or price. What stands where is a pattern.
//! It does not know products. Source: GS1 General Specifications, section 2.1.12 (restricted
//! circulation, variable measure).

use super::gtin;

/// Characters of a pattern: the digits of EAN-13.
const DIGITS: usize = 13;
/// Digits of a GTIN before those of EAN-13.
const BEFORE: usize = 1;
/// Stands for a digit of the item's number.
const ITEM: char = 'I';
/// Stands for a digit of the weight, the price or the count.
const VALUE: char = 'V';
/// Stands for a check digit of the value, which is not looked at.
const VALUE_CHECK: char = 'P';
/// Stands for the check digit of the whole, at the end.
const CHECK: char = 'C';

/// What a pattern is like, for a message.
pub const STORE_CODE_WANTS: &str = "13 characters such as 21IIIIIVVVVVC: digits as they stand, I \
                                    for the item, V for weight or price, P for a check digit of \
                                    that, C for the last";

/// How an in-store number is made up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StorePattern {
    letters: Vec<char>,
}

/// What an in-store number says by a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreLabel {
    /// The GTIN under which the product is kept: the same number with zeros for the value, and the
    /// check digit that belongs to them.
    pub gtin: String,
    /// The digits of the value, as a whole number.
    pub value: u32,
}

impl StorePattern {
    /// Reads a pattern; none if it is none.
    #[must_use]
    pub fn read(text: &str) -> Option<StorePattern> {
        let letters: Vec<char> = text.chars().collect();
        let (last, rest) = letters.split_last()?;
        let is_own = text.starts_with("02") || text.starts_with('2');
        let known =
            |letter: &char| letter.is_ascii_digit() || [ITEM, VALUE, VALUE_CHECK].contains(letter);
        let is_sound = letters.len() == DIGITS
            && is_own
            && *last == CHECK
            && rest.iter().all(known)
            && in_one_piece(rest, ITEM)
            && in_one_piece(rest, VALUE);
        is_sound.then_some(StorePattern { letters })
    }

    /// How many digits the value has.
    #[must_use]
    pub fn value_digits(&self) -> usize {
        self.letters
            .iter()
            .filter(|letter| **letter == VALUE)
            .count()
    }

    /// What a GTIN of 14 digits says by this pattern; none if it is of another.
    #[must_use]
    pub fn label(&self, gtin: &str) -> Option<StoreLabel> {
        let digits = gtin.strip_prefix('0')?;
        if gtin.len() != DIGITS + BEFORE {
            return None;
        }
        let (mut kept, mut value) = (String::from("0"), String::new());
        for (letter, digit) in self.letters.iter().zip(digits.chars()) {
            match *letter {
                ITEM => kept.push(digit),
                VALUE => {
                    kept.push('0');
                    value.push(digit);
                }
                VALUE_CHECK => kept.push('0'),
                CHECK => {}
                fixed if fixed == digit => kept.push(digit),
                _ => return None,
            }
        }
        Some(StoreLabel {
            gtin: gtin::completed(&kept)?,
            value: value.parse().ok()?,
        })
    }
}

/// Whether a letter stands there, and all of its places beside each other.
fn in_one_piece(letters: &[char], wanted: char) -> bool {
    let first = letters.iter().position(|letter| *letter == wanted);
    let last = letters.iter().rposition(|letter| *letter == wanted);
    match (first, last) {
        (Some(first), Some(last)) => letters[first..=last].iter().all(|letter| *letter == wanted),
        (None, _) | (_, None) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_says_its_product_and_its_value() {
        for (pattern, gtin, product, value) in [
            ("21IIIIIVVVVVC", "02100001027506", "02100001000004", 2750),
            ("28IIIIPVVVVVC", "02812345012345", "02812340000000", 1234),
            ("02IIIIIPVVVVC", "00212345612340", "00212345000004", 1234),
        ] {
            let Some(kept) = gtin::completed(&gtin[..13]) else {
                panic!("{gtin}");
            };
            let label = StorePattern::read(pattern).unwrap().label(&kept).unwrap();
            assert_eq!(label.value, value, "{pattern}");
            assert_eq!(label.gtin[..13], product[..13], "{pattern}");
            assert!(gtin::normalised(&label.gtin).is_ok());
        }
        let pattern = StorePattern::read("21IIIIIVVVVVC").unwrap();
        assert_eq!(pattern.value_digits(), 5);
        for other in ["02200001027503", "12100001027503", "02100001027506x", "021"] {
            assert_eq!(pattern.label(other), None, "{other}");
        }
    }

    #[test]
    fn what_is_no_pattern_is_none() {
        for text in [
            "21IIIIIVVVVV",
            "21IIIIIVVVVVV",
            "21IIIIIVVVVVCC",
            "40IIIIIVVVVVC",
            "21IIIVVVIIVVC",
            "21IIIIIIIIIIC",
            "21VVVVVVVVVVC",
            "21iiiiivvvvvc",
            "",
        ] {
            assert_eq!(StorePattern::read(text), None, "{text}");
        }
    }
}
