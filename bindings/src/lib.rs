//! The door for Kotlin, Swift and Python: one object, one line a method (convert, call, convert).
//! Records travel as JSON text, because which fields they have is data. It does not know rules,
//! storage or sync; `outfield_core::app` does.

#![allow(
    unsafe_code,
    reason = "the scaffolding that uniffi generates passes raw buffers"
)]

mod answer;
mod relay;

use std::path::Path;
use std::sync::{Arc, Mutex};

use outfield_core::app::{self, Device, LineCost, System};

pub use answer::{FieldError, Receipt};
pub use relay::{AnswerObserver, ChangedAnswer, Observer};

use relay::{Relay, hold};

uniffi::setup_scaffolding!();

/// One device's local world: its database, and whoever is signed in on it. It works without a
/// network; `enrol` and `sync` alone need one. It may be used from any thread. Every method waits
/// for the disk, and those two for the network, so call none of them on a thread that draws.
#[derive(uniffi::Object)]
pub struct Outfield {
    /// Does what a person asks, one thing at a time.
    device: Mutex<Device>,
    /// The same file once more, for the network alone: however slow the line, nobody waits for it.
    line: Mutex<Device>,
    relay: Arc<Relay>,
}

#[uniffi::export]
impl Outfield {
    /// Opens the database at `path`, and makes it when it is not there; the folder must exist. It
    /// lies on the disk under `key`: 32 random bytes that the app makes once and keeps in the
    /// system's key store, never in a file. Without that key nobody reads the database again.
    #[uniffi::constructor]
    pub fn open(path: String, key: Vec<u8>) -> Result<Self, FieldError> {
        let (relay, system) = (Arc::<Relay>::default(), Arc::new(System::open()?));
        let key = app::key_of(&key)?;
        let open = || -> Result<Mutex<Device>, FieldError> {
            let mut device = Device::open(Path::new(&path), &key, system.clone())?;
            device.observe(relay.clone());
            Ok(Mutex::new(device))
        };
        Ok(Outfield {
            device: open()?,
            line: open()?,
            relay: relay.clone(),
        })
    }

    /// Puts what can be read of the unsent and refused work of a damaged database
    /// (`damaged_database`), and who is signed in, into a new one in its place; the damaged one
    /// stays beside it. Open the new one and sync: that sends what was unsent and fetches the rest.
    /// Nobody may have the damaged one open.
    #[uniffi::constructor]
    pub fn rescue(path: String, key: Vec<u8>) -> Result<Self, FieldError> {
        Device::rescue(Path::new(&path), &app::key_of(&key)?)?;
        Outfield::open(path, key)
    }

    /// Signs this device in with a one-time code from the office. After a lost answer the same code
    /// may be used again.
    pub fn enrol(&self, url: String, code: String) -> Result<Receipt, FieldError> {
        self.answer(&self.line, |device| device.enrol(&url, &code))
    }

    /// The same by what a camera read: an invitation of the office, which holds address and code.
    pub fn enrol_by(&self, invitation: String) -> Result<Receipt, FieldError> {
        self.answer(&self.line, |device| device.enrol_by(&invitation))
    }

    /// Says that the server is at another address now. Nothing else changes: who is signed in, what
    /// is here and what is unsent.
    pub fn set_server(&self, url: String) -> Result<Receipt, FieldError> {
        self.answer(&self.line, |device| device.set_server(&url))
    }

    /// Carries out one command, a JSON object such as `{"do": "start_visit", "account": "…"}`. When
    /// this answers, the work is durable and queued for the server; the answer names the record and
    /// shows it. A refusal leaves everything as it was.
    pub fn execute(&self, command_json: String) -> Result<Receipt, FieldError> {
        self.answer(&self.device, |device| device.execute(&command_json))
    }

    /// One record, with `id`, `object`, its fields, and its lines by line id.
    pub fn get(&self, object: String, id: String) -> Result<Receipt, FieldError> {
        self.answer(&self.device, |device| device.get(&object, &id))
    }

    /// The descriptor of an object, a tenant's own included: fields, lines, verbs, rights.
    pub fn object(&self, object: String) -> Result<Receipt, FieldError> {
        self.answer(&self.device, |device| device.object(&object))
    }

    /// The descriptors of all objects that are known here.
    pub fn objects(&self) -> Result<Receipt, FieldError> {
        self.answer(&self.device, Device::objects)
    }

    /// Answers a question by its name, such as `today`, `figures`, `shelf`, `order`, `scan`; what
    /// is said with it is a JSON object of texts.
    #[uniffi::method(default(input_json = "{}"))]
    pub fn ask(&self, question: String, input_json: String) -> Result<Receipt, FieldError> {
        self.answer(&self.device, |device| {
            device.ask_question(&question, &input_json)
        })
    }

    /// Records of an object: at most `limit` by id or, with `near` (`latitude,longitude`), those at
    /// most `within_m` metres from there, nearest first, each with `distance_m`.
    #[uniffi::method(default(near = None, within_m = 1000, limit = 50))]
    pub fn list(
        &self,
        object: String,
        near: Option<String>,
        within_m: i64,
        limit: u32,
    ) -> Result<Receipt, FieldError> {
        self.answer(&self.device, |device| {
            device.list(
                &object,
                near.as_deref().map(|at| (at, within_m)),
                limit as usize,
            )
        })
    }

    /// The answer to a query, a JSON object such as `{"object": "visit", "where": {"field":
    /// "state", "equals": "planned"}, "order": [{"by": "planned_on"}], "limit": 20}`: `records`,
    /// and `next`, with which as `after` the same query gives the following page; null after the
    /// last. `count` is how many match, if the query says `"count": true`.
    pub fn query(&self, query_json: String) -> Result<Receipt, FieldError> {
        self.answer(&self.device, |device| device.query(&query_json))
    }

    /// Records, at most `limit`, of which a searched field has words that start with every word of
    /// `text`.
    #[uniffi::method(default(limit = 50))]
    pub fn search(&self, text: String, limit: u32) -> Result<Receipt, FieldError> {
        self.answer(&self.device, |device| device.search(&text, limit as usize))
    }

    /// Keeps a file that a camera wrote, for a record to name: a picture smaller and without what
    /// the camera wrote beside it, a paper as it is. The answer's `file` is its name, which a field
    /// of kind `blob` takes, such as that of `{"do": "add_photo", "visit": "…", "file": "…"}`.
    pub fn keep_file(&self, path: String) -> Result<Receipt, FieldError> {
        self.answer(&self.device, |device| device.keep_file(path.as_ref()))
    }

    /// Where a file stands: `state` is `kept`, `waiting`, `sending`, `present`, `refused` or
    /// `absent`.
    pub fn file(&self, name: String) -> Result<Receipt, FieldError> {
        self.answer(&self.device, |device| device.file(&name))
    }

    /// The bytes of a file that is here, for a screen to show: on the disk they lie sealed.
    pub fn file_bytes(&self, name: String) -> Result<Vec<u8>, FieldError> {
        let mut device = hold(&self.device);
        let bytes = refreshed(&mut device).and_then(|device| device.file_bytes(&name));
        Ok(bytes?)
    }

    /// Fetches a file that a record names, unless it is here.
    pub fn fetch_file(&self, name: String) -> Result<Receipt, FieldError> {
        self.answer(&self.line, |device| device.fetch_file(&name))
    }

    /// Sends the files that wait; call it after `sync`. `metered` says that the line costs by the
    /// byte. What waits on is no failure: the answer says how many and `why`.
    pub fn sync_files(&self, metered: bool) -> Result<Receipt, FieldError> {
        let cost = if metered {
            LineCost::Metered
        } else {
            LineCost::Unmetered
        };
        self.answer(&self.line, |device| device.sync_files(cost))
    }

    /// Says over which lines files travel: `any`, or `wifi_only`.
    pub fn set_files_over(&self, lines: String) -> Result<Receipt, FieldError> {
        self.answer(&self.device, |device| device.set_files_over(&lines))
    }

    /// Sends what is unsent, takes in what is new, and compares state sums with the server. What
    /// went through stays, whatever happens later. Other calls go on meanwhile, a second sync waits
    /// for the first; observers hear when it is done what it brought.
    pub fn sync(&self) -> Result<Receipt, FieldError> {
        self.answer(&self.line, Device::sync)
    }

    /// Who is signed in (`enrolled`, null if nobody), how much is `unsent`, `needs_attention` or in
    /// `conflicts`, and when all was `last_verified` with the server.
    pub fn status(&self) -> Result<Receipt, FieldError> {
        self.answer(&self.device, Device::status)
    }

    /// The visits that wait for this user today: open ones, and those planned for today or missed
    /// before.
    pub fn today(&self) -> Result<Receipt, FieldError> {
        self.answer(&self.device, Device::today)
    }

    /// Fields that two people changed and nobody has decided yet: `base`, `mine`, `theirs`, who and
    /// when.
    pub fn conflicts(&self) -> Result<Receipt, FieldError> {
        self.answer(&self.device, Device::conflicts)
    }

    /// What the server refused, with its reason and the values: nothing of it is lost.
    pub fn needs_attention(&self) -> Result<Receipt, FieldError> {
        self.answer(&self.device, Device::needs_attention)
    }

    /// Carries out once more what the server refused, by its number; it leaves the list of what
    /// needs attention.
    pub fn again(&self, number: i64) -> Result<Receipt, FieldError> {
        self.answer(&self.device, |device| device.again(number))
    }

    /// Takes what the server refused off the list of what needs attention; the server keeps its
    /// copy.
    pub fn dismiss(&self, number: i64) -> Result<Receipt, FieldError> {
        self.answer(&self.device, |device| device.dismiss(number))
    }

    /// A day's figures (`YYYY-MM-DD`, today if none), of one's own or of the named person or
    /// territory.
    #[uniffi::method(default(day = None, rep = None, territory = None))]
    pub fn figures(
        &self,
        day: Option<String>,
        rep: Option<String>,
        territory: Option<String>,
    ) -> Result<Receipt, FieldError> {
        self.answer(&self.device, |device| {
            device.figures(day.as_deref(), rep.as_deref(), territory.as_deref())
        })
    }

    /// What all counts of a visit, or of one inventory check, come to.
    pub fn shelf(&self, id: String) -> Result<Receipt, FieldError> {
        self.answer(&self.device, |device| device.shelf(&id))
    }

    /// An order as people look at it: `status`, sums, lines with the steps that made their prices,
    /// near misses, verdict.
    pub fn order(&self, id: String) -> Result<Receipt, FieldError> {
        self.answer(&self.device, |device| device.order(&id))
    }

    /// What was asked of the server and has no answer yet, the longest first: object, record, its
    /// name, the object of the answer, since when.
    pub fn waiting(&self) -> Result<Receipt, FieldError> {
        self.answer(&self.device, Device::waiting)
    }

    /// Prices a basket (JSON) by what this device holds; equal baskets and rules give equal bytes
    /// here and on the server.
    pub fn price(&self, basket_json: String) -> Result<Receipt, FieldError> {
        self.answer(&self.device, |device| device.price(&basket_json))
    }

    /// What a scanner read: GTIN, batch, expiry and the like, with the product and the unit that
    /// carry the GTIN.
    pub fn scan(&self, text: String) -> Result<Receipt, FieldError> {
        self.answer(&self.device, |device| device.scan(&text))
    }

    /// Work that the server has not judged yet, oldest first.
    pub fn outbox(&self) -> Result<Receipt, FieldError> {
        self.answer(&self.device, Device::outbox)
    }

    /// Packs all unsent work into a new file that the office alone can open. It stays unsent here:
    /// what the server has in both ways it takes in once.
    pub fn export_unsent(&self, file: String) -> Result<Receipt, FieldError> {
        self.answer(&self.device, |device| {
            device.export_unsent(Path::new(&file))
        })
    }

    /// Hands a file of `export_unsent` to the server, whoever's work it is; answers what became of
    /// it.
    pub fn import_parcel(&self, file: String) -> Result<Receipt, FieldError> {
        self.answer(&self.line, |device| device.import_parcel(Path::new(&file)))
    }

    /// Signs this device out: everything on it goes, and its access ends. What is neither sent nor
    /// exported is named (`unsent_work`), and nothing is done, unless `discard` says to let go of
    /// it.
    #[uniffi::method(default(discard = false))]
    pub fn sign_out(&self, discard: bool) -> Result<Receipt, FieldError> {
        self.answer(&self.line, |device| device.sign_out(discard))
    }

    /// Per object, how many records are here, and a SHA-256 over all their visible values.
    pub fn digest(&self) -> Result<Receipt, FieldError> {
        self.answer(&self.device, Device::digest)
    }

    /// Makes the rows of all documents anew from their histories. Facts and server rows stay as
    /// they are.
    pub fn rebuild(&self) -> Result<Receipt, FieldError> {
        self.answer(&self.device, Device::rebuild)
    }

    /// From now on tells `observer` of every change that goes through this object, for as long as
    /// this object lives.
    pub fn observe(&self, observer: Arc<dyn Observer>) {
        self.relay.add(observer);
    }

    /// From now on tells `observer` whenever the first records of a query's answer are others, or
    /// otherwise, than before: by a person's work here, or by what a sync brought. Answers a number
    /// for `stop_observing`.
    pub fn observe_query(
        &self,
        query_json: String,
        observer: Arc<dyn AnswerObserver>,
    ) -> Result<u64, FieldError> {
        let watched = refreshed(&mut hold(&self.device))?.watch(&query_json)?;
        Ok(self.relay.add_query(watched, observer))
    }

    /// Lets go of an observer of a query, by its number; answers whether there was one.
    pub fn stop_observing(&self, number: u64) -> bool {
        self.relay.take_off(number)
    }
}

impl Outfield {
    /// One call of a device at a time. Observers hear of it after the device is free again, so that
    /// they may ask it themselves.
    fn answer<T: Into<Receipt>>(
        &self,
        device: &Mutex<Device>,
        call: impl FnOnce(&mut Device) -> Result<T, app::FieldError>,
    ) -> Result<Receipt, FieldError> {
        let answer = refreshed(&mut hold(device)).and_then(call);
        self.relay.pass_on(&self.device);
        Ok(answer?.into())
    }
}

/// A device that knows what the other one wrote.
fn refreshed(device: &mut Device) -> Result<&mut Device, app::FieldError> {
    device.refresh()?;
    Ok(device)
}
