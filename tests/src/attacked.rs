//! A real server, an honest phone beside it, and an intruder with a good token.
//! It does not know what the intruder tries.

use std::time::Duration;

use crate::caller::{self, HttpAnswer};
use crate::crafter::CraftedChange;
use crate::served::{Served, Yard};
use outfield_core::app::Device;
use outfield_core::base::id::{ActorId, RecordId};
use outfield_core::sync::frames::{Frame, Hello, PROTOCOL, PushEntry, Ruling, Verdict};
use outfield_core::sync::wire;
use serde_json::{Value as Json, json};

/// How long the server may take over one entry, or one request, and what a busy machine is granted
/// beside it.
const PATIENCE: Duration = Duration::from_secs(1);
const GRACE: Duration = Duration::from_secs(10);

/// How much memory hostile input may cost the server for good, in KiB.
const GROWTH_KIB_MAX: u64 = 48 * 1024;

/// A server under attack.
pub struct AttackedServer {
    /// The office's machine.
    pub yard: Yard,
    /// The server.
    pub served: Served,
    /// An honest phone.
    pub honest: Device,
    /// The intruder's tokens, as enrolling gave them.
    pub intruder: Json,
    /// The honest phone's token.
    honest_token: String,
    works: u32,
    peak_kib: u64,
}

impl AttackedServer {
    /// A new server, with an honest phone and an intruder.
    #[must_use]
    pub fn serving() -> AttackedServer {
        let yard = Yard::new();
        let served = yard.serve("127.0.0.1:0");
        let mut honest = yard.phone(&served, "Hanna");
        let honest_token = honest.token().unwrap().data["token"]
            .as_str()
            .unwrap()
            .to_owned();
        let intruder = served.enrol(&yard.user("Ivan", "rep"), "intruder");
        let mut stage = AttackedServer {
            yard,
            served,
            honest,
            intruder,
            honest_token,
            works: 0,
            peak_kib: 0,
        };
        // What honest work needs is no growth.
        stage.still_works();
        stage.peak_kib = stage.served.peak_kib();
        stage
    }

    /// The intruder's token.
    #[must_use]
    pub fn token(&self) -> &str {
        self.intruder["token"].as_str().unwrap()
    }

    /// The intruder's own id, as an honest contact has it for an owner.
    pub fn user(&self) -> &str {
        self.intruder["user"].as_str().unwrap()
    }

    /// Pushes bytes as changes of new contacts; every one gets its verdict in time.
    pub fn push(&self, changes: &[Vec<u8>]) -> Vec<Verdict> {
        let entries: Vec<PushEntry> = changes
            .iter()
            .map(|bytes| entry(new_record(bytes), bytes))
            .collect();
        self.push_entries(entries)
    }

    /// Pushes entries; every one gets its verdict in time.
    pub fn push_entries(&self, entries: Vec<PushEntry>) -> Vec<Verdict> {
        let count = entries.len();
        let body =
            wire::encode(&entries.into_iter().map(Frame::Entry).collect::<Vec<_>>()).unwrap();
        let patience = PATIENCE * u32::try_from(count).unwrap() + GRACE;
        let heard = caller::post(
            self.served.address,
            "/sync/v1/push",
            self.token(),
            &body,
            patience,
        )
        .expect("in time");
        assert_eq!(
            heard.status,
            200,
            "{}",
            String::from_utf8_lossy(&heard.body)
        );
        let mut verdicts = Vec::new();
        for frame in wire::decode(&heard.body, 1 << 24).unwrap() {
            let Frame::Verdict(verdict) = frame else {
                panic!("no verdict: {frame:?}")
            };
            verdicts.push(verdict);
        }
        assert_eq!(verdicts.len(), count);
        verdicts
    }

    /// A shop in the intruder's territory; answers its id.
    pub fn shop(&self) -> String {
        let territories = self.yard.office(&["territory", "list", "--tenant", "Acme"]);
        let north = format!(
            "territory={}",
            territories["data"][0]["id"].as_str().unwrap()
        );
        let put = ["put", "account", "name=Shop", &north, "--tenant", "Acme"];
        self.yard.office(&put)["id"].as_str().unwrap().to_owned()
    }

    /// Greets the server as a device that holds everything up to this tick; answers the tick that
    /// the server is at.
    pub fn greet(&self, tick: u64) -> u64 {
        let (proto_min, proto_max, actor, state, issued) =
            (PROTOCOL, PROTOCOL, ActorId([99; 16]), 0, 0);
        let hello = Frame::Hello(Hello {
            proto_min,
            proto_max,
            actor,
            state,
            tick,
            issued,
        });
        assert_eq!(
            self.body("/sync/v1/hello", &wire::encode(&[hello]).unwrap())
                .status,
            200
        );
        let pulled = self.body("/sync/v1/pull", &wire::encode(&[]).unwrap());
        let frames = wire::decode(&pulled.body, 1 << 24).unwrap();
        let [Frame::End(end)] = frames.as_slice() else {
            panic!("no end: {frames:?}")
        };
        end.tick
    }

    /// One body to one path of the protocol, with the intruder's token.
    pub fn body(&self, path: &str, body: &[u8]) -> HttpAnswer {
        caller::post(
            self.served.address,
            path,
            self.token(),
            body,
            PATIENCE + GRACE,
        )
        .expect("in time")
    }

    /// One page, with the intruder's token.
    pub fn get(&self, path: &str) -> HttpAnswer {
        caller::get(self.served.address, path, self.token(), PATIENCE + GRACE).expect("in time")
    }

    /// The server did not grow beyond its bound, and an honest phone still gets its work done.
    pub fn unharmed(&mut self) {
        let grown = self.served.peak_kib().saturating_sub(self.peak_kib);
        assert!(grown < GROWTH_KIB_MAX, "the server grew by {grown} KiB");
        self.still_works();
    }

    fn still_works(&mut self) {
        self.works += 1;
        let name = format!("Contact {}", self.works);
        self.honest
            .execute(
                &json!({ "do": "add", "object": "contact", "fields": { "name": name } })
                    .to_string(),
            )
            .unwrap();
        let told = self.honest.sync().expect("an honest phone syncs").data;
        assert_eq!(
            (&told["unsent"], &told["needs_attention"]),
            (&json!(0), &json!(0))
        );
        assert_eq!(
            self.honest.digest().unwrap().data,
            self.served.digest(&self.honest_token)
        );
    }
}

/// A contact's change, as a device hands it in.
pub fn entry(record: RecordId, bytes: &[u8]) -> PushEntry {
    let (object, bytes) = ("contact".to_owned(), bytes.to_vec().into());
    PushEntry {
        number: 1,
        is_fact: false,
        object,
        record,
        bytes,
        knew: 0,
        actor: None,
        at_ms: None,
        group: None,
        count: None,
        verb: None,
    }
}

/// An id that nothing has yet.
pub fn new_record(bytes: &[u8]) -> RecordId {
    RecordId::from(ActorId::random(RecordId::derived(&[b"hostile", bytes]).0))
}

/// A verdict in one word: what it is, or the code of a refusal.
pub fn word(verdict: &Verdict) -> String {
    match &verdict.ruling {
        Ruling::Accepted { .. } => "accepted".to_owned(),
        Ruling::Duplicate { .. } => "duplicate".to_owned(),
        Ruling::Needs { .. } => "needs".to_owned(),
        Ruling::Quarantined { code, .. } => code.clone(),
        Ruling::RetryLater => "retry_later".to_owned(),
        Ruling::Rewrite => "rewrite".to_owned(),
    }
}

/// The verdict on one change of a record of an object, said to be made by a verb.
pub fn judged(
    stage: &AttackedServer,
    object: &str,
    record: RecordId,
    change: &CraftedChange,
    verb: Option<&str>,
) -> String {
    let pushed = PushEntry {
        object: object.to_owned(),
        verb: verb.map(str::to_owned),
        ..entry(record, &change.chunk())
    };
    word(&stage.push_entries(vec![pushed])[0])
}
