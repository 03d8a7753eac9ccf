//! What an app is told when something does not work: four answers, because it can do four things.
//! It does not know how a screen or a terminal shows them.

use serde_json::{Map, Value as Json};

use crate::crdt::{CrdtError, GateError};
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::objects::ReadError;
use crate::store::{StoreError, StoreFault};
use crate::sync::CarryError;

/// The code of work that holds more bytes than one change, or one fact, may.
pub(super) const TOO_MANY_BYTES: &str = "too_many_bytes";

/// The code of what a full disk did not take.
pub const DISK_FULL: &str = "disk_full";

/// Show it, wait, sign in, or report it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FieldError {
    /// A rule said no, or the input was not understood; nothing was written.
    #[error("{message}")]
    Refused {
        /// What sort of no it is; never `Broken`, which is an arm of its own.
        kind: RefusalKind,
        /// A stable name for the reason.
        code: String,
        /// What is wrong and what to do.
        message: String,
        /// The fields it is about.
        fields: Vec<String>,
        /// The numbers and names behind the reason, for a screen.
        numbers: Map<String, Json>,
    },
    /// The server cannot be reached now; nothing is lost.
    #[error("{message}")]
    TryLater {
        /// What was tried.
        message: String,
    },
    /// This device is not enrolled, or its access ended.
    #[error("{message}")]
    SignIn {
        /// What to do.
        message: String,
    },
    /// Something is broken here; the report is for whoever mends it.
    #[error("{report}")]
    Broken {
        /// What happened.
        report: String,
    },
}

impl FieldError {
    /// Bad input: the caller must mend it.
    #[must_use]
    pub fn bad_input(code: &str, message: impl Into<String>, fields: &[&str]) -> Self {
        let refusal = Refusal::bad_input(code, message);
        fields
            .iter()
            .fold(refusal, |refusal, field| refusal.about(*field))
            .into()
    }

    /// A rule is against it.
    #[must_use]
    pub fn rule(code: &str, message: impl Into<String>) -> Self {
        Refusal::rule(code, message).into()
    }

    /// Broken: a report with its cause.
    #[must_use]
    pub fn broken(cause: impl std::fmt::Display) -> Self {
        FieldError::Broken {
            report: cause.to_string(),
        }
    }
}

impl From<Refusal> for FieldError {
    fn from(refusal: Refusal) -> Self {
        match refusal.kind {
            RefusalKind::Broken => FieldError::broken(refusal),
            RefusalKind::BadInput
            | RefusalKind::TooLarge
            | RefusalKind::NotFound
            | RefusalKind::Rule => {
                let Refusal {
                    kind,
                    code,
                    message,
                    fields,
                    numbers,
                } = refusal;
                FieldError::Refused {
                    kind,
                    code,
                    message,
                    fields,
                    numbers,
                }
            }
        }
    }
}

impl From<StoreError> for FieldError {
    fn from(error: StoreError) -> Self {
        if error.fault == StoreFault::Damaged {
            let message = "pages of this device's database cannot be read any more; `rep rescue` \
                           keeps what is unsent of it, and the rest is fetched again";
            return FieldError::rule("damaged_database", message);
        }
        if error.fault != StoreFault::Full {
            return FieldError::broken(error);
        }
        let message = "there is no room left on this device: nothing of this was kept, and nothing \
                       that was kept before is lost; free some space and do it again";
        FieldError::rule(DISK_FULL, message)
    }
}

impl From<CrdtError> for FieldError {
    fn from(error: CrdtError) -> Self {
        match error {
            // Somebody asked for more than one change, or one record, holds.
            CrdtError::Gate(GateError {
                code: code @ (TOO_MANY_BYTES | "too_many_operations"),
                message,
            })
            | CrdtError::History {
                code: code @ "document_full",
                message,
            } => FieldError::bad_input(code, message, &[]),
            CrdtError::Gate(_)
            | CrdtError::History { .. }
            | CrdtError::Missing(_)
            | CrdtError::Automerge(_) => FieldError::broken(error),
        }
    }
}

impl From<GateError> for FieldError {
    fn from(error: GateError) -> Self {
        FieldError::bad_input(error.code, error.message, &[])
    }
}

impl From<ReadError> for FieldError {
    fn from(error: ReadError) -> Self {
        FieldError::broken(error)
    }
}

impl From<CarryError> for FieldError {
    fn from(error: CarryError) -> Self {
        FieldError::TryLater {
            message: format!("the server cannot be reached: {error}; work goes on, sync later"),
        }
    }
}
