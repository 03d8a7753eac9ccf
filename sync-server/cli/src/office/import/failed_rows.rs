//! Rows that were not imported, in a file of their own: as they stood, with the reason beside them,
//! so that they can be mended there and imported again. It does not know what was wrong.

use std::fs::{self, File};
use std::io::{self, BufWriter, Read};
use std::path::{Path, PathBuf};

use super::rows::RejectedRow;
use crate::answer::CliFailure;
use crate::office::csv_writer::CsvWriter;

/// The column that says what is wrong; an import leaves it out.
const REASON: &str = "rejection_reason";
/// What the file is called until it is whole.
const UNFINISHED: &str = "part";
/// Bytes at the front of a file in which its first line is looked for.
const HEAD_BYTES: u64 = 64 * 1024;

/// A file of rows that were not imported.
pub(crate) struct FailedRows {
    file: PathBuf,
    unfinished: Unfinished,
    table: CsvWriter<BufWriter<File>>,
    /// How many columns the rows have.
    columns: usize,
    /// Columns that are written: one that says an older reason is not.
    kept: Vec<usize>,
}

impl FailedRows {
    /// Begins the file beside its place, so that nothing that is there is touched before all is
    /// over. A file that is there must be one of rows that failed before.
    pub(crate) fn begin(
        file: &Path,
        source: &Path,
        names: &[String],
    ) -> Result<FailedRows, CliFailure> {
        check_place(file, source)?;
        let unfinished = match file.extension() {
            Some(ending) => file.with_extension(format!("{}.{UNFINISHED}", ending.display())),
            None => file.with_extension(UNFINISHED),
        };
        let unwritable = |error: io::Error| unwritable(file, &error);
        let created = File::create(&unfinished).map_err(unwritable)?;
        let mut table = CsvWriter::begin(BufWriter::new(created)).map_err(unwritable)?;
        let kept = (0..names.len()).filter(|at| names[*at] != REASON).collect();
        let failed = FailedRows {
            file: file.to_owned(),
            unfinished: Unfinished(unfinished),
            columns: names.len(),
            kept,
            table: {
                let shown = names.iter().map(String::as_str);
                let shown = shown.filter(|name| *name != REASON).chain([REASON]);
                table.row(shown).map_err(unwritable)?;
                table
            },
        };
        Ok(failed)
    }

    /// Writes a row with its reason.
    pub(crate) fn write(&mut self, rejected: &RejectedRow) -> Result<(), CliFailure> {
        let cells = &rejected.row.cells;
        let cell = |at: &usize| cells.get(*at).map_or("", String::as_str);
        let written = self.kept.iter().map(cell);
        // What stands beyond the last column is kept: it may be what is to be mended.
        let beyond = cells.iter().skip(self.columns).map(String::as_str);
        let row = written.chain([rejected.reason.as_str()]).chain(beyond);
        self.table
            .row(row)
            .map_err(|error| unwritable(&self.file, &error))
    }

    /// Gives the file its name.
    pub(crate) fn end(self) -> Result<(), CliFailure> {
        let FailedRows {
            file,
            unfinished,
            table,
            ..
        } = self;
        let written = table.end().map(drop);
        written
            .and_then(|()| fs::rename(&unfinished.0, &file))
            .map_err(|error| unwritable(&file, &error))
    }
}

/// A file that goes unless it gets its name: what broke off leaves nothing beside.
struct Unfinished(PathBuf);

impl Drop for Unfinished {
    fn drop(&mut self) {
        drop(fs::remove_file(&self.0));
    }
}

fn unwritable(file: &Path, error: &io::Error) -> CliFailure {
    let message = format!(
        "`{}`: {error}; name a file that can be written",
        file.display()
    );
    CliFailure::bad_input("bad_file", message).about("failed")
}

fn check_place(file: &Path, source: &Path) -> Result<(), CliFailure> {
    let shown = file.display();
    let refused = |why: &str| {
        let message = format!("`{shown}` {why}; name another by --failed");
        Err(CliFailure::bad_input("bad_file", message).about("failed"))
    };
    let same = |one: &Path, other: &Path| match (one.canonicalize(), other.canonicalize()) {
        (Ok(one), Ok(other)) => one == other,
        (Ok(_) | Err(_), _) => false,
    };
    if same(file, source) {
        return refused("is the file that is imported");
    }
    if !file.exists() {
        return Ok(());
    }
    if is_of_failed_rows(file) {
        return Ok(());
    }
    refused("is there already, and is no file of rows that failed")
}

fn is_of_failed_rows(file: &Path) -> bool {
    let mut head = Vec::new();
    let read = File::open(file).and_then(|file| file.take(HEAD_BYTES).read_to_end(&mut head));
    let first = head.split(|byte| *byte == b'\n').next().unwrap_or_default();
    read.is_ok() && String::from_utf8_lossy(first).contains(REASON)
}
