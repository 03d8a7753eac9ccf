//! What a command comes to: an answer, or a failure with its exit code.
//! It does not know how either is printed.

use std::path::Path;

use outfield_core::app::{FieldError, Receipt};
use outfield_core::domain::{Refusal, RefusalKind};
use serde_json::{Map, Value as Json};

use outfield_server::envelope::{ErrorBody, one_line};
use outfield_server::error::{ErrorKind, ServerError};

use super::render::PrintedTable;

/// The input is wrong.
pub const BAD_INPUT: u8 = 2;
/// A rule is against it, or nobody is signed in.
pub const REFUSED: u8 = 3;
/// The server cannot be reached.
pub const UNREACHABLE: u8 = 4;
/// Something is broken here.
pub const BROKEN: u8 = 5;

/// The code of who is not signed in.
pub(crate) const SIGNED_OUT: &str = "signed_out";

/// How an answer reads for people, line by line.
pub type PlainLines = fn(&Json) -> Vec<String>;

/// What a command answers once its work is durable.
pub struct CliAnswer {
    /// What it is about.
    pub id: Option<String>,
    /// The answer itself.
    pub data: Json,
    /// The member of the data which `--quiet` prints in place of the id: a secret that was asked
    /// for.
    pub brief: Option<&'static str>,
    /// How it reads for people.
    pub lines: PlainLines,
    /// The data as people read it, with names and their own clock, where that is not the data.
    pub(crate) told: Option<Json>,
    /// The table that people read in place of lines.
    pub(crate) table: Option<PrintedTable>,
    /// The whole of what is printed, in whatever manner, where each byte counts.
    pub verbatim: Option<String>,
}

impl CliAnswer {
    /// An answer about one thing.
    pub fn about(id: impl ToString, data: Json, lines: PlainLines) -> CliAnswer {
        CliAnswer {
            id: Some(id.to_string()),
            ..CliAnswer::of(data, lines)
        }
    }

    /// An answer about nothing in particular.
    pub fn of(data: Json, lines: PlainLines) -> CliAnswer {
        CliAnswer {
            id: None,
            data,
            brief: None,
            lines,
            told: None,
            table: None,
            verbatim: None,
        }
    }

    /// A receipt of the core.
    pub fn receipt(receipt: Receipt, lines: PlainLines) -> CliAnswer {
        CliAnswer {
            id: receipt.id,
            ..CliAnswer::of(receipt.data, lines)
        }
    }

    /// An answer that is printed as it is.
    pub fn verbatim(text: String) -> CliAnswer {
        CliAnswer {
            verbatim: Some(text),
            ..CliAnswer::of(Json::Null, |_| Vec::new())
        }
    }

    /// A list, with the table that people read of it.
    pub(crate) fn listed(data: impl Into<Json>, table: PrintedTable) -> CliAnswer {
        CliAnswer::of(data.into(), |_| Vec::new()).with_table(table)
    }

    /// Has people read this table.
    pub(crate) fn with_table(self, table: PrintedTable) -> CliAnswer {
        CliAnswer {
            table: Some(table),
            ..self
        }
    }

    /// Has people read this in place of the data.
    pub(crate) fn telling(self, told: Json) -> CliAnswer {
        CliAnswer {
            told: Some(told),
            ..self
        }
    }

    /// Has `--quiet` print this member of the data.
    pub fn brief(self, member: &'static str) -> CliAnswer {
        CliAnswer {
            brief: Some(member),
            ..self
        }
    }
}

/// Why a command did not do what was asked, or not all of it.
pub struct CliFailure {
    /// The exit code.
    pub exit: u8,
    /// A stable name of the reason.
    pub code: String,
    /// What is wrong and what to do, in one line.
    pub message: String,
    /// The fields, columns or arguments it is about.
    pub fields: Vec<String>,
    /// The numbers and names behind it.
    pub numbers: Map<String, Json>,
    /// What was done all the same, where a part was.
    pub partial: Option<Box<CliAnswer>>,
}

impl CliFailure {
    /// The input is wrong.
    pub fn bad_input(code: &str, message: impl Into<String>) -> CliFailure {
        CliFailure::new(BAD_INPUT, code, message.into(), Vec::new())
    }

    /// Something is broken here.
    pub fn broken(cause: impl std::fmt::Display) -> CliFailure {
        CliFailure::new(BROKEN, "broken", cause.to_string(), Vec::new())
    }

    /// Nobody is signed in on this database.
    pub fn signed_out(message: impl Into<String>) -> CliFailure {
        CliFailure::new(REFUSED, SIGNED_OUT, message.into(), Vec::new())
    }

    /// The failure as an envelope carries it.
    pub(crate) fn reason(&self) -> ErrorBody<'_> {
        ErrorBody {
            code: &self.code,
            message: &self.message,
            fields: &self.fields,
            numbers: &self.numbers,
        }
    }

    /// Names one more field that it is about.
    pub fn about(mut self, field: &str) -> CliFailure {
        self.fields.push(field.to_owned());
        self
    }

    /// A file that cannot be read.
    pub fn unreadable(file: &Path, error: &std::io::Error) -> CliFailure {
        let why = error.to_string();
        let why = why.split(" (os error").next().unwrap_or_default();
        CliFailure::bad_input(
            "bad_file",
            format!("`{}`: {why}; name a file that can be read", file.display()),
        )
        .about("file")
    }

    /// Any failure, its message brought into one line.
    pub fn new(exit: u8, code: &str, message: String, fields: Vec<String>) -> CliFailure {
        CliFailure {
            exit,
            code: code.to_owned(),
            message: one_line(&message),
            fields,
            numbers: Map::new(),
            partial: None,
        }
    }
}

impl From<FieldError> for CliFailure {
    fn from(error: FieldError) -> Self {
        match error {
            FieldError::Refused {
                kind,
                code,
                message,
                fields,
                numbers,
            } => {
                let exit = match kind {
                    RefusalKind::BadInput | RefusalKind::TooLarge | RefusalKind::NotFound => {
                        BAD_INPUT
                    }
                    RefusalKind::Rule => REFUSED,
                    RefusalKind::Broken => BROKEN,
                };
                CliFailure {
                    numbers,
                    ..CliFailure::new(exit, &code, message, fields)
                }
            }
            FieldError::TryLater { message } => {
                CliFailure::new(UNREACHABLE, "unreachable", message, Vec::new())
            }
            FieldError::SignIn { message } => CliFailure::signed_out(message),
            FieldError::Broken { report } => CliFailure::broken(report),
        }
    }
}

impl From<Refusal> for CliFailure {
    fn from(refusal: Refusal) -> Self {
        FieldError::from(refusal).into()
    }
}

impl From<ServerError> for CliFailure {
    fn from(error: ServerError) -> Self {
        let ServerError {
            kind,
            code,
            message,
            mut fields,
            numbers,
            wait_s: _,
        } = error;
        // A problem of a file as a whole names no field.
        fields.retain(|field| !field.is_empty());
        let exit = match kind {
            ErrorKind::BadInput
            | ErrorKind::NotFound
            | ErrorKind::WrongMethod
            | ErrorKind::TooSlow
            | ErrorKind::TooLarge => BAD_INPUT,
            ErrorKind::SignedOut
            | ErrorKind::Refused
            | ErrorKind::Changed
            | ErrorKind::Busy
            | ErrorKind::Overloaded
            | ErrorKind::DiskFull => REFUSED,
            ErrorKind::Broken => BROKEN,
        };
        CliFailure {
            numbers,
            ..CliFailure::new(exit, &code, message, fields)
        }
    }
}
