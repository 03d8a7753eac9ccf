//! What a server asks of the disk below its data folder: that it is private, its own while it
//! serves, and has room. It does not know what lies there.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use crate::error::ServerError;

/// The file that a server of the folder locks, and a restore into it.
pub(crate) const LOCK: &str = "serve.lock";
/// The file that is written to see whether one can be.
const PROBE: &str = ".ready";
/// The owner may do all with a folder, and others nothing.
const FOLDER: u32 = 0o700;
/// The owner may read and write a file, and others nothing.
const FILE: u32 = 0o600;

/// Nobody else serves the folder, or restores into it, until this is dropped or the process ends.
#[derive(Debug)]
pub(crate) struct FolderClaim {
    _locked: File,
}

impl FolderClaim {
    /// Claims a folder that is there.
    pub(crate) fn on(dir: &Path) -> Result<FolderClaim, ServerError> {
        let path = dir.join(LOCK);
        let mut options = OpenOptions::new();
        // Nothing is written to it: it may be anybody's who was here before.
        options.read(true).write(true).create(true).mode(FILE);
        let file = options.open(&path).map_err(|error| unusable(dir, &error))?;
        match file.try_lock() {
            Ok(()) => Ok(FolderClaim { _locked: file }),
            Err(TryLockError::Error(error)) => Err(unusable(dir, &error)),
            Err(TryLockError::WouldBlock) => {
                let message = format!(
                    "`{}` is served already, or a restore into it is under way; stop that first",
                    dir.display()
                );
                Err(ServerError::refused("already_served", message))
            }
        }
    }
}

/// Makes a folder, and those above it, for its owner alone; one that is there is made so.
pub(crate) fn make_private_folder(path: &Path) -> Result<(), ServerError> {
    let mut builder = DirBuilder::new();
    builder.recursive(true).mode(FOLDER);
    let made = builder.create(path).and_then(|()| restrict(path, FOLDER));
    made.map_err(|error| unusable(path, &error))
}

/// Makes a file for its owner alone before anybody else opens it; one that is there is made so.
pub(crate) fn make_private_file(path: &Path) -> Result<(), ServerError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(FILE);
    match options.open(path) {
        Ok(_) => Ok(()),
        // It is not opened: that would end the locks of whoever has it open in this process.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            restrict(path, FILE).map_err(|error| unusable(path, &error))
        }
        Err(error) => Err(unusable(path, &error)),
    }
}

/// Makes all that lies below a folder its owner's alone, and gives the first that could not be: on
/// some disks nobody may, and a server that is otherwise well serves all the same.
pub(crate) fn make_private(dir: &Path) -> io::Result<()> {
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        restrict(&folder, FOLDER)?;
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            let kind = entry.file_type()?;
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() {
                match restrict(&entry.path(), FILE) {
                    // SQLite takes its own files away whenever nobody needs them.
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    other => other?,
                }
            }
        }
    }
    Ok(())
}

fn restrict(path: &Path, mode: u32) -> io::Result<()> {
    let is = fs::metadata(path)?.permissions().mode() & 0o7777;
    if is == mode {
        return Ok(());
    }
    fs::set_permissions(path, Permissions::from_mode(mode))
}

/// Bytes that are left for whoever owns the folder, if one can write there.
pub(crate) fn room(dir: &Path) -> io::Result<u64> {
    let probe = dir.join(PROBE);
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(FILE);
    io::Write::write_all(&mut options.open(&probe)?, b"ready\n")?;
    fs::remove_file(&probe)?;
    let disk = rustix::fs::statvfs(dir)?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}

fn unusable(path: &Path, error: &io::Error) -> ServerError {
    let message = format!(
        "{}: {error}; name a folder that can be written",
        path.display()
    );
    ServerError::bad_input("bad_folder", message)
}
