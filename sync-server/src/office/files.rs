//! Files over the REST API: whoever brings one may name it in a record, and whoever may read a
//! record that names one is given it. It does not know HTTP, nor where files lie.

use outfield_core::base::blob::BlobName;
use serde_json::{Value as Json, json};

use crate::error::ServerError;
use crate::files::WholeFile;
use crate::people::Session;
use crate::tenant::Tenant;

impl Tenant {
    /// Takes the bytes of a file in; it is this person's once it was put up and is noted.
    pub(crate) fn bring_file(
        &self,
        session: &Session,
        bytes: &[u8],
    ) -> Result<WholeFile, ServerError> {
        self.take_whole(session, bytes)
    }

    /// Notes a file that was taken in. Files that nobody named go.
    pub(crate) fn note_file(
        &mut self,
        session: &Session,
        file: WholeFile,
    ) -> Result<Json, ServerError> {
        let name = file.name;
        self.keep_files(session, &[file])?;
        self.sweep_unnamed_files(session.now)?;
        Ok(json!({ "file": name.to_string(), "bytes": name.bytes, "media": name.media.name() }))
    }

    /// The file of this hash, if the person may have it.
    pub fn give_file(&self, session: &Session, hash: &str) -> Result<BlobName, ServerError> {
        let missing = || ServerError::not_found(format!("there is no file `{hash}`"));
        let parsed = hash.parse().map_err(|_| missing())?;
        self.file_for(session, parsed)?.ok_or_else(missing)
    }
}
