//! Pieces of databases, each kept once under its hash. It does not know what they are pieces of.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use outfield_core::base::id::ChangeHash;

use super::disk;
use crate::error::ServerError;

/// Bytes of a piece: small enough that a change of one row costs little, large enough that files
/// stay few.
pub(super) const CHUNK_BYTES: usize = 32 * 1024;
/// How hard a piece is packed.
const LEVEL: i32 = 3;

/// SHA-256 of a piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ChunkHash([u8; 32]);

impl ChunkHash {
    pub(super) fn of(bytes: &[u8]) -> ChunkHash {
        ChunkHash(ChangeHash::of(bytes).0)
    }

    pub(super) fn text(self) -> String {
        ChangeHash(self.0).to_string()
    }

    /// The hashes that a list of them holds.
    pub(super) fn all_in(list: &[u8]) -> Vec<ChunkHash> {
        let (hashes, _) = list.as_chunks::<32>();
        hashes.iter().copied().map(ChunkHash).collect()
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// A folder of pieces.
pub(super) struct ChunkStore {
    folder: PathBuf,
    /// What was written since, and may not be on the disk yet.
    new: BTreeSet<PathBuf>,
    /// How many bytes that were.
    pub(super) written: u64,
}

impl ChunkStore {
    pub(super) fn at(folder: PathBuf) -> ChunkStore {
        ChunkStore {
            folder,
            new: BTreeSet::new(),
            written: 0,
        }
    }

    /// Keeps a piece, if it is not there.
    pub(super) fn put(&mut self, bytes: &[u8]) -> Result<ChunkHash, ServerError> {
        let hash = ChunkHash::of(bytes);
        let path = self.path(hash);
        if path.exists() {
            return Ok(hash);
        }
        let packed = zstd::bulk::compress(bytes, LEVEL).map_err(disk::said(&path))?;
        let unfinished = self.folder.join("unfinished");
        if let Some(folder) = path.parent()
            && !folder.exists()
        {
            disk::make_folder(folder)?;
        }
        let mut file = disk::make_file(&unfinished)?;
        std::io::Write::write_all(&mut file, &packed).map_err(disk::said(&unfinished))?;
        fs::rename(&unfinished, &path).map_err(disk::said(&path))?;
        self.written += packed.len() as u64;
        self.new.insert(path);
        Ok(hash)
    }

    /// A piece as it was; none if it is missing or damaged.
    pub(super) fn get(&self, hash: ChunkHash) -> Option<Vec<u8>> {
        let packed = fs::read(self.path(hash)).ok()?;
        let bytes = zstd::bulk::decompress(&packed, CHUNK_BYTES).ok()?;
        (ChunkHash::of(&bytes) == hash).then_some(bytes)
    }

    /// Forgets a piece, so that it is written anew.
    pub(super) fn forget(&self, hash: ChunkHash) {
        // What cannot be removed stays damaged, and is told so again.
        fs::remove_file(self.path(hash)).ok();
    }

    /// All that was kept is on the disk afterwards.
    pub(super) fn settle(&mut self) -> Result<(), ServerError> {
        let new = std::mem::take(&mut self.new);
        if new.is_empty() {
            return Ok(());
        }
        disk::sync_many(&self.folder, &new)
    }

    /// Takes away what none of these hashes names; answers how many pieces that were.
    pub(super) fn sweep(&self, named: &BTreeSet<ChunkHash>) -> Result<usize, ServerError> {
        let kept: BTreeSet<PathBuf> = named.iter().map(|hash| self.path(*hash)).collect();
        let mut swept = 0;
        for folder in disk::names(&self.folder)? {
            let folder = self.folder.join(folder);
            if !folder.is_dir() {
                continue;
            }
            for name in disk::names(&folder)? {
                let path = folder.join(name);
                if !kept.contains(&path) {
                    fs::remove_file(&path).map_err(disk::said(&path))?;
                    swept += 1;
                }
            }
        }
        Ok(swept)
    }

    fn path(&self, hash: ChunkHash) -> PathBuf {
        let text = hash.text();
        let (folder, name) = text.split_at(2);
        self.folder.join(folder).join(name)
    }
}
