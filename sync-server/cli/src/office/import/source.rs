//! Which form a file has, and its rows one after the other, whichever form that is. It does not
//! know what the columns mean.

use std::io::Read;

use super::file_rows::{FoundForm, RowFeed, RowSink, SaidForm, SourceFile};
use super::{csv, xlsx};
use crate::answer::CliFailure;

/// How files begin that hold no table which is read here.
const NO_TABLES: &[(&[u8], &str)] = &[
    (
        b"\xd0\xcf\x11\xe0",
        "an old workbook (XLS), or one under a password",
    ),
    (b"%PDF", "a PDF"),
    (b"\x1f\x8b", "packed by gzip"),
    (b"\x7fELF", "a program"),
];

/// In which form a file is; `is_known` says whether a column of this name means something.
pub(crate) fn form(
    file: &SourceFile<'_>,
    said: &SaidForm,
    is_known: &dyn Fn(&str) -> bool,
) -> Result<FoundForm, CliFailure> {
    let mut first = Vec::new();
    let head = file.reader()?.take(8).read_to_end(&mut first);
    head.map_err(|error| file.wrong(&error.to_string()))?;
    if first.starts_with(b"PK\x03\x04") {
        return xlsx::found(file, said);
    }
    for (mark, what) in NO_TABLES {
        if first.starts_with(mark) {
            return Err(file.wrong(&format!("it is {what}; save it as XLSX or as CSV")));
        }
    }
    if said.sheet.is_some() {
        return Err(file.wrong("it is text, and has no sheets; leave --sheet out"));
    }
    csv::found(file, said, is_known)
}

/// Hands all rows of a file to a sink.
pub(crate) fn read(
    file: &SourceFile<'_>,
    form: &FoundForm,
    sink: &mut dyn RowSink,
) -> Result<(), CliFailure> {
    let mut feed = RowFeed::of(file, sink);
    match form {
        FoundForm::Text {
            encoding,
            delimiter,
            ..
        } => csv::read(file, encoding, *delimiter, &mut feed)?,
        FoundForm::Sheet { name } => xlsx::read(file, name, &mut feed)?,
    }
    if feed.columns().is_none() {
        return Err(file.wrong("the file is empty; its first line names the columns"));
    }
    Ok(())
}
