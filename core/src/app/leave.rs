//! What ends a device's work: the person left, the office wants the device empty, or it was not
//! heard of for too long. Unsent work is handed in or packed first. It does not know why the office
//! wants it.

use std::path::PathBuf;

use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};

use super::parcel::{PARCEL_LOCK, written};
use super::{Device, FieldError};
use crate::base::hex;
use crate::base::limits::{FRAME_BYTES_MAX, PUSH_BYTES_MAX};
use crate::base::planted::{self, Planted};
use crate::domain::Refusal;
use crate::store::{self, meta, outbox, wipe};
use crate::sync::frames::Frame;
use crate::sync::session::SyncFailure;
use crate::sync::{Carrier, wire};

/// What the server says to the device of somebody who left.
const USER_LEFT: &str = "user_left";
/// What it says to a device that is to be emptied.
const WIPE_ORDERED: &str = "wipe_ordered";
/// Notes that the person of this device left.
const LEFT: &str = "left";
/// Until when this device works without being heard of, in milliseconds by its own clock.
const LEASE_UNTIL: &str = "lease_until";
/// The latest moment that this device saw: a clock that is set back does not make it younger.
const LATEST: &str = "latest";
/// How much later it has to be before that is noted again, in milliseconds: an hour.
const LATEST_STEP_MS: i64 = 3_600_000;
/// Milliseconds of a day.
const DAY_MS: i64 = 24 * 3_600_000;
/// What of a device that was emptied stays until the server knows it.
const STAYS: &[&str] = &["url", "token", "refresh_token"];
/// Notes that this device was emptied and the server does not know it yet.
pub(super) const EMPTIED: &str = "emptied";
/// What the server's word for emptying a device begins with, before it is hashed.
const WIPE_WORD: &[u8] = b"outfield wipe";

impl Device {
    /// Refuses work and looks on a device whose person left, or which was not heard of for longer
    /// than the office allows. What is unsent stays, under the key.
    pub(super) fn check_open(&self) -> Result<(), FieldError> {
        if meta::get(&self.db, LEFT)?.is_some() {
            let message = "this person's access has ended; what is unsent here can still be handed \
                           in by a sync, or exported";
            return Err(FieldError::rule(USER_LEFT, message));
        }
        let Some(until) = self.number(LEASE_UNTIL)? else {
            return Ok(());
        };
        let latest = self.number(LATEST)?.unwrap_or(0);
        let now = self.surroundings.now().0.max(latest);
        if now >= latest.saturating_add(LATEST_STEP_MS) || (now > until && latest <= until) {
            meta::set(&self.db, LATEST, &now.to_string())?;
        }
        if now <= until {
            return Ok(());
        }
        let message = "this device was not heard of for longer than the office allows; sync, and \
                       all is here again: nothing is lost";
        Err(FieldError::rule("lease_over", message))
    }

    fn number(&self, key: &str) -> Result<Option<i64>, FieldError> {
        Ok(meta::get(&self.db, key)?.and_then(|number| number.parse().ok()))
    }

    /// The server was heard: from now on this device may be silent for so many days.
    pub(super) fn renew_lease(&self, db: &store::Db, days: Option<u32>) -> Result<(), FieldError> {
        meta::remove(db, LEFT)?;
        let Some(days) = days else {
            return Ok(meta::remove(db, LEASE_UNTIL)?);
        };
        if planted::is(Planted::LeaseNotRenewed) && self.number(LEASE_UNTIL)?.is_some() {
            return Ok(());
        }
        let now = self.surroundings.now().0;
        let until = now.saturating_add(i64::from(days).saturating_mul(DAY_MS));
        meta::set(db, LEASE_UNTIL, &until.to_string())?;
        Ok(meta::set(db, LATEST, &now.to_string())?)
    }

    /// What is to be done where a meeting failed because this device's work is to end; nothing if
    /// it failed otherwise.
    pub(super) fn ends(
        &mut self,
        carrier: &dyn Carrier,
        failure: Option<&SyncFailure>,
    ) -> Result<Option<FieldError>, FieldError> {
        match failure {
            Some(SyncFailure::Refused { code, .. }) if code == USER_LEFT => {
                self.hand_in(carrier).map(Some)
            }
            Some(SyncFailure::Refused { code, .. }) if code == WIPE_ORDERED => {
                self.obey(carrier).map(Some)
            }
            Some(
                SyncFailure::Refused { .. }
                | SyncFailure::Unreachable(_)
                | SyncFailure::SignedOut(_)
                | SyncFailure::Malformed(_)
                | SyncFailure::Diverged(_),
            )
            | None => Ok(None),
        }
    }

    /// Hands in what a person wrote who has left meanwhile; nothing is fetched any more.
    fn hand_in(&mut self, carrier: &dyn Carrier) -> Result<FieldError, FieldError> {
        let (mut after, mut sent) = (0, 0);
        loop {
            let entries = self.entries(after, PUSH_BYTES_MAX)?;
            let Some(last) = entries.last().map(|entry| entry.number) else {
                break;
            };
            let frames: Vec<Frame> = entries.into_iter().map(Frame::Entry).collect();
            let body = wire::encode(&frames).map_err(FieldError::broken)?;
            let answer = self.ask(carrier, "/sync/v1/push", body)?;
            let said = wire::decode(&answer, FRAME_BYTES_MAX).map_err(FieldError::broken)?;
            let mut verdicts = Vec::new();
            for frame in said {
                if let Frame::Verdict(verdict) = frame {
                    verdicts.push(verdict);
                }
            }
            sent += verdicts.len();
            self.apply_verdicts(verdicts)?;
            after = last;
        }
        store::open::durable(&self.db, true)?;
        meta::set(&self.db, LEFT, "1")?;
        let unsent = outbox::count(&self.db)?;
        let message = format!(
            "this person's access has ended; {sent} pieces of work were handed in, {unsent} are \
             still here"
        );
        Ok(refused(
            USER_LEFT,
            message,
            &json!({ "sent": sent, "unsent": unsent }),
        ))
    }

    /// Empties this device, if that is the word of its own server: what is unsent becomes a parcel
    /// beside the database first, which the office alone can open.
    fn obey(&mut self, carrier: &dyn Carrier) -> Result<FieldError, FieldError> {
        let answer = self.ask(carrier, "/sync/v1/wipe", b"{}".to_vec())?;
        let order: Json = serde_json::from_slice(&answer).map_err(FieldError::broken)?;
        if !self.is_servers_word(&order)? {
            return Err(FieldError::broken(
                "somebody wants this device emptied who is not its server; nothing was done",
            ));
        }
        if let (None, Some(lock)) = (meta::get(&self.db, PARCEL_LOCK)?, order["lock"].as_str()) {
            meta::set(&self.db, PARCEL_LOCK, lock)?;
        }
        let unsent = outbox::all(&self.db)?;
        let (count, mut file) = (unsent.len(), None);
        if count > 0 {
            let place = self.parcel_place();
            let bytes = self.packed(unsent)?;
            written(&place, &bytes)
                .map_err(|error| FieldError::broken(format!("{}: {error}", place.display())))?;
            file = Some(place.display().to_string());
        }
        self.empty_but(STAYS)?;
        self.tell_emptied(carrier);
        let kept = match &file {
            Some(file) => {
                format!("its {count} pieces of unsent work are in `{file}`, for the office")
            }
            None => "nothing on it was unsent".to_owned(),
        };
        let message = format!("the office had this device emptied; {kept}");
        Ok(refused(
            "wiped",
            message,
            &json!({ "unsent": count, "file": file }),
        ))
    }

    /// Whether an order names what only the server knows: hashes of this device's refresh token,
    /// which no call of it but a renewal shows.
    fn is_servers_word(&self, order: &Json) -> Result<bool, FieldError> {
        let mut words = Vec::new();
        for key in ["refresh_token", "proven_refresh_token"] {
            if let Some(token) = meta::get(&self.db, key)? {
                let known = Sha256::digest(token.as_bytes());
                let word = Sha256::new_with_prefix(WIPE_WORD)
                    .chain_update(known)
                    .finalize();
                words.push(hex::letters(&word));
            }
        }
        let said = order["words"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        Ok(said
            .iter()
            .any(|word| words.iter().any(|own| word == own.as_str())))
    }

    /// A place beside the database where no parcel is yet.
    fn parcel_place(&self) -> PathBuf {
        let mut number = 1;
        loop {
            let ending = if number == 1 {
                ".parcel".to_owned()
            } else {
                format!(".parcel-{number}")
            };
            let place = self.beside(&ending);
            if !place.exists() {
                return place;
            }
            number += 1;
        }
    }

    /// Takes everything off this device but what is named, and notes that it has to be told.
    fn empty_but(&mut self, stays: &[&str]) -> Result<(), FieldError> {
        store::open::durable(&self.db, true)?;
        let tx = store::open::begin(&self.db)?;
        let mut kept = Vec::new();
        for key in stays {
            kept.push((*key, meta::get(&tx, key)?));
        }
        wipe::all(&tx)?;
        for (key, value) in kept {
            if let Some(value) = value {
                meta::set(&tx, key, &value)?;
            }
        }
        meta::set(&tx, EMPTIED, "1")?;
        store::open::commit(tx)?;
        self.forget()
    }

    /// Tells the server that nothing is here any more; whoever is not heard says it again at the
    /// next meeting.
    pub(super) fn tell_emptied(&mut self, carrier: &dyn Carrier) {
        let told = self.ask(carrier, "/sync/v1/gone", b"{}".to_vec());
        if told.is_ok() {
            for key in STAYS.iter().chain([&EMPTIED]) {
                meta::remove(&self.db, key).ok();
            }
        }
    }

    /// Whether the server has yet to hear that this device is empty.
    pub(super) fn is_emptied(&self) -> Result<bool, FieldError> {
        Ok(meta::get(&self.db, EMPTIED)?.is_some())
    }
}

fn refused(code: &str, message: String, numbers: &Json) -> FieldError {
    let refusal = Refusal::rule(code, message);
    let numbers = numbers.as_object().cloned().unwrap_or_default();
    Refusal { numbers, ..refusal }.into()
}
