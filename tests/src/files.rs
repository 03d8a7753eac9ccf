//! Moves databases with the logs beside them, and folders, as they are on the disk. It does not
//! know what is in them.

use std::path::{Path, PathBuf};

/// Copies a database that may be in use, as it is on the disk at this moment.
pub fn copy_database(from: &Path, to: &Path) {
    for ending in ["", "-wal"] {
        let (from, to) = (with_ending(from, ending), with_ending(to, ending));
        if from.exists() {
            std::fs::copy(from, to).unwrap();
        } else {
            drop(std::fs::remove_file(to));
        }
    }
}

/// Puts a copied database into the place of another, which nobody has open.
pub fn move_database(from: &Path, to: &Path) {
    for ending in ["", "-wal", "-shm"] {
        let (from, to) = (with_ending(from, ending), with_ending(to, ending));
        drop(std::fs::remove_file(&to));
        if from.exists() {
            std::fs::rename(from, to).unwrap();
        }
    }
}

/// Copies all that is in a folder.
pub fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// What stands beside a tenant's file and says how far it has risen; none if nothing does.
pub fn witness_of(file: &Path) -> Option<PathBuf> {
    let folder = std::fs::read_dir(file.with_extension("witness")).ok()?;
    folder.map(|entry| entry.unwrap().path()).next()
}

/// The file beside a database whose name ends in this as well.
#[must_use]
pub fn with_ending(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}
