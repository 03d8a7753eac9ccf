//! Keys of phones' databases: one for all that tests open by themselves, and those that the command
//! line keeps beside. It does not know what they open.

use std::path::Path;

use outfield_core::app::DatabaseKey;

use crate::files::with_ending;

/// The key of every phone whose database has none beside it.
#[must_use]
pub fn key() -> DatabaseKey {
    DatabaseKey::of([7; 32])
}

/// Puts the key of all phones beside a database, where the command line looks for it.
pub fn put_beside(file: &Path) {
    std::fs::write(with_ending(file, ".key"), key().letters()).expect("a file for the key");
}

/// The key of a phone's database: the one in the file beside it, or that of all phones of tests.
#[must_use]
pub fn key_beside(file: &Path) -> DatabaseKey {
    match std::fs::read_to_string(with_ending(file, ".key")) {
        Ok(letters) => DatabaseKey::read(letters.trim()).unwrap(),
        Err(_) => key(),
    }
}
