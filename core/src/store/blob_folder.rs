//! Files by their hashes, in a folder beside a database; on phone and server alike. A file is there
//! only when all of it is, and what it has is what its hash says. It does not know which records
//! name a file.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::error::StoreError;
use crate::base::blob::{BlobName, MediaType, SNIFFED_BYTES};
use crate::base::id::BlobHash;

/// Bytes read at once to see whether a file is whole.
const STEP_BYTES: usize = 64 * 1024;

/// Where files lie, and where those that are not whole yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlobFolder {
    whole: PathBuf,
    parts: PathBuf,
}

/// What a file turned out to be whose last byte is here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finished {
    /// What its name says.
    Whole,
    /// Something else: nothing of it is kept.
    OtherBytes,
    /// Its bytes are those of the hash, and it is not what the name says that it is.
    OtherMedia,
}

impl BlobFolder {
    /// Files below `whole`, and their parts below `parts`; both on one disk.
    #[must_use]
    pub fn new(whole: PathBuf, parts: PathBuf) -> BlobFolder {
        BlobFolder { whole, parts }
    }

    /// The folder of a phone's database.
    #[must_use]
    pub fn beside(database: &Path) -> BlobFolder {
        let mut name = database.as_os_str().to_owned();
        name.push(".blobs");
        let whole = PathBuf::from(name);
        let parts = whole.join("parts");
        BlobFolder { whole, parts }
    }

    /// Where a file lies, if it is here.
    #[must_use]
    pub fn path(&self, hash: BlobHash) -> PathBuf {
        let name = hash.to_string();
        self.whole.join(&name[..2]).join(name)
    }

    /// Whether all of a file is here.
    #[must_use]
    pub fn has(&self, name: BlobName) -> bool {
        let found = fs::metadata(self.path(name.hash));
        found.is_ok_and(|file| file.is_file() && file.len() == name.bytes)
    }

    /// Keeps a file of these bytes: it is on the disk when this returns.
    pub fn keep(&self, name: BlobName, bytes: &[u8]) -> Result<(), StoreError> {
        if self.has(name) {
            return Ok(());
        }
        let part = self.part(&format!("{}.new", name.hash));
        self.forget_part(&part)?;
        self.append(&part, 0, bytes)?;
        match self.finish(&part, name)? {
            Finished::Whole => Ok(()),
            Finished::OtherBytes | Finished::OtherMedia => Err(StoreError::new(
                "the disk does not keep what is written to it",
            )),
        }
    }

    /// Bytes of a file from an offset, at most so many.
    pub fn read(&self, hash: BlobHash, from: u64, most: u64) -> Result<Vec<u8>, StoreError> {
        let path = self.path(hash);
        let mut bytes = Vec::new();
        File::open(&path)
            .and_then(|mut file| {
                file.seek(SeekFrom::Start(from))?;
                file.take(most).read_to_end(&mut bytes)
            })
            .map_err(|error| StoreError::of_disk(&path, &error))?;
        Ok(bytes)
    }

    /// Where a part lies that is known by this name, such as the hash of what it is of.
    #[must_use]
    pub fn part(&self, name: &str) -> PathBuf {
        self.parts.join(name)
    }

    /// How many bytes of a part are here.
    #[must_use]
    pub fn part_bytes(&self, part: &Path) -> u64 {
        fs::metadata(part).map_or(0, |file| file.len())
    }

    /// Appends to a part that has so many bytes; answers how many it has then. Where it has another
    /// number nothing is written.
    pub fn append(&self, part: &Path, at: u64, bytes: &[u8]) -> Result<u64, StoreError> {
        let said = |error: io::Error| StoreError::of_disk(part, &error);
        if let Some(folder) = part.parent() {
            make_folder(folder).map_err(said)?;
        }
        let mut options = OpenOptions::new();
        options.append(true).create(true);
        private(&mut options);
        let mut file = options.open(part).map_err(said)?;
        // Two who append at once would mix what they write.
        file.lock().map_err(said)?;
        let held = file.metadata().map_err(said)?.len();
        if held != at {
            return Ok(held);
        }
        file.write_all(bytes).map_err(said)?;
        Ok(held + bytes.len() as u64)
    }

    /// A part has its last byte: whether it is what it is to be. What is something else goes.
    pub fn examine(&self, part: &Path, name: BlobName) -> Result<Finished, StoreError> {
        let said = |error: io::Error| StoreError::of_disk(part, &error);
        let file = File::open(part).map_err(said)?;
        let finished = read_all(&file, name).map_err(said)?;
        match finished {
            Finished::Whole => file.sync_all().map_err(said)?,
            Finished::OtherBytes | Finished::OtherMedia => self.forget_part(part)?,
        }
        Ok(finished)
    }

    /// A part has its last byte: it becomes the file that it is to be, or nothing.
    pub fn finish(&self, part: &Path, name: BlobName) -> Result<Finished, StoreError> {
        let finished = self.examine(part, name)?;
        if finished != Finished::Whole {
            return Ok(finished);
        }
        let path = self.path(name.hash);
        let said = |error: io::Error| StoreError::of_disk(&path, &error);
        if let Some(folder) = path.parent() {
            make_folder(folder).map_err(said)?;
            fs::rename(part, &path).map_err(said)?;
            for folder in folder.ancestors().take(2) {
                sync_folder(folder).map_err(said)?;
            }
        }
        Ok(Finished::Whole)
    }

    /// Whether a file is here and is what its name says: all of it is read.
    #[must_use]
    pub fn is_sound(&self, name: BlobName) -> bool {
        let file = File::open(self.path(name.hash));
        file.and_then(|file| read_all(&file, name))
            .is_ok_and(|found| found == Finished::Whole)
    }

    /// Takes a file away, if it is here.
    pub fn remove(&self, hash: BlobHash) -> Result<(), StoreError> {
        self.forget_part(&self.path(hash))
    }

    /// Takes a part away, if it is here.
    pub fn forget_part(&self, part: &Path) -> Result<(), StoreError> {
        match fs::remove_file(part) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(StoreError::of_disk(part, &error))
            }
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// The files that are here, by the hashes that they are called.
    #[must_use]
    pub fn whole_files(&self) -> Vec<(BlobHash, PathBuf)> {
        let mut files = Vec::new();
        for folder in fs::read_dir(&self.whole).into_iter().flatten().flatten() {
            if folder.path() == self.parts {
                continue;
            }
            let within = fs::read_dir(folder.path()).into_iter().flatten().flatten();
            for path in within.map(|entry| entry.path()) {
                let name = path.file_name().and_then(|name| name.to_str());
                if let Some(hash) = name.and_then(|name| name.parse().ok()) {
                    files.push((hash, path));
                }
            }
        }
        files.sort();
        files
    }

    /// The parts in a folder of parts, each with its length, the one that was written to longest
    /// ago first.
    #[must_use]
    pub fn parts_in(&self, folder: &Path) -> Vec<PathBuf> {
        let mut parts = Vec::new();
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let written = entry.metadata().and_then(|file| file.modified());
            parts.push((written.ok(), entry.path()));
        }
        parts.sort();
        parts.into_iter().map(|(_, path)| path).collect()
    }
}

/// Reads a file to its end.
fn read_all(mut file: &File, name: BlobName) -> io::Result<Finished> {
    let (mut hasher, mut first, mut length) = (Sha256::new(), Vec::new(), 0_u64);
    let mut step = vec![0; STEP_BYTES];
    loop {
        let read = file.read(&mut step)?;
        if read == 0 {
            break;
        }
        if length == 0 {
            first.extend_from_slice(&step[..read.min(SNIFFED_BYTES)]);
        }
        hasher.update(&step[..read]);
        length += read as u64;
    }
    if length != name.bytes || BlobHash(hasher.finalize().into()) != name.hash {
        return Ok(Finished::OtherBytes);
    }
    if MediaType::of(&first) != Some(name.media) {
        return Ok(Finished::OtherMedia);
    }
    Ok(Finished::Whole)
}

/// A folder that is the owner's alone, with those above it.
fn make_folder(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// A new file is the owner's alone.
fn private(options: &mut OpenOptions) {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    #[cfg(not(unix))]
    let _ = options;
}

/// What is in a folder is on the disk as it is named now, where folders can be synced.
fn sync_folder(path: &Path) -> io::Result<()> {
    if cfg!(unix) {
        return File::open(path)?.sync_all();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_there_once_all_of_it_is_and_never_before() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = BlobFolder::beside(&folder.path().join("ana.db"));
        let bytes = [&b"%PDF-1.7"[..], &[7; 200_000]].concat();
        let name = BlobName::of(&bytes).unwrap();
        let part = blobs.part("one");
        assert_eq!(blobs.append(&part, 0, &bytes[..70_000]), Ok(70_000));
        // What comes again, or too early, changes nothing.
        assert_eq!(blobs.append(&part, 0, &bytes[..70_000]), Ok(70_000));
        assert_eq!(blobs.append(&part, 90_000, &bytes[90_000..]), Ok(70_000));
        assert!(!blobs.has(name));
        assert_eq!(blobs.append(&part, 70_000, &bytes[70_000..]), Ok(200_008));
        assert_eq!(blobs.finish(&part, name), Ok(Finished::Whole));
        assert!(blobs.has(name) && blobs.is_sound(name) && !part.exists());
        assert_eq!(blobs.read(name.hash, 8, 3), Ok(vec![7; 3]));
        // A file that is damaged is not sound.
        fs::write(blobs.path(name.hash), vec![8; 200_008]).unwrap();
        assert!(blobs.has(name) && !blobs.is_sound(name));
    }

    #[test]
    fn other_bytes_become_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = BlobFolder::beside(&folder.path().join("ana.db"));
        let name = BlobName::of(b"%PDF-1.7").unwrap();
        let part = blobs.part("one");
        blobs.append(&part, 0, b"%PDF-1.6").unwrap();
        assert_eq!(blobs.finish(&part, name), Ok(Finished::OtherBytes));
        assert!(!part.exists() && !blobs.has(name));
        blobs.append(&part, 0, b"%PDF-1.7").unwrap();
        let feigned = BlobName {
            media: MediaType::Png,
            ..name
        };
        assert_eq!(blobs.finish(&part, feigned), Ok(Finished::OtherMedia));
        assert!(!blobs.has(name));
    }
}
