//! Text from anywhere as a terminal may show it: on one line, without anything that moves the
//! cursor, colours the screen or turns the direction of what follows. It does not know whose text
//! it is.

use std::borrow::Cow;

/// Stands for a character that is not shown.
const REPLACED: char = '\u{fffd}';

/// The same text on one line: line breaks and tabs are spaces, other controls are replaced.
pub(crate) fn clean(text: &str) -> Cow<'_, str> {
    if text.chars().all(|letter| shown(letter) == letter) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.replace("\r\n", " ").chars().map(shown).collect())
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
        assert_eq!(clean("Joe's Café 東京 \u{5d0}"), "Joe's Café 東京 \u{5d0}");
        assert_eq!(clean("a\tb\nc\r\nd\u{2028}e"), "a b c d e");
        assert_eq!(
            clean("\u{1b}[2Jgone\u{7}\u{9b}1m\u{7f}"),
            "\u{fffd}[2Jgone\u{fffd}\u{fffd}1m\u{fffd}"
        );
        assert_eq!(
            clean("\u{202e}txt\u{202c}\u{200f}\u{2066}"),
            "\u{fffd}txt\u{fffd}\u{fffd}\u{fffd}"
        );
    }
}
