//! Files by their hashes, in a folder beside a database; on phone and server alike. A file is there
//! only when all of it is, and what it has is what its hash says. It does not know which records
//! name a file.

use std::borrow::Cow;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::error::StoreError;
use super::sealed::{Extent, FileKey, FilePieces, MARK};
use crate::base::blob::{BlobName, MediaType, SNIFFED_BYTES};
use crate::base::id::BlobHash;

/// Of a file that is not here, or cannot be read.
const NOTHING: Extent = Extent { bytes: 0, end: 0 };

/// Where files lie, and where those that are not whole yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlobFolder {
    whole: PathBuf,
    parts: PathBuf,
    /// Under which files are sealed; none where they lie as they are.
    key: Option<FileKey>,
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
        BlobFolder {
            whole,
            parts,
            key: None,
        }
    }

    /// The folder of a phone's database, where files are sealed.
    #[must_use]
    pub fn beside(database: &Path, key: FileKey) -> BlobFolder {
        let mut name = database.as_os_str().to_owned();
        name.push(".blobs");
        let whole = PathBuf::from(name);
        let parts = whole.join("parts");
        BlobFolder {
            whole,
            parts,
            key: Some(key),
        }
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
        let path = self.path(name.hash);
        path.is_file() && self.held_of(&path).bytes == name.bytes
    }

    /// Keeps a file of these bytes: it is on the disk when this returns.
    pub fn keep(&self, name: BlobName, bytes: &[u8]) -> Result<(), StoreError> {
        if self.has(name) {
            return Ok(());
        }
        self.write(name, bytes)
    }

    fn write(&self, name: BlobName, bytes: &[u8]) -> Result<(), StoreError> {
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
        let (path, of) = (self.path(hash), hash.to_string());
        let read = File::open(&path).and_then(|file| {
            let pieces = FilePieces::of(self.key.as_ref(), &of, &file)?;
            pieces.read(from, most)
        });
        read.map_err(|error| StoreError::of_disk(&path, &error))
    }

    /// Seals what an older version left in plain; pieces of it go, and come again.
    pub fn seal_all(&self) -> Result<(), StoreError> {
        for part in self.parts_in(&self.parts) {
            if !is_sealed(&part) {
                self.forget_part(&part)?;
            }
        }
        for (hash, path) in self.whole_files() {
            if is_sealed(&path) {
                continue;
            }
            let bytes = fs::read(&path).map_err(|error| StoreError::of_disk(&path, &error))?;
            // What is something else than its name says is nobody's photo.
            match BlobName::of(&bytes).filter(|name| name.hash == hash) {
                Some(name) => self.write(name, &bytes)?,
                None => self.remove(hash)?,
            }
        }
        Ok(())
    }

    /// What is there of a file or a part; of what cannot be read, nothing.
    fn held_of(&self, path: &Path) -> Extent {
        let held = File::open(path).and_then(|file| self.held(&file));
        held.unwrap_or(NOTHING)
    }

    fn held(&self, file: &File) -> io::Result<Extent> {
        match FilePieces::of(self.key.as_ref(), "", file).and_then(FilePieces::held) {
            Err(error) if is_spoilt(&error) => Ok(NOTHING),
            held => held,
        }
    }

    /// Where a part lies that is known by this name, such as the hash of what it is of.
    #[must_use]
    pub fn part(&self, name: &str) -> PathBuf {
        self.parts.join(name)
    }

    /// How many bytes of a part are here.
    #[must_use]
    pub fn part_bytes(&self, part: &Path) -> u64 {
        self.held_of(part).bytes
    }

    /// Appends to a part that has so many bytes; answers how many it has then. Where it has another
    /// number nothing is written. What is torn at its end goes.
    pub fn append(&self, part: &Path, at: u64, bytes: &[u8]) -> Result<u64, StoreError> {
        let said = |error: io::Error| StoreError::of_disk(part, &error);
        if let Some(folder) = part.parent() {
            make_folder(folder).map_err(said)?;
        }
        let mut options = OpenOptions::new();
        options.read(true).append(true).create(true);
        private(&mut options);
        let mut file = options.open(part).map_err(said)?;
        // Two who append at once would mix what they write.
        file.lock().map_err(said)?;
        let held = self.held(&file).map_err(said)?;
        if held.bytes != at {
            return Ok(held.bytes);
        }
        let laid = self.laid(part, held, bytes).map_err(said)?;
        file.set_len(held.end).map_err(said)?;
        file.write_all(&laid).map_err(said)?;
        Ok(held.bytes + bytes.len() as u64)
    }

    /// Bytes as they are laid behind what is held of a part.
    fn laid<'a>(&self, part: &Path, held: Extent, bytes: &'a [u8]) -> io::Result<Cow<'a, [u8]>> {
        let Some(key) = &self.key else {
            return Ok(Cow::Borrowed(bytes));
        };
        let mut laid = Vec::new();
        if held.end == 0 {
            laid.extend_from_slice(MARK);
        }
        laid.extend(key.seal(&hash_of(part), held.bytes, bytes)?);
        Ok(Cow::Owned(laid))
    }

    /// A part has its last byte: whether it is what it is to be. What is something else goes.
    pub fn examine(&self, part: &Path, name: BlobName) -> Result<Finished, StoreError> {
        let said = |error: io::Error| StoreError::of_disk(part, &error);
        let file = File::open(part).map_err(said)?;
        let finished = self.read_all(&file, name).map_err(said)?;
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
        file.and_then(|file| self.read_all(&file, name))
            .is_ok_and(|found| found == Finished::Whole)
    }

    /// Reads a file to its end. One whose seals do not hold is something else.
    fn read_all(&self, file: &File, name: BlobName) -> io::Result<Finished> {
        let mut read = ReadSoFar {
            hasher: Sha256::new(),
            first: Vec::new(),
            length: 0,
        };
        let of = name.hash.to_string();
        let ended = FilePieces::of(self.key.as_ref(), &of, file).and_then(|mut pieces| {
            while let Some(piece) = pieces.next()? {
                read.take_in(&piece);
            }
            Ok(())
        });
        match ended {
            Ok(()) => Ok(read.is(name)),
            Err(error) if is_spoilt(&error) => Ok(Finished::OtherBytes),
            Err(error) => Err(error),
        }
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

/// Whether a file is sealed, whatever the key is.
fn is_sealed(path: &Path) -> bool {
    let mut first = [0; MARK.len()];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut first));
    read.is_ok() && first == MARK
}

/// Whether this says that the bytes of a file are wrong, and not that its disk is.
fn is_spoilt(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof
    )
}

/// The hash that a part's name begins with.
fn hash_of(part: &Path) -> String {
    let name = part.file_name().unwrap_or_default().to_string_lossy();
    name.split('.').next().unwrap_or_default().to_owned()
}

/// What is known of a file as it is read to its end.
struct ReadSoFar {
    hasher: Sha256,
    first: Vec<u8>,
    length: u64,
}

impl ReadSoFar {
    fn take_in(&mut self, piece: &[u8]) {
        let room = SNIFFED_BYTES.saturating_sub(self.first.len());
        self.first
            .extend_from_slice(&piece[..piece.len().min(room)]);
        self.hasher.update(piece);
        self.length += piece.len() as u64;
    }

    fn is(self, name: BlobName) -> Finished {
        if self.length != name.bytes || BlobHash(self.hasher.finalize().into()) != name.hash {
            return Finished::OtherBytes;
        }
        if MediaType::of(&self.first) != Some(name.media) {
            return Finished::OtherMedia;
        }
        Finished::Whole
    }
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
    use crate::store::key::DatabaseKey;

    fn sealed_under(letter: u8) -> FileKey {
        FileKey::of(&DatabaseKey::of([letter; 32]))
    }

    fn lies_in_plain(folder: &Path) -> bool {
        let mut found = false;
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            found |= if path.is_dir() {
                lies_in_plain(&path)
            } else {
                fs::read(path)
                    .unwrap()
                    .windows(8)
                    .any(|part| part == [7; 8])
            };
        }
        found
    }

    #[test]
    fn what_is_sealed_is_read_under_its_key_alone_and_torn_pieces_come_again() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = BlobFolder::beside(&folder.path().join("ana.db"), sealed_under(7));
        let bytes = [&b"%PDF-1.7"[..], &[7; 200_000]].concat();
        let name = BlobName::of(&bytes).unwrap();
        let part = blobs.part(&name.hash.to_string());
        blobs.append(&part, 0, &bytes[..100_000]).unwrap();
        let whole = fs::read(&part).unwrap();
        fs::write(&part, &whole[..whole.len() - 1]).unwrap();
        let held = blobs.part_bytes(&part);
        assert_eq!(held, 65_536, "the torn piece counts for nothing");
        blobs.append(&part, held, &bytes[65_536..]).unwrap();
        assert!(!lies_in_plain(folder.path()));
        assert_eq!(blobs.finish(&part, name), Ok(Finished::Whole));
        assert_eq!(blobs.read(name.hash, 0, u64::MAX), Ok(bytes.clone()));
        assert_eq!(blobs.read(name.hash, 65_530, 10), Ok(vec![7; 10]));
        assert!(!lies_in_plain(folder.path()));
        let other = BlobFolder::beside(&folder.path().join("ana.db"), sealed_under(8));
        assert!(other.read(name.hash, 0, 1).is_err() && !other.is_sound(name));
    }

    #[test]
    fn what_an_older_version_left_in_plain_is_sealed() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("ana.db");
        let sealed = BlobFolder::beside(&database, sealed_under(7));
        let older = BlobFolder {
            key: None,
            ..sealed.clone()
        };
        let bytes = [&b"%PDF-1.7"[..], &[7; 200_000]].concat();
        let name = BlobName::of(&bytes).unwrap();
        older.keep(name, &bytes).unwrap();
        let part = older.part(&name.hash.to_string());
        older.append(&part, 0, &bytes[..9_000]).unwrap();
        assert!(!sealed.has(name) && lies_in_plain(folder.path()));
        sealed.seal_all().unwrap();
        assert!(!lies_in_plain(folder.path()) && !part.exists());
        assert!(sealed.is_sound(name));
        assert_eq!(sealed.read(name.hash, 0, u64::MAX), Ok(bytes));
    }

    #[test]
    fn a_file_is_there_once_all_of_it_is_and_never_before() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = BlobFolder::beside(&folder.path().join("ana.db"), sealed_under(7));
        let bytes = [&b"%PDF-1.7"[..], &[7; 200_000]].concat();
        let name = BlobName::of(&bytes).unwrap();
        let part = blobs.part(&name.hash.to_string());
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
        let path = blobs.path(name.hash);
        let mut lies = fs::read(&path).unwrap();
        *lies.last_mut().unwrap() ^= 1;
        fs::write(&path, lies).unwrap();
        assert!(blobs.has(name) && !blobs.is_sound(name));
        fs::write(&path, vec![8; 200_008]).unwrap();
        assert!(!blobs.has(name) && !blobs.is_sound(name));
    }

    #[test]
    fn other_bytes_become_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = BlobFolder::beside(&folder.path().join("ana.db"), sealed_under(7));
        let name = BlobName::of(b"%PDF-1.7").unwrap();
        let part = blobs.part(&name.hash.to_string());
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
