//! A generation: what a backup found at one moment, with the hashes of all that it needs. It does
//! not know how pieces are kept.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use outfield_core::base::id::{ChangeHash, TenantId};
use serde::{Deserialize, Serialize};

use super::chunks::ChunkHash;
use super::disk;
use crate::error::ServerError;

/// The form of a generation.
const FORMAT: u32 = 1;
/// The file that says what a generation holds.
const MANIFEST: &str = "manifest.json";
/// The file with the hash of each other file, as `sha256sum -c` reads it.
const SUMS: &str = "SHA256SUMS";
/// The file that names the contents of files, each with its hash and length.
const BLOBS: &str = "blobs.list";

/// What a generation holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupManifest {
    /// The form of this file.
    pub format: u32,
    /// The generation's name: the moment at which it was begun.
    pub generation: String,
    /// The same moment.
    pub at: String,
    /// The version that wrote it.
    pub version: String,
    /// All databases, the list of tenants first.
    pub databases: Vec<BackedDatabase>,
    /// How many contents of files there are.
    pub blobs: usize,
    /// How many bytes those have.
    pub blob_bytes: u64,
}

/// One database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackedDatabase {
    /// Its path in the data folder.
    pub file: String,
    /// Its length.
    pub bytes: u64,
    /// SHA-256 of it in hex.
    pub sha256: String,
    /// Whose it is; none of the list of tenants.
    pub tenant: Option<BackedTenant>,
}

/// A tenant as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackedTenant {
    /// Its id.
    pub id: TenantId,
    /// Its name.
    pub name: String,
    /// The life it was in.
    pub epoch: u64,
    /// The highest tick that it had given out.
    pub tick: u64,
}

/// A generation as it is read: everything in it is what its hashes say.
pub(super) struct Generation {
    pub(super) manifest: BackupManifest,
    /// The pieces of each database, in the order of the manifest.
    pub(super) chunks: Vec<Vec<ChunkHash>>,
    pub(super) blobs: Vec<BackedBlob>,
}

/// The contents of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BackedBlob {
    /// Its path in the folder of contents.
    pub(super) path: String,
    pub(super) sha256: ChangeHash,
    pub(super) bytes: u64,
}

impl BackupManifest {
    /// A generation of this moment that holds nothing yet.
    pub(super) fn begun(generation: String, at: String) -> BackupManifest {
        BackupManifest {
            format: FORMAT,
            generation,
            at,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            databases: Vec::new(),
            blobs: 0,
            blob_bytes: 0,
        }
    }
}

impl Generation {
    /// Writes it into a folder that is new; answers how many bytes that took.
    pub(super) fn write(&self, folder: &Path) -> Result<u64, ServerError> {
        let mut files = BTreeMap::new();
        for (index, chunks) in self.chunks.iter().enumerate() {
            let list: Vec<&[u8]> = chunks.iter().map(ChunkHash::bytes).collect();
            files.insert(list_name(index), list.concat());
        }
        let mut blobs = String::new();
        for blob in &self.blobs {
            blobs += &format!("{} {} {}\n", blob.sha256, blob.bytes, blob.path);
        }
        files.insert(BLOBS.to_owned(), blobs.into_bytes());
        let manifest = serde_json::to_vec_pretty(&self.manifest).map_err(ServerError::broken)?;
        files.insert(MANIFEST.to_owned(), manifest);
        let mut sums = String::new();
        for (name, bytes) in &files {
            sums += &format!("{}  {name}\n", ChangeHash::of(bytes));
            disk::write(&folder.join(name), bytes)?;
        }
        disk::write(&folder.join(SUMS), sums.as_bytes())?;
        disk::sync(folder)?;
        Ok(files.values().map(|bytes| bytes.len() as u64).sum())
    }

    /// Reads it; what is missing or damaged is named.
    pub(super) fn read(folder: &Path) -> Result<Generation, ServerError> {
        let sums = sums(folder)?;
        let file = |name: &str| -> Result<Vec<u8>, ServerError> {
            let path = folder.join(name);
            let bytes = fs::read(&path).map_err(|_| damaged(&path, "is missing"))?;
            if sums.get(name) != Some(&ChangeHash::of(&bytes)) {
                return Err(damaged(&path, "is not what it was"));
            }
            Ok(bytes)
        };
        let path = folder.join(MANIFEST);
        let manifest: BackupManifest = serde_json::from_slice(&file(MANIFEST)?)
            .map_err(|_| damaged(&path, "cannot be read by this version"))?;
        if manifest.format != FORMAT {
            return Err(damaged(&path, "was written by a newer version"));
        }
        let mut chunks = Vec::new();
        for (index, database) in manifest.databases.iter().enumerate() {
            check_path(folder, &database.file)?;
            chunks.push(ChunkHash::all_in(&file(&list_name(index))?));
        }
        let list = String::from_utf8(file(BLOBS)?).unwrap_or_default();
        let mut blobs = Vec::new();
        for line in list.lines() {
            let blob = blob_in(line).ok_or_else(|| damaged(folder, "names no file by its hash"))?;
            check_path(folder, &blob.path)?;
            blobs.push(blob);
        }
        Ok(Generation {
            manifest,
            chunks,
            blobs,
        })
    }
}

/// The hash of each file of a generation.
fn sums(folder: &Path) -> Result<BTreeMap<String, ChangeHash>, ServerError> {
    let path = folder.join(SUMS);
    let text = fs::read_to_string(&path).map_err(|_| damaged(&path, "is missing"))?;
    let mut sums = BTreeMap::new();
    for line in text.lines() {
        let read = line.split_once("  ");
        let read = read.and_then(|(hash, name)| Some((name.to_owned(), hash.parse().ok()?)));
        let (name, hash) = read.ok_or_else(|| damaged(&path, "is not what it was"))?;
        sums.insert(name, hash);
    }
    Ok(sums)
}

fn blob_in(line: &str) -> Option<BackedBlob> {
    let (hash, rest) = line.split_once(' ')?;
    let (bytes, path) = rest.split_once(' ')?;
    Some(BackedBlob {
        path: path.to_owned(),
        sha256: hash.parse().ok()?,
        bytes: bytes.parse().ok()?,
    })
}

/// A path of a manifest leads to nothing outside the folder that it is below.
fn check_path(folder: &Path, path: &str) -> Result<(), ServerError> {
    let is_plain = |name: &str| !name.is_empty() && name != "." && name != "..";
    if path.split('/').all(is_plain) {
        return Ok(());
    }
    Err(damaged(folder, "names a file outside the data folder"))
}

fn list_name(index: usize) -> String {
    format!("database-{index}.chunks")
}

/// What a backup says where it is not whole.
pub(super) fn damaged(path: &Path, how: &str) -> ServerError {
    let message = format!(
        "the backup is damaged: `{}` {how}; take another generation (--at), or another copy of \
         the backup",
        path.display()
    );
    ServerError::bad_input("backup_damaged", message)
}

/// The folder of a generation.
pub(super) fn folder_of(generations: &Path, name: &str) -> PathBuf {
    generations.join(name)
}
