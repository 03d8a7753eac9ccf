//! Files over the REST API: whoever brings one may name it in a record, and whoever may read a
//! record that names one is given it. It does not know HTTP.

use std::path::PathBuf;

use outfield_core::base::blob::BlobName;
use serde_json::{Value as Json, json};

use crate::error::ServerError;
use crate::people::Session;
use crate::tenant::Tenant;

/// A file that may be given, and where it lies.
pub struct GivenFile {
    /// Its name.
    pub name: BlobName,
    /// Its path.
    pub path: PathBuf,
}

impl Tenant {
    /// Takes the bytes of a file in; it is this person's once it is noted.
    pub fn bring_file(&self, session: &Session, bytes: &[u8]) -> Result<BlobName, ServerError> {
        self.take_whole(session, bytes)
    }

    /// Notes a file that was taken in. Files that nobody named go.
    pub fn note_file(&mut self, session: &Session, name: BlobName) -> Result<Json, ServerError> {
        self.keep_files(session, &[name])?;
        self.sweep_unnamed_files(session.now)?;
        Ok(json!({ "file": name.to_string(), "bytes": name.bytes, "media": name.media.name() }))
    }

    /// The file of this hash, if the person may have it.
    pub fn give_file(&self, session: &Session, hash: &str) -> Result<GivenFile, ServerError> {
        let missing = || ServerError::not_found(format!("there is no file `{hash}`"));
        let parsed = hash.parse().map_err(|_| missing())?;
        let name = self.file_for(session, parsed)?.ok_or_else(missing)?;
        Ok(GivenFile {
            name,
            path: self.blobs.path(name.hash),
        })
    }
}
