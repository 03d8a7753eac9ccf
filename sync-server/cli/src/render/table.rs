//! An aligned table, as wide as what it shows or as the terminal is. It does not know what the
//! cells mean.

use outfield_server::plain;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Between two columns.
const GAP: &str = "  ";
/// Where something was cut off.
const ELLIPSIS: char = '…';
/// How far a column is drawn out where nothing says how wide a line may be: one long name does not
/// push the rest of every other row away.
const DRAWN_OUT_MAX: usize = 60;
/// What stays of a column that is made narrower.
const NARROW_MIN: usize = 8;

/// A column: what stands above it, and on which side its cells do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PrintedColumn {
    /// The name above it.
    pub(crate) name: String,
    /// Whether it holds numbers, whose ends stand below each other.
    pub(crate) right: bool,
    /// Whether half of what it holds would be wrong, such as of a number or a day.
    pub(crate) whole: bool,
}

/// A table for people.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct PrintedTable {
    columns: Vec<PrintedColumn>,
    rows: Vec<Vec<String>>,
    /// Whether somebody chose the columns, so that none may be left out.
    chosen: bool,
    more: Option<String>,
}

impl PrintedTable {
    /// An empty table with these columns; the last one holds what names a row to a machine.
    pub(crate) fn of(columns: Vec<PrintedColumn>) -> PrintedTable {
        PrintedTable {
            columns,
            ..PrintedTable::default()
        }
    }

    /// Keeps all columns, however narrow the terminal.
    pub(crate) fn with_all_columns(self) -> PrintedTable {
        PrintedTable {
            chosen: true,
            ..self
        }
    }

    /// Adds a row.
    pub(crate) fn push(&mut self, cells: Vec<String>) {
        let cells = cells.iter().map(|cell| plain::line(cell).into_owned());
        self.rows.push(cells.collect());
    }

    /// Says below the table that there is more than it shows.
    pub(crate) fn more(&mut self, line: String) {
        self.more = Some(line);
    }

    /// The lines: those of a terminal are at most so many columns wide, others as wide as they are.
    pub(crate) fn lines(&self, width: Option<usize>) -> Vec<String> {
        if self.rows.is_empty() {
            return vec!["none".to_owned()];
        }
        let mut shown: Vec<usize> = (0..self.columns.len()).collect();
        let mut widths = self.widths(width);
        if let Some(width) = width {
            self.fit(&shown, &mut widths, width);
            while !self.chosen && shown.len() > 2 && total(&shown, &widths) > width {
                shown.remove(shown.len() - 2);
                widths = self.widths(Some(width));
                self.fit(&shown, &mut widths, width);
            }
        }
        let head: Vec<String> = self
            .columns
            .iter()
            .map(|column| column.name.clone())
            .collect();
        let mut lines = Vec::new();
        for cells in std::iter::once(&head).chain(&self.rows) {
            let line = self.line(cells, &shown, &widths, width.is_some());
            lines.push(match width {
                Some(width) => cut(&line, width),
                None => line,
            });
        }
        lines.extend(self.more.clone());
        lines
    }

    fn widths(&self, width: Option<usize>) -> Vec<usize> {
        let widest = |at: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(at));
            let cells = cells.map(|cell| cell.width());
            cells.chain([self.columns[at].name.width()]).max()
        };
        let most = width.unwrap_or(DRAWN_OUT_MAX);
        (0..self.columns.len())
            .map(|at| widest(at).unwrap_or_default().min(most))
            .collect()
    }

    /// Makes the widest columns narrower until all fit. Half a number or half an id is none, so
    /// that such columns and the last one stay as they are.
    fn fit(&self, shown: &[usize], widths: &mut [usize], width: usize) {
        let Some((_, others)) = shown.split_last() else {
            return;
        };
        while total(shown, widths) > width {
            let may_shrink = |at: &usize| !self.columns[*at].whole && widths[*at] > NARROW_MIN;
            let shrinking = others.iter().copied().filter(may_shrink);
            match shrinking.max_by_key(|at| widths[*at]) {
                Some(at) => widths[at] -= 1,
                None => return,
            }
        }
    }

    fn line(&self, cells: &[String], shown: &[usize], widths: &[usize], cuts: bool) -> String {
        let mut line = String::new();
        for at in shown {
            let cell = cells.get(*at).map(String::as_str).unwrap_or_default();
            let cell = if cuts {
                cut(cell, widths[*at])
            } else {
                cell.to_owned()
            };
            let space = " ".repeat(widths[*at].saturating_sub(cell.width()));
            if self.columns[*at].right {
                line.push_str(&space);
                line.push_str(&cell);
            } else {
                line.push_str(&cell);
                line.push_str(&space);
            }
            line.push_str(GAP);
        }
        line.truncate(line.trim_end().len());
        line
    }
}

/// How wide these columns are together.
fn total(shown: &[usize], widths: &[usize]) -> usize {
    let columns: usize = shown.iter().map(|at| widths[*at]).sum();
    columns + GAP.len() * shown.len().saturating_sub(1)
}

/// At most so many columns of a text, an ellipsis at the end where it was longer.
fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut used = 1;
    for letter in text.chars() {
        used += letter.width().unwrap_or_default();
        if used > width {
            break;
        }
        kept.push(letter);
    }
    kept.push(ELLIPSIS);
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str, right: bool) -> PrintedColumn {
        let name = name.to_owned();
        PrintedColumn {
            name,
            right,
            whole: right,
        }
    }

    fn shops(names: &[&str]) -> PrintedTable {
        let columns = vec![
            column("name", false),
            column("code", false),
            column("distance_m", true),
            column("id", false),
        ];
        let mut table = PrintedTable::of(columns);
        for (number, name) in names.iter().enumerate() {
            let far = (279 * (1 + 19 * number)).to_string();
            table.push(vec![
                (*name).to_owned(),
                "C-1".to_owned(),
                far,
                format!("id-{number}"),
            ]);
        }
        table
    }

    #[test]
    fn columns_stand_below_each_other_by_what_is_seen() {
        let mut table = shops(&["Café", "東京ストア"]);
        table.more("2 shown, there are more; --limit 4 shows more".to_owned());
        let expected = [
            "name        code  distance_m  id",
            "Café        C-1          279  id-0",
            "東京ストア  C-1         5580  id-1",
            "2 shown, there are more; --limit 4 shows more",
        ];
        assert_eq!(table.lines(None), expected);
    }

    #[test]
    fn a_terminal_cuts_what_is_long_and_keeps_the_id_whole() {
        let table = shops(&["The Corner Store of Elm Street", "Harp"]);
        let expected = [
            "name          code  distance_m  id",
            "The Corner …  C-1          279  id-0",
            "Harp          C-1         5580  id-1",
        ];
        assert_eq!(table.lines(Some(36)), expected);
    }

    #[test]
    fn nothing_steers_the_terminal_and_one_row_stays_one_line() {
        let long = "x".repeat(10_000);
        let names = ["a\tb\nc", "\u{1b}[2Jd", "\u{202e}e\u{200f}", long.as_str()];
        let table = shops(&names);
        let lines = table.lines(None);
        assert_eq!(lines.len(), 5);
        assert!(lines[1].starts_with("a b c  "), "{}", lines[1]);
        assert!(lines[2].starts_with("\u{fffd}[2Jd  "), "{}", lines[2]);
        assert!(lines[3].starts_with("\u{fffd}e\u{fffd}  "), "{}", lines[3]);
        assert!(lines[4].starts_with(&long) && lines[1].len() < 100);
        let lines = table.lines(Some(80));
        assert!(lines.iter().all(|line| line.width() <= 80), "{lines:?}");
    }

    #[test]
    fn a_narrow_terminal_leaves_columns_out_unless_somebody_chose_them() {
        let table = shops(&["The Corner Store of Elm Street"]);
        let left = ["name      id", "The Cor…  id-0"];
        assert_eq!(table.lines(Some(14)), left);
        let kept = ["name      c…", "The Cor…  C…"];
        assert_eq!(table.with_all_columns().lines(Some(12)), kept);
    }

    #[test]
    fn a_table_without_rows_says_so() {
        assert_eq!(shops(&[]).lines(None), ["none"]);
    }
}
