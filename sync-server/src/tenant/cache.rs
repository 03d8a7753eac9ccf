//! Open documents, so that a busy record is not read anew for each change; the least recently used
//! go first. It does not know whether a transaction that changed one became true: heads tell.

use std::collections::BTreeMap;

use outfield_core::base::id::RecordId;
use outfield_core::crdt::Document;
use outfield_core::store::{Db, documents};

use crate::error::ServerError;

/// Documents kept open for one tenant.
const OPEN_MAX: usize = 512;

/// A bounded number of open documents.
#[derive(Default)]
pub(crate) struct Cache {
    open: BTreeMap<RecordId, (u64, Document)>,
    uses: u64,
}

impl Cache {
    /// The document as it is in the database: the open one if its heads say so, else read anew.
    /// None if there is none.
    pub(crate) fn take(&mut self, db: &Db, id: RecordId) -> Result<Option<Document>, ServerError> {
        let open = self.open.remove(&id);
        let Some(heads) = documents::heads(db, id)? else {
            return Ok(None);
        };
        if let Some((_, document)) = open.filter(|(_, document)| document.heads() == heads) {
            return Ok(Some(document));
        }
        let Some(stored) = documents::load(db, id)? else {
            return Ok(None);
        };
        Ok(Some(Document::load(&stored.blob, &stored.tail)?))
    }

    /// Keeps a document open.
    pub(crate) fn put(&mut self, id: RecordId, document: Document) {
        self.uses += 1;
        self.open.insert(id, (self.uses, document));
        if self.open.len() > OPEN_MAX
            && let Some(oldest) = self
                .open
                .iter()
                .min_by_key(|(_, (used, _))| *used)
                .map(|(id, _)| *id)
        {
            self.open.remove(&oldest);
        }
    }
}
