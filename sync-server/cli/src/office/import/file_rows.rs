//! Files from elsewhere and their rows on the way to whoever takes them, with the bounds of both.
//! It does not know which form a file has, nor what the columns mean.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek, SeekFrom};
use std::path::Path;

use crate::answer::CliFailure;

/// Bytes that a file may have.
const FILE_BYTES_MAX: u64 = 1024 * 1024 * 1024;
/// Bytes of what cannot be read twice, such as a pipe.
const PIPE_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Columns that a file may have.
pub(super) const COLUMNS_MAX: usize = 1_000;
/// Bytes of one row.
pub(super) const ROW_BYTES_MAX: usize = 1024 * 1024;

/// One row of a file, as it stands there.
pub(crate) struct FileRow {
    /// The line it begins on, or its row of the sheet; the file's first is 1.
    pub(crate) line: u64,
    /// Its cells as they were written; a row may have fewer than there are columns.
    pub(crate) cells: Vec<String>,
    /// What is wrong with the row as such.
    pub(crate) fault: Option<String>,
}

/// What takes the rows of a file, in their order.
pub(crate) trait RowSink {
    /// The names of the columns come first; one without a name is called by its place.
    fn columns(&mut self, names: Vec<String>) -> Result<(), CliFailure>;
    /// Then each row that is not empty.
    fn row(&mut self, row: FileRow) -> Result<(), CliFailure>;
}

/// What the caller says of the form of a file, where the file does not say it itself.
#[derive(Debug, Clone, Default)]
pub(crate) struct SaidForm {
    /// The encoding of a text.
    pub(crate) encoding: Option<String>,
    /// What stands between cells.
    pub(crate) delimiter: Option<String>,
    /// The sheet of a workbook.
    pub(crate) sheet: Option<String>,
}

/// In which form a file turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FoundForm {
    /// Text with something between its cells.
    Text {
        /// The encoding's name.
        encoding: &'static str,
        /// Whether nothing in the file says that encoding, and nobody else did.
        is_guessed: bool,
        /// What stands between cells.
        delimiter: char,
    },
    /// A sheet of a workbook.
    Sheet {
        /// Its name.
        name: String,
    },
}

impl FoundForm {
    /// Whether whoever made the file most likely writes decimals with a comma: a semicolon stands
    /// between cells where the comma is taken.
    pub(crate) fn suggests_decimal_comma(&self) -> bool {
        match self {
            FoundForm::Text { delimiter, .. } => *delimiter == ';',
            FoundForm::Sheet { .. } => false,
        }
    }
}

/// What can be read from its beginning again and again.
pub(super) trait ReadSeek: Read + Seek {}
impl<T: Read + Seek> ReadSeek for T {}

enum SourceBytes<'a> {
    OfFile(File),
    InMemory(Vec<u8>),
    Borrowed(&'a [u8]),
}

/// A file that is to be read.
pub(crate) struct SourceFile<'a> {
    /// What it is called, for messages.
    name: String,
    bytes: SourceBytes<'a>,
}

impl SourceFile<'_> {
    /// Opens a file, or takes in what comes out of a pipe.
    pub(crate) fn open(path: &Path) -> Result<SourceFile<'static>, CliFailure> {
        let unreadable = |error: io::Error| CliFailure::unreadable(path, &error);
        let name = path.display().to_string();
        let file = File::open(path).map_err(unreadable)?;
        let about = file.metadata().map_err(unreadable)?;
        if about.is_dir() {
            let error = io::Error::from(io::ErrorKind::IsADirectory);
            return Err(unreadable(error));
        }
        if about.is_file() {
            if about.len() > FILE_BYTES_MAX {
                return Err(too_long(&name, FILE_BYTES_MAX));
            }
            let bytes = SourceBytes::OfFile(file);
            return Ok(SourceFile { name, bytes });
        }
        let mut held = Vec::new();
        let mut some = file.take(PIPE_BYTES_MAX + 1);
        some.read_to_end(&mut held).map_err(unreadable)?;
        if held.len() as u64 > PIPE_BYTES_MAX {
            return Err(too_long(&name, PIPE_BYTES_MAX));
        }
        let bytes = SourceBytes::InMemory(held);
        Ok(SourceFile { name, bytes })
    }

    /// Bytes that the caller has.
    pub(crate) fn of<'a>(name: &str, bytes: &'a [u8]) -> SourceFile<'a> {
        SourceFile {
            name: name.to_owned(),
            bytes: SourceBytes::Borrowed(bytes),
        }
    }

    /// The whole of it, from its beginning.
    pub(super) fn reader(&self) -> Result<Box<dyn ReadSeek + '_>, CliFailure> {
        match &self.bytes {
            SourceBytes::OfFile(file) => {
                let again = file.try_clone().and_then(|mut again| {
                    again.seek(SeekFrom::Start(0))?;
                    Ok(again)
                });
                let again = again.map_err(|error| self.wrong(&error.to_string()))?;
                Ok(Box::new(BufReader::new(again)))
            }
            SourceBytes::InMemory(held) => Ok(Box::new(Cursor::new(held.as_slice()))),
            SourceBytes::Borrowed(held) => Ok(Box::new(Cursor::new(*held))),
        }
    }

    /// A file that cannot be read, and why.
    pub(super) fn wrong(&self, why: &str) -> CliFailure {
        bad_file(&self.name, why)
    }
}

/// A file of this name that cannot be read, and why.
pub(super) fn bad_file(name: &str, why: &str) -> CliFailure {
    CliFailure::bad_input("bad_file", format!("`{name}`: {why}")).about("file")
}

fn too_long(name: &str, most: u64) -> CliFailure {
    let mib = most / (1024 * 1024);
    bad_file(name, &format!("it is longer than {mib} MiB; divide it"))
}

/// Rows as a source finds them, on their way to a sink: empty ones are left out, and the first that
/// is not names the columns.
pub(super) struct RowFeed<'a> {
    file: &'a SourceFile<'a>,
    sink: &'a mut dyn RowSink,
    columns: Option<usize>,
}

impl<'a> RowFeed<'a> {
    /// The rows of a file, on their way to a sink.
    pub(super) fn of(file: &'a SourceFile<'a>, sink: &'a mut dyn RowSink) -> RowFeed<'a> {
        RowFeed {
            file,
            sink,
            columns: None,
        }
    }

    /// How many columns there are, once they are named.
    pub(super) fn columns(&self) -> Option<usize> {
        self.columns
    }

    /// Takes the next row.
    pub(super) fn take(&mut self, row: FileRow) -> Result<(), CliFailure> {
        if row.cells.iter().all(|cell| cell.trim().is_empty()) {
            return Ok(());
        }
        if self.columns.is_some() {
            return self.sink.row(row);
        }
        if let Some(fault) = &row.fault {
            return Err(self.file.wrong(fault));
        }
        let names = names(row.cells);
        if names.len() > COLUMNS_MAX {
            let why = format!("it has more than {COLUMNS_MAX} columns");
            return Err(self.file.wrong(&why));
        }
        self.columns = Some(names.len());
        self.sink.columns(names)
    }
}

/// The names of columns; one that has none is called by its place.
fn names(cells: Vec<String>) -> Vec<String> {
    let mut names = Vec::new();
    for (at, cell) in cells.into_iter().enumerate() {
        let name = super::cells::one_line(&cell);
        names.push(match name.is_empty() {
            true => unnamed(at),
            false => name,
        });
    }
    names
}

/// What a column is called that has no name.
pub(super) fn unnamed(at: usize) -> String {
    format!("column {}", at + 1)
}

/// Counts rows and keeps nothing: whether a file can be read to its end is known before the first
/// row is written anywhere.
#[derive(Default)]
pub(crate) struct RowCount {
    /// So many rows.
    pub(crate) rows: u64,
}

impl RowSink for RowCount {
    fn columns(&mut self, _: Vec<String>) -> Result<(), CliFailure> {
        Ok(())
    }

    fn row(&mut self, _: FileRow) -> Result<(), CliFailure> {
        self.rows += 1;
        Ok(())
    }
}

/// What a test heard of a file: the names of the columns, then its rows.
#[cfg(test)]
#[derive(Default)]
pub(super) struct HeardRows {
    pub(super) columns: Vec<String>,
    pub(super) rows: Vec<FileRow>,
}

#[cfg(test)]
impl RowSink for HeardRows {
    fn columns(&mut self, names: Vec<String>) -> Result<(), CliFailure> {
        self.columns = names;
        Ok(())
    }

    fn row(&mut self, row: FileRow) -> Result<(), CliFailure> {
        self.rows.push(row);
        Ok(())
    }
}
