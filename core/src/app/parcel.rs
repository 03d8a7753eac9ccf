//! Unsent work on its way to the office by hand: packed into a file that the tenant's server alone
//! can open, and handed to the server by whoever has the file. Whoever signs out, or hands the
//! device to another person, is told what nobody else has yet. It does not know how a parcel is
//! opened.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use serde_json::{Value as Json, json};

use super::sync_now::pushed;
use super::{Device, FieldError, Receipt};
use crate::base::hex;
use crate::base::limits::REQUEST_BYTES_MAX;
use crate::base::parcel;
use crate::domain::Refusal;
use crate::store::{self, attention, locked, meta, outbox, wipe};
use crate::sync::Carrier;
use crate::sync::http::Http;
use crate::sync::parcel::{PARCEL_START, Parcel, ParcelEntry};

/// What parcels are locked with, as the server says it.
pub(super) const PARCEL_LOCK: &str = "parcel_lock";
/// The highest outbox number that is in a parcel.
const EXPORTED: &str = "exported";

impl Device {
    /// Packs all unsent work into a new file, which the tenant's server alone can open. It stays
    /// unsent here: what the server has in both ways it takes in once.
    pub fn export_unsent(&mut self, to: &Path) -> Result<Receipt, FieldError> {
        let entries = outbox::all(&self.db)?;
        let Some(last) = entries.last().map(|entry| entry.number) else {
            let message = "nothing is unsent; there is nothing to export";
            return Err(FieldError::rule("nothing_unsent", message));
        };
        let bytes = self.packed(entries)?;
        written(to, &bytes).map_err(|error| {
            let message = format!("{}: {error}; name a new file", to.display());
            FieldError::bad_input("bad_file", message, &["file"])
        })?;
        store::open::durable(&self.db, true)?;
        meta::set(&self.db, EXPORTED, &last.to_string())?;
        let data = json!({
            "file": to.display().to_string(), "entries": outbox::count(&self.db)?,
            "objects": self.unsent_objects(0)?,
        });
        Ok(Receipt::of(data))
    }

    /// A parcel of this outbox entries, locked.
    pub(super) fn packed(&self, entries: Vec<outbox::OutboxEntry>) -> Result<Vec<u8>, FieldError> {
        let held = |key: &str| -> Result<String, FieldError> {
            Ok(meta::get(&self.db, key)?.unwrap_or_default())
        };
        let lock = hex::bytes(&held(PARCEL_LOCK)?).and_then(|lock| lock.try_into().ok());
        let Some(lock) = lock else {
            let message = "the server has not said yet how a parcel is locked; sync first";
            return Err(FieldError::rule("no_parcel_lock", message));
        };
        let mut packed = Vec::new();
        for entry in entries {
            let command = serde_json::from_str(&entry.command).unwrap_or(Json::Null);
            packed.push(ParcelEntry::of(&pushed(entry), command));
        }
        let parcel = Parcel {
            tenant: held("tenant")?,
            token: held("token")?,
            packed_at: self.surroundings.now().rfc3339(),
            entries: packed,
        };
        let text = serde_json::to_vec(&parcel).map_err(FieldError::broken)?;
        let locked = parcel::lock(&text, lock, self.surroundings.as_ref());
        let locked = locked.ok_or_else(|| FieldError::broken("the parcel cannot be locked"))?;
        Ok([PARCEL_START, &locked].concat())
    }

    /// Hands a parcel to the server, whoever's it is; answers what became of it.
    pub fn import_parcel(&mut self, from: &Path) -> Result<Receipt, FieldError> {
        let url = self.server()?;
        let carrier = Http::new(&url).map_err(FieldError::broken)?;
        self.import_parcel_over(&carrier, from)
    }

    /// The same over any carrier.
    pub fn import_parcel_over(
        &mut self,
        carrier: &dyn Carrier,
        from: &Path,
    ) -> Result<Receipt, FieldError> {
        let bytes = std::fs::read(from).map_err(|error| {
            let message = format!("{}: {error}; name a file that can be read", from.display());
            FieldError::bad_input("bad_file", message, &["file"])
        })?;
        if bytes.len() > REQUEST_BYTES_MAX {
            let message = "this parcel is too large for the line; the office takes it in by \
                           `outfield outbox import`";
            return Err(FieldError::bad_input("too_large", message, &["file"]));
        }
        let answer = self.ask(carrier, "/sync/v1/parcel", bytes)?;
        let said = serde_json::from_slice(&answer).map_err(FieldError::broken)?;
        Ok(Receipt::of(said))
    }

    /// Signs this device out: everything on it goes, and its access ends. What is neither sent nor
    /// exported is named, and nothing is done, unless it is to be discarded.
    pub fn sign_out(&mut self, discards: bool) -> Result<Receipt, FieldError> {
        let carrier = self
            .server()
            .and_then(|url| Http::new(&url).map_err(FieldError::broken));
        match carrier {
            Ok(carrier) => self.sign_out_over(&carrier, discards),
            Err(error) => Err(error),
        }
    }

    /// The same over any carrier. Where nobody can be reached the access runs out by itself.
    pub fn sign_out_over(
        &mut self,
        carrier: &dyn Carrier,
        discards: bool,
    ) -> Result<Receipt, FieldError> {
        self.signed_in()?;
        if !discards {
            self.check_kept_elsewhere()?;
        }
        let discarded = self.unsent_objects(self.exported()?)?;
        let set_aside = attention::count(&self.db)?;
        let is_told = self.ask(carrier, "/sync/v1/gone", b"{}".to_vec()).is_ok();
        self.empty()?;
        Ok(Receipt::of(json!({
            "signed_out": true, "server_told": is_told, "discarded": discarded,
            "needs_attention": set_aside,
        })))
    }

    /// Refuses what would end work that is neither sent nor exported, and names it.
    pub(super) fn check_kept_elsewhere(&self) -> Result<(), FieldError> {
        let objects = self.unsent_objects(self.exported()?)?;
        let count: u64 = objects.values().sum();
        if count == 0 {
            return Ok(());
        }
        let named: Vec<String> = objects
            .iter()
            .map(|(object, count)| format!("{count} {object}"))
            .collect();
        let message = format!(
            "{count} pieces of work are on this device alone ({}); sync, or export them to a file, \
             or say that they are to be discarded",
            named.join(", ")
        );
        let refusal = Refusal::rule("unsent_work", message);
        let numbers = json!({ "unsent": count, "objects": objects });
        let numbers = numbers.as_object().cloned().unwrap_or_default();
        Err(Refusal { numbers, ..refusal }.into())
    }

    /// How much of each object is unsent and has a higher number than this one.
    fn unsent_objects(&self, above: i64) -> Result<BTreeMap<String, u64>, FieldError> {
        let mut objects = BTreeMap::new();
        for entry in outbox::all(&self.db)? {
            if entry.number > above {
                *objects.entry(entry.object).or_default() += 1;
            }
        }
        Ok(objects)
    }

    /// The highest number that is in a parcel; what is above it is here alone.
    pub(super) fn exported(&self) -> Result<i64, FieldError> {
        let number = meta::get(&self.db, EXPORTED)?;
        Ok(number.and_then(|number| number.parse().ok()).unwrap_or(0))
    }

    /// Takes everything off this device.
    pub(super) fn empty(&mut self) -> Result<(), FieldError> {
        store::open::durable(&self.db, true)?;
        let tx = store::open::begin(&self.db)?;
        wipe::all(&tx)?;
        store::open::commit(tx)?;
        self.forget()
    }
}

/// Writes a new file that its user alone may read, and waits until it is on the disk.
pub(super) fn written(to: &Path, bytes: &[u8]) -> io::Result<()> {
    if to.exists() {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    locked::make_private(to)?;
    let mut options = File::options();
    let mut file = options.write(true).create(true).truncate(false).open(to)?;
    file.write_all(bytes)?;
    file.sync_all()
}
