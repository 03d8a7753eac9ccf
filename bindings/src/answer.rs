//! What the door answers, in types that uniffi can carry: a receipt, or one of four errors.
//! It does not know what any of it means.

use outfield_core::app;
use outfield_core::domain::RefusalKind;
use serde_json::Value;

/// What a call answers.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Receipt {
    /// The record (or conflict) that the call made, changed or found.
    pub id: Option<String>,
    /// The answer itself, as JSON text: an object, or an array of objects.
    pub data: String,
}

impl From<app::Receipt> for Receipt {
    fn from(receipt: app::Receipt) -> Self {
        Receipt {
            id: receipt.id,
            data: receipt.data.to_string(),
        }
    }
}

impl From<String> for Receipt {
    fn from(data: String) -> Self {
        Receipt { id: None, data }
    }
}

/// Four errors, because an app can do four things: show it, wait, sign in, or report it. No field
/// is called `message`, which every exception of Kotlin has already.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum FieldError {
    /// Show it: a rule said no, or the input was not understood. Nothing was written.
    #[error("{reason}")]
    Refused {
        /// A stable name for the reason.
        code: String,
        /// What is wrong and what to do, in words to show.
        reason: String,
        /// The fields it is about.
        fields: Vec<String>,
        /// Whether the input itself was wrong, rather than a rule against it.
        bad_input: bool,
        /// The numbers and names behind the reason, as the text of a JSON object.
        numbers: String,
    },
    /// Wait: the server cannot be reached now. Nothing is lost.
    #[error("{reason}")]
    TryLater {
        /// What was tried.
        reason: String,
    },
    /// Sign in: this device is not enrolled, or its access ended.
    #[error("{reason}")]
    SignIn {
        /// What to do.
        reason: String,
    },
    /// Report it: something is broken here.
    #[error("{report}")]
    Broken {
        /// What happened, for whoever mends it.
        report: String,
    },
}

impl From<app::FieldError> for FieldError {
    fn from(error: app::FieldError) -> Self {
        match error {
            app::FieldError::Refused {
                kind,
                code,
                message: reason,
                fields,
                numbers,
            } => FieldError::Refused {
                code,
                reason,
                fields,
                bad_input: kind != RefusalKind::Rule,
                numbers: Value::Object(numbers).to_string(),
            },
            app::FieldError::TryLater { message: reason } => FieldError::TryLater { reason },
            app::FieldError::SignIn { message: reason } => FieldError::SignIn { reason },
            app::FieldError::Broken { report } => FieldError::Broken { report },
        }
    }
}
