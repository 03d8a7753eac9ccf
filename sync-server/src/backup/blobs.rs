//! The contents of files, which never change under their names: what a backup lacks of them is
//! copied. It does not know which records name them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io;
use std::path::Path;

use outfield_core::base::blob::BlobName;
use outfield_core::base::id::ChangeHash;
use sha2::{Digest as _, Sha256};

use super::disk;
use super::generation::BackedBlob;
use crate::data_dir::DataDir;
use crate::error::ServerError;
use crate::work;

/// The folder of contents in a data folder.
pub(super) const FOLDER: &str = "blobs";

/// What a folder of contents holds, and how much of it was copied.
#[derive(Default)]
pub(super) struct CopiedBlobs {
    pub(super) all: Vec<BackedBlob>,
    pub(super) copied: usize,
    pub(super) bytes_copied: u64,
    /// Files that a row tells of and that the bucket has not, or not whole.
    pub(super) missing: usize,
}

/// Copies what the other folder lacks. `known` is what it had before, so that nothing is read
/// twice.
pub(super) fn copy_missing(
    from: &Path,
    to: &Path,
    known: &[BackedBlob],
) -> Result<CopiedBlobs, ServerError> {
    let mut blobs = CopiedBlobs::default();
    let known: BTreeMap<&str, &BackedBlob> = known
        .iter()
        .map(|blob| (blob.path.as_str(), blob))
        .collect();
    let unfinished = to.join("unfinished");
    for path in paths(from)? {
        let (source, target) = (from.join(&path), to.join(&path));
        // It may have gone since it was listed.
        let Ok(bytes) = fs::metadata(&source).map(|file| file.len()) else {
            continue;
        };
        let held = known.get(path.as_str());
        let held = held.filter(|blob| blob.bytes == bytes);
        let is_there = fs::metadata(&target).is_ok_and(|file| file.len() == bytes);
        if let (Some(held), true) = (held, is_there) {
            blobs.all.push((*held).clone());
            continue;
        }
        if let Some(folder) = target.parent() {
            disk::make_folder(folder)?;
        }
        let sha256 = copy(&source, &unfinished)?;
        disk::rename(&unfinished, &target)?;
        blobs.copied += 1;
        blobs.bytes_copied += bytes;
        blobs.all.push(BackedBlob {
            path,
            sha256,
            bytes,
        });
    }
    Ok(blobs)
}

/// Copies what the other folder lacks of the files that lie in a bucket, and that the rows of
/// tenants tell of.
pub(super) fn copy_out_of_bucket(
    data: &DataDir,
    to: &Path,
    known: &[BackedBlob],
    blobs: &mut CopiedBlobs,
) -> Result<(), ServerError> {
    if data.bucket().is_none() {
        return Ok(());
    }
    let listed = |all: &[BackedBlob]| -> BTreeSet<String> {
        all.iter().map(|blob| blob.path.clone()).collect()
    };
    let (known, had) = (listed(known), listed(&blobs.all));
    for (_, id) in data.tenants()? {
        let tenant = data.open_tenant(id)?;
        for name in work::files_known(&tenant)? {
            let path = tenant.files.key(name.hash);
            if had.contains(&path) {
                continue;
            }
            let target = to.join(&path);
            let is_there = fs::metadata(&target).is_ok_and(|file| file.len() == name.bytes);
            if !(known.contains(&path) && is_there) {
                let bytes = tenant.files.all(name)?;
                let Some(bytes) = bytes.filter(|bytes| BlobName::of(bytes) == Some(name)) else {
                    blobs.missing += 1;
                    continue;
                };
                if let Some(folder) = target.parent() {
                    disk::make_folder(folder)?;
                }
                let unfinished = to.join("unfinished");
                disk::write(&unfinished, &bytes)?;
                disk::rename(&unfinished, &target)?;
                blobs.copied += 1;
                blobs.bytes_copied += name.bytes;
            }
            blobs.all.push(BackedBlob {
                path,
                sha256: ChangeHash(name.hash.0),
                bytes: name.bytes,
            });
        }
    }
    Ok(())
}

/// Copies one file; answers its hash.
pub(super) fn copy(from: &Path, to: &Path) -> Result<ChangeHash, ServerError> {
    let mut source = File::open(from).map_err(disk::said(from))?;
    let mut target = Hashed {
        to: disk::make_file(to)?,
        sha256: Sha256::new(),
    };
    io::copy(&mut source, &mut target).map_err(disk::said(to))?;
    target.to.sync_all().map_err(disk::said(to))?;
    Ok(ChangeHash(target.sha256.finalize().into()))
}

/// Whether a copy is there and is what it was.
pub(super) fn is_whole(folder: &Path, blob: &BackedBlob) -> bool {
    let Ok(mut file) = File::open(folder.join(&blob.path)) else {
        return false;
    };
    let mut read = Hashed {
        to: io::sink(),
        sha256: Sha256::new(),
    };
    let bytes = io::copy(&mut file, &mut read).ok();
    bytes == Some(blob.bytes) && ChangeHash(read.sha256.finalize().into()) == blob.sha256
}

/// Takes away what is not among these paths.
pub(super) fn sweep(folder: &Path, kept: &BTreeSet<String>) -> Result<(), ServerError> {
    for path in paths(folder)? {
        if !kept.contains(&path) {
            let path = folder.join(path);
            fs::remove_file(&path).map_err(disk::said(&path))?;
        }
    }
    Ok(())
}

/// The paths of all files below a folder, in their order.
fn paths(folder: &Path) -> Result<Vec<String>, ServerError> {
    let mut paths = Vec::new();
    let mut folders = vec![String::new()];
    while let Some(above) = folders.pop() {
        for name in disk::names(&folder.join(&above))? {
            let path = if above.is_empty() {
                name
            } else {
                format!("{above}/{name}")
            };
            if folder.join(&path).is_dir() {
                folders.push(path);
            } else {
                paths.push(path);
            }
        }
    }
    paths.sort();
    Ok(paths)
}

/// Hashes what passes.
struct Hashed<W> {
    to: W,
    sha256: Sha256,
}

impl<W: io::Write> io::Write for Hashed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.to.write(bytes)?;
        self.sha256.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}
