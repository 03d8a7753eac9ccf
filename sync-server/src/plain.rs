//! Text from anywhere as a terminal, a log or a page may get it: without anything that moves a
//! cursor, colours a screen, begins a line or turns the direction of what follows. It does not know
//! whose text it is.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Stands for a character that is not shown.
const REPLACED: char = '\u{fffd}';

/// The same text on one line: line breaks and tabs are spaces, other controls are replaced.
#[must_use]
pub fn line(text: &str) -> Cow<'_, str> {
    if text.chars().all(|letter| shown(letter) == letter) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.replace("\r\n", " ").chars().map(shown).collect())
}

/// The same JSON, whose texts say by `\u…` what a terminal would take for more than a letter.
#[must_use]
pub fn json(text: &str) -> Cow<'_, str> {
    let steers = |letter: char| !letter.is_ascii_control() && shown(letter) != letter;
    // Of ASCII controls, JSON has none in texts; between them they are line breaks.
    if !text
        .chars()
        .any(|letter| steers(letter) || letter == '\u{7f}')
    {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len() + 16);
    for letter in text.chars() {
        if steers(letter) || letter == '\u{7f}' {
            // A `String` takes whatever is written to it.
            write!(plain, "\\u{:04x}", u32::from(letter)).ok();
        } else {
            plain.push(letter);
        }
    }
    Cow::Owned(plain)
}

fn shown(letter: char) -> char {
    match letter {
        '\n' | '\r' | '\t' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => ' ',
        // Marks, embeddings, overrides and isolates of bidirectional text.
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            REPLACED
        }
        letter if letter.is_control() => REPLACED,
        letter => letter,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_steers_a_terminal_is_shown() {
        assert_eq!(line("Joe's Café 東京 \u{5d0}"), "Joe's Café 東京 \u{5d0}");
        assert_eq!(line("a\tb\nc\r\nd\u{2028}e"), "a b c d e");
        assert_eq!(
            line("\u{1b}[2Jgone\u{7}\u{9b}1m\u{7f}"),
            "\u{fffd}[2Jgone\u{fffd}\u{fffd}1m\u{fffd}"
        );
        assert_eq!(
            line("\u{202e}txt\u{202c}\u{200f}\u{2066}"),
            "\u{fffd}txt\u{fffd}\u{fffd}\u{fffd}"
        );
    }

    #[test]
    fn json_says_by_escapes_what_steers_and_means_the_same() {
        let said = "\u{1b}[2J\u{7f}\u{9b}1m\u{85}\u{202e}txt\u{2028}\u{2069} Café \u{1f600}";
        let written = serde_json::to_string(&[said]).expect("text has a JSON form");
        let plain = json(&written);
        assert!(
            plain.chars().all(|letter| shown(letter) == letter),
            "{plain}"
        );
        let read: Vec<String> = serde_json::from_str(&plain).expect("it is JSON");
        assert_eq!(read, [said]);
        assert_eq!(json("{\n  \"a\": \"é\"\n}\n"), "{\n  \"a\": \"é\"\n}\n");
    }
}
