//! Bytes of files as they lie on a disk. On a phone they are pieces one after another, each sealed
//! for its file and its place in it, so that nobody reads, mixes or shortens them without the key;
//! on a server they lie as they are. It does not know where files lie nor what is in one.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Seek as _, SeekFrom};

use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};
use sha2::{Digest as _, Sha256};

use super::key::DatabaseKey;

/// What a sealed file begins with: no picture and no paper does.
pub(super) const MARK: &[u8] = b"OFsealed";
/// Bytes of a file in one piece, at most.
const PIECE_BYTES: usize = 64 * 1024;
/// Bytes that say how long a piece is.
const LENGTH_BYTES: usize = 4;
/// Bytes of what makes each piece's seal another.
const NONCE_BYTES: usize = 24;
/// Bytes by which a piece grows, its length apart.
const GROWS: usize = NONCE_BYTES + 16;
/// What makes keys of the database's key that are of no use for the database.
const SEALS: &[u8] = b"outfield files: seals, 1";
/// See [`SEALS`].
const NONCES: &[u8] = b"outfield files: nonces, 1";

/// The keys under which the files of a phone lie. They follow from the database's key.
#[derive(Clone, PartialEq, Eq)]
pub struct FileKey {
    seals: [u8; 32],
    nonces: [u8; 32],
}

/// A key never reaches a log.
impl std::fmt::Debug for FileKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FileKey")
    }
}

impl FileKey {
    /// The keys that follow from a database's key.
    #[must_use]
    pub fn of(key: &DatabaseKey) -> FileKey {
        FileKey {
            seals: key.derived(SEALS),
            nonces: key.derived(NONCES),
        }
    }

    /// Bytes that follow so many of this file, sealed piece by piece.
    pub(super) fn seal(&self, of: &str, offset: u64, bytes: &[u8]) -> io::Result<Vec<u8>> {
        let cipher = XChaCha20Poly1305::new(&self.seals.into());
        let (mut sealed, mut offset) = (Vec::new(), offset);
        for piece in bytes.chunks(PIECE_BYTES) {
            let place = place(of, offset);
            // Nothing is drawn: what one nonce seals is one piece at one place, however often.
            let sum = Sha256::new()
                .chain_update(self.nonces)
                .chain_update(Sha256::digest(&place))
                .chain_update(piece)
                .finalize();
            let nonce = &sum[..NONCE_BYTES];
            let body = cipher.encrypt(XNonce::from_slice(nonce), payload(piece, &place));
            let length = u32::try_from(piece.len()).map_err(io::Error::other)?;
            sealed.extend(length.to_be_bytes());
            sealed.extend(nonce);
            sealed.extend(body.map_err(|_| spoilt())?);
            offset += piece.len() as u64;
        }
        Ok(sealed)
    }
}

/// How much of a file is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Extent {
    /// Bytes of the file.
    pub(super) bytes: u64,
    /// Where they end on the disk: what comes behind is torn.
    pub(super) end: u64,
}

/// The bytes of a file, piece by piece from its start.
pub(super) struct FilePieces<'a> {
    /// None where the file lies as it is.
    cipher: Option<XChaCha20Poly1305>,
    of: &'a str,
    offset: u64,
    file: &'a File,
}

impl<'a> FilePieces<'a> {
    /// Begins a file of this name: one that is sealed under a key, or lies as it is.
    pub(super) fn of(
        key: Option<&FileKey>,
        of: &'a str,
        mut file: &'a File,
    ) -> io::Result<FilePieces<'a>> {
        if key.is_some() {
            let mut first = [0; MARK.len()];
            file.read_exact(&mut first)?;
            if first != MARK {
                return Err(spoilt());
            }
        }
        Ok(FilePieces {
            cipher: key.map(|key| XChaCha20Poly1305::new(&key.seals.into())),
            of,
            offset: 0,
            file,
        })
    }

    /// The next piece; none at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<Vec<u8>>> {
        let Some(cipher) = &self.cipher else {
            let mut piece = Vec::new();
            let most = PIECE_BYTES as u64;
            self.file.take(most).read_to_end(&mut piece)?;
            return Ok((!piece.is_empty()).then_some(piece));
        };
        let Some(length) = next_length(self.file)? else {
            return Ok(None);
        };
        let mut body = vec![0; length + GROWS];
        self.file.read_exact(&mut body)?;
        let (nonce, sealed) = body.split_at(NONCE_BYTES);
        let place = place(self.of, self.offset);
        let piece = cipher.decrypt(XNonce::from_slice(nonce), payload(sealed, &place));
        let piece = piece.map_err(|_| spoilt())?;
        self.offset += piece.len() as u64;
        Ok(Some(piece))
    }

    /// Bytes from an offset, at most so many.
    pub(super) fn read(mut self, from: u64, most: u64) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        if self.cipher.is_none() {
            self.file.seek(SeekFrom::Start(from))?;
            self.file.take(most).read_to_end(&mut bytes)?;
            return Ok(bytes);
        }
        self.skip_to(from)?;
        let mut before = from.saturating_sub(self.offset);
        while (bytes.len() as u64) < most {
            let Some(piece) = self.next()? else {
                break;
            };
            let skipped = usize::try_from(before).unwrap_or(usize::MAX);
            bytes.extend_from_slice(piece.get(skipped..).unwrap_or_default());
            before = 0;
        }
        bytes.truncate(usize::try_from(most).unwrap_or(usize::MAX));
        Ok(bytes)
    }

    /// Skips sealed pieces that end at this offset or before it.
    fn skip_to(&mut self, offset: u64) -> io::Result<()> {
        loop {
            let here = self.file.stream_position()?;
            let Some(length) = next_length(self.file)? else {
                return Ok(());
            };
            if self.offset + length as u64 > offset {
                self.file.seek(SeekFrom::Start(here))?;
                return Ok(());
            }
            self.offset += length as u64;
            let behind = here + on_disk(length);
            self.file.seek(SeekFrom::Start(behind))?;
        }
    }

    /// What of the file is there by its pieces' lengths; nothing is opened.
    pub(super) fn held(mut self) -> io::Result<Extent> {
        let there = self.file.metadata()?.len();
        if self.cipher.is_none() {
            return Ok(Extent {
                bytes: there,
                end: there,
            });
        }
        let mut held = Extent {
            bytes: 0,
            end: self.file.stream_position()?,
        };
        while let Some(length) = next_length(self.file)? {
            let behind = held.end + on_disk(length);
            if behind > there {
                break;
            }
            held.bytes += length as u64;
            held.end = self.file.seek(SeekFrom::Start(behind))?;
        }
        Ok(held)
    }
}

/// How many bytes of its file the next sealed piece has; none at the end.
fn next_length(mut file: &File) -> io::Result<Option<usize>> {
    let mut length = [0; LENGTH_BYTES];
    match file.read_exact(&mut length) {
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(None),
        read => read?,
    }
    let length = u32::from_be_bytes(length) as usize;
    if length == 0 || length > PIECE_BYTES {
        return Err(spoilt());
    }
    Ok(Some(length))
}

/// Bytes that a sealed piece takes on the disk.
fn on_disk(length: usize) -> u64 {
    (LENGTH_BYTES + length + GROWS) as u64
}

/// Where a piece belongs: its file, and how many bytes of that lie before it.
fn place(of: &str, offset: u64) -> Vec<u8> {
    let mut place = offset.to_be_bytes().to_vec();
    place.extend(of.as_bytes());
    place
}

fn payload<'a>(msg: &'a [u8], aad: &'a [u8]) -> Payload<'a, 'a> {
    Payload { msg, aad }
}

fn spoilt() -> io::Error {
    io::Error::new(
        ErrorKind::InvalidData,
        "the file is damaged, or lies under another key",
    )
}
