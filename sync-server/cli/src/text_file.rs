//! Reads a file of text that the caller names. It does not know what the text means.

use std::path::Path;

use crate::answer::CliFailure;

/// The text of a file, which must be UTF-8.
pub(crate) fn read(file: &Path) -> Result<String, CliFailure> {
    let bytes = std::fs::read(file).map_err(|error| CliFailure::unreadable(file, &error))?;
    String::from_utf8(bytes).map_err(|error| {
        let good_until = error.utf8_error().valid_up_to();
        let good = error.as_bytes().get(..good_until).unwrap_or_default();
        let line = good.split(|byte| *byte == b'\n').count();
        let message = format!(
            "`{}`: line {line} is not UTF-8; save the file as UTF-8",
            file.display()
        );
        CliFailure::bad_input("bad_file", message).about("file")
    })
}
