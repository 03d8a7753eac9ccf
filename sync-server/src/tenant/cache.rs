//! Open documents, so that a busy record is not read anew for each change; the least recently used
//! go first. It does not know whether a transaction that changed one became true: heads tell.

use std::collections::BTreeMap;

use outfield_core::base::id::{ChangeHash, RecordId};
use outfield_core::crdt::Document;
use outfield_core::store::{Db, documents};

use crate::error::ServerError;

/// Documents kept open for one tenant.
const OPEN_MAX: usize = 512;

/// A bounded number of open documents.
#[derive(Default)]
pub(crate) struct DocumentCache {
    open: BTreeMap<RecordId, (u64, Document)>,
    uses: u64,
}

impl DocumentCache {
    /// The document as it is in the database; none if there is none.
    pub(crate) fn take(&mut self, db: &Db, id: RecordId) -> Result<Option<Document>, ServerError> {
        let Some(heads) = documents::heads(db, id)? else {
            self.open.remove(&id);
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
        if let Some((_, document)) = self.open.remove(&id)
            && document.heads() == heads
        {
            return Ok(Some(document));
        }
        let Some(stored) = documents::load(db, id)? else {
            return Ok(None);
        };
        Ok(Some(Document::load(&stored.blob, &stored.tail)?))
    }

    /// Keeps a document open.
    pub(crate) fn keep(&mut self, id: RecordId, document: Document) {
        self.uses += 1;
        self.open.insert(id, (self.uses, document));
        if self.open.len() <= OPEN_MAX {
            return;
        }
        let oldest = self.open.iter().min_by_key(|(_, (used, _))| *used);
        if let Some(id) = oldest.map(|(id, _)| *id) {
            self.open.remove(&id);
        }
    }
}
