//! Reads text with something between its cells into rows that know their lines; what is wrong with
//! a row stays with the row. It holds one row at a time. It does not know what the columns mean.

use std::cell::RefCell;
use std::io::{self, Read};
use std::rc::Rc;

use csv::{ReaderBuilder, StringRecord};

use super::delimiter::{self, SeparatorLine};
use super::encoding::{self, DecodedText};
use super::file_rows::{FileRow, FoundForm, ROW_BYTES_MAX, RowFeed, SaidForm, SourceFile};
use crate::answer::CliFailure;

/// Bytes of text by which it is found what stands between cells.
const SAMPLE_BYTES: u64 = 64 * 1024;

/// In which encoding the text is, and what stands between its cells.
pub(super) fn found(
    file: &SourceFile<'_>,
    said: &SaidForm,
    is_known: &dyn Fn(&str) -> bool,
) -> Result<FoundForm, CliFailure> {
    let found = encoding::found(file, said.encoding.as_deref())?;
    let named = said
        .delimiter
        .as_deref()
        .map(delimiter::named)
        .transpose()?;
    let sample = sample(file, found.encoding)?;
    let by_file = delimiter::separator_line(&sample).map(|line| line.delimiter);
    let delimiter = named
        .or(by_file)
        .unwrap_or_else(|| delimiter::likeliest(&sample, is_known));
    Ok(FoundForm::Text {
        encoding: found.encoding.name(),
        is_guessed: found.is_guessed,
        delimiter,
    })
}

/// The beginning of the text.
fn sample(
    file: &SourceFile<'_>,
    encoding: &'static encoding_rs::Encoding,
) -> Result<String, CliFailure> {
    let mut bytes = Vec::new();
    let mut text = DecodedText::of(file.reader()?, encoding).take(SAMPLE_BYTES);
    let read = text.read_to_end(&mut bytes);
    read.map_err(|error| file.wrong(&error.to_string()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Reads the rows of a text.
pub(super) fn read(
    file: &SourceFile<'_>,
    encoding: &str,
    delimiter: char,
    feed: &mut RowFeed<'_>,
) -> Result<(), CliFailure> {
    let encoding = encoding::of_name(encoding);
    let said = delimiter::separator_line(&sample(file, encoding)?);
    let kept = Rc::new(RefCell::new(KeptText::default()));
    let mut text = KeepingText {
        text: DecodedText::of(file.reader()?, encoding),
        kept: Rc::clone(&kept),
    };
    let mut lines = LineCounter { line: 1, last: 0 };
    if let Some(SeparatorLine { bytes, .. }) = said {
        let mut first = vec![0; bytes];
        let read = text.read_exact(&mut first);
        read.map_err(|error| file.wrong(&error.to_string()))?;
        kept.borrow_mut().bytes.clear();
        lines.pass(&first);
    }
    let mark = u8::try_from(delimiter).unwrap_or(b',');
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(mark)
        .from_reader(text);
    let mut record = StringRecord::new();
    loop {
        let more = reader.read_record(&mut record);
        let more = more.map_err(|error| file.wrong(&reason(&error, lines.line)))?;
        let raw = kept.borrow_mut().up_to(reader.position().byte());
        let row = row(
            &record,
            &raw,
            &mut lines,
            ExpectedRow {
                mark,
                columns: feed.columns(),
            },
        );
        if !more {
            return Ok(());
        }
        feed.take(row)?;
    }
}

/// Why a text cannot be read on.
fn reason(error: &csv::Error, line: u64) -> String {
    let is_too_long = match error.kind() {
        csv::ErrorKind::Io(error) => error.kind() == io::ErrorKind::FileTooLarge,
        csv::ErrorKind::Utf8 { .. }
        | csv::ErrorKind::UnequalLengths { .. }
        | csv::ErrorKind::Seek
        | csv::ErrorKind::Serialize(_)
        | csv::ErrorKind::Deserialize { .. }
        | _ => false,
    };
    if !is_too_long {
        return error.to_string();
    }
    let kib = ROW_BYTES_MAX / 1024;
    format!(
        "the row that begins near line {line} has more than {kib} KiB; \
         is a quotation mark missing there?"
    )
}

/// What a row is to be like.
struct ExpectedRow {
    mark: u8,
    columns: Option<usize>,
}

fn row(
    record: &StringRecord,
    raw: &[u8],
    lines: &mut LineCounter,
    expected: ExpectedRow,
) -> FileRow {
    let is_break = |byte: &u8| matches!(byte, b'\r' | b'\n');
    let blank = raw.iter().take_while(|byte| is_break(byte)).count();
    let (before, own) = raw.split_at(blank);
    lines.pass(before);
    let line = lines.line;
    lines.pass(own);
    let is_open = own.contains(&b'"') && !quotes_close(own, expected.mark);
    let runs_on = own.trim_ascii_end().iter().any(is_break);
    let is_last = own.last().is_some_and(|byte| !is_break(byte));
    let fault = if is_open && (runs_on || is_last) {
        Some("a quotation mark is missing, or one is left over".to_owned())
    } else {
        too_many(record, expected.columns)
    };
    let cells = record.iter().map(str::to_owned).collect();
    FileRow { line, cells, fault }
}

/// A row may have empty cells beyond the last column, as spreadsheets write them.
fn too_many(record: &StringRecord, columns: Option<usize>) -> Option<String> {
    let columns = columns?;
    let mut beyond = record.iter().skip(columns);
    beyond.any(|cell| !cell.trim().is_empty()).then(|| {
        let cells = record.len();
        format!("the row has {cells} cells, but there are {columns} columns")
    })
}

/// Whether each quotation mark that opens a cell is closed at the end of a cell.
fn quotes_close(row: &[u8], mark: u8) -> bool {
    enum QuotePlace {
        Begin,
        Bare,
        Quoted,
        Closed,
    }
    let mut place = QuotePlace::Begin;
    for byte in row {
        let ends_cell = *byte == mark || matches!(byte, b'\r' | b'\n');
        place = match place {
            QuotePlace::Begin if *byte == b'"' => QuotePlace::Quoted,
            QuotePlace::Closed if *byte == b'"' => QuotePlace::Quoted,
            QuotePlace::Quoted if *byte == b'"' => QuotePlace::Closed,
            QuotePlace::Quoted => QuotePlace::Quoted,
            QuotePlace::Begin | QuotePlace::Bare | QuotePlace::Closed if ends_cell => {
                QuotePlace::Begin
            }
            QuotePlace::Closed if *byte != b' ' => return false,
            QuotePlace::Closed => QuotePlace::Closed,
            QuotePlace::Begin | QuotePlace::Bare => QuotePlace::Bare,
        };
    }
    !matches!(place, QuotePlace::Quoted)
}

/// Text that was read and whose row is not over.
#[derive(Default)]
struct KeptText {
    bytes: Vec<u8>,
    begins_at: u64,
}

impl KeptText {
    /// What there is up to this place of the text; it is kept no longer.
    fn up_to(&mut self, byte: u64) -> Vec<u8> {
        let count = usize::try_from(byte.saturating_sub(self.begins_at)).unwrap_or(usize::MAX);
        let rest = self.bytes.split_off(count.min(self.bytes.len()));
        let taken = std::mem::replace(&mut self.bytes, rest);
        self.begins_at += taken.len() as u64;
        taken
    }
}

/// Hands text on and keeps it until its row is over.
struct KeepingText<R> {
    text: R,
    kept: Rc<RefCell<KeptText>>,
}

impl<R: Read> Read for KeepingText<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.text.read(into)?;
        let mut kept = self.kept.borrow_mut();
        kept.bytes.extend_from_slice(&into[..read]);
        if kept.bytes.len() > ROW_BYTES_MAX {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        Ok(read)
    }
}

/// Counts lines. Of a carriage return and a line feed the second counts; a carriage return alone
/// breaks a line too.
struct LineCounter {
    line: u64,
    last: u8,
}

impl LineCounter {
    fn pass(&mut self, bytes: &[u8]) {
        for byte in bytes {
            let is_second = *byte == b'\n' && self.last == b'\r';
            let is_break = matches!(byte, b'\r' | b'\n') && !is_second;
            self.line += u64::from(is_break);
            self.last = *byte;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::file_rows::HeardRows;
    use super::super::source;
    use super::*;

    fn heard(bytes: &[u8]) -> Result<HeardRows, String> {
        let file = SourceFile::of("f.csv", bytes);
        let mut heard = HeardRows::default();
        let is_known = |name: &str| ["a", "b", "gtin"].contains(&name);
        let form = source::form(&file, &SaidForm::default(), &is_known);
        form.and_then(|form| source::read(&file, &form, &mut heard))
            .map(|()| heard)
            .map_err(|failure| failure.message)
    }

    #[track_caller]
    fn check(bytes: impl AsRef<[u8]>, expected: &[(u64, &str)]) {
        let heard = heard(bytes.as_ref()).unwrap();
        let rows = heard.rows.iter();
        let rows: Vec<(u64, String)> = rows.map(|row| (row.line, row.cells.join("|"))).collect();
        let shown: Vec<(u64, &str)> = rows.iter().map(|(at, row)| (*at, row.as_str())).collect();
        assert_eq!(shown, expected);
        assert!(heard.rows.iter().all(|row| row.fault.is_none()));
    }

    fn wide(text: &str, bytes_of: fn(u16) -> [u8; 2]) -> Vec<u8> {
        format!("\u{feff}{text}")
            .encode_utf16()
            .flat_map(bytes_of)
            .collect()
    }

    #[test]
    fn rows_know_their_lines() {
        check("a,b\n1,2\n3,4\n", &[(2, "1|2"), (3, "3|4")]);
        check("a,b\r\n1,2\r\n\r\n3,4", &[(2, "1|2"), (4, "3|4")]);
        check("a,b\r1,2\r\r3,4\r", &[(2, "1|2"), (4, "3|4")]);
        check("a,b\n1,\"x\ny\"\n3,4\n", &[(2, "1|x\ny"), (4, "3|4")]);
        check(
            "a,b\r\n1,\"x\r\ny\"\r\n3,4\r\n",
            &[(2, "1|x\r\ny"), (4, "3|4")],
        );
        check("\u{feff}a,b\n1,2\n", &[(2, "1|2")]);
        check("sep=;\r\na;b\r\n1;2\r\n", &[(3, "1|2")]);
        check("a,b\n", &[]);
    }

    #[test]
    fn every_dialect_of_a_spreadsheet_is_read() {
        for mark in [",", ";", "\t", "|"] {
            let text = format!("a{mark}b\r\n1{mark}K\u{e4}se\r\n");
            check(&text, &[(2, "1|K\u{e4}se")]);
            check(wide(&text, u16::to_le_bytes), &[(2, "1|K\u{e4}se")]);
            check(wide(&text, u16::to_be_bytes), &[(2, "1|K\u{e4}se")]);
            check(text.replace('\u{e4}', "a"), &[(2, "1|Kase")]);
            let windows: Vec<u8> = text.chars().map(|letter| letter as u8).collect();
            check(windows, &[(2, "1|K\u{e4}se")]);
        }
    }

    #[test]
    fn empty_rows_are_no_rows_and_columns_without_a_name_have_one() {
        check("\n,,\na,b,\n1,2,\n,,\n \n", &[(4, "1|2|")]);
        assert_eq!(
            heard(b"a,b,,\n").unwrap().columns,
            ["a", "b", "column 3", "column 4"]
        );
    }

    #[test]
    fn faults_of_a_row_stay_with_it() {
        let fault = |text: &str| {
            let rows = heard(text.as_bytes()).unwrap().rows;
            let faults = rows.into_iter().map(|row| row.fault.unwrap_or_default());
            faults.collect::<Vec<_>>().join("; ")
        };
        assert_eq!(
            fault("a,b\n1,2,3\n"),
            "the row has 3 cells, but there are 2 columns"
        );
        let open = "a quotation mark is missing, or one is left over";
        assert_eq!(fault("a,b\n1,\"x\n2,y\n"), open, "to the end of the file");
        assert_eq!(
            fault("a,b\n1,\"x\n2,\"y\"\n"),
            open,
            "to the next quotation mark"
        );
        assert_eq!(fault("a,b\n1,\"x"), open);
        assert_eq!(fault("a,b\n1,5\" pipe\n2,\"5\"\" pipe\nlong\"\n"), "; ");
    }

    #[test]
    fn a_file_that_cannot_be_read_says_why() {
        let refused = |bytes: &[u8]| heard(bytes).err().unwrap_or_default();
        let empty = "the file is empty; its first line names the columns";
        assert!(refused(b"").ends_with(empty));
        assert!(refused(b"\n ,\n").ends_with(empty));
        let mixed = "K\u{e4}se,1\n".as_bytes();
        let mixed = [b"a,b\n".as_slice(), mixed, b"K\xe4se,2\n"].concat();
        assert!(
            refused(&mixed).contains("line 3 is not UTF-8"),
            "{}",
            refused(&mixed)
        );
        assert!(refused(b"a,b\n1,\x81\n").contains("line 2 is not UTF-8"));
        assert!(refused(b"a\0,\0b\0\n\0").contains("--encoding utf-16le"));
        assert!(refused(b"\xff\xfe\0\0a\0\0\0").contains("UTF-32"));
        let endless = format!("a,b\n1,\"{}", "x\n".repeat(ROW_BYTES_MAX));
        assert!(refused(endless.as_bytes()).contains("near line 2"));
        assert!(refused(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1").contains("XLS"));
    }
}
