//! The path of a value in a record: `name`, or `lines/<line id>/quantity` for a line's field.
//! It does not know which fields an object has.

use crate::base::limits::LINE_ID_BYTES_MAX;

/// The field that marks a line as taken out; lines are never deleted.
pub const REMOVED: &str = "removed";
/// The field that orders lines.
pub const POSITION: &str = "position";

/// A parsed path, borrowing from its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Path<'a> {
    /// A field of the record itself.
    Field(&'a str),
    /// A field of one line.
    Line {
        /// The name of the lines, as the descriptor has it.
        lines: &'a str,
        /// The line's id.
        line: &'a str,
        /// The field of the line.
        field: &'a str,
    },
}

impl<'a> Path<'a> {
    /// Reads a path; `None` if it is neither a field nor a line's field.
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.split('/');
        let first = parts.next().filter(|name| is_name(name))?;
        let Some(line) = parts.next() else {
            return Some(Path::Field(first));
        };
        let field = parts.next().filter(|name| is_name(name))?;
        let whole = parts.next().is_none() && is_line_id(line);
        whole.then_some(Path::Line {
            lines: first,
            line,
            field,
        })
    }
}

/// The path of a line's field.
#[must_use]
pub fn line_path(lines: &str, line: &str, field: &str) -> String {
    format!("{lines}/{line}/{field}")
}

/// Whether this may name an object, a field or lines: a lower-case letter, then up to 39 of `a-z
/// 0-9 _`, never two underscores in a row.
#[must_use]
pub fn is_name(name: &str) -> bool {
    let rest = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    name.len() <= 40
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(rest)
        && !name.contains("__")
        && !name.ends_with('_')
}

/// Whether this may be a line's id: up to 80 of `a-z A-Z 0-9 _ - ~ .`.
#[must_use]
pub fn is_line_id(id: &str) -> bool {
    let fits = (1..=LINE_ID_BYTES_MAX).contains(&id.len());
    fits && id
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || "_-~.".contains(c))
}
