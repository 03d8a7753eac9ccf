//! A document as it goes from one place to another: in one piece, or change by change. It does not
//! know where it goes.

use super::document::Document;
use super::error::CrdtError;
use super::gate::{self, Vetted};
use crate::base::limits::DOCUMENT_BYTES_MAX;

impl Document {
    /// A saved document and the changes kept behind it as one piece; saved anew where that would be
    /// longer than a piece may be.
    pub fn one_piece(blob: &[u8], tail: &[Vec<u8>]) -> Result<Vec<u8>, CrdtError> {
        let mut piece = blob.to_vec();
        tail.iter()
            .for_each(|change| piece.extend_from_slice(change));
        if piece.len() > DOCUMENT_BYTES_MAX {
            return Ok(Document::reload(blob, tail)?.save());
        }
        Ok(piece)
    }

    /// All changes, each behind those it builds on.
    pub fn changes(&self) -> Result<Vec<Vetted>, CrdtError> {
        let changes = self.automerge.get_changes(&[]);
        changes
            .iter()
            .map(|change| Ok(gate::change(change.raw_bytes())?))
            .collect()
    }
}
