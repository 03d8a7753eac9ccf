//! The files of one tenant: pieces and files in the data folder, finished files in a bucket where
//! there is one. What lies in the folder comes first, so that files move up without anybody who
//! looks in vain meanwhile. It does not know who may have a file.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use outfield_core::base::blob::BlobName;
use outfield_core::base::id::{BlobHash, TenantId};
use outfield_core::store::blob_folder::{BlobFolder, Finished};
use tokio::sync::mpsc;

use super::bucket::FileBucket;
use crate::error::ServerError;

/// Where the files of a tenant lie.
#[derive(Clone)]
pub(crate) struct TenantFiles {
    /// Pieces, and files of a tenant without a bucket.
    pub(crate) folder: BlobFolder,
    tenant: TenantId,
    bucket: Option<Arc<FileBucket>>,
}

/// A file all of whose bytes came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WholeFile {
    pub(crate) name: BlobName,
    /// Where its bytes lie until they are put up.
    part: PathBuf,
}

/// Bytes of a file on their way to whoever asked.
pub(crate) enum GivenBytes {
    /// Of the folder.
    File(io::Take<File>),
    /// Of the bucket, as they come.
    Pieces(mpsc::Receiver<io::Result<Vec<u8>>>),
}

impl TenantFiles {
    /// The files of a tenant in its data folder.
    pub(crate) fn in_folder(folder: BlobFolder, tenant: TenantId) -> TenantFiles {
        TenantFiles {
            folder,
            tenant,
            bucket: None,
        }
    }

    /// The same, finished ones in a bucket.
    pub(crate) fn up_in(self, bucket: Option<Arc<FileBucket>>) -> TenantFiles {
        TenantFiles { bucket, ..self }
    }

    /// Whether finished files lie in a bucket.
    pub(crate) fn has_bucket(&self) -> bool {
        self.bucket.is_some()
    }

    /// Those of these files that are here; a bucket is asked about each.
    pub(crate) fn found(&self, names: &[BlobName]) -> Result<BTreeSet<BlobHash>, ServerError> {
        let mut found = BTreeSet::new();
        for name in names {
            if self.is_here(*name)? {
                found.insert(name.hash);
            }
        }
        Ok(found)
    }

    fn is_here(&self, name: BlobName) -> Result<bool, ServerError> {
        if self.folder.has(name) {
            return Ok(true);
        }
        match &self.bucket {
            Some(bucket) => bucket.has(&self.key(name.hash), name.bytes),
            None => Ok(false),
        }
    }

    /// A part has its last byte: in the folder it becomes the file, for a bucket it is looked at
    /// and stays a part until it is put up.
    pub(crate) fn finish(&self, part: &Path, name: BlobName) -> Result<Finished, ServerError> {
        if self.bucket.is_none() {
            return Ok(self.folder.finish(part, name)?);
        }
        Ok(self.folder.examine(part, name)?)
    }

    /// A file whose part was finished.
    pub(crate) fn whole(&self, name: BlobName, part: PathBuf) -> WholeFile {
        WholeFile { name, part }
    }

    /// Puts finished files where finished files lie. What is not put up stays a part, so that
    /// nothing of it has to come again.
    pub(crate) fn put_up(&self, files: &[WholeFile]) -> Result<(), ServerError> {
        let Some(bucket) = &self.bucket else {
            return Ok(());
        };
        for WholeFile { name, part } in files {
            let bytes = fs::read(part).unwrap_or_default();
            if BlobName::of(&bytes) != Some(*name) {
                // Another call of the same device was faster.
                if bucket.has(&self.key(name.hash), name.bytes)? {
                    continue;
                }
                let message = "the file went while it came; send it again";
                return Err(ServerError::overloaded(message));
            }
            bucket.put(&self.key(name.hash), bytes)?;
            self.folder.forget_part(part)?;
        }
        Ok(())
    }

    /// Whether a file that was put up a moment ago is still there.
    pub(crate) fn has_stayed(&self, name: BlobName) -> bool {
        match &self.bucket {
            Some(bucket) => bucket.has_stayed(&self.key(name.hash)),
            None => self.folder.has(name),
        }
    }

    /// Bytes of a file from an offset, at most so many; none if it is not here.
    pub(crate) fn read(
        &self,
        name: BlobName,
        from: u64,
        most: u64,
    ) -> Result<Option<Vec<u8>>, ServerError> {
        if self.folder.has(name) {
            match self.folder.read(name.hash, from, most) {
                Ok(bytes) => return Ok(Some(bytes)),
                // It may have gone up meanwhile.
                Err(error) if self.bucket.is_none() => return Err(error.into()),
                Err(_) => {}
            }
        }
        let Some(bucket) = &self.bucket else {
            return Ok(None);
        };
        let end = name.bytes.min(from.saturating_add(most));
        if from >= end {
            return Ok(Some(Vec::new()));
        }
        bucket.read(&self.key(name.hash), from..end)
    }

    /// The bytes of a part of a file; none if it is not here.
    pub(crate) fn give(
        &self,
        name: BlobName,
        range: Range<u64>,
    ) -> Result<Option<GivenBytes>, ServerError> {
        if self.folder.has(name)
            && let Ok(mut file) = File::open(self.folder.path(name.hash))
        {
            file.seek(SeekFrom::Start(range.start))
                .map_err(ServerError::broken)?;
            let part = file.take(range.end - range.start);
            return Ok(Some(GivenBytes::File(part)));
        }
        let Some(bucket) = &self.bucket else {
            return Ok(None);
        };
        let pieces = bucket.stream(&self.key(name.hash), range)?;
        Ok(pieces.map(GivenBytes::Pieces))
    }

    /// All bytes of a file; none if it is not here.
    pub(crate) fn all(&self, name: BlobName) -> Result<Option<Vec<u8>>, ServerError> {
        self.read(name, 0, name.bytes)
    }

    /// Takes files away of which nobody knows any more. Where the bucket does not answer they stay
    /// there, as nobody's.
    pub(crate) fn remove(&self, hashes: &[BlobHash]) -> Result<(), ServerError> {
        for hash in hashes {
            self.folder.remove(*hash)?;
        }
        let Some(bucket) = self.bucket.as_ref().filter(|_| !hashes.is_empty()) else {
            return Ok(());
        };
        let keys: Vec<String> = hashes.iter().map(|hash| self.key(*hash)).collect();
        bucket.remove(&keys);
        Ok(())
    }

    /// Puts up files of the folder, from before there was a bucket or out of a backup: at most so
    /// many. Answers how many went up; those that are not what their names say stay.
    pub(crate) fn move_up(&self, most: usize) -> Result<usize, ServerError> {
        let Some(bucket) = &self.bucket else {
            return Ok(0);
        };
        let mut moved = 0;
        for (hash, path) in self.folder.whole_files() {
            if moved == most {
                break;
            }
            let Ok(bytes) = fs::read(&path) else {
                continue;
            };
            if BlobName::of(&bytes).is_none_or(|name| name.hash != hash) {
                continue;
            }
            bucket.put(&self.key(hash), bytes)?;
            self.folder.remove(hash)?;
            moved += 1;
        }
        Ok(moved)
    }

    /// The name of a file in the bucket, and its path in a backup.
    pub(crate) fn key(&self, hash: BlobHash) -> String {
        let name = hash.to_string();
        format!("{}/{}/{name}", self.tenant, &name[..2])
    }
}
