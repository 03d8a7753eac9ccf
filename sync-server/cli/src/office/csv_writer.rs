//! Tables that the office writes, as CSV: UTF-8 with its mark, so that spreadsheets take it for
//! that, and no cell that a spreadsheet would carry out as a formula. It does not know what stands
//! in them.

use std::io::{self, Write};

/// What a spreadsheet takes for the beginning of a formula, by itself or after a blank was cut off.
const FORMULA: [char; 10] = [
    '=', '+', '-', '@', '\t', '\r', '\n', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}',
];
/// What stands before it, so that it is none.
const GUARD: char = '\'';

/// A cell that no spreadsheet carries out: `=1+1` is written `'=1+1`. What begins so already gets
/// another one, so that [`unguarded`] gives back each cell as it was.
pub(crate) fn guarded(cell: &str) -> String {
    if is_formula(cell) {
        return format!("{GUARD}{cell}");
    }
    cell.to_owned()
}

/// The cell as it was before [`guarded`].
pub(crate) fn unguarded(cell: &str) -> &str {
    cell.strip_prefix(GUARD)
        .filter(|rest| is_formula(rest))
        .unwrap_or(cell)
}

fn is_formula(cell: &str) -> bool {
    let bare = cell.trim_start_matches(GUARD);
    bare.starts_with(FORMULA) || bare.starts_with('\u{ff20}')
}

/// Writes a table row by row.
pub(crate) struct CsvWriter<W: Write> {
    rows: csv::Writer<W>,
}

impl<W: Write> CsvWriter<W> {
    /// Begins a table.
    pub(crate) fn begin(mut to: W) -> io::Result<CsvWriter<W>> {
        to.write_all("\u{feff}".as_bytes())?;
        let rows = csv::WriterBuilder::new()
            .flexible(true)
            .terminator(csv::Terminator::CRLF)
            .from_writer(to);
        Ok(CsvWriter { rows })
    }

    /// Writes a row.
    pub(crate) fn row<'a>(&mut self, cells: impl IntoIterator<Item = &'a str>) -> io::Result<()> {
        let cells = cells.into_iter().map(guarded);
        self.rows.write_record(cells).map_err(io::Error::from)
    }

    /// Sees all of it on its way.
    pub(crate) fn end(mut self) -> io::Result<W> {
        self.rows.flush()?;
        self.rows
            .into_inner()
            .map_err(|error| io::Error::other(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula_and_each_comes_back_as_it_was() {
        for cell in [
            "=1+1", "+1479", "-3", "@SUM(A1)", "\tx", "\rx", "\nx", "'=1", "''=1", "＝1",
        ] {
            let written = guarded(cell);
            assert!(written.starts_with("'"), "{cell:?}");
            assert_eq!(unguarded(&written), cell);
        }
        for plain in ["", "Käse", "1=1", "'n' Roll", "a-b", "'"] {
            assert_eq!((guarded(plain).as_str(), unguarded(plain)), (plain, plain));
        }
    }

    #[test]
    fn a_table_has_the_mark_of_its_encoding_and_quotes_what_needs_it() {
        let mut table = CsvWriter::begin(Vec::new()).unwrap();
        table.row(["a", "b"]).unwrap();
        table.row(["=x", "1,\"2\"\n3"]).unwrap();
        let text = String::from_utf8(table.end().unwrap()).unwrap();
        assert_eq!(text, "\u{feff}a,b\r\n'=x,\"1,\"\"2\"\"\n3\"\r\n");
    }
}
