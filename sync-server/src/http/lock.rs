//! Takes a lock, whatever became of whoever held it before. It does not know what is locked.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// What a panic left half done was rolled back with its transaction.
pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
