//! The one folding of text, for the index of words and for what is looked up in it: capitals,
//! accents, marks and forms of letters aside, as people type plainly. And its words: runs between
//! blanks, of parts between other marks. It knows neither the index nor what is searched.

use icu_normalizer::properties::CanonicalCombiningClassMapBorrowed;

use super::text::{composed, is_unseen, taken_apart};

const MARKS: CanonicalCombiningClassMapBorrowed<'static> =
    CanonicalCombiningClassMapBorrowed::new();

/// The folding's version; an index of another one is made anew.
pub const FOLD_VERSION: u32 = 1;

/// Where the ten digits of other scripts begin.
const ZEROS: &[char] = &[
    '\u{660}', '\u{6f0}', '\u{7c0}', '\u{966}', '\u{9e6}', '\u{a66}', '\u{ae6}', '\u{b66}',
    '\u{be6}', '\u{c66}', '\u{ce6}', '\u{d66}', '\u{e50}', '\u{ed0}', '\u{f20}', '\u{1040}',
    '\u{17e0}', '\u{1810}',
];
/// How far a letter of Hiragana is from the same one of Katakana.
const KATAKANA: u32 = 0x60;

/// A run of text between blanks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FoldedRun {
    /// What stands between marks that are no letters, folded; at least one.
    pub parts: Vec<FoldedPart>,
}

/// Letters and digits without a mark between them, folded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FoldedPart {
    /// A word, or a part of one, of a script that has blanks between words.
    Word(String),
    /// Letters of a script that has none, or that joins much to a word: Chinese, Japanese, Korean,
    /// Thai and their like.
    Unspaced(String),
}

/// A text folded: what people hold to be the same letter is one, all of it small.
#[must_use]
pub fn folded(text: &str) -> String {
    let straight: String = text.chars().map(straightened).collect();
    let mut plain = String::with_capacity(straight.len());
    for letter in taken_apart(&straight).chars().map(straightened) {
        // A mark below that capitals write as a letter.
        let letter = if letter == '\u{345}' { 'ι' } else { letter };
        if is_mark_aside(letter) || is_unseen(letter) || letter == '\u{640}' {
            continue;
        }
        for small in letter.to_lowercase() {
            for great in small.to_uppercase() {
                for small in great.to_lowercase() {
                    push_plain(&mut plain, small);
                }
            }
        }
    }
    composed(&plain)
}

/// The text with letters spelled out as people do who cannot type them (Mueller, Soerensen); the
/// text itself if it has none.
#[must_use]
pub fn spelled_out(text: &str) -> String {
    let mut spelled = String::with_capacity(text.len());
    for letter in composed(text).chars() {
        match letter {
            'ä' | 'Ä' => spelled.push_str("ae"),
            'ö' | 'Ö' | 'ø' | 'Ø' => spelled.push_str("oe"),
            'ü' | 'Ü' => spelled.push_str("ue"),
            'å' | 'Å' => spelled.push_str("aa"),
            other => spelled.push(other),
        }
    }
    spelled
}

/// The runs of a text, folded. A lone mark such as `&` or `-` joins what it stands between.
#[must_use]
pub fn runs(text: &str) -> Vec<FoldedRun> {
    let folded = folded(text);
    let mut runs: Vec<FoldedRun> = Vec::new();
    let mut is_joined = false;
    for piece in folded.split(char::is_whitespace) {
        if piece.is_empty() {
            continue;
        }
        let parts = parts(piece);
        if parts.is_empty() {
            is_joined = piece.chars().all(is_link);
            continue;
        }
        match runs.last_mut() {
            Some(before) if is_joined => before.parts.extend(parts),
            Some(_) | None => runs.push(FoldedRun { parts }),
        }
        is_joined = false;
    }
    runs
}

/// The parts of a run, in their order.
fn parts(run: &str) -> Vec<FoldedPart> {
    let mut parts = Vec::new();
    let mut word = String::new();
    let mut unspaced = String::new();
    for letter in run.chars() {
        if is_unspaced(letter) {
            flush(&mut parts, &mut word, FoldedPart::Word);
            unspaced.push(letter);
        } else if is_of_word(letter) {
            flush(&mut parts, &mut unspaced, FoldedPart::Unspaced);
            word.push(letter);
        } else {
            flush(&mut parts, &mut word, FoldedPart::Word);
        }
    }
    flush(&mut parts, &mut word, FoldedPart::Word);
    flush(&mut parts, &mut unspaced, FoldedPart::Unspaced);
    parts
}

fn flush(parts: &mut Vec<FoldedPart>, letters: &mut String, part: fn(String) -> FoldedPart) {
    if !letters.is_empty() {
        parts.push(part(std::mem::take(letters)));
    }
}

/// The marks that are written with letters of one script, and whose absence people read over:
/// accents, points of vowels, strokes. Marks that a script cannot be read without stay.
fn is_mark_aside(letter: char) -> bool {
    matches!(MARKS.get_u8(letter), 1 | 7 | 10..=36 | 200..=255)
}

fn is_of_word(letter: char) -> bool {
    letter.is_alphanumeric() || MARKS.get_u8(letter) != 0
}

/// Scripts that put no blanks between words, and Korean, which joins endings to them.
fn is_unspaced(letter: char) -> bool {
    matches!(
        letter,
        '\u{e01}'..='\u{e4f}'
            | '\u{e81}'..='\u{ecf}'
            | '\u{edc}'..='\u{edf}'
            | '\u{f40}'..='\u{fbc}'
            | '\u{1000}'..='\u{103f}'
            | '\u{1050}'..='\u{109f}'
            | '\u{1100}'..='\u{11ff}'
            | '\u{1780}'..='\u{17d3}'
            | '\u{3005}'..='\u{3007}'
            | '\u{3041}'..='\u{309f}'
            | '\u{30a1}'..='\u{30fa}'
            | '\u{30fc}'..='\u{30ff}'
            | '\u{3105}'..='\u{312f}'
            | '\u{3400}'..='\u{4dbf}'
            | '\u{4e00}'..='\u{9fff}'
            | '\u{ac00}'..='\u{d7ff}'
            | '\u{f900}'..='\u{faff}'
            | '\u{20000}'..='\u{3ffff}'
    )
}

/// Marks that link two words when they stand alone between them.
fn is_link(letter: char) -> bool {
    matches!(
        letter,
        '&' | '+' | '-' | '/' | '\'' | '\u{2010}'..='\u{2015}' | '\u{2212}'
    )
}

/// Apostrophes, of which people type whichever their keyboard has, as one. Some of them would be
/// letters or blanks once taken apart.
fn straightened(letter: char) -> char {
    match letter {
        '\u{2018}'..='\u{201b}'
        | '\u{2b9}'..='\u{2bd}'
        | '\u{2c8}'
        | '\u{b4}'
        | '`'
        | '\u{2032}'
        | '\u{2035}'
        | '\u{ff07}'
        | '\u{ff40}'
        | '\u{a78b}'..='\u{a78c}'
        | '\u{384}'
        | '\u{1fbd}'
        | '\u{1fbf}'
        | '\u{1ffd}'
        | '\u{1ffe}' => '\'',
        other => other,
    }
}

/// A small letter as people type it who do not have it.
fn push_plain(text: &mut String, letter: char) {
    let plain = match letter {
        'ł' => "l",
        'đ' | 'ð' | 'ɖ' => "d",
        'ø' => "o",
        'æ' => "ae",
        'œ' => "oe",
        'þ' => "th",
        'ħ' => "h",
        'ŋ' => "n",
        'ŧ' => "t",
        'ƶ' => "z",
        'ə' | 'ǝ' => "e",
        'ı' => "i",
        'ĸ' => "k",
        'ς' => "σ",
        'ґ' => "г",
        'ӏ' => "і",
        'ٱ' => "ا",
        'ى' | 'ی' | 'ے' => "ي",
        'ة' | 'ہ' | 'ھ' | 'ە' => "ه",
        'ک' | 'ڪ' => "ك",
        'گ' => "ك",
        _ => return push_digit_or_letter(text, letter),
    };
    text.push_str(plain);
}

fn push_digit_or_letter(text: &mut String, letter: char) {
    let code = u32::from(letter);
    if let '\u{3041}'..='\u{3096}' = letter {
        text.extend(char::from_u32(code + KATAKANA));
        return;
    }
    let zero = ZEROS.iter().map(|zero| u32::from(*zero));
    let digit = zero
        .filter(|zero| (*zero..zero + 10).contains(&code))
        .find_map(|zero| char::from_digit(code - zero, 10));
    text.push(digit.unwrap_or(letter));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn letters_fold_to_what_people_type() {
        for (typed, text) in [
            ("strasse", "Straße"),
            ("strasse", "STRAẞE"),
            ("lodz sklep", "Łódź Sklep"),
            ("smorrebrod", "Smørrebrød"),
            ("isik", "IŞIK"),
            ("isik", "Işık"),
            ("istanbul", "İstanbul"),
            ("da nang", "Đà Nẵng"),
            ("oeuvre", "Œuvre"),
            ("abc", "ＡＢＣ"),
            ("file", "ﬁle"),
            ("40", "٤٠"),
            ("o'neil", "O\u{b4}Neil"),
            ("hawai'i", "Hawai\u{2bb}i"),
        ] {
            assert_eq!(folded(text), typed, "{text}");
        }
        for (one, other) in [
            ("σισυφος", "ΣΊΣΥΦΟΣ"),
            ("αγορα", "Αγορά"),
            ("елка", "Ёлка"),
            ("احمد", "أحمد"),
            ("محمد", "مُحَمَّد"),
            ("محمد", "محـــمد"),
            ("مدرسه", "مدرسة"),
            ("علي", "على"),
            ("セブン", "ｾﾌﾞﾝ"),
            ("せぶん", "セブン"),
            ("שלום", "שָׁלוֹם"),
        ] {
            assert_eq!(folded(one), folded(other), "{one} {other}");
        }
    }

    #[test]
    fn what_a_script_cannot_do_without_stays() {
        assert_ne!(folded("ガ"), folded("カ"));
        assert_ne!(folded("की"), folded("का"));
        assert_ne!(folded("ร้าน"), folded("ราน"));
    }

    #[test]
    fn runs_have_parts_and_a_lone_mark_joins() {
        let shown = |text: &str| {
            let mut shown = Vec::new();
            for run in runs(text) {
                let parts = run.parts.iter().map(|part| match part {
                    FoldedPart::Word(word) => word.clone(),
                    FoldedPart::Unspaced(letters) => format!("<{letters}>"),
                });
                shown.push(parts.collect::<Vec<_>>().join("+"));
            }
            shown.join(" ")
        };
        for (text, parts) in [
            ("Sam's Club", "sam+s club"),
            ("H & M", "h+m"),
            ("7 - Eleven", "7+eleven"),
            ("A.B.C. (Rogers)", "a+b+c rogers"),
            ("7-イレブン 24", "7+<イレブン> 24"),
            ("セブン・イレブン", "<セブンイレブン>"),
            ("& -", ""),
            ("क्ष", "क्ष"),
        ] {
            assert_eq!(shown(text), parts, "{text}");
        }
    }

    #[test]
    fn umlauts_are_spelled_out_too() {
        assert_eq!(
            spelled_out("Müller O\u{308}l Ångström"),
            "Mueller oel aangstroem"
        );
    }

    proptest! {
        #[test]
        fn what_is_folded_stays_as_it_is(text in "\\PC{0,24}") {
            let once = folded(&text);
            prop_assert_eq!(folded(&once), once.clone());
            prop_assert!(!runs(&text).iter().any(|run| run.parts.is_empty()));
        }

        #[test]
        fn capitals_and_marks_apart_are_nothing(text in "[a-zA-ZÀ-ÿĀ-žΑ-ωА-я' -]{0,24}") {
            let apart: String = icu_normalizer::DecomposingNormalizerBorrowed::new_nfd()
                .normalize(&text)
                .into_owned();
            prop_assert_eq!(folded(&text), folded(&apart));
            prop_assert_eq!(folded(&text), folded(&text.to_uppercase()));
            prop_assert_eq!(folded(&text), folded(&text.to_lowercase()));
        }
    }
}
