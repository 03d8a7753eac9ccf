//! Whether each file of a tenant is there and is what its hash says: all of them are read. It
//! changes nothing, and does not know which records name them.

use outfield_core::base::blob::BlobName;
use serde_json::{Value as Json, json};

use crate::error::ServerError;
use crate::tenant::Tenant;
use crate::work::blobs;

impl Tenant {
    /// Every file that is missing or is not what it was. A device that holds it gives it back once
    /// it meets a server that was put back, and whoever took it may send it again.
    pub fn check_blobs(&self) -> Result<Vec<Json>, ServerError> {
        let mut wrong = Vec::new();
        for name in blobs::all(&self.db)? {
            let bytes = self.files.all(name)?;
            if bytes.as_deref().and_then(BlobName::of) == Some(name) {
                continue;
            }
            let (code, message) = if bytes.is_some() || self.files.folder.path(name.hash).exists() {
                (
                    "blob_damaged",
                    "the file is not what it was; put it back from a backup",
                )
            } else {
                (
                    "blob_missing",
                    "the file is gone; put it back from a backup",
                )
            };
            wrong.push(json!({
                "object": "blob",
                "id": name.hash.to_string(),
                "code": code,
                "message": message,
                "fields": [],
            }));
        }
        Ok(wrong)
    }
}
