//! Bytes of files as they come, from devices in pieces and over REST at once: what is not whole is
//! kept apart, under its device, and is a file once its hash, its length and what it is are as they
//! were said. It does not know frames nor HTTP.

use std::collections::BTreeSet;
use std::path::PathBuf;

use outfield_core::base::blob::BlobName;
use outfield_core::base::id::{BlobHash, DeviceId};
use outfield_core::base::limits::BLOB_BYTES_MAX;
use outfield_core::base::planted::{self, Planted};
use outfield_core::base::time::Timestamp;
use outfield_core::store;
use outfield_core::store::blob_folder::Finished;
use outfield_core::sync::frames::Piece;
use rusqlite::params;

use super::blobs;
use crate::error::{ErrorKind, ServerError};
use crate::files::WholeFile;
use crate::limits::{DEVICE_PARTS_MAX, UNNAMED_FILE_MS, UNNAMED_FILES_SWEPT};
use crate::people::Session;
use crate::tenant::Tenant;

/// How far a file has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Coming {
    /// So many bytes of it are here.
    Part(u64),
    /// All of it is; it is the person's once it lies where files lie and that is noted.
    Last(WholeFile),
    /// It was here, and the person had brought it.
    Here(BlobName),
}

impl Tenant {
    /// The file of this hash if this person brought it before, so that it may be here.
    pub(crate) fn may_be_here(
        &self,
        session: &Session,
        hash: BlobHash,
    ) -> Result<Option<BlobName>, ServerError> {
        if !blobs::brought(&self.db, hash, session.user)? {
            return Ok(None);
        }
        self.file_to_bring(session, hash)
    }

    /// Takes bytes of a file that begin at this offset; none where it is only asked how far the
    /// file has come. `found` are the files that it may not be needed for, since they are here.
    pub(crate) fn take_piece(
        &self,
        session: &Session,
        piece: &Piece,
        found: &BTreeSet<BlobHash>,
    ) -> Result<Coming, ServerError> {
        let (hash, offset, bytes) = (piece.hash, piece.offset, &piece.bytes[..]);
        let name = self.file_to_bring(session, hash)?.ok_or_else(|| {
            // The same of a hash that others name, and of one that nobody does.
            let message = "no record that you wrote or see names this file; sync first";
            ServerError::refused("not_named", message)
        })?;
        if found.contains(&hash) && blobs::brought(&self.db, hash, session.user)? {
            return Ok(Coming::Here(name));
        }
        let part = self.part_of(session.device, hash);
        let mut held = self.files.folder.part_bytes(&part);
        if held == offset && !bytes.is_empty() {
            if held + bytes.len() as u64 > name.bytes {
                self.files.folder.forget_part(&part)?;
                let message = format!("the file has {} bytes, and more came", name.bytes);
                return Err(ServerError::bad_input("wrong_length", message));
            }
            if held == 0 {
                self.check_room(session, name)?;
                self.make_room_for_part(session.device)?;
            }
            held = self.files.folder.append(&part, offset, bytes)?;
        }
        // The last byte may have come to a server that died before it looked at the whole.
        if held < name.bytes {
            if planted::is(Planted::HalfAFile) && held > 0 {
                return Ok(Coming::Here(name));
            }
            return Ok(Coming::Part(held));
        }
        self.finish(&part, name)?;
        Ok(Coming::Last(self.files.whole(name, part)))
    }

    /// Takes a whole file that a person brings for a record to name.
    pub(crate) fn take_whole(
        &self,
        session: &Session,
        bytes: &[u8],
    ) -> Result<WholeFile, ServerError> {
        let name = BlobName::of(bytes).ok_or_else(|| {
            if bytes.len() as u64 > BLOB_BYTES_MAX {
                let message = format!("a file has at most {BLOB_BYTES_MAX} bytes");
                return ServerError::new(ErrorKind::TooLarge, "too_large", message);
            }
            let message = "this is no file that is kept here: JPEG, PNG, WebP and PDF are";
            ServerError::bad_input("unknown_media", message)
        })?;
        let part = self.part_of(session.device, name.hash);
        if blobs::brought(&self.db, name.hash, session.user)? && self.files.folder.has(name) {
            return Ok(self.files.whole(name, part));
        }
        self.check_room(session, name)?;
        self.make_room_for_part(session.device)?;
        self.files.folder.forget_part(&part)?;
        self.files.folder.append(&part, 0, bytes)?;
        self.finish(&part, name)?;
        Ok(self.files.whole(name, part))
    }

    /// Notes files that came whole as this person's, in one durable transaction.
    pub(crate) fn keep_files(
        &mut self,
        session: &Session,
        files: &[WholeFile],
    ) -> Result<(), ServerError> {
        let tx = store::open::begin(&self.db)?;
        for WholeFile { name, .. } in files {
            if !self.files.has_stayed(*name) {
                let message = "the file went while it came; send it again";
                return Err(ServerError::overloaded(message));
            }
            blobs::keep(&tx, *name, session.user, session.now)?;
        }
        Ok(self.witness.commit(tx)?)
    }

    /// Takes away files that were brought long ago and that no record came to name.
    pub(crate) fn sweep_unnamed_files(&mut self, now: Timestamp) -> Result<(), ServerError> {
        let tx = store::open::begin(&self.db)?;
        let mut swept = Vec::new();
        {
            let mut read = tx.prepare_cached(
                "SELECT hash FROM blob b WHERE at < ?1 AND NOT EXISTS \
                 (SELECT 1 FROM blob_link l WHERE l.hash = b.hash) LIMIT ?2",
            )?;
            let before = now.0 - UNNAMED_FILE_MS;
            let rows = read.query_map(params![before, UNNAMED_FILES_SWEPT as i64], |row| {
                row.get::<_, Vec<u8>>(0)
            })?;
            for hash in rows {
                swept.push(BlobHash::from_slice(&hash?).map_err(ServerError::broken)?);
            }
        }
        for hash in &swept {
            for table in ["blob", "blob_holder"] {
                let sql = format!("DELETE FROM {table} WHERE hash = ?1");
                tx.prepare_cached(&sql)?.execute([&hash.0[..]])?;
            }
        }
        self.witness.commit(tx)?;
        // A file that no row tells of is nobody's, and comes whole if it comes again.
        self.files.remove(&swept)
    }

    fn part_of(&self, device: DeviceId, hash: BlobHash) -> PathBuf {
        self.files
            .folder
            .part(&device.to_string())
            .join(hash.to_string())
    }

    fn check_room(&self, session: &Session, name: BlobName) -> Result<(), ServerError> {
        if self.has_file_room(session.user, name.bytes)? {
            return Ok(());
        }
        let message = "there is no room for more files of yours; ask the office for more";
        Err(ServerError::refused("files_full", message))
    }

    /// A device has so many files under way; those that waited longest go.
    fn make_room_for_part(&self, device: DeviceId) -> Result<(), ServerError> {
        let parts = self
            .files
            .folder
            .parts_in(&self.files.folder.part(&device.to_string()));
        let most = DEVICE_PARTS_MAX - 1;
        for part in &parts[..parts.len().saturating_sub(most)] {
            self.files.folder.forget_part(part)?;
        }
        Ok(())
    }

    fn finish(&self, part: &std::path::Path, name: BlobName) -> Result<(), ServerError> {
        match self.files.finish(part, name)? {
            Finished::Whole => Ok(()),
            Finished::OtherBytes => {
                let message = "the bytes that came are not those of the hash; send them again";
                Err(ServerError::bad_input("wrong_bytes", message))
            }
            Finished::OtherMedia => {
                let message = format!("the file is not {}, as it was said", name.media.name());
                Err(ServerError::bad_input("wrong_media", message))
            }
        }
    }
}
