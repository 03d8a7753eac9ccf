//! The folder of backups: its generations by name, the pieces they share, and whether all of it is
//! whole. It does not know how a generation is made or put back.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, TryLockError};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use outfield_core::base::id::ChangeHash;
use serde_json::{Value as Json, json};
use sha2::{Digest as _, Sha256};

use super::blobs;
use super::chunks::{ChunkHash, ChunkStore};
use super::disk;
use super::generation::{BackedDatabase, Generation, damaged, folder_of};
use crate::error::ServerError;

/// The file by which a folder of backups is known, and which whoever writes to it locks.
const MARK: &str = "outfield-backup";
/// What it says to whoever looks.
const SAYS: &str =
    "Backups of Outfield. `outfield restore --from THIS_FOLDER --data DIR` puts one back.\n";

/// A folder of backups.
pub(super) struct BackupPlace {
    pub(super) folder: PathBuf,
    pub(super) chunks: ChunkStore,
    /// Held while somebody writes.
    _held: Option<File>,
}

/// Something of a backup that is not right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupFault {
    /// The generation.
    pub generation: String,
    /// What is wrong.
    pub message: String,
}

impl BackupFault {
    /// As a list shows it.
    #[must_use]
    pub fn to_json(&self) -> Json {
        json!({
            "object": "backup",
            "name": self.generation,
            "code": "backup_damaged",
            "message": self.message,
        })
    }
}

/// Whether a folder is one of backups.
#[must_use]
pub fn is_backup(folder: &Path) -> bool {
    folder.join(MARK).is_file()
}

impl BackupPlace {
    /// Opens a folder of backups to write to; makes it where there is nothing. One at a time.
    pub(super) fn writing(folder: &Path) -> Result<BackupPlace, ServerError> {
        disk::make_folder(folder)?;
        let mark = folder.join(MARK);
        if !is_backup(folder) {
            if !disk::names(folder)?.is_empty() {
                let message = format!(
                    "`{}` holds something, and no backups; name a new folder, or one of backups",
                    folder.display()
                );
                return Err(ServerError::bad_input("bad_folder", message));
            }
            disk::write(&mark, SAYS.as_bytes())?;
        }
        let held = File::open(&mark).map_err(disk::said(&mark))?;
        match held.try_lock() {
            Ok(()) => {}
            Err(TryLockError::Error(error)) => return Err(disk::said(&mark)(error)),
            Err(TryLockError::WouldBlock) => {
                let message = format!(
                    "another backup to `{}` is under way; wait until it has ended",
                    folder.display()
                );
                return Err(ServerError::refused("backup_busy", message));
            }
        }
        let place = BackupPlace {
            _held: Some(held),
            ..BackupPlace::at(folder)
        };
        for made in [place.generations(), place.chunk_folder(), place.blobs()] {
            disk::make_folder(&made)?;
        }
        disk::remove_folder(&place.unfinished())?;
        disk::make_folder(&place.unfinished())?;
        Ok(place)
    }

    /// Opens a folder of backups to read from.
    pub(super) fn reading(folder: &Path) -> Result<BackupPlace, ServerError> {
        if is_backup(folder) {
            return Ok(BackupPlace::at(folder));
        }
        let message = format!(
            "`{}` is no folder of backups; name the one that `outfield backup --to` wrote to",
            folder.display()
        );
        Err(ServerError::bad_input("bad_folder", message))
    }

    fn at(folder: &Path) -> BackupPlace {
        BackupPlace {
            folder: folder.to_owned(),
            chunks: ChunkStore::at(folder.join("chunks")),
            _held: None,
        }
    }

    pub(super) fn generations(&self) -> PathBuf {
        self.folder.join("generations")
    }

    pub(super) fn blobs(&self) -> PathBuf {
        self.folder.join("blobs")
    }

    fn chunk_folder(&self) -> PathBuf {
        self.folder.join("chunks")
    }

    /// What is being made, and is nothing until it has its name.
    pub(super) fn unfinished(&self) -> PathBuf {
        self.folder.join("unfinished")
    }

    /// The names of the generations, the oldest first.
    pub(super) fn names(&self) -> Result<Vec<String>, ServerError> {
        disk::names(&self.generations())
    }

    /// A generation by its name, or the newest one.
    pub(super) fn generation(&self, name: Option<&str>) -> Result<Generation, ServerError> {
        let names = self.names()?;
        let found = match name {
            Some(name) => names.iter().find(|known| *known == name),
            None => names.last(),
        };
        let Some(found) = found else {
            let known = if names.is_empty() {
                "none is whole".to_owned()
            } else {
                format!("there are: {}", names.join(", "))
            };
            let message = format!(
                "`{}` has no such generation; {known}",
                self.folder.display()
            );
            return Err(ServerError::bad_input("unknown_generation", message));
        };
        Generation::read(&folder_of(&self.generations(), found))
    }

    /// Writes a database as it was into a file; its pieces are what their hashes say, and so is the
    /// whole. Answers the pieces that are not.
    pub(super) fn unpack(
        &self,
        database: &BackedDatabase,
        chunks: &[ChunkHash],
        to: &Path,
    ) -> Result<Vec<ChunkHash>, ServerError> {
        let (mut whole, mut damaged_ones) = (Sha256::new(), Vec::new());
        let mut file = disk::make_file(to)?;
        for hash in chunks {
            let Some(bytes) = self.chunks.get(*hash) else {
                damaged_ones.push(*hash);
                continue;
            };
            whole.update(&bytes);
            file.write_all(&bytes).map_err(disk::said(to))?;
        }
        file.sync_all().map_err(disk::said(to))?;
        let sum = ChangeHash(whole.finalize().into()).to_string();
        if damaged_ones.is_empty() && sum != database.sha256 {
            return Err(damaged(to, "is put together to something else"));
        }
        Ok(damaged_ones)
    }

    /// Keeps the newest generations, and takes away the others with what only they had; answers
    /// their names.
    pub(super) fn keep(&self, most: usize) -> Result<Vec<String>, ServerError> {
        let names = self.names()?;
        let (gone, kept) = names.split_at(names.len().saturating_sub(most.max(1)));
        for name in gone {
            let away = self.unfinished().join(name);
            disk::rename(&folder_of(&self.generations(), name), &away)?;
        }
        let (mut chunks, mut contents) = (BTreeSet::new(), BTreeSet::new());
        for name in kept {
            // Of one that cannot be read nothing is known, so that nothing goes.
            let Ok(generation) = self.generation(Some(name)) else {
                return Ok(gone.to_vec());
            };
            chunks.extend(generation.chunks.into_iter().flatten());
            contents.extend(generation.blobs.into_iter().map(|blob| blob.path));
        }
        self.chunks.sweep(&chunks)?;
        blobs::sweep(&self.blobs(), &contents)?;
        disk::remove_folder(&self.unfinished())?;
        Ok(gone.to_vec())
    }
}

/// Everything of a folder of backups that is missing or not what it was.
pub fn check(folder: &Path) -> Result<Vec<BackupFault>, ServerError> {
    let place = BackupPlace::reading(folder)?;
    let mut faults = Vec::new();
    let mut seen: BTreeMap<ChunkHash, bool> = BTreeMap::new();
    for name in place.names()? {
        let mut say = |message: String| {
            faults.push(BackupFault {
                generation: name.clone(),
                message,
            });
        };
        let generation = match place.generation(Some(&name)) {
            Ok(generation) => generation,
            Err(error) => {
                say(error.message);
                continue;
            }
        };
        for (database, chunks) in generation.manifest.databases.iter().zip(&generation.chunks) {
            let mut missing = 0;
            for hash in chunks {
                let known = seen.entry(*hash);
                let is_whole = known.or_insert_with(|| place.chunks.get(*hash).is_some());
                missing += usize::from(!*is_whole);
            }
            if missing > 0 {
                let pieces = chunks.len();
                say(format!(
                    "{missing} of {pieces} pieces of `{}` are missing or damaged; the next \
                     backup writes anew what has not changed since",
                    database.file
                ));
            }
        }
        for blob in &generation.blobs {
            if !blobs::is_whole(&place.blobs(), blob) {
                say(format!("`{}` is missing or damaged", blob.path));
            }
        }
    }
    Ok(faults)
}
