//! Reads a CSV file into rows that know their lines; what is wrong with a row stays with the row.
//! It does not know what the columns mean.

use std::path::Path;

use csv::{ReaderBuilder, StringRecord};

use crate::answer::CliFailure;
use crate::text_file;

/// A file as rows.
pub(crate) struct CsvFile {
    /// The names of the columns, in their order.
    pub(crate) columns: Vec<String>,
    /// The rows below the names.
    pub(crate) rows: Vec<CsvRow>,
}

/// One row of a file.
pub(crate) struct CsvRow {
    /// The line it begins on; the file's first is 1.
    pub(crate) line: u64,
    /// One cell a column, without spaces around it.
    pub(crate) cells: Vec<String>,
    /// What is wrong with the row as such.
    pub(crate) fault: Option<String>,
}

/// Reads a file; the whole of it must be UTF-8, with or without a byte order mark.
pub(crate) fn read(file: &Path) -> Result<CsvFile, CliFailure> {
    parse(&file.display().to_string(), &text_file::read(file)?)
}

/// Reads the text of the file of this name.
pub(crate) fn parse(file: &str, text: &str) -> Result<CsvFile, CliFailure> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let wrong = |message: &str| {
        CliFailure::bad_input("bad_file", format!("`{file}`: {message}")).about("file")
    };
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let mut rows = reader.records();
    let columns: Vec<String> = match rows.next() {
        None => return Err(wrong("the file is empty; its first line names the columns")),
        Some(first) => cells(&first.map_err(|error| wrong(&error.to_string()))?),
    };
    if let Some((at, twice)) = columns
        .iter()
        .enumerate()
        .find(|(at, name)| columns[..*at].contains(name))
    {
        return Err(wrong(&format!(
            "column {} is named `{twice}` like another; name it otherwise",
            at + 1
        )));
    }
    let mut lines = LineCounter {
        text: text.as_bytes(),
        offset: 0,
        line: 1,
    };
    let mut read = Vec::new();
    for row in rows {
        let row = row.map_err(|error| wrong(&error.to_string()))?;
        let line = lines.of(row.position().map_or(0, csv::Position::byte));
        let cells = cells(&row);
        let fault = fault(&cells, columns.len());
        read.push(CsvRow { line, cells, fault });
    }
    Ok(CsvFile {
        columns,
        rows: read,
    })
}

fn cells(row: &StringRecord) -> Vec<String> {
    row.iter().map(|cell| cell.trim().to_owned()).collect()
}

fn fault(cells: &[String], columns: usize) -> Option<String> {
    if cells.iter().any(|cell| cell.chars().any(char::is_control)) {
        return Some(
            "a cell holds a line break or another control character; is a quotation mark missing?"
                .to_owned(),
        );
    }
    let is_whole = cells.len() == columns;
    (!is_whole).then(|| {
        format!(
            "the row has {} cells, but there are {columns} columns",
            cells.len()
        )
    })
}

/// Counts lines up to where a row begins; empty lines before a row are not its own.
struct LineCounter<'a> {
    text: &'a [u8],
    offset: usize,
    line: u64,
}

impl LineCounter<'_> {
    fn of(&mut self, byte: u64) -> u64 {
        let start = usize::try_from(byte).unwrap_or(usize::MAX);
        while let Some(byte) = self.text.get(self.offset) {
            let is_break = matches!(byte, b'\r' | b'\n');
            if self.offset >= start && !is_break {
                break;
            }
            // Of a carriage return and a line feed the second counts; a carriage return alone
            // breaks a line too.
            let is_first_of_two = *byte == b'\r' && self.text.get(self.offset + 1) == Some(&b'\n');
            self.line += u64::from(is_break && !is_first_of_two);
            self.offset += 1;
        }
        self.line
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn read_bytes(bytes: &[u8]) -> Result<CsvFile, CliFailure> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        read(file.path())
    }

    fn check(text: &str, expected: &[(u64, &str)]) {
        let csv_file = read_bytes(text.as_bytes()).ok().unwrap();
        let rows: Vec<(u64, String)> = csv_file
            .rows
            .iter()
            .map(|row| (row.line, row.cells.join("|")))
            .collect();
        let rows: Vec<(u64, &str)> = rows
            .iter()
            .map(|(line, cells)| (*line, cells.as_str()))
            .collect();
        assert_eq!(rows, expected);
    }

    fn refused(bytes: &[u8]) -> String {
        read_bytes(bytes).err().unwrap().message
    }

    #[test]
    fn rows_know_their_lines() {
        check("a,b\n1,2\n3,4\n", &[(2, "1|2"), (3, "3|4")]);
        check("a,b\r\n1,2\r\n\r\n3,4", &[(2, "1|2"), (4, "3|4")]);
        check("a,b\r1,2\r\r3,4\r", &[(2, "1|2"), (4, "3|4")]);
        check("a,b\n1,\"x\ny\"\n3,4\n", &[(2, "1|x\ny"), (4, "3|4")]);
        check("\u{feff}a,b\n 1 , 2\n", &[(2, "1|2")]);
        check("a,b\n", &[]);
    }

    #[test]
    fn faults_of_a_row_stay_with_it() {
        let csv_file = read_bytes(b"a,b\n1\n1,2,3\n\"1\n2\",3\n1,2\n")
            .ok()
            .unwrap();
        let faults: Vec<Option<&str>> = csv_file
            .rows
            .iter()
            .map(|row| row.fault.as_deref())
            .collect();
        assert_eq!(
            faults[0],
            Some("the row has 1 cells, but there are 2 columns")
        );
        assert_eq!(
            faults[1],
            Some("the row has 3 cells, but there are 2 columns")
        );
        assert!(faults[2].is_some_and(|fault| fault.starts_with("a cell holds a line break")));
        assert_eq!(faults[3], None);
    }

    #[test]
    fn a_file_that_cannot_be_read_says_why() {
        assert!(refused(b"").ends_with("the file is empty; its first line names the columns"));
        assert!(refused(b"a,b\n1,\xff\n").ends_with("line 2 is not UTF-8; save the file as UTF-8"));
        assert!(
            refused(b"a,b,a\n").ends_with("column 3 is named `a` like another; name it otherwise")
        );
        assert_eq!(
            read(Path::new("no-such-file.csv")).err().unwrap().code,
            "bad_file"
        );
    }
}
