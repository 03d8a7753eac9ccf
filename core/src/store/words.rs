//! The words that the index holds of a record: those of its searched fields, folded, and beside
//! them the forms in which people type them. It does not know how they are looked up.

use crate::base::fold::{FoldedPart, FoldedRun, runs, spelled_out};
use crate::objects::path::REMOVED;
use crate::objects::{Descriptor, FieldKind, Path, Record, Value, Values};

/// Letters of one entry of a script without blanks: so many, from each letter on.
pub(super) const WINDOW: usize = 3;
/// Parts of a run that are entered joined as well; more is no name.
const JOINED_PARTS_MAX: usize = 6;
/// The fewest last digits of a phone number that find it.
const PHONE_DIGITS_MIN: usize = 6;

/// The words of all searched fields, parted by blanks; the first field's come first.
pub(super) fn of_record(descriptor: &Descriptor, record: &Record) -> String {
    let mut words = Vec::new();
    for pattern in &descriptor.search {
        let kind = descriptor.field_at(pattern).map(|field| field.kind);
        for text in texts(record, pattern) {
            words.extend(of_text(text));
            if kind == Some(FieldKind::Phone) {
                words.extend(last_digits(text));
            }
        }
    }
    words.join(" ")
}

/// Whether some of these values are searched, or take a line with such a value in or out.
pub(super) fn are_touched(descriptor: &Descriptor, values: &Values) -> bool {
    let is_searched =
        |path: &str, pattern: &str| match (pattern.split_once("/*/"), Path::parse(path)) {
            (Some((of, wanted)), Some(Path::Line { lines, field, .. })) => {
                of == lines && (field == wanted || field == REMOVED)
            }
            (None, Some(Path::Field(name))) => name == pattern,
            (Some(_) | None, Some(Path::Line { .. } | Path::Field(_)) | None) => false,
        };
    let mut searched = descriptor.search.iter();
    searched.any(|pattern| values.keys().any(|path| is_searched(path, pattern)))
}

/// The texts at a pattern: of a field, or of one in each line, `lines/*/field`.
fn texts<'a>(record: &'a Record, pattern: &str) -> Vec<&'a str> {
    let Some((lines, field)) = pattern.split_once("/*/") else {
        return record.text(pattern).into_iter().collect();
    };
    let present = record.lines(lines);
    let values = present.values().filter_map(|line| line.get(field).copied());
    values.filter_map(Value::text).collect()
}

/// The words of one text. Those of the beginning of a text begin with the same.
pub(super) fn of_text(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut unspaced = String::new();
    let plain = runs(text);
    for run in &plain {
        enter(run, &mut unspaced, &mut words);
    }
    enter_windows(&mut unspaced, &mut words);
    let spelled = spelled_out(text);
    if spelled != text {
        for run in runs(&spelled) {
            if !plain.contains(&run) {
                enter(&run, &mut unspaced, &mut words);
            }
        }
        unspaced.clear();
    }
    words
}

/// Enters a run: its parts, and those together from each on, as whoever leaves out apostrophes and
/// hyphens types them. The whole stands at both ends, so that it follows the run before it and is
/// followed by the one behind it. Letters without blanks go on from one run to the next.
fn enter(run: &FoldedRun, unspaced: &mut String, words: &mut Vec<String>) {
    let whole = joined(&run.parts);
    words.extend(whole.clone());
    for (at, part) in run.parts.iter().enumerate() {
        match part {
            FoldedPart::Unspaced(letters) => unspaced.push_str(letters),
            FoldedPart::Word(word) => {
                enter_windows(unspaced, words);
                words.push(word.clone());
                words.extend(significant(word).map(str::to_owned));
                if at > 0 && whole.is_some() {
                    words.extend(joined(&run.parts[at..]));
                }
            }
        }
    }
    words.extend(whole);
}

/// Several parts as one word.
pub(super) fn joined(parts: &[FoldedPart]) -> Option<String> {
    if !(2..=JOINED_PARTS_MAX).contains(&parts.len()) {
        return None;
    }
    let mut joined = String::new();
    for part in parts {
        match part {
            FoldedPart::Word(word) => joined.push_str(word),
            FoldedPart::Unspaced(_) => return None,
        }
    }
    Some(joined)
}

/// Enters what begins at each letter.
fn enter_windows(unspaced: &mut String, words: &mut Vec<String>) {
    let letters: Vec<char> = unspaced.drain(..).collect();
    for at in 0..letters.len() {
        let end = letters.len().min(at + WINDOW);
        words.push(letters[at..end].iter().collect());
    }
}

/// A number without the zeros before it, where it has some: a code of 14 digits is printed with
/// fewer.
pub(super) fn significant(word: &str) -> Option<&str> {
    let digits = word.trim_start_matches('0');
    let is_number = word.bytes().all(|byte| byte.is_ascii_digit());
    (is_number && !digits.is_empty() && digits.len() < word.len()).then_some(digits)
}

/// What remains of a phone number without its first digits: it is written with and without its
/// country, and remembered by its end.
fn last_digits(phone: &str) -> Vec<String> {
    let digits: String = phone.chars().filter(char::is_ascii_digit).collect();
    let last = digits.len().saturating_sub(PHONE_DIGITS_MIN);
    (1..=last).map(|from| digits[from..].to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, words: &str) {
        assert_eq!(of_text(text).join(" "), words, "{text}");
    }

    #[test]
    fn parts_are_entered_alone_and_together() {
        check("Sam's Club", "sams sam s sams club");
        check("Coca-Cola Depot", "cocacola coca cola cocacola depot");
        check("A.B.C.", "abc a b bc c abc");
        check("Main St", "main st");
    }

    #[test]
    fn what_is_spelled_otherwise_follows() {
        check("Müller Öl", "muller ol mueller oel");
        check("Jose Müller", "jose muller mueller");
    }

    #[test]
    fn scripts_without_blanks_are_entered_from_each_letter_on() {
        check("北京超市", "北京超 京超市 超市 市");
        check("北京 超市 24", "北京超 京超市 超市 市 24");
        check("7-イレブン", "7 イレブ レブン ブン ン");
    }

    #[test]
    fn numbers_are_entered_without_zeros_too() {
        check("04006381333931", "04006381333931 4006381333931");
        check("000", "000");
        assert_eq!(
            last_digits("+14795550100"),
            ["4795550100", "795550100", "95550100", "5550100", "550100"]
        );
    }
}
