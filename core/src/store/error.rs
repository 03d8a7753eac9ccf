//! What goes wrong in a database, as one value.
//! It does not know what the caller makes of it.

use rusqlite::{ErrorCode, ffi};

/// What sort of trouble it is, where somebody can do something about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreFault {
    /// The disk has no room for it.
    Full,
    /// The file lies under another key.
    WrongKey,
    /// The file was written by a newer version.
    Newer,
    /// Parts of the file cannot be read any more.
    Damaged,
    /// A file that must be there is gone, or empty.
    Missing,
    /// Something else.
    Other,
}

/// SQLite could not do what was asked, or what it holds is not what was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct StoreError {
    /// The cause, for a log.
    pub message: String,
    /// What sort of trouble it is.
    pub fault: StoreFault,
}

impl StoreError {
    /// An error with this cause.
    pub fn new(cause: impl std::fmt::Display) -> Self {
        StoreError::of(StoreFault::Other, cause)
    }

    /// An error of this sort.
    pub fn of(fault: StoreFault, cause: impl std::fmt::Display) -> Self {
        StoreError {
            message: cause.to_string(),
            fault,
        }
    }

    /// What the disk says about a file or folder.
    pub(super) fn of_disk(path: &std::path::Path, error: &std::io::Error) -> Self {
        use std::io::ErrorKind::{QuotaExceeded, StorageFull};
        let is_full = [StorageFull, QuotaExceeded].contains(&error.kind());
        let fault = if is_full {
            StoreFault::Full
        } else {
            StoreFault::Other
        };
        StoreError::of(fault, error).at(path)
    }

    /// The same, naming the file.
    #[must_use]
    pub fn at(self, path: &std::path::Path) -> Self {
        StoreError::of(self.fault, format!("{}: {}", path.display(), self.message))
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        // What is over a quota, or over the size that a file may have, SQLite calls a failed write.
        let extended = error.sqlite_error().map(|error| error.extended_code);
        let is_unwritten = matches!(
            extended,
            Some(ffi::SQLITE_IOERR_WRITE | ffi::SQLITE_IOERR_SHMSIZE)
        );
        let fault = match error.sqlite_error_code() {
            Some(_) if is_unwritten => StoreFault::Full,
            Some(ErrorCode::DiskFull) => StoreFault::Full,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => StoreFault::Damaged,
            Some(_) | None => StoreFault::Other,
        };
        StoreError::of(fault, error)
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
