//! `generate-bindings LANGUAGE OUT_DIR` writes the sources with which an app in that language loads
//! the core. It does not know which languages there are; `outfield_tests::bindings` does.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match words.as_slice() {
        [language, out] => outfield_tests::bindings::generate(language, Path::new(out)),
        _ => Err("usage: generate-bindings kotlin|swift|python OUT_DIR".to_owned()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            // Where even standard error is closed, the exit code alone tells.
            writeln!(std::io::stderr(), "error: {message}").ok();
            ExitCode::FAILURE
        }
    }
}
