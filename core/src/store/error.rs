//! What goes wrong in a database, as one value.
//! It does not know what the caller makes of it.

/// SQLite could not do what was asked, or what it holds is not what was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct StoreError {
    /// The cause, for a log.
    pub message: String,
    /// Whether the disk has no room for it.
    pub is_full: bool,
}

impl StoreError {
    /// An error with this cause.
    pub fn new(cause: impl std::fmt::Display) -> Self {
        StoreError {
            message: cause.to_string(),
            is_full: false,
        }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        let is_full = error.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull);
        StoreError {
            message: error.to_string(),
            is_full,
        }
    }
}

impl From<crate::base::id::IdError> for StoreError {
    fn from(error: crate::base::id::IdError) -> Self {
        StoreError::new(format!(
            "the database holds something else than was written: {error}"
        ))
    }
}

impl From<StoreError> for crate::objects::ReadError {
    fn from(error: StoreError) -> Self {
        crate::objects::ReadError(error.message)
    }
}
