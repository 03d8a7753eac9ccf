//! Parcels: unsent work that comes to the office by hand. Each is opened with the tenant's secret,
//! believed only if it shows a token that this server made, and taken in on the road of a push, so
//! that all of it is taken in once. It does not know who brings one.

use outfield_core::base::hex;
use outfield_core::base::limits::{PUSH_BYTES_MAX, PUSH_ENTRIES_MAX};
use outfield_core::base::parcel::{lock_of, unlock};
use outfield_core::sync::frames::{Frame, PushEntry, Ruling, Verdict};
use outfield_core::sync::parcel::{PARCEL_BYTES_MAX, PARCEL_START, Parcel};
use serde_json::{Value as Json, json};

use crate::error::ServerError;
use crate::people::Session;
use crate::tenant::Tenant;

/// How often what had to wait is pushed again.
const ROUNDS_MAX: usize = 20;

/// What became of the entries of a parcel.
#[derive(Default)]
struct ParcelBooks {
    taken: u64,
    known: u64,
    refused: Vec<Json>,
    waiting: Vec<Json>,
}

impl Tenant {
    /// Takes in the work of a parcel and answers what became of it: how many entries were `taken`
    /// in now, how many were `known` before, which were `refused` and which have to wait for what
    /// they build on. The same parcel may come as often as it likes.
    pub fn take_parcel(&mut self, file: &[u8]) -> Result<Json, ServerError> {
        let parcel = self.opened_parcel(file)?;
        if parcel.tenant != self.id.to_string() {
            let message = "this parcel is of another tenant";
            return Err(ServerError::bad_input("other_tenant", message));
        }
        let Some((user, device)) = self.sender(&parcel.token)? else {
            let message = "nobody here knows who packed this parcel: it shows no token that this \
                           server made";
            return Err(ServerError::refused("unknown_sender", message));
        };
        let session = self.former_session(user, device)?;
        let mut books = ParcelBooks::default();
        for batch in batches(&parcel)? {
            self.take_batch(&session, &batch, &mut books)?;
        }
        Ok(json!({
            "user": session.name, "device": device, "packed_at": parcel.packed_at,
            "entries": parcel.entries.len(), "taken": books.taken, "known": books.known,
            "refused": books.refused, "waiting": books.waiting,
        }))
    }

    /// What is in a parcel, for a person to read. Nothing of it is believed by that.
    pub fn opened_parcel(&self, file: &[u8]) -> Result<Parcel, ServerError> {
        let none = || ServerError::bad_input("bad_parcel", "this file is no parcel of Outfield");
        let locked = file.strip_prefix(PARCEL_START).ok_or_else(none)?;
        if file.len() > PARCEL_BYTES_MAX {
            return Err(none());
        }
        let Some(bytes) = unlock(locked, self.parcel_secret()?) else {
            let message = "this parcel is locked for another tenant, or spoilt";
            return Err(ServerError::bad_input("foreign_parcel", message));
        };
        serde_json::from_slice(&bytes).map_err(|_| none())
    }

    /// What phones lock parcels with, in hexadecimal letters.
    pub(crate) fn parcel_lock(&self) -> Result<String, ServerError> {
        Ok(hex::letters(&lock_of(self.parcel_secret()?)))
    }

    fn take_batch(
        &mut self,
        session: &Session,
        batch: &[PushEntry],
        books: &mut ParcelBooks,
    ) -> Result<(), ServerError> {
        let mut open: Vec<PushEntry> = batch.to_vec();
        for _ in 0..ROUNDS_MAX {
            let frames = open.iter().cloned().map(Frame::Entry).collect();
            let said = self.push(session, frames)?;
            let (mut again, mut waiting) = (Vec::new(), Vec::new());
            for (entry, frame) in open.iter().zip(&said) {
                let Frame::Verdict(verdict) = frame else {
                    continue;
                };
                match note(books, entry, verdict) {
                    Some(why) => waiting.push(why),
                    None => continue,
                }
                again.push(entry.clone());
            }
            if again.is_empty() {
                return Ok(());
            }
            if again.len() == open.len() {
                books.waiting.extend(waiting);
                return Ok(());
            }
            open = again;
        }
        Ok(())
    }
}

/// Enters a verdict; answers what there is to say if there is none for good yet.
fn note(books: &mut ParcelBooks, entry: &PushEntry, verdict: &Verdict) -> Option<Json> {
    let told = |code: &str, message: &str| {
        json!({
            "object": entry.object, "record": entry.record, "number": entry.number,
            "code": code, "message": message,
        })
    };
    match &verdict.ruling {
        Ruling::Accepted { .. } => books.taken += 1,
        Ruling::Duplicate { .. } => books.known += 1,
        Ruling::Quarantined { code, message, .. } => books.refused.push(told(code, message)),
        Ruling::Needs { .. } => return Some(told("needs", "what it builds on is not here")),
        Ruling::RetryLater => return Some(told("retry_later", "there was no room for it")),
        Ruling::Rewrite => {
            return Some(told(
                "rewrite",
                "its writer wrote something else under the same number",
            ));
        }
    }
    None
}

/// The entries in batches that one push takes; no group is cut.
fn batches(parcel: &Parcel) -> Result<Vec<Vec<PushEntry>>, ServerError> {
    let mut batches: Vec<Vec<PushEntry>> = vec![Vec::new()];
    let mut entries = Vec::new();
    for entry in &parcel.entries {
        entries.push(entry.pushed().ok_or_else(|| {
            let message = format!("entry {} of this parcel is none", entry.number);
            ServerError::bad_input("bad_parcel", message)
        })?);
    }
    for bundle in entries.chunk_by(|one, other| one.group.is_some() && one.group == other.group) {
        let bytes = |entries: &[PushEntry]| -> usize {
            entries.iter().map(|entry| entry.bytes.len()).sum()
        };
        let last = batches.last().map(Vec::as_slice).unwrap_or_default();
        let is_full = last.len() + bundle.len() > PUSH_ENTRIES_MAX
            || bytes(last) + bytes(bundle) > PUSH_BYTES_MAX;
        if is_full && !last.is_empty() {
            batches.push(Vec::new());
        }
        if let Some(last) = batches.last_mut() {
            last.extend_from_slice(bundle);
        }
    }
    Ok(batches)
}
