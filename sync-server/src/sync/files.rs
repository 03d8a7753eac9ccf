//! Files of devices, frame by frame: pieces that come, and pieces that are fetched. It does not
//! know who may have a file, nor where it lies.

use outfield_core::base::blob::BlobName;
use outfield_core::base::limits::{PIECES_BYTES_MAX, PIECES_MAX};
use outfield_core::sync::frames::{Arrived, Frame, Piece};

use crate::error::{ErrorKind, ServerError};
use crate::people::Session;
use crate::tenant::Tenant;
use crate::work::uploads::Coming;

/// What pieces came to: what the device is told, once what came whole is noted.
pub struct TakenPieces {
    /// The answer.
    pub answer: Vec<Frame>,
    /// Files that are here with them.
    pub whole: Vec<BlobName>,
}

impl Tenant {
    /// Takes pieces of files in; beside those who write.
    pub fn take_pieces(
        &self,
        session: &Session,
        frames: Vec<Frame>,
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
            let arrived = self.arrived(session, &piece, &mut taken.whole)?;
            taken.answer.push(Frame::Arrived(arrived));
        }
        Ok(taken)
    }

    fn arrived(
        &self,
        session: &Session,
        piece: &Piece,
        whole: &mut Vec<BlobName>,
    ) -> Result<Arrived, ServerError> {
        let come = self.take_piece(session, piece.hash, piece.offset, &piece.bytes);
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
            Ok(Coming::Last(name)) => {
                (arrived.held, arrived.is_whole) = (name.bytes, true);
                whole.push(name);
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

    /// Takes pieces in and notes what came whole.
    pub fn upload(
        &mut self,
        session: &Session,
        frames: Vec<Frame>,
    ) -> Result<Vec<Frame>, ServerError> {
        let taken = self.take_pieces(session, frames)?;
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

    /// Answers what a device fetches of one file; a file that it may not have is not here.
    pub fn download(&self, session: &Session, frames: &[Frame]) -> Result<Vec<Frame>, ServerError> {
        let Some(Frame::Fetch(fetch)) = frames.first() else {
            let message = "a download starts with a Fetch frame";
            return Err(ServerError::bad_input("bad_frame", message));
        };
        let missing = || ServerError::not_found("the file is not here, or not here yet");
        let name = self.file_for(session, fetch.hash)?.ok_or_else(missing)?;
        let offset = fetch.offset.min(name.bytes);
        let most = fetch.most.min(PIECES_BYTES_MAX);
        let bytes = self.blobs.read(name.hash, offset, most)?;
        Ok(vec![Frame::Piece(Piece {
            hash: name.hash,
            offset,
            bytes: bytes.into(),
        })])
    }
}
