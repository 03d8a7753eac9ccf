//! Files of a device: keeps what a camera wrote, says where each file stands, and has those sent
//! that a record names. It does not know how files travel.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use serde_json::{Value as Json, json};

use super::{Device, FieldError, Receipt};
use crate::base::blob::BlobName;
use crate::base::limits::CAPTURE_BYTES_MAX;
use crate::base::time::Timestamp;
use crate::domain::Decision;
use crate::media::{self, MediaError};
use crate::objects::{Field, FieldKind, Registry, Value, Write};
use crate::store::blob_queue::{self, BlobState};
use crate::store::{self, Db, meta, query};

/// The key under which a database keeps over which lines files travel.
const FILES_OVER: &str = "files_over";
/// The key under which a database keeps that no file lies beside it in plain.
const FILES_SEALED: &str = "files_sealed";
/// How long a file stays that no record came to name, in milliseconds: a day.
const UNNAMED_KEPT_MS: i64 = 24 * 3_600_000;

/// Over which lines files travel; records travel over every line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum FilePolicy {
    /// Over every line.
    #[default]
    Any,
    /// Over lines alone that cost nothing by the byte.
    WifiOnly,
}

impl FilePolicy {
    /// Its name: `any` or `wifi_only`.
    #[must_use]
    fn name(self) -> &'static str {
        match self {
            FilePolicy::Any => "any",
            FilePolicy::WifiOnly => "wifi_only",
        }
    }

    /// What has this name.
    #[must_use]
    fn named(name: &str) -> Option<FilePolicy> {
        [FilePolicy::Any, FilePolicy::WifiOnly]
            .into_iter()
            .find(|policy| policy.name() == name)
    }
}

impl Device {
    /// Keeps a file for a record to name: a picture smaller and without what a camera writes beside
    /// it, a paper as it is. Answers its name as `file`, which a field of kind `blob` takes. A file
    /// that no record names goes after a day.
    pub fn keep_file(&mut self, path: &Path) -> Result<Receipt, FieldError> {
        self.signed_in()?;
        self.sweep_files()?;
        let kept = media::prepare(captured(path)?)?;
        let name = BlobName::of(&kept).ok_or_else(|| FieldError::broken("a file of no kind"))?;
        store::open::durable(&self.db, true)?;
        // The row is first: what no row tells of would never go.
        blob_queue::put(&self.db, name, BlobState::Kept, self.surroundings.now())?;
        self.blobs().keep(name, &kept)?;
        self.file(&name.to_string())
    }

    /// Where a file stands: `state` is `waiting` (to be sent), `sending`, `present` (here and on
    /// the server), `refused` (by the server), `kept` (no record names it yet) or `absent`; and of
    /// what is here how many bytes are `sent`. Its bytes are given by `file_bytes`.
    pub fn file(&self, name: &str) -> Result<Receipt, FieldError> {
        let name = named(name)?;
        let told = json!({
            "file": name.to_string(), "bytes": name.bytes, "media": name.media.name(),
        });
        let Some(row) = blob_queue::get(&self.db, name.hash)?.filter(|_| self.blobs().has(name))
        else {
            return Ok(Receipt::of(with(told, "state", json!("absent"))));
        };
        let state = match row.state {
            BlobState::Kept => "kept",
            BlobState::Waiting if row.sent > 0 => "sending",
            BlobState::Waiting => "waiting",
            BlobState::Present => "present",
            BlobState::Refused => "refused",
        };
        let mut told = with(told, "state", json!(state));
        told["sent"] = json!(row.sent);
        if let Some(message) = row.message {
            told["message"] = json!(message);
        }
        Ok(Receipt::of(told))
    }

    /// The bytes of a file that is here, for a screen to show: on the disk they lie sealed.
    pub fn file_bytes(&self, name: &str) -> Result<Vec<u8>, FieldError> {
        self.check_open()?;
        let name = named(name)?;
        if !self.blobs().has(name) {
            let message = "the file is not here; fetch it first";
            return Err(FieldError::bad_input("unknown_file", message, &["file"]));
        }
        Ok(self.blobs().read(name.hash, 0, name.bytes)?)
    }

    /// Seals files that an older version left in plain, once. What fails, as on a full disk, is
    /// tried again when the database is opened next.
    pub(super) fn seal_files(&self) -> Result<(), FieldError> {
        if meta::get(&self.db, FILES_SEALED)?.is_none() && self.blobs().seal_all().is_ok() {
            meta::set(&self.db, FILES_SEALED, "1")?;
        }
        Ok(())
    }

    /// Says over which lines files travel from now on: `any`, or `wifi_only`.
    pub fn set_files_over(&mut self, lines: &str) -> Result<Receipt, FieldError> {
        self.signed_in()?;
        let policy = FilePolicy::named(lines).ok_or_else(|| {
            let message = format!("files travel over `any` or `wifi_only`, not over `{lines}`");
            FieldError::bad_input("bad_value", message, &["lines"])
        })?;
        meta::set(&self.db, FILES_OVER, policy.name())?;
        Ok(Receipt::of(json!({ "files_over": policy.name() })))
    }

    pub(super) fn file_policy(&self) -> Result<FilePolicy, FieldError> {
        let named = meta::get(&self.db, FILES_OVER)?;
        Ok(named
            .and_then(|name| FilePolicy::named(&name))
            .unwrap_or_default())
    }

    /// What a record comes to name is here: nobody else could send it. What another record names
    /// already is another one's to send.
    pub(super) fn check_files(&self, db: &Db, decision: &Decision) -> Result<(), FieldError> {
        if decision.resolves.is_some() {
            return Ok(());
        }
        let blobs = self.blobs();
        for write in &decision.writes {
            let Some(descriptor) = self.registry.get(&write.object) else {
                continue;
            };
            for (path, name) in descriptor.files_in(&write.values) {
                if !blobs.has(name) || blob_queue::get(db, name.hash)?.is_none() {
                    let message = format!(
                        "`{path}`: this device holds no file {}; take it, or choose it from a \
                         folder",
                        name.hash
                    );
                    return Err(FieldError::bad_input("unknown_file", message, &[path]));
                }
            }
        }
        Ok(())
    }

    /// Takes away files that no record came to name.
    fn sweep_files(&self) -> Result<(), FieldError> {
        let before = Timestamp(self.surroundings.now().0 - UNNAMED_KEPT_MS);
        for name in blob_queue::unnamed(&self.db, before)? {
            let tx = store::open::begin(&self.db)?;
            if self.is_named(&tx, name)? {
                continue;
            }
            blob_queue::forget(&tx, name.hash)?;
            if blob_queue::get(&tx, name.hash)?.is_none() {
                self.blobs().remove(name.hash)?;
            }
            store::open::commit(tx)?;
        }
        Ok(())
    }

    /// Whether a record that is here names a file. Nobody looks into lines: where they may name
    /// files, every file is taken for named.
    fn is_named(&self, db: &Db, name: BlobName) -> Result<bool, FieldError> {
        let value = Value::from(name.to_string());
        let is_file = |field: &Field| field.kind == FieldKind::Blob;
        for descriptor in self.registry.all() {
            let mut of_lines = descriptor.lines.values().flat_map(|of| of.fields.values());
            if of_lines.any(is_file) {
                return Ok(true);
            }
            for (path, _) in descriptor.fields.iter().filter(|(_, field)| is_file(field)) {
                let wanted = [(path.as_str(), value.clone())];
                if !query::find(db, descriptor, &wanted)?.is_empty() {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }
}

/// The files that these writes name are to be sent.
pub(super) fn claim(db: &Db, registry: &Registry, writes: &[Write]) -> Result<(), FieldError> {
    for write in writes {
        let Some(descriptor) = registry.get(&write.object) else {
            continue;
        };
        for (_, name) in descriptor.files_in(&write.values) {
            blob_queue::claim(db, name.hash)?;
        }
    }
    Ok(())
}

/// The name of a file as a person or an app says it.
pub(super) fn named(text: &str) -> Result<BlobName, FieldError> {
    text.parse()
        .map_err(|error: crate::base::blob::BlobNameError| {
            FieldError::bad_input("bad_value", error.to_string(), &["file"])
        })
}

fn with(mut told: Json, member: &str, value: Json) -> Json {
    told[member] = value;
    told
}

/// The bytes of a file that somebody names; no more of them than are ever looked at.
fn captured(path: &Path) -> Result<Vec<u8>, FieldError> {
    let unread = |error: std::io::Error| {
        let message = format!("`{}` cannot be read: {error}", path.display());
        FieldError::bad_input("bad_file", message, &["file"])
    };
    let file = File::open(path).map_err(unread)?;
    if !file.metadata().map_err(unread)?.is_file() {
        let message = format!("`{}` is no file", path.display());
        return Err(FieldError::bad_input("bad_file", message, &["file"]));
    }
    let mut bytes = Vec::new();
    file.take(CAPTURE_BYTES_MAX + 1)
        .read_to_end(&mut bytes)
        .map_err(unread)?;
    Ok(bytes)
}

impl From<MediaError> for FieldError {
    fn from(error: MediaError) -> Self {
        FieldError::bad_input(error.code, error.message, &["file"])
    }
}
