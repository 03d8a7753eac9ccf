//! The page that the story is told on: one line a step, with colour where the reader is a person at
//! a terminal. It does not know what happens, nor where its lines go.

use std::cell::Cell;

/// How a step reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mood {
    /// Done.
    Done,
    /// Not done, as it was to be: a rule was against it, or there was no signal.
    Refused,
    /// Not as told.
    Amiss,
}

/// Columns of a step, in characters.
const HOUR: usize = 5;
const WHO: usize = 6;
const WHAT: usize = 40;
const RESULT: usize = 57;
/// Characters of a claim's line.
const CLAIM: usize = 110;

const BOLD: &str = "1";
const DIM: &str = "2";
const RED: &str = "31";
const GREEN: &str = "32";
const YELLOW: &str = "33";

/// Takes the story as it is told.
pub(crate) trait Teller {
    /// One line, which stays.
    fn line(&self, text: &str);
    /// How far a part has come, and what is done now; it stays until the part rests. A teller may
    /// leave it out.
    fn progress(&self, done: usize, of: usize, now: &str);
    /// The part is done.
    fn rests(&self);
    /// Whether lines may have colour.
    fn has_colour(&self) -> bool;
}

/// Where the story is told.
pub(crate) struct Page<'a> {
    teller: &'a dyn Teller,
    /// The hour of the story in minutes, where it has one.
    hour: Cell<Option<u32>>,
}

impl Page<'_> {
    /// An empty page.
    pub(crate) fn new(teller: &dyn Teller) -> Page<'_> {
        Page {
            teller,
            hour: Cell::new(None),
        }
    }

    /// A line as it is.
    pub(crate) fn line(&self, text: &str) {
        self.teller.line(text);
    }

    /// How far a part has come, and what is done now.
    pub(crate) fn progress(&self, done: usize, of: usize, now: &str) {
        self.teller.progress(done, of, now);
    }

    /// A part is done.
    pub(crate) fn rests(&self) {
        self.teller.rests();
    }

    /// The hour of the steps from now on, in minutes.
    pub(crate) fn hour(&self, hour: Option<u32>) {
        self.hour.set(hour);
    }

    /// Opens a part of the story.
    pub(crate) fn heading(&self, text: &str) {
        self.rests();
        self.line("");
        self.line(&self.painted(BOLD, text));
    }

    /// One step: who did what, what came of it, and how many milliseconds it took, where it took
    /// any.
    pub(crate) fn step(&self, who: &str, what: &str, mood: Mood, result: &str, ms: Option<u128>) {
        let paint = match mood {
            Mood::Done => GREEN,
            Mood::Refused => YELLOW,
            Mood::Amiss => RED,
        };
        let hour = self
            .hour
            .get()
            .map(|hour| format!("{:02}:{:02}", hour / 60, hour % 60))
            .unwrap_or_default();
        let step = format!(
            "  {} {} {}",
            self.painted(DIM, &column(&hour, HOUR)),
            column(who, WHO),
            column(what, WHAT)
        );
        let Some(ms) = ms else {
            return self.line(&format!("{step} {}", self.painted(paint, result)));
        };
        let (result, ms) = (column(result, RESULT), format!("{ms:>5} ms"));
        self.line(&format!(
            "{step} {} {}",
            self.painted(paint, &result),
            self.painted(DIM, &ms)
        ));
    }

    /// One claim, and whether it holds.
    pub(crate) fn claim(&self, holds: bool, text: &str) {
        let mark = if holds {
            self.painted(GREEN, "✓")
        } else {
            self.painted(RED, "✗")
        };
        let mut lines = wrapped(text, CLAIM).into_iter();
        self.line(&format!("  {mark} {}", lines.next().unwrap_or_default()));
        lines.for_each(|line| self.line(&format!("    {line}")));
    }

    /// The last word.
    pub(crate) fn verdict(&self, holds: bool, text: &str) {
        self.rests();
        self.line("");
        self.line(&self.painted(if holds { GREEN } else { RED }, text));
    }

    fn painted(&self, paint: &str, text: &str) -> String {
        if self.teller.has_colour() {
            format!("\u{1b}[{paint}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }
}

/// A text in so many characters: filled up, or cut where it is longer.
fn column(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return format!("{text:<width$}");
    }
    text.chars().take(width - 1).chain(['…']).collect()
}

/// A text in lines of at most so many characters, unless a single word is longer.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            Some(_) | None => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    struct Listener(bool, RefCell<Vec<String>>);

    impl Teller for Listener {
        fn line(&self, text: &str) {
            self.1.borrow_mut().push(text.to_owned());
        }
        fn progress(&self, _: usize, _: usize, _: &str) {}
        fn rests(&self) {}
        fn has_colour(&self) -> bool {
            self.0
        }
    }

    fn told(colour: bool, story: impl Fn(&Page<'_>)) -> String {
        let listener = Listener(colour, RefCell::default());
        story(&Page::new(&listener));
        listener.1.into_inner().join("\n")
    }

    #[test]
    fn a_step_stands_in_columns_and_what_is_too_long_is_cut() {
        let line = told(false, |page| {
            page.step("Ann", "checks in", Mood::Done, &"ö".repeat(70), Some(9))
        });
        let what = format!("{:<WHAT$}", "checks in");
        assert_eq!(
            line,
            format!("        Ann    {what} {}…     9 ms", "ö".repeat(RESULT - 1))
        );
        let line = told(false, |page| {
            page.hour(Some(8 * 60 + 5));
            page.step("Ann", "rests", Mood::Done, "well", None);
        });
        assert!(
            line.starts_with("  08:05 Ann    rests ") && line.ends_with("  well"),
            "{line}"
        );
    }

    #[test]
    fn colour_is_left_out_unless_it_is_wanted() {
        let story = |page: &Page<'_>| page.claim(true, "kept");
        assert_eq!(told(false, story), "  ✓ kept");
        assert_eq!(told(true, story), "  \u{1b}[32m✓\u{1b}[0m kept");
    }

    #[test]
    fn long_claims_are_wrapped_between_words() {
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("seventeen", 7), ["seventeen"]);
    }
}
