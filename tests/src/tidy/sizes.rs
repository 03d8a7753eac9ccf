//! Sizes of files, functions, lines and parameter lists, and the header of each file.

use super::finding::Finding;
use super::shapes::{Function, ScannedFile};

/// Lines of a file.
pub const FILE_LINES_MAX: usize = 600;
/// Lines of code in a function's body; clippy holds it too.
pub const FUNCTION_LINES_MAX: usize = 70;
/// Characters of a line, comments and strings included.
pub const LINE_CHARS_MAX: usize = 100;
/// Parameters of a function, `self` included.
pub const PARAMETERS_MAX: usize = 7;

/// Names that say nothing.
const NAMELESS: &[&str] = &["utils", "helpers", "manager", "common", "misc"];

/// Whether a line is nothing but bytes that a test expects, which are compared as a whole.
fn is_golden(line: &str) -> bool {
    line.trim().chars().all(|c| c.is_ascii_hexdigit())
}

/// Whatever is too long, too wide, without a header or without a name.
pub fn check(files: &[ScannedFile]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files {
        let mut found = |line, wrong: String, mend: &str| {
            findings.push(Finding {
                file: file.path.clone(),
                line,
                wrong,
                mend: mend.to_owned(),
            });
        };
        if !file.has_header() {
            found(
                1,
                "no `//!` header".to_owned(),
                "say what it is for and what it does not know",
            );
        }
        let lines = file.lines.len();
        if lines > FILE_LINES_MAX {
            found(
                lines,
                format!("{lines} lines, at most {FILE_LINES_MAX}"),
                "cut it along what it is for",
            );
        }
        let mut names = file.path.split(['/', '.']);
        if let Some(name) = names.find(|name| NAMELESS.contains(name)) {
            found(
                1,
                format!("`{name}` says nothing"),
                "name it for what it holds",
            );
        }
        for (line, text) in (1..).zip(&file.lines) {
            let chars = text.chars().count();
            if chars > LINE_CHARS_MAX && !is_golden(text) {
                found(
                    line,
                    format!("{chars} characters, at most {LINE_CHARS_MAX}"),
                    "break the line",
                );
            }
        }
        for function in &file.functions {
            if let Some((wrong, mend)) = too_much(function) {
                found(function.line, wrong, mend);
            }
        }
    }
    findings
}

fn too_much(function: &Function) -> Option<(String, &'static str)> {
    let name = &function.name;
    if function.tuple_parameters > 0 {
        let wrong = format!("`{name}` has a tuple parameter");
        return Some((wrong, "say it with a struct with names, or plain arguments"));
    }
    if function.parameters > PARAMETERS_MAX {
        let wrong = format!(
            "`{name}` has {} parameters, at most {PARAMETERS_MAX}",
            function.parameters
        );
        return Some((wrong, "a struct with names holds what belongs together"));
    }
    if function.body_lines > FUNCTION_LINES_MAX {
        let wrong = format!(
            "`{name}` has {} lines of code, at most {FUNCTION_LINES_MAX}",
            function.body_lines
        );
        return Some((wrong, "cut it into what it does one after the other"));
    }
    None
}
