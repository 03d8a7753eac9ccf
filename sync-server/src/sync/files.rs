//! Files of devices, frame by frame: pieces that come, and pieces that are fetched. It does not
//! know who may have a file, nor where it lies.

use std::collections::BTreeSet;

use outfield_core::base::blob::BlobName;
use outfield_core::base::id::BlobHash;
use outfield_core::base::limits::{PIECES_BYTES_MAX, PIECES_MAX};
use outfield_core::sync::frames::{Arrived, Frame, Piece};

use crate::error::{ErrorKind, ServerError};
use crate::files::{TenantFiles, WholeFile};
use crate::people::Session;
use crate::tenant::Tenant;
use crate::work::uploads::Coming;

/// What pieces came to: what the device is told, once what came whole is noted.
pub struct TakenPieces {
    /// The answer.
    pub answer: Vec<Frame>,
    /// Files that are here with them.
    pub(crate) whole: Vec<WholeFile>,
}

impl Tenant {
    /// Those of these files that may be here already, since this person brought them before.
    pub(crate) fn brought_before(
        &self,
        session: &Session,
        hashes: &[BlobHash],
    ) -> Result<Vec<BlobName>, ServerError> {
        let mut names = Vec::new();
        for hash in hashes {
            names.extend(self.may_be_here(session, *hash)?);
        }
        Ok(names)
    }

    /// The files with pieces among these frames that are here.
    pub(crate) fn files_found(
        &self,
        session: &Session,
        frames: &[Frame],
    ) -> Result<BTreeSet<BlobHash>, ServerError> {
        self.files
            .found(&self.brought_before(session, &pieces_of(frames))?)
    }

    /// Takes pieces of files in; beside those who write. `found` are the files that are here.
    pub fn take_pieces(
        &self,
        session: &Session,
        frames: Vec<Frame>,
        found: &BTreeSet<BlobHash>,
    ) -> Result<TakenPieces, ServerError> {
        let mut taken = TakenPieces {
            answer: Vec::new(),
            whole: Vec::new(),
        };
        for frame in frames {
            let Frame::Piece(piece) = frame else {
                continue;
            };
            if taken.answer.len() == PIECES_MAX || piece.bytes.len() as u64 > PIECES_BYTES_MAX {
                let message = format!("at most {PIECES_MAX} pieces of {PIECES_BYTES_MAX} bytes");
                return Err(ServerError::new(ErrorKind::TooLarge, "too_large", message));
            }
            let arrived = self.arrived(session, &piece, &mut taken, found)?;
            taken.answer.push(Frame::Arrived(arrived));
        }
        Ok(taken)
    }

    fn arrived(
        &self,
        session: &Session,
        piece: &Piece,
        taken: &mut TakenPieces,
        found: &BTreeSet<BlobHash>,
    ) -> Result<Arrived, ServerError> {
        let come = self.take_piece(session, piece, found);
        let mut arrived = Arrived {
            hash: piece.hash,
            held: 0,
            is_whole: false,
            code: None,
            message: None,
        };
        match come {
            Ok(Coming::Part(held)) => arrived.held = held,
            Ok(Coming::Here(name)) => (arrived.held, arrived.is_whole) = (name.bytes, true),
            Ok(Coming::Last(file)) => {
                (arrived.held, arrived.is_whole) = (file.name.bytes, true);
                taken.whole.push(file);
            }
            // Of several files one is refused, and the others go on.
            Err(error) if error.is_of_input() => {
                arrived.code = Some(error.code);
                arrived.message = Some(error.message);
            }
            Err(error) => return Err(error),
        }
        Ok(arrived)
    }

    /// Takes pieces in, puts up and notes what came whole.
    pub fn upload(
        &mut self,
        session: &Session,
        frames: Vec<Frame>,
    ) -> Result<Vec<Frame>, ServerError> {
        let found = self.files_found(session, &frames)?;
        let taken = self.take_pieces(session, frames, &found)?;
        self.files.put_up(&taken.whole)?;
        self.note_files(session, &taken)?;
        Ok(taken.answer)
    }

    /// Notes what came whole with pieces, before anybody is told so.
    pub fn note_files(
        &mut self,
        session: &Session,
        taken: &TakenPieces,
    ) -> Result<(), ServerError> {
        if taken.whole.is_empty() {
            return Ok(());
        }
        self.keep_files(session, &taken.whole)
    }

    /// What a device fetches of one file; a file that it may not have is not here.
    pub fn fetched(&self, session: &Session, frames: &[Frame]) -> Result<FetchedPart, ServerError> {
        let Some(Frame::Fetch(fetch)) = frames.first() else {
            let message = "a download starts with a Fetch frame";
            return Err(ServerError::bad_input("bad_frame", message));
        };
        let name = self.file_for(session, fetch.hash)?.ok_or_else(missing)?;
        Ok(FetchedPart {
            name,
            offset: fetch.offset.min(name.bytes),
            most: fetch.most.min(PIECES_BYTES_MAX),
        })
    }

    /// Answers what a device fetches of one file.
    pub fn download(&self, session: &Session, frames: &[Frame]) -> Result<Vec<Frame>, ServerError> {
        self.fetched(session, frames)?.read(&self.files)
    }
}

/// The files of which these frames hold pieces; no more of them than one call may hold.
pub(crate) fn pieces_of(frames: &[Frame]) -> Vec<BlobHash> {
    let mut hashes = Vec::new();
    for frame in frames.iter().take(PIECES_MAX) {
        if let Frame::Piece(piece) = frame {
            hashes.push(piece.hash);
        }
    }
    hashes
}

/// What a device may have of a file and asked for.
pub struct FetchedPart {
    name: BlobName,
    offset: u64,
    most: u64,
}

impl FetchedPart {
    /// Its bytes, from where they lie.
    pub(crate) fn read(&self, files: &TenantFiles) -> Result<Vec<Frame>, ServerError> {
        let bytes = files.read(self.name, self.offset, self.most)?;
        Ok(vec![Frame::Piece(Piece {
            hash: self.name.hash,
            offset: self.offset,
            bytes: bytes.ok_or_else(missing)?.into(),
        })])
    }
}

fn missing() -> ServerError {
    ServerError::not_found("the file is not here, or not here yet")
}
