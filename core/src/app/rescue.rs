//! A database of which pages cannot be read any more: what no server has is put into a new one, and
//! the rest is fetched again. It does not know how pages were damaged.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use serde_json::json;

use super::{Device, FieldError, Receipt};
use crate::store::rescue::DamagedFile;
use crate::store::{self, DatabaseKey, StoreError, locked};

impl Device {
    /// Puts what can be read of the unsent and refused work of a damaged database, and who is
    /// signed in, into a new one in its place; the damaged one stays beside it. The next sync sends
    /// that and fetches the rest. Killed on the way, the damaged one is still in its place.
    pub fn rescue(path: &Path, key: &DatabaseKey) -> Result<Receipt, FieldError> {
        let open = || locked::bare(path, store::PHONE, key);
        let mut damaged = DamagedFile::new(&open).map_err(super::device::not_opened)?;
        let (new, aside) = (beside(path, ".rescued"), free(path));
        for ending in ["", "-wal", "-shm"] {
            gone(&beside(&new, ending)).map_err(|error| told(&new, &error))?;
        }
        let fresh = locked::open(&new, store::PHONE, key)?;
        store::open::durable(&fresh, true)?;
        let tx = store::open::begin(&fresh)?;
        let rescued = damaged.carry_over(&tx)?;
        store::open::commit(tx)?;
        // The logs' work is in the files, for the files alone change places.
        store::wipe::shrink(&fresh)?;
        damaged.fold_log()?;
        drop((fresh, damaged));
        if fs::metadata(beside(path, "-wal")).is_ok_and(|log| log.len() > 0) {
            let message = "somebody else has this database open; close it there, and rescue again";
            return Err(FieldError::rule("database_open", message));
        }
        fs::hard_link(path, &aside)
            .or_else(|_| fs::copy(path, &aside).map(drop))
            .and_then(|()| fs::rename(&new, path))
            .map_err(|error| told(path, &error))?;
        Ok(Receipt::of(json!({
            "unsent": rescued.unsent, "needs_attention": rescued.attention,
            "unreadable": rescued.unreadable, "damaged": aside.display().to_string(),
        })))
    }
}

/// A name beside the database where nothing is yet.
fn free(path: &Path) -> PathBuf {
    let mut number = 1;
    loop {
        let place = match number {
            1 => beside(path, ".damaged"),
            _ => beside(path, &format!(".damaged-{number}")),
        };
        if !place.exists() {
            return place;
        }
        number += 1;
    }
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

fn gone(file: &Path) -> io::Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        Err(_) | Ok(()) => Ok(()),
    }
}

fn told(path: &Path, error: &io::Error) -> FieldError {
    StoreError::new(error).at(path).into()
}
