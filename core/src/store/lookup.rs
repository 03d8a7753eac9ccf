//! What the index of words is asked for a text that a person typed: each word by its beginning,
//! and beside it the other ways in which a name may have been written or typed: joined, split,
//! spelled out, with fewer digits. It does not know records.

use std::collections::BTreeMap;

use rusqlite::{CachedStatement, params};

use super::error::StoreError;
use super::schema::Db;
use super::words::{WINDOW, joined, significant};
use crate::base::fold::{FoldedPart, FoldedRun, runs, spelled_out};
use crate::base::gtin;

/// Words that are looked up; a text has more only by mistake, and those go by the first ones.
const RUNS_MAX: usize = 24;
/// Words that are also tried as one: those of a longer text are told apart well enough.
const JOINED_RUNS_MAX: usize = 4;
/// The shortest word that is also tried as two.
const SPLIT_LETTERS_MIN: usize = 4;
/// The longest.
const SPLIT_LETTERS_MAX: usize = 24;
/// The fewest letters that the last of two words in one has.
const TAIL_LETTERS_MIN: usize = 2;
/// Splits of one word that are asked for.
const SPLITS_MAX: usize = 4;
/// The fewest digits of a number that is also looked up without the zeros before it.
const NUMBER_DIGITS_MIN: usize = 6;
/// No word begins so.
const NOTHING: &str = "\"\u{e000}\"";

/// The expression of FTS5 that finds what a person means by a text; none if it has no word.
pub fn expression(db: &Db, text: &str) -> Result<Option<String>, StoreError> {
    let mut asked = runs(text);
    asked.truncate(RUNS_MAX);
    if asked.is_empty() {
        return Ok(None);
    }
    let mut lookup = Lookup::of(db)?;
    let spelled = runs(&spelled_out(text));
    let mut ways = lookup.ways(&asked)?;
    if spelled.len() == asked.len() && spelled != asked {
        ways.extend(lookup.ways(&spelled)?);
    }
    if ways.is_empty() {
        ways.push(NOTHING.to_owned());
    }
    Ok(Some(ways.join(" OR ")))
}

/// The words that a text would be entered with are asked for as they stand, and nothing else.
pub(super) fn quoted(words: &[String]) -> String {
    format!("\"{}\"", words.join(" "))
}

/// What begins with a word, or with words that follow each other.
pub(super) fn beginning(words: &str) -> String {
    format!("\"{words}\"*")
}

/// Asks which words there are, while an expression is made.
struct Lookup<'a> {
    begins: CachedStatement<'a>,
    is_there: CachedStatement<'a>,
    /// What is known of words that were asked for before.
    known: BTreeMap<String, Vec<String>>,
}

impl<'a> Lookup<'a> {
    fn of(db: &'a Db) -> Result<Lookup<'a>, StoreError> {
        let begins = "SELECT 1 FROM search_term WHERE term >= ?1 AND term < ?2 LIMIT 1";
        Ok(Lookup {
            begins: db.prepare_cached(begins)?,
            is_there: db.prepare_cached("SELECT 1 FROM search_term WHERE term = ?1 LIMIT 1")?,
            known: BTreeMap::new(),
        })
    }

    /// Whether any word begins so.
    fn begins(&mut self, word: &str) -> Result<bool, StoreError> {
        Ok(self
            .begins
            .exists(params![word, format!("{word}\u{10ffff}")])?)
    }

    fn is_there(&mut self, word: &str) -> Result<bool, StoreError> {
        Ok(self.is_there.exists([word])?)
    }

    /// Each way to find all of these runs: as they were typed, and with neighbours joined. A way on
    /// which some word is not to be found is none.
    fn ways(&mut self, runs: &[FoldedRun]) -> Result<Vec<String>, StoreError> {
        let gaps = if runs.len() <= JOINED_RUNS_MAX {
            runs.len() - 1
        } else {
            0
        };
        let mut ways = Vec::new();
        for closed in 0_u32..1 << gaps {
            if let Some(way) = self.way(runs, closed)? {
                ways.push(way);
            }
        }
        Ok(ways)
    }

    /// The way on which these gaps are closed; a bit stands for each.
    fn way(&mut self, runs: &[FoldedRun], closed: u32) -> Result<Option<String>, StoreError> {
        let mut wanted = Vec::new();
        let mut at = 0;
        while at < runs.len() {
            let mut end = at + 1;
            while end < runs.len() && closed >> (end - 1) & 1 == 1 {
                end += 1;
            }
            let found = match &runs[at..end] {
                [run] => self.run(run)?,
                several => self.one_word(several)?,
            };
            let Some(found) = found else {
                return Ok(None);
            };
            wanted.push(found);
            at = end;
        }
        Ok(Some(format!("({})", wanted.join(" AND "))))
    }

    /// Runs that were typed apart, as one word.
    fn one_word(&mut self, runs: &[FoldedRun]) -> Result<Option<String>, StoreError> {
        let mut word = String::new();
        for part in runs.iter().flat_map(|run| &run.parts) {
            match part {
                FoldedPart::Word(part) => word.push_str(part),
                FoldedPart::Unspaced(_) => return Ok(None),
            }
        }
        Ok(any(self.forms(&word)?))
    }

    /// One run: its parts all, or as one word.
    fn run(&mut self, run: &FoldedRun) -> Result<Option<String>, StoreError> {
        let mut ways = Vec::new();
        if let Some(word) = joined(&run.parts) {
            ways.extend(self.word(&word)?);
        }
        let mut parts = Vec::new();
        for part in &run.parts {
            let found = match part {
                FoldedPart::Word(word) => any(self.word(word)?),
                FoldedPart::Unspaced(letters) => Some(following(letters)),
            };
            let Some(found) = found else {
                return Ok(any(ways));
            };
            parts.push(found);
        }
        match &parts[..] {
            [one] => ways.push(one.clone()),
            several => ways.push(format!("({})", several.join(" AND "))),
        }
        Ok(any(ways))
    }

    /// The ways in which one word may be written, as one word and as two.
    fn word(&mut self, word: &str) -> Result<Vec<String>, StoreError> {
        if let Some(ways) = self.known.get(word) {
            return Ok(ways.clone());
        }
        let mut ways = self.forms(word)?;
        ways.extend(self.splits(word)?);
        self.known.insert(word.to_owned(), ways.clone());
        Ok(ways)
    }

    /// The ways in which one word may be written as one.
    fn forms(&mut self, word: &str) -> Result<Vec<String>, StoreError> {
        let mut ways = Vec::new();
        let mut forms = vec![word.to_owned()];
        forms.extend(numbers(word));
        for form in forms {
            if self.begins(&form)? {
                ways.push(beginning(&form));
            }
        }
        Ok(ways)
    }

    /// Two words, one behind the other, that were typed as one.
    fn splits(&mut self, word: &str) -> Result<Vec<String>, StoreError> {
        let mut ways = Vec::new();
        let letters = word.chars().count();
        let is_number = word.bytes().all(|byte| byte.is_ascii_digit());
        if is_number || !(SPLIT_LETTERS_MIN..=SPLIT_LETTERS_MAX).contains(&letters) {
            return Ok(ways);
        }
        let cuts = word.char_indices().map(|(at, _)| at).skip(1);
        for at in cuts.take(letters - TAIL_LETTERS_MIN) {
            let (head, tail) = word.split_at(at);
            if ways.len() < SPLITS_MAX && self.is_there(head)? && self.begins(tail)? {
                ways.push(beginning(&format!("{head} {tail}")));
            }
        }
        Ok(ways)
    }
}

/// The other forms of a number: without the zeros before it, and in full where it is short.
fn numbers(word: &str) -> Vec<String> {
    let mut forms = Vec::new();
    if word.len() >= NUMBER_DIGITS_MIN {
        forms.extend(significant(word).map(str::to_owned));
    }
    let expanded = gtin::expanded(word).ok();
    let digits = expanded.as_deref().and_then(significant);
    forms.extend(digits.map(str::to_owned));
    forms
}

/// Letters that follow each other in a script without blanks.
fn following(letters: &str) -> String {
    let letters: Vec<char> = letters.chars().collect();
    if letters.len() <= WINDOW {
        return beginning(&letters.iter().collect::<String>());
    }
    let windows = letters
        .windows(WINDOW)
        .map(|window| window.iter().collect());
    quoted(&windows.collect::<Vec<String>>())
}

/// One of several ways; none if there is none.
fn any(ways: Vec<String>) -> Option<String> {
    match &ways[..] {
        [] => None,
        [one] => Some(one.clone()),
        several => Some(format!("({})", several.join(" OR "))),
    }
}
