//! The one form in which text is kept: composed (NFC), with plain blanks, and without characters
//! that nobody can see. Names that look alike are then alike. It does not know what a text is
//! about, nor how it is searched: `fold` does.

use std::borrow::Cow;

use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};

const COMPOSED: ComposingNormalizerBorrowed<'static> = ComposingNormalizerBorrowed::new_nfc();
const TAKEN_APART: DecomposingNormalizerBorrowed<'static> =
    DecomposingNormalizerBorrowed::new_nfkd();

/// Rounds after which a text stays as it is: what composing brings beside each other is looked at
/// once more.
const ROUNDS_MAX: usize = 4;

/// Joins letters of scripts that need it, and parts of one picture sign.
const JOINER: char = '\u{200d}';
/// Keeps letters apart in scripts that join them.
const NON_JOINER: char = '\u{200c}';
/// The flag that signs of a region may follow.
const REGION_FLAG: char = '\u{1f3f4}';

/// A text in the form in which it is kept.
#[must_use]
pub fn canonical(text: &str) -> Cow<'_, str> {
    if is_plain(text) {
        return Cow::Borrowed(text);
    }
    let mut kept = text.to_owned();
    for _ in 0..ROUNDS_MAX {
        let next = composed(&without_unseen(&kept));
        let is_same = next == kept;
        kept = next;
        if is_same {
            break;
        }
    }
    if kept == text {
        return Cow::Borrowed(text);
    }
    Cow::Owned(kept)
}

/// Whether a text hides nothing: it is composed and holds no character that cannot be seen. Which
/// blanks it has, and whether some stand around it, is no matter.
#[must_use]
pub fn hides_nothing(text: &str) -> bool {
    if text.is_ascii() {
        return !text.chars().any(is_steering);
    }
    let mut before = None;
    for letter in text.chars() {
        if is_dropped(letter, before) || is_steering(letter) {
            return false;
        }
        before = Some(letter);
    }
    COMPOSED.is_normalized(text)
}

/// A text of composed letters.
#[must_use]
pub fn composed(text: &str) -> String {
    COMPOSED.normalize(text).into_owned()
}

/// A text of which every letter is taken apart into its plainest form and its marks (NFKD).
#[must_use]
pub(super) fn taken_apart(text: &str) -> Cow<'_, str> {
    TAKEN_APART.normalize(text)
}

/// Whether this is a character that nobody sees: one that steers, marks a direction or a place, or
/// stands for no character. Those that some scripts and picture signs need count too.
#[must_use]
pub(super) fn is_unseen(letter: char) -> bool {
    let is_no_character = u32::from(letter) & 0xfffe == 0xfffe;
    is_no_character
        || is_steering(letter)
        || matches!(
            letter,
            '\u{ad}'
                | '\u{34f}'
                | '\u{61c}'
                | '\u{115f}'..='\u{1160}'
                | '\u{17b4}'..='\u{17b5}'
                | '\u{180b}'..='\u{180f}'
                | '\u{200b}'..='\u{200f}'
                | '\u{202a}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{3164}'
                | '\u{fdd0}'..='\u{fdef}'
                | '\u{fe00}'..='\u{fe0f}'
                | '\u{feff}'
                | '\u{ffa0}'
                | '\u{fff0}'..='\u{fffb}'
                | '\u{1bca0}'..='\u{1bca3}'
                | '\u{1d173}'..='\u{1d17a}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}

/// Whether a text is in its form at a glance, as most are.
fn is_plain(text: &str) -> bool {
    let edges = |letter: char| letter == ' ' || letter == '\n';
    text.bytes()
        .all(|byte| byte == b'\n' || (b' '..=b'~').contains(&byte))
        && !text.starts_with(edges)
        && !text.ends_with(edges)
}

/// Whether this is a control character that steers a device; those that part words and lines do
/// not.
fn is_steering(letter: char) -> bool {
    letter.is_control() && !matches!(letter, '\t'..='\r' | '\u{85}')
}

/// Whether this is an unseen character that nothing before it needs.
fn is_dropped(letter: char, before: Option<char>) -> bool {
    is_unseen(letter) && !before.is_some_and(|before| needs(before, letter))
}

/// Whether a letter or sign takes this unseen character behind it: scripts whose letters join,
/// picture signs made of several, signs with two looks, and Han letters with variants.
fn needs(before: char, unseen: char) -> bool {
    match unseen {
        NON_JOINER => joins(before),
        JOINER => joins(before) || is_picture(before) || before == '\u{fe0f}',
        '\u{fe0e}' | '\u{fe0f}' => is_picture(before) || matches!(before, '#' | '*' | '0'..='9'),
        '\u{180b}'..='\u{180d}' | '\u{180f}' => ('\u{1820}'..='\u{18aa}').contains(&before),
        '\u{fe00}'..='\u{fe0d}' | '\u{e0100}'..='\u{e01ef}' => is_han(before),
        '\u{e0020}'..='\u{e007f}' => {
            before == REGION_FLAG || ('\u{e0020}'..='\u{e007e}').contains(&before)
        }
        _ => false,
    }
}

/// Letters that join: Arabic and its kin, Mongolian, and the scripts of India and its neighbours.
fn joins(letter: char) -> bool {
    matches!(
        letter,
        '\u{620}'..='\u{8ff}'
            | '\u{900}'..='\u{dff}'
            | '\u{1000}'..='\u{109f}'
            | '\u{1780}'..='\u{17d3}'
            | '\u{1820}'..='\u{18aa}'
    )
}

fn is_picture(letter: char) -> bool {
    matches!(
        letter,
        '\u{a9}' | '\u{ae}' | '\u{203c}'..='\u{2049}' | '\u{2100}'..='\u{2bff}' | '\u{3030}'
            | '\u{303d}' | '\u{3297}' | '\u{3299}' | '\u{1f000}'..='\u{1faff}'
    )
}

fn is_han(letter: char) -> bool {
    matches!(letter, '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// The same with plain blanks and line ends, without unseen characters, and without blanks around.
fn without_unseen(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut before = None;
    for letter in text.chars() {
        let is_second_half = letter == '\n' && before == Some('\r');
        if !is_dropped(letter, before) && !is_second_half {
            kept.push(match letter {
                '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => '\n',
                '\t' | '\u{a0}' | '\u{2000}'..='\u{200a}' => ' ',
                '\u{202f}' | '\u{205f}' | '\u{2800}' | '\u{3000}' => ' ',
                shown => shown,
            });
            before = Some(letter);
        }
    }
    kept.trim_matches([' ', '\n']).to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, kept: &str) {
        assert_eq!(canonical(text), kept, "{text:?}");
        assert!(hides_nothing(kept), "{kept:?}");
    }

    #[test]
    fn what_looks_alike_is_alike() {
        for text in [
            "Jose\u{301}",
            "Jos\u{e9}",
            " Jos\u{e9}\u{a0}",
            "Jo\u{200b}s\u{e9}",
            "\u{feff}Jos\u{e9}",
            "Jo\u{ad}se\u{301}\r\n",
            "Jos\u{e9}\u{200e}",
            "\u{202a}Jos\u{e9}\u{202c}",
            "\u{2068}Jos\u{e9}\u{2069}",
            "Jos\u{200d}\u{e9}",
            "Jose\u{200c}\u{301}",
            "Jos\u{e9}\u{fe0f}",
            "J\u{0}os\u{e9}\u{7f}",
            "Jos\u{e9}\u{e0041}",
        ] {
            check(text, "Jos\u{e9}");
        }
        check("A\u{a0}B\u{3000}C\u{2009}D\tE", "A B C D E");
        check("\u{1b}[2J Clearing", "[2J Clearing");
        check("one\r\ntwo\rthree\u{2028}four", "one\ntwo\nthree\nfour");
        check("\u{d55c}\u{1112}\u{1161}\u{11ab}", "\u{d55c}\u{d55c}");
        check("\u{212b}ngstr\u{f6}m", "\u{c5}ngstr\u{f6}m");
        check(" \u{200b} ", "");
    }

    #[test]
    fn what_scripts_and_signs_need_stays() {
        for text in [
            "\u{645}\u{6cc}\u{200c}\u{62e}\u{648}\u{627}\u{647}\u{645}",
            "\u{915}\u{94d}\u{200d}\u{937}",
            "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}",
            "\u{2764}\u{fe0f}",
            "1\u{fe0f}\u{20e3}",
            "\u{845b}\u{e0100}",
            "\u{1f3f4}\u{e0067}\u{e0062}\u{e007f}",
            "O\u{2019}Brien & Co. \u{2013} \u{201c}Caf\u{e9}\u{201d}",
            "two\n\nparagraphs  with  room",
        ] {
            check(text, text);
        }
    }

    #[test]
    fn blanks_hide_nothing_and_the_rest_does() {
        for text in ["Jos\u{e9} ", "A\u{a0}B", "a\tb\r\nc", ""] {
            assert!(hides_nothing(text), "{text:?}");
        }
        for text in [
            "Jose\u{301}",
            "J\u{200b}o",
            "a\u{1b}b",
            "\u{202e}x",
            "x\u{feff}",
        ] {
            assert!(!hides_nothing(text), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn the_form_of_a_form_is_itself(
            text in "\\PC{0,24}|[\\u{0}-\\u{3ff}\\u{200b}-\\u{206f}]{0,24}",
        ) {
            let kept = canonical(&text).into_owned();
            prop_assert_eq!(canonical(&kept).into_owned(), kept.clone());
            prop_assert!(hides_nothing(&kept), "{kept:?}");
        }
    }
}
