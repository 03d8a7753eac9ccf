//! What an operator or a client is told when the server does not do something.
//! It does not know HTTP nor exit codes: both follow from the kind.

use outfield_core::app::{DISK_FULL, FieldError};
use outfield_core::crdt::{CrdtError, DOCUMENT_FULL, GateError};
use outfield_core::domain::{Refusal, RefusalKind};
use outfield_core::objects::ReadError;
use outfield_core::store::{StoreError, StoreFault};
use serde_json::{Map, Value as Json};

use crate::envelope::ErrorBody;
use crate::limits::BUSY_S;

/// What sort of no it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The input is wrong.
    BadInput,
    /// There is nothing of that name.
    NotFound,
    /// It is there, but not asked in this way.
    WrongMethod,
    /// The input did not come in time.
    TooSlow,
    /// The input holds more than is taken at once.
    TooLarge,
    /// Nobody is signed in by what was sent along.
    SignedOut,
    /// It is no longer what the asker saw.
    Changed,
    /// A rule or a right is against it.
    Refused,
    /// Too much of the same is under way, or was tried.
    Busy,
    /// Too much is under way in all.
    Overloaded,
    /// The server's disk has no room.
    DiskFull,
    /// The server itself failed.
    Broken,
}

/// A refusal or a fault, with a stable code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ServerError {
    /// What sort of no it is.
    pub kind: ErrorKind,
    /// A stable name; `broken` is a fault of the server's own.
    pub code: String,
    /// What is wrong and what to do.
    pub message: String,
    /// The fields it is about.
    pub fields: Vec<String>,
    /// The numbers and names behind it.
    pub numbers: Map<String, Json>,
    /// After how many seconds it is worth asking again; none if time alone changes nothing.
    pub wait_s: Option<u32>,
}

impl ServerError {
    /// An error of any kind.
    pub fn new(kind: ErrorKind, code: &str, message: impl Into<String>) -> Self {
        ServerError {
            kind,
            code: code.to_owned(),
            message: message.into(),
            fields: Vec::new(),
            numbers: Map::new(),
            wait_s: None,
        }
    }

    /// The input is wrong.
    pub fn bad_input(code: &str, message: impl Into<String>) -> Self {
        ServerError::new(ErrorKind::BadInput, code, message)
    }

    /// There is nothing of that name.
    pub fn not_found(message: impl Into<String>) -> Self {
        ServerError::new(ErrorKind::NotFound, "not_found", message)
    }

    /// Nobody is signed in by what was sent along.
    pub fn signed_out(message: impl Into<String>) -> Self {
        ServerError::new(ErrorKind::SignedOut, "signed_out", message)
    }

    /// A rule is against it.
    pub fn refused(code: &str, message: impl Into<String>) -> Self {
        ServerError::new(ErrorKind::Refused, code, message)
    }

    /// Whoever asks has too much under way.
    pub fn busy(message: &str) -> Self {
        ServerError::new(ErrorKind::Busy, "busy", message).waiting(BUSY_S)
    }

    /// All who ask have too much under way.
    pub fn overloaded(message: &str) -> Self {
        ServerError::new(ErrorKind::Overloaded, "overloaded", message).waiting(BUSY_S)
    }

    /// Says after how many seconds it is worth asking again.
    #[must_use]
    pub fn waiting(mut self, seconds: u32) -> Self {
        self.wait_s = Some(seconds);
        self
    }

    /// The same under another stable name.
    #[must_use]
    pub fn coded(mut self, code: &str) -> Self {
        code.clone_into(&mut self.code);
        self
    }

    /// The server itself failed.
    pub fn broken(cause: impl std::fmt::Display) -> Self {
        ServerError::new(ErrorKind::Broken, "broken", cause.to_string())
    }

    /// Whether what was handed in is at fault, not the server.
    #[must_use]
    pub fn is_of_input(&self) -> bool {
        matches!(
            self.kind,
            ErrorKind::BadInput | ErrorKind::TooLarge | ErrorKind::Refused
        )
    }

    /// Names one more field that it is about.
    #[must_use]
    pub fn about(mut self, field: impl Into<String>) -> Self {
        self.fields.push(field.into());
        self
    }

    /// The error as an envelope carries it.
    #[must_use]
    pub fn reason(&self) -> ErrorBody<'_> {
        ErrorBody {
            code: &self.code,
            message: &self.message,
            fields: &self.fields,
            numbers: &self.numbers,
        }
    }
}

impl From<StoreError> for ServerError {
    fn from(error: StoreError) -> Self {
        if error.fault != StoreFault::Full {
            return ServerError::broken(error);
        }
        let message = "there is no room left on the server's disk: nothing of this was kept; free \
                       some space there";
        ServerError::new(ErrorKind::DiskFull, DISK_FULL, message)
    }
}

impl From<CrdtError> for ServerError {
    fn from(error: CrdtError) -> Self {
        match error {
            CrdtError::History { code, message } if code == DOCUMENT_FULL => {
                ServerError::refused(code, message)
            }
            CrdtError::History { .. }
            | CrdtError::Gate(_)
            | CrdtError::Missing(_)
            | CrdtError::Automerge(_) => ServerError::broken(error),
        }
    }
}

impl From<Refusal> for ServerError {
    fn from(refusal: Refusal) -> Self {
        FieldError::from(refusal).into()
    }
}

impl From<FieldError> for ServerError {
    fn from(error: FieldError) -> Self {
        match error {
            FieldError::Refused {
                kind,
                code,
                message,
                fields,
                numbers,
            } => ServerError {
                kind: kind_of(kind),
                code,
                message,
                fields,
                numbers,
                wait_s: None,
            },
            FieldError::TryLater { message }
            | FieldError::SignIn { message }
            | FieldError::Broken { report: message } => ServerError::broken(message),
        }
    }
}

/// What a command speaks of and what is not here makes the command wrong; the address that it was
/// sent to is right.
fn kind_of(kind: RefusalKind) -> ErrorKind {
    match kind {
        RefusalKind::BadInput | RefusalKind::NotFound => ErrorKind::BadInput,
        RefusalKind::TooLarge => ErrorKind::TooLarge,
        RefusalKind::Rule => ErrorKind::Refused,
        RefusalKind::Broken => ErrorKind::Broken,
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
