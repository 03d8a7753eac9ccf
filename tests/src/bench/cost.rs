//! What a bad client costs the server: each attack that was found once, sent again and again by
//! somebody with a good token, beside an honest push of the same size. It does not know how attacks
//! are held off.

use std::net::SocketAddr;
use std::time::Duration;

use outfield_core::base::id::{ActorId, RecordId};
use outfield_core::base::time::Timestamp;
use outfield_core::crdt::{Document, Vetted};
use outfield_core::objects::{Value, Values};
use outfield_core::sync::frames::{Frame, Need, PushEntry};
use outfield_core::sync::wire;
use serde_json::json;

use super::base::{Bench, NORTH};
use super::measure;
use super::site::Site;
use crate::attacked::entry;
use crate::caller;
use crate::crafter::zstd_bomb;

/// Changes that compete: as many as one person may have at a time.
const WRITERS: usize = 12;
/// Lines that they remove and write into.
const LINES: usize = 80;
/// When all changes are made.
const AT: Timestamp = Timestamp(1_795_500_000_000);
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(600);

/// Where attacks go.
struct CostTarget {
    site: Site,
    address: SocketAddr,
    token: String,
    user: String,
    shop: String,
    seed: u64,
}

/// What one call cost.
#[derive(Debug, Clone, Copy, Default)]
struct CallCost {
    cpu_ns: u64,
    memory: u64,
    disk: u64,
    bytes: u64,
}

impl CostTarget {
    fn new(bench: &Bench) -> CostTarget {
        let mut site = Site::found(&bench.place("cost"));
        let north = site.tenant.add_territory(NORTH, None).unwrap().to_string();
        let (_, code) = site.rep("Ivan", &[NORTH.to_owned()]);
        let shop = Values::from([
            ("name".to_owned(), Value::from("Shop")),
            ("territory".to_owned(), Value::from(north.as_str())),
        ]);
        let shop = site.tenant.put("account", None, shop).unwrap().to_string();
        site.serve();
        let address = site.address();
        let body = json!({ "code": code, "install": "cost", "name": "cost" }).to_string();
        let heard = caller::post(address, "/sync/v1/enrol", "", body.as_bytes(), PATIENCE);
        let tokens = heard.unwrap().json();
        let text = |key: &str| tokens[key].as_str().unwrap().to_owned();
        CostTarget {
            address,
            token: text("token"),
            user: text("user"),
            site,
            shop,
            seed: 0,
        }
    }

    fn actor(&mut self) -> ActorId {
        self.seed += 1;
        let mut bytes = [0x5c; 16];
        bytes[..8].copy_from_slice(&self.seed.to_be_bytes());
        ActorId::random(bytes)
    }

    fn send(&self, path: &str, body: &[u8]) {
        caller::post(self.address, path, &self.token, body, PATIENCE).expect("an answer");
    }

    fn push(&self, entries: &[PushEntry]) {
        let frames: Vec<Frame> = entries.iter().cloned().map(Frame::Entry).collect();
        self.send("/sync/v1/push", &wire::encode(&frames).unwrap());
    }

    /// A contact with lines that is there already, and its record.
    fn contact(&mut self) -> (RecordId, Document) {
        let mut values = Values::from([
            ("name".to_owned(), "Shared".into()),
            ("owner".to_owned(), self.user.as_str().into()),
        ]);
        for n in 0..LINES {
            values.insert(format!("roles/r{n:03}/account"), self.shop.as_str().into());
        }
        let actor = self.actor();
        let mut document = Document::new();
        let first = document.write(actor, AT, &values).unwrap();
        let record = RecordId(self.actor().0);
        self.push(&[entry(record, &first.bytes)]);
        (record, document)
    }

    /// What competes on a contact that nobody else wrote: each writer's values.
    fn competing(&mut self, values: impl Fn(usize) -> Values) -> Vec<PushEntry> {
        let (record, document) = self.contact();
        let mut entries = Vec::new();
        for writer in 0..WRITERS {
            let (actor, mut alone) = (self.actor(), document.clone());
            let heads = document.heads();
            let change: Vetted = alone
                .write_upon(&heads, actor, AT, &values(writer))
                .unwrap();
            entries.push(entry(record, &change.bytes));
        }
        entries
    }

    /// New contacts of one long name each, as honest as they come.
    fn honest(&mut self) -> Vec<PushEntry> {
        let actor = self.actor();
        let mut entries = Vec::new();
        for n in 0..100 {
            let values = Values::from([
                (
                    "name".to_owned(),
                    format!("Contact {n} ").repeat(30).as_str().into(),
                ),
                ("owner".to_owned(), self.user.as_str().into()),
            ]);
            let change = Document::new().write(actor, AT, &values).unwrap();
            entries.push(entry(RecordId(self.actor().0), &change.bytes));
        }
        entries
    }

    /// What it costs to answer something, in the mean of several rounds; memory at its highest.
    fn cost(
        &mut self,
        rounds: usize,
        mut attack: impl FnMut(&mut CostTarget) -> AttackCall,
    ) -> CallCost {
        let mut cost = CallCost::default();
        for _ in 0..rounds {
            let call = attack(self);
            let (cpu, disk) = (self.site.cpu_ns(), self.site.disk());
            let before = measure::forget_peak_of(self.site.process());
            self.send(call.path, &call.body);
            cost.cpu_ns += self.site.cpu_ns() - cpu;
            cost.disk += self.site.disk().saturating_sub(disk);
            cost.memory = cost.memory.max(self.site.memory().saturating_sub(before));
            cost.bytes += call.plain as u64;
        }
        cost.cpu_ns /= rounds as u64;
        cost
    }
}

/// One call: where to, its body, and how many bytes its frames have.
struct AttackCall {
    path: &'static str,
    body: Vec<u8>,
    plain: usize,
}

fn pushing(entries: &[PushEntry]) -> AttackCall {
    let frames: Vec<Frame> = entries.iter().cloned().map(Frame::Entry).collect();
    AttackCall {
        path: "/sync/v1/push",
        body: wire::encode(&frames).unwrap(),
        plain: entries.iter().map(|entry| entry.bytes.len()).sum(),
    }
}

/// Measures what attacks cost.
pub fn run(bench: &mut Bench) {
    let rounds = bench.plan.rounds(10, 2);
    let mut target = CostTarget::new(bench);
    // Threads, statements and pages that any first call needs.
    for _ in 0..2 {
        let entries = target.honest();
        target.push(&entries);
    }
    let lines = |writer: usize| {
        let mut values = Values::new();
        for n in 0..LINES {
            let (field, value) = if writer.is_multiple_of(2) {
                ("removed", Value::Bool(true))
            } else {
                ("role", Value::from(writer.to_string().as_str()))
            };
            values.insert(format!("roles/r{n:03}/{field}"), value);
        }
        values
    };
    let title = |writer: usize| {
        let title = format!("{writer} ").repeat(1_500);
        Values::from([("job_title".to_owned(), Value::from(title.as_str()))])
    };
    let costs = [
        (
            "an honest push of 100 contacts",
            target.cost(rounds, |at| pushing(&at.honest())),
        ),
        (
            "lines removed and edited at once",
            target.cost(rounds, |at| pushing(&at.competing(lines))),
        ),
        (
            "values that compete",
            target.cost(rounds, |at| pushing(&at.competing(title))),
        ),
    ];
    for (what, cost) in costs {
        let report = &mut bench.report;
        report.put(&format!("{what}, CPU of the server"), cost.cpu_ns, None);
        report.put(&format!("{what}, memory"), cost.memory, None);
        let times = cost.disk.div_ceil(cost.bytes.max(1));
        report.put(&format!("{what}, times its bytes on disk"), times, None);
    }
    let needs = |_: &mut CostTarget| {
        let need = Frame::Need(Need {
            record: RecordId([3; 16]),
        });
        AttackCall {
            path: "/sync/v1/pull",
            body: wire::encode(&vec![need; 1_000]).unwrap(),
            plain: 0,
        }
    };
    let hello = |_: &mut CostTarget| AttackCall {
        path: "/sync/v1/hello",
        body: zstd_bomb(&[], 0xa1, 32),
        plain: 0,
    };
    let needs = target.cost(rounds, needs);
    let hello = target.cost(rounds, hello);
    for (what, cost) in [
        ("repeated needs", needs),
        ("a greeting that inflates", hello),
    ] {
        let report = &mut bench.report;
        report.put(&format!("{what}, CPU of the server"), cost.cpu_ns, None);
        report.put(&format!("{what}, memory"), cost.memory, None);
    }
}
