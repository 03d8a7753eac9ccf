//! Files that are private, whole, and on the disk when they are said to be; and what a disk says
//! when it does not do something. It does not know what is in them.

use std::collections::BTreeSet;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind as IoErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use outfield_core::app::DISK_FULL;

use crate::error::{ErrorKind, ServerError};

/// A disk that takes no more.
const FULL: [IoErrorKind; 2] = [IoErrorKind::StorageFull, IoErrorKind::QuotaExceeded];
/// A place that is none to read from, or to write to.
const UNUSABLE: [IoErrorKind; 5] = [
    IoErrorKind::PermissionDenied,
    IoErrorKind::NotFound,
    IoErrorKind::NotADirectory,
    IoErrorKind::IsADirectory,
    IoErrorKind::ReadOnlyFilesystem,
];

/// What the disk says about this path, in words that say what to do.
pub(super) fn said(path: &Path) -> impl FnOnce(io::Error) -> ServerError + '_ {
    move |error| {
        let (path, kind) = (path.display(), error.kind());
        if FULL.contains(&kind) {
            let message = format!(
                "there is no room left for `{path}`: what was there before is as it was; free some \
                 space, and do it again"
            );
            return ServerError::new(ErrorKind::DiskFull, DISK_FULL, message);
        }
        if UNUSABLE.contains(&kind) {
            let message = format!("`{path}`: {error}; name a place that can be used");
            return ServerError::bad_input("bad_folder", message);
        }
        ServerError::broken(format!("`{path}`: {error}"))
    }
}

/// A folder that is the owner's alone, with those above it.
pub(super) fn make_folder(path: &Path) -> Result<(), ServerError> {
    let mut builder = DirBuilder::new();
    builder.recursive(true).mode(0o700);
    builder.create(path).map_err(said(path))
}

/// A new file that is the owner's alone.
pub(super) fn make_file(path: &Path) -> Result<File, ServerError> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    options.open(path).map_err(said(path))
}

/// Writes a whole file, which is on the disk afterwards.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), ServerError> {
    let mut file = make_file(path)?;
    file.write_all(bytes).map_err(said(path))?;
    file.sync_all().map_err(said(path))
}

/// What is in a folder is on the disk as it is named now.
pub(super) fn sync(path: &Path) -> Result<(), ServerError> {
    let opened = File::open(path).map_err(said(path))?;
    opened.sync_all().map_err(said(path))
}

/// All files of the disk that a folder lies on are on it, and named as they are now: many new files
/// at once, where the system can; else these, one by one.
pub(super) fn sync_many<'a>(
    folder: &Path,
    files: impl IntoIterator<Item = &'a PathBuf>,
) -> Result<(), ServerError> {
    if cfg!(target_os = "linux") {
        return sync_disk(folder);
    }
    let mut folders = BTreeSet::from([folder]);
    for file in files {
        sync(file)?;
        folders.extend(file.parent());
    }
    folders.into_iter().try_for_each(sync)
}

#[cfg(target_os = "linux")]
fn sync_disk(folder: &Path) -> Result<(), ServerError> {
    let opened = File::open(folder).map_err(said(folder))?;
    rustix::fs::syncfs(opened).map_err(|error| said(folder)(error.into()))
}

#[cfg(not(target_os = "linux"))]
fn sync_disk(folder: &Path) -> Result<(), ServerError> {
    sync(folder)
}

/// Gives a file or folder another name, for good.
pub(super) fn rename(from: &Path, to: &Path) -> Result<(), ServerError> {
    fs::rename(from, to).map_err(said(to))?;
    for folder in [from.parent(), to.parent()].into_iter().flatten() {
        sync(folder)?;
    }
    Ok(())
}

/// Takes a folder away with all that is in it, if it is there.
pub(super) fn remove_folder(path: &Path) -> Result<(), ServerError> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != IoErrorKind::NotFound => Err(said(path)(error)),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Takes a database away with what SQLite keeps beside it.
pub(super) fn remove_database(path: &Path) -> Result<(), ServerError> {
    for ending in ["db", "db-wal", "db-shm"] {
        let path = path.with_extension(ending);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != IoErrorKind::NotFound => return Err(said(&path)(error)),
            Ok(()) | Err(_) => {}
        }
    }
    Ok(())
}

/// The names in a folder, in their order; none where there is no such folder.
pub(super) fn names(path: &Path) -> Result<Vec<String>, ServerError> {
    let entries = match fs::read_dir(path) {
        Err(error) if error.kind() == IoErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(said(path))?,
    };
    let mut names = Vec::new();
    for entry in entries {
        let name = entry.map_err(said(path))?.file_name();
        names.extend(name.into_string());
    }
    names.sort();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_says_so_and_what_to_do() {
        for kind in FULL {
            let error = said(Path::new("/mnt/backups"))(kind.into());
            assert_eq!(
                (error.kind, error.code.as_str()),
                (ErrorKind::DiskFull, DISK_FULL)
            );
            assert!(error.message.contains("`/mnt/backups`"), "{error}");
        }
        let kept = said(Path::new("x"))(IoErrorKind::BrokenPipe.into());
        assert_eq!(kept.kind, ErrorKind::Broken);
    }
}
