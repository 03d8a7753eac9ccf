//! The door for Kotlin, Swift and Python: one object, one line a method (convert, call, convert). Records travel as
//! JSON text, because which fields they have is data. It does not know rules, storage or sync; `outfield_core::app` does.

#![allow(unsafe_code, reason = "the scaffolding that uniffi generates passes raw buffers")]

mod answer;
mod relay;

use std::path::Path;
use std::sync::{Arc, Mutex};

use outfield_core::app::{self, House, System};

pub use answer::{FieldError, Receipt};
pub use relay::Observer;

use relay::{Relay, hold};

uniffi::setup_scaffolding!();

/// One device's local world: its database, and whoever is signed in on it. It works without a network; `enrol` and
/// `sync` alone need one. It may be used from any thread, and does one thing at a time. Every method waits for the
/// disk, and those two for the network, so call none of them on a thread that draws.
#[derive(uniffi::Object)]
pub struct Outfield {
    house: Mutex<House>,
    relay: Arc<Relay>,
}

#[uniffi::export]
impl Outfield {
    /// Opens the database at `path`, and makes it when it is not there; the folder must exist.
    #[uniffi::constructor]
    pub fn open(path: String) -> Result<Self, FieldError> {
        let (mut house, relay) = (House::open(Path::new(&path), Arc::new(System::open()?))?, Arc::<Relay>::default());
        house.observe(relay.clone());
        Ok(Outfield { house: Mutex::new(house), relay })
    }

    /// Signs this device in with a one-time code from the office. After a lost answer the same code may be used again.
    pub fn enrol(&self, url: String, code: String) -> Result<Receipt, FieldError> {
        self.answer(|house| house.enrol(&url, &code))
    }

    /// Carries out one command, a JSON object such as `{"do": "start_visit", "account": "…"}`. When this answers, the
    /// work is durable and queued for the server; the answer names the record and shows it. A refusal leaves
    /// everything as it was.
    pub fn execute(&self, command_json: String) -> Result<Receipt, FieldError> {
        self.answer(|house| house.execute(&command_json))
    }

    /// One record, with `id`, `object`, its fields, and its lines by line id.
    pub fn get(&self, object: String, id: String) -> Result<Receipt, FieldError> {
        self.answer(|house| house.get(&object, &id))
    }

    /// Records of an object: at most `limit` by id or, with `near` (`latitude,longitude`), those at most `within_m`
    /// metres from there, nearest first, each with `distance_m`.
    #[uniffi::method(default(near = None, within_m = 1000, limit = 50))]
    pub fn list(&self, object: String, near: Option<String>, within_m: i64, limit: u32) -> Result<Receipt, FieldError> {
        self.answer(|house| house.list(&object, near.as_deref().map(|at| (at, within_m)), limit as usize))
    }

    /// Records, at most `limit`, of which a searched field has words that start with every word of `text`.
    #[uniffi::method(default(limit = 50))]
    pub fn search(&self, text: String, limit: u32) -> Result<Receipt, FieldError> {
        self.answer(|house| house.search(&text, limit as usize))
    }

    /// Sends what is unsent, takes in what is new, and compares state sums with the server. What went through stays,
    /// whatever happens later. All other calls on this object wait until it is done, over a bad line for minutes, and
    /// observers hear then what it brought.
    pub fn sync(&self) -> Result<Receipt, FieldError> {
        self.answer(House::sync)
    }

    /// Who is signed in (`enrolled`, null if nobody), how much is `unsent`, `needs_attention` or in `conflicts`, and
    /// when all was `last_verified` with the server.
    pub fn status(&self) -> Result<Receipt, FieldError> {
        self.answer(House::status)
    }

    /// The visits that wait for this user today: open ones, and those planned for today or missed before.
    pub fn today(&self) -> Result<Receipt, FieldError> {
        self.answer(House::today)
    }

    /// Fields that two people changed and nobody has decided yet: `base`, `mine`, `theirs`, who and when.
    pub fn conflicts(&self) -> Result<Receipt, FieldError> {
        self.answer(House::conflicts)
    }

    /// What the server refused, with its reason and the values: nothing of it is lost.
    pub fn needs_attention(&self) -> Result<Receipt, FieldError> {
        self.answer(House::needs_attention)
    }

    /// Work that the server has not judged yet, oldest first.
    pub fn outbox(&self) -> Result<Receipt, FieldError> {
        self.answer(House::outbox)
    }

    /// Per object, how many records are here, and a SHA-256 over all their visible values.
    pub fn digest(&self) -> Result<Receipt, FieldError> {
        self.answer(House::digest)
    }

    /// Makes the rows of all documents anew from their histories. Facts and server rows stay as they are.
    pub fn rebuild(&self) -> Result<Receipt, FieldError> {
        self.answer(House::rebuild)
    }

    /// From now on tells `observer` of every change that goes through this object, for as long as this object lives.
    pub fn observe(&self, observer: Arc<dyn Observer>) {
        self.relay.add(observer);
    }
}

impl Outfield {
    /// One call at a time. Observers hear of it after the house is free again, so that they may ask it themselves.
    fn answer(
        &self,
        call: impl FnOnce(&mut House) -> Result<app::Receipt, app::FieldError>,
    ) -> Result<Receipt, FieldError> {
        let answer = call(&mut hold(&self.house));
        self.relay.pass_on();
        Ok(answer?.into())
    }
}
