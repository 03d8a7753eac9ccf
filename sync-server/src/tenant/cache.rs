//! Open documents, so that a busy record is not read anew for each change; the least recently used
//! go first. It does not know whether a transaction that changed one became true: heads tell.

use std::collections::BTreeMap;

use outfield_core::base::id::{ChangeHash, RecordId};
use outfield_core::crdt::Document;
use outfield_core::store::{Db, documents};

use crate::error::ServerError;
use crate::limits::{OPEN_DOCUMENT_BYTES_MAX, OPEN_DOCUMENTS_MAX};

/// A bounded number of open documents.
#[derive(Default)]
pub(crate) struct DocumentCache {
    open: BTreeMap<RecordId, (u64, Document)>,
    uses: u64,
    /// Steps of reading documents anew since somebody asked.
    steps: u64,
    /// Bytes of all that is kept open, about.
    bytes: usize,
}

impl DocumentCache {
    /// The document as it is in the database; none if there is none.
    pub(crate) fn take(&mut self, db: &Db, id: RecordId) -> Result<Option<Document>, ServerError> {
        let Some(heads) = documents::heads(db, id)? else {
            self.drop_open(id);
            return Ok(None);
        };
        self.take_at(db, id, &heads)
    }

    /// The document that has these heads in the database: the open one if its heads say so, else
    /// read anew.
    pub(crate) fn take_at(
        &mut self,
        db: &Db,
        id: RecordId,
        heads: &[ChangeHash],
    ) -> Result<Option<Document>, ServerError> {
        if let Some(document) = self.drop_open(id)
            && document.heads() == heads
        {
            return Ok(Some(document));
        }
        let Some(stored) = documents::load(db, id)? else {
            return Ok(None);
        };
        let document = Document::reload(&stored.blob, &stored.tail)?;
        self.steps += document.load_steps();
        Ok(Some(document))
    }

    /// Steps that reading documents anew took since this was asked last.
    pub(crate) fn steps_since(&mut self) -> u64 {
        std::mem::take(&mut self.steps)
    }

    fn drop_open(&mut self, id: RecordId) -> Option<Document> {
        let (_, document) = self.open.remove(&id)?;
        self.bytes -= document.plain_bytes().min(self.bytes);
        Some(document)
    }

    /// Keeps a document open.
    pub(crate) fn keep(&mut self, id: RecordId, document: Document) {
        self.uses += 1;
        self.bytes += document.plain_bytes();
        self.open.insert(id, (self.uses, document));
        while self.open.len() > OPEN_DOCUMENTS_MAX || self.bytes > OPEN_DOCUMENT_BYTES_MAX {
            let oldest = self.open.iter().min_by_key(|(_, (used, _))| *used);
            let Some(oldest) = oldest.map(|(id, _)| *id) else {
                return;
            };
            self.drop_open(oldest);
        }
    }
}
