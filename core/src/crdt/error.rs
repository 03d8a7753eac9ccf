//! Why bytes were refused at the gate, and why a document could not be read or changed.
//! It does not know who sent the bytes or what becomes of them.

/// Bytes that must not reach Automerge, with a stable code and a reason in words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct GateError {
    /// A stable name for the reason, in snake case.
    pub code: &'static str,
    /// The reason in words.
    pub message: String,
}

impl GateError {
    /// A refusal with this code and these words.
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        GateError {
            code,
            message: message.into(),
        }
    }

    /// The bytes do not follow the format.
    pub(crate) fn malformed(message: impl Into<String>) -> Self {
        Self::new("malformed", message)
    }
}

/// A document that could not be read or changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CrdtError {
    /// The gate refused the bytes.
    #[error(transparent)]
    Gate(#[from] GateError),
    /// The change is well formed, but does not continue the history it claims to continue.
    #[error("{code}: {message}")]
    History {
        /// A stable name for the reason, in snake case.
        code: &'static str,
        /// The reason in words.
        message: String,
    },
    /// A stored document lacks changes that its tail builds on.
    #[error("missing_changes: {0} changes are missing from the stored document")]
    Missing(usize),
    /// Automerge itself refused.
    #[error("automerge: {0}")]
    Automerge(String),
}

impl CrdtError {
    /// A stable name for the reason, in snake case.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            CrdtError::Gate(error) => error.code,
            CrdtError::History { code, .. } => code,
            CrdtError::Missing(_) => "missing_changes",
            CrdtError::Automerge(_) => "automerge",
        }
    }

    /// A change that does not fit its history.
    pub(crate) fn history(code: &'static str, message: impl Into<String>) -> Self {
        CrdtError::History {
            code,
            message: message.into(),
        }
    }
}

impl From<automerge::AutomergeError> for CrdtError {
    fn from(error: automerge::AutomergeError) -> Self {
        CrdtError::Automerge(error.to_string())
    }
}
