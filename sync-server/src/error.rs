//! What an operator or a client is told when the server does not do something.
//! It does not know HTTP: `http` maps codes to statuses.

use outfield_core::app::{DISK_FULL, FieldError};
use outfield_core::crdt::{CrdtError, GateError};
use outfield_core::domain::{Refusal, RefusalKind};
use outfield_core::objects::ReadError;
use outfield_core::store::StoreError;
use serde::Serialize;
use serde_json::Value as Json;

/// A refusal or a fault, with a stable code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ServerError {
    /// Whether the input itself was wrong.
    pub bad_input: bool,
    /// A stable name; `broken` is a fault of the server's own.
    pub code: String,
    /// What is wrong and what to do.
    pub message: String,
    /// The fields it is about.
    pub fields: Vec<String>,
}

impl ServerError {
    /// The input is wrong.
    pub fn bad_input(code: &str, message: impl Into<String>) -> Self {
        ServerError {
            bad_input: true,
            code: code.to_owned(),
            message: message.into(),
            fields: Vec::new(),
        }
    }

    /// A rule is against it.
    pub fn refused(code: &str, message: impl Into<String>) -> Self {
        ServerError {
            bad_input: false,
            ..ServerError::bad_input(code, message)
        }
    }

    /// The server itself failed.
    pub fn broken(cause: impl std::fmt::Display) -> Self {
        ServerError::refused("broken", cause.to_string())
    }
}

/// The one line of JSON that says what was not done, on the command line and over HTTP; `data` is
/// what was done all the same.
#[must_use]
pub fn refusal_line(
    (code, message, fields): (&str, &str, &[String]),
    data: Option<&Json>,
) -> String {
    #[derive(Serialize)]
    struct Refused<'a> {
        ok: bool,
        error: Reason<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        data: Option<&'a Json>,
    }
    #[derive(Serialize)]
    struct Reason<'a> {
        code: &'a str,
        message: &'a str,
        fields: &'a [String],
    }
    let refused = Refused {
        ok: false,
        error: Reason {
            code,
            message,
            fields,
        },
        data,
    };
    // Text always has a JSON form, so the fallback is never seen.
    serde_json::to_string(&refused)
        .map_or_else(|_| "{\"ok\":false}\n".to_owned(), |json| json + "\n")
}

/// A message brought into one line.
#[must_use]
pub fn one_line(message: &str) -> String {
    let lines = message
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join(" ")
}

impl From<StoreError> for ServerError {
    fn from(error: StoreError) -> Self {
        if !error.is_full {
            return ServerError::broken(error);
        }
        let message = "there is no room left on the server's disk: nothing of this was kept; free some space there";
        ServerError::refused(DISK_FULL, message)
    }
}

impl From<CrdtError> for ServerError {
    fn from(error: CrdtError) -> Self {
        ServerError::broken(error)
    }
}

impl From<Refusal> for ServerError {
    fn from(refusal: Refusal) -> Self {
        let bad_input = match refusal.kind {
            RefusalKind::BadInput | RefusalKind::NotFound => true,
            RefusalKind::Rule => false,
            RefusalKind::Broken => return ServerError::broken(refusal),
        };
        let Refusal {
            code,
            message,
            fields,
            ..
        } = refusal;
        ServerError {
            bad_input,
            code,
            message,
            fields,
        }
    }
}

impl From<FieldError> for ServerError {
    fn from(error: FieldError) -> Self {
        match error {
            FieldError::Refused {
                bad_input,
                code,
                message,
                fields,
            } => ServerError {
                bad_input,
                code,
                message,
                fields,
            },
            FieldError::TryLater { message }
            | FieldError::SignIn { message }
            | FieldError::Broken { report: message } => ServerError::broken(message),
        }
    }
}

impl From<ReadError> for ServerError {
    fn from(error: ReadError) -> Self {
        ServerError::broken(error)
    }
}

impl From<GateError> for ServerError {
    fn from(error: GateError) -> Self {
        ServerError::bad_input(error.code, error.message)
    }
}

impl From<rusqlite::Error> for ServerError {
    fn from(error: rusqlite::Error) -> Self {
        StoreError::from(error).into()
    }
}
