//! A phone with unsent work that meets a server which lies, and then the honest one again.
//! It does not know the lies.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use outfield_core::app::{Device, FieldError, Receipt};
use outfield_core::base::id::{ChangeHash, RecordId};
use outfield_core::crdt::Document;
use outfield_core::store::{Db, documents, members, meta};
use outfield_core::sync::frames::{Frame, PROTOCOL, Welcome};
use outfield_core::sync::http::Http;
use outfield_core::sync::wire;
use outfield_tests::behind;
use outfield_tests::caller;
use outfield_tests::impostor::{Impostor, Say};
use outfield_tests::keys::key;
use outfield_tests::served::{Served, Yard};
use outfield_tests::{Clock, Luck};
use serde_json::{Value as Json, json};

/// How long a phone may be held up by one lie, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// What the phone did and has not sent, or not known to be: object, id, field and value.
type UnsentWork = (&'static str, String, &'static str, String);

/// A phone in a bad neighbourhood.
pub(crate) struct Victim {
    yard: Yard,
    served: Served,
    pub(crate) phone: Device,
    token: String,
    pub(crate) account: RecordId,
    pub(crate) contact: RecordId,
    rounds: u32,
}

impl Victim {
    pub(crate) fn new() -> Victim {
        let yard = Yard::new();
        let served = yard.serve("127.0.0.1:0");
        let north = yard.office(&["territory", "list"])["data"][0]["id"]
            .as_str()
            .unwrap()
            .to_owned();
        let shop = yard.office(&["put", "account", "name=Shop", &format!("territory={north}")]);
        let account = shop["id"].as_str().unwrap().parse().unwrap();
        let mut phone = yard.phone(&served, "Vera");
        let contact = phone.execute(
            &json!({ "do": "add", "object": "contact", "fields": { "name": "Carl" } }).to_string(),
        );
        let contact = contact.unwrap().id.unwrap().parse().unwrap();
        phone.sync().unwrap();
        let token = phone.token().unwrap().data["token"]
            .as_str()
            .unwrap()
            .to_owned();
        Victim {
            yard,
            served,
            phone,
            token,
            account,
            contact,
            rounds: 0,
        }
    }

    /// The buckets that the phone follows, the user's own first.
    pub(crate) fn buckets(&mut self) -> Vec<String> {
        let status = self.phone.status().unwrap().data;
        let names = status["buckets"].as_array().unwrap().iter();
        let mut names: Vec<String> = names
            .map(|bucket| bucket["bucket"].as_str().unwrap().to_owned())
            .collect();
        names.sort_by_key(|name| !name.starts_with("user/"));
        names
    }

    /// The greeting that an honest server would give.
    pub(crate) fn welcome(&mut self) -> Welcome {
        let status = self.phone.status().unwrap().data;
        let id = |name: &str| status["enrolled"][name].as_str().unwrap().to_owned();
        Welcome {
            proto: PROTOCOL,
            epoch: 1,
            seen: 0,
            server_ms: 1_795_500_000_000,
            user: id("user").parse().unwrap(),
            role: "rep".to_owned(),
            name: "Vera".to_owned(),
            time_zone: "UTC".to_owned(),
            device: id("device").parse().unwrap(),
            same: false,
            buckets: self.buckets(),
            lease_days: None,
        }
    }

    pub(crate) fn tenant(&self) -> String {
        meta::get(&self.db(), "tenant").unwrap().unwrap()
    }

    fn db(&self) -> Db {
        behind::open(&self.yard.path("Vera.db"))
    }

    /// Up to where the phone has taken in a bucket.
    pub(crate) fn cursor(&self, bucket: &str) -> u64 {
        members::bucket(&self.db(), bucket)
            .unwrap()
            .unwrap_or_default()
            .cursor
    }

    /// The accepted history of a record: its heads, and all of it as one saved document.
    pub(crate) fn document(&self, record: RecordId) -> (Vec<ChangeHash>, Vec<u8>) {
        history(&self.db(), record)
    }

    /// The office adds an account to the phone's territory.
    pub(crate) fn office_adds(&self, name: &str) -> RecordId {
        let north = self.yard.office(&["territory", "list"])["data"][0]["id"]
            .as_str()
            .unwrap()
            .to_owned();
        let added = self.yard.office(&[
            "put",
            "account",
            &format!("name={name}"),
            &format!("territory={north}"),
        ]);
        added["id"].as_str().unwrap().parse().unwrap()
    }

    /// The office writes another street.
    pub(crate) fn office_edits(&self, account: RecordId, street: &str) {
        self.yard.office(&[
            "put",
            "account",
            "--id",
            &account.to_string(),
            &format!("street={street}"),
        ]);
    }

    /// The accepted history of a record on the server.
    pub(crate) fn on_the_server(&self, record: RecordId) -> (Vec<ChangeHash>, Vec<u8>) {
        let file = std::fs::read_dir(self.yard.data().join("tenants")).unwrap();
        let file = file
            .map(|entry| entry.unwrap().path())
            .find(|path| path.extension().is_some_and(|end| end == "db"));
        history(&behind::open(&file.unwrap()), record)
    }

    /// Makes every checkpoint bear the sum that the phone will come to.
    pub(crate) fn with_true_sums(&mut self, frames: &mut [Frame]) {
        let copy = tempfile::tempdir().unwrap();
        let path = copy.path().join("copy.db");
        self.db()
            .execute("VACUUM INTO ?1", [path.to_str().unwrap()])
            .unwrap();
        std::fs::write(
            path.with_extension("db.device"),
            std::fs::read(self.yard.path("Vera.db.device")).unwrap(),
        )
        .unwrap();
        let mut twin = Device::open(
            &path,
            &key(),
            Luck::of(&Clock::at("2026-11-24T08:30:00Z"), 3, "twin"),
        )
        .unwrap();
        let liar = Impostor::new(pulling(self.welcome(), Say::Whole(200, body(frames))));
        twin.sync_over(&Http::new(&liar.url()).unwrap()).ok();
        let db = behind::open(&path);
        for frame in frames {
            if let Frame::Checkpoint(mark) = frame {
                mark.sum = members::recompute(&db, &mark.bucket).unwrap();
            }
        }
    }

    /// New work of every kind: an edit of what all see, one of what is the phone's own, a new
    /// document, a fact.
    fn work(&mut self) -> Vec<UnsentWork> {
        self.rounds += 1;
        let text = format!("work {}", self.rounds);
        let mut carry_out = |command: Json| {
            self.phone
                .execute(&command.to_string())
                .expect("the phone works")
                .id
                .unwrap()
        };
        let account = self.account.to_string();
        let edit = json!({ "do": "edit", "object": "account", "id": account,
            "fields": { "street": text } });
        let own = json!({ "do": "edit", "object": "contact", "id": self.contact,
            "fields": { "job_title": text } });
        let add = json!({ "do": "add", "object": "contact", "fields": { "name": text } });
        let note = json!({ "do": "log_follow_up", "account": account, "note": text });
        vec![
            ("account", carry_out(edit), "street", text.clone()),
            ("contact", carry_out(own), "job_title", text.clone()),
            ("contact", carry_out(add), "name", text.clone()),
            ("follow_up", carry_out(note), "note", text),
        ]
    }

    /// Works, meets the liar, and then the honest server: whatever the liar said, all work arrives,
    /// and phone and server show the same. Answers what the meeting with the liar came to.
    pub(crate) fn meets(
        &mut self,
        name: &str,
        script: impl Fn(&str, &[u8]) -> Say + Send + Sync + 'static,
    ) -> Result<Receipt, FieldError> {
        let works = self.work();
        let met = self.is_told(name, script);
        self.recovers(name);
        for (object, id, field, value) in works {
            let path = format!("/api/v1/{object}/{id}");
            let shown = caller::get(self.served.address, &path, &self.token(), PATIENCE)
                .unwrap()
                .json();
            assert_eq!(shown["data"][field], value, "{name}: {path} {shown}");
        }
        met
    }

    /// One meeting with the liar.
    pub(crate) fn is_told(
        &mut self,
        name: &str,
        script: impl Fn(&str, &[u8]) -> Say + Send + Sync + 'static,
    ) -> Result<Receipt, FieldError> {
        let liar = Impostor::new(script);
        let carrier = Http::new(&liar.url())
            .unwrap()
            .within(Duration::from_secs(1));
        let begun = Instant::now();
        let met = self.phone.sync_over(&carrier);
        assert!(
            begun.elapsed() < PATIENCE,
            "{name} held the phone up for {:?}",
            begun.elapsed()
        );
        met
    }

    fn token(&mut self) -> String {
        self.token = self.phone.token().unwrap().data["token"]
            .as_str()
            .unwrap()
            .to_owned();
        self.token.clone()
    }

    /// Two meetings at most, and the honest server has everything: what was written upon lies is
    /// written again.
    pub(crate) fn recovers(&mut self, name: &str) {
        let mut told = Json::Null;
        for _ in 0..2 {
            told = self
                .phone
                .sync()
                .unwrap_or_else(|error| panic!("after {name}: {error}"))
                .data;
            if told["unsent"] == 0 {
                break;
            }
        }
        assert_eq!(
            (&told["unsent"], &told["needs_attention"]),
            (&json!(0), &json!(0)),
            "after {name}"
        );
        let token = self.token();
        assert_eq!(
            self.phone.digest().unwrap().data,
            self.served.digest(&token),
            "after {name}"
        );
        let db = self.db();
        for (bucket, standing) in behind::standings(&db) {
            assert_eq!(standing.kept, standing.recomputed, "{bucket} after {name}");
        }
    }
}

fn history(db: &Db, record: RecordId) -> (Vec<ChangeHash>, Vec<u8>) {
    let stored = documents::load(db, record).unwrap().unwrap();
    let document = Document::load(&stored.blob, &stored.tail).unwrap();
    (document.heads(), document.save())
}

/// A liar that greets honestly, takes what is pushed without a word, and answers a pull like this.
pub(crate) fn pulling(
    welcome: Welcome,
    say: Say,
) -> impl Fn(&str, &[u8]) -> Say + Send + Sync + 'static {
    let welcome = body(&[Frame::Welcome(welcome)]);
    move |path, _| match path {
        "/sync/v1/hello" => Say::Whole(200, welcome.clone()),
        "/sync/v1/pull" => say.clone(),
        _ => Say::Whole(200, body(&[])),
    }
}

/// A liar that greets honestly, and answers pushes one after the other like this; pulls bring
/// nothing.
pub(crate) fn pushed(
    welcome: Welcome,
    answer: impl Fn(&[u8]) -> Say + Send + Sync + 'static,
) -> impl Fn(&str, &[u8]) -> Say + Send + Sync + 'static {
    let welcome = body(&[Frame::Welcome(welcome)]);
    let answer = Arc::new(Mutex::new(answer));
    move |path, said| match path {
        "/sync/v1/hello" => Say::Whole(200, welcome.clone()),
        "/sync/v1/push" => answer.lock().unwrap()(said),
        _ => Say::Whole(200, body(&[])),
    }
}

/// Frames as a body.
pub(crate) fn body(frames: &[Frame]) -> Vec<u8> {
    wire::encode(frames).unwrap()
}
