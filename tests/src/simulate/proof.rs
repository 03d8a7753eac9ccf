//! What has to hold once troubles cease: all agree within a bound of rounds, nothing is lost or
//! doubled, documents and conflicts are what their changes say, verdicts stand, and tenants never
//! met. It does not know how things came to be as they are.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use outfield_core::base::id::{ActorId, ChangeHash, GroupId, RecordId};
use outfield_core::crdt::Document;
use outfield_core::domain::verdict;
use outfield_core::objects::Reader as _;
use outfield_core::store::{Db, StoreReader, documents, locked, tables};
use outfield_core::sync::frames::{Frame, PushEntry, Ruling};
use outfield_core::sync::{Call, wire};
use serde_json::{Value as Json, json};

use super::ledger::{WireLog, Word};
use super::stage::{CANARIES, SimStage, is_kept_aside, words_of_held, words_of_work};
use super::trouble::Trouble;
use crate::behind::KeptWork;
use crate::crafter::CraftedChange;
use crate::{Phone, behind};

/// Whether a discount of an order is above what a rep may give.
fn is_beyond(order: &Json) -> bool {
    let lines = order["lines"].as_object().into_iter().flatten();
    let mut given = lines.map(|(_, line)| line["discount_percent"].as_str().unwrap_or("0"));
    given.any(|given| !["0", "1", "2"].contains(&given))
}

impl SimStage {
    /// Troubles cease, and everything is looked at. Panics with what does not hold.
    pub(crate) fn proves(&mut self) {
        self.world.server.restart();
        for at in 0..self.carried.len() {
            if self.carried[at].is_old {
                self.updates(at);
            }
            self.carried[at].phone.line.mend();
            self.meets(at);
        }
        self.publishes_what_lacks();
        self.asks_for_lost_files();
        // Of a copied database the one that renews last ends the access of all of them: those who
        // met before it sign in again.
        for at in 0..self.carried.len() {
            self.meets(at);
        }
        self.stranger.sync();
        self.tenants_never_met();
        super::stage::run_version(false);
        let mut phones: Vec<&mut Phone> = self
            .carried
            .iter_mut()
            .map(|carried| &mut carried.phone)
            .collect();
        self.world.agree(&mut phones);
        self.neighbour.agree(&mut [&mut self.stranger]);
        self.verdicts_stand();
        self.documents_are_what_their_changes_say();
        self.books_hold();
        self.nothing_waits();
        self.nothing_is_lost_or_doubled();
        self.files_stand();
        self.rebuilds_change_nothing();
        self.half_a_group_is_not_taken_in();
        self.what_waits_is_approved();
        self.what_is_called_off_gives_back();
        for at in 0..self.carried.len() {
            let shown = ChangeHash::of(self.phone(at).digest().to_string().as_bytes());
            self.note(format!("{} shows {shown}", self.carried[at].phone.name));
        }
    }

    /// A verdict that was heard is on the server's disk as it was heard.
    pub(crate) fn verdicts_stand(&self) {
        let db = self.server_db();
        // What was accepted comes back with another number; what was refused stays on its phone.
        let is_put_back = self.counts.contains_key(&Trouble::ServerPutBack);
        for (hash, ruling) in &self.heard.borrow().verdicts {
            let sql = "SELECT number, code FROM verdict WHERE hash = ?1";
            let kept: Result<(i64, String), _> =
                db.query_row(sql, [&hash.0[..]], |row| Ok((row.get(0)?, row.get(1)?)));
            let is_refused = matches!(ruling, Ruling::Quarantined { .. });
            // What is so old that no phone keeps it any more stays lost.
            if is_put_back && kept.is_err() && (is_refused || !self.is_kept_by_a_phone(*hash)) {
                continue;
            }
            let (number, code) = kept
                .unwrap_or_else(|_| panic!("the server forgot its verdict on {hash}: {ruling:?}"));
            match ruling {
                Ruling::Quarantined { code: heard, .. } => {
                    assert_eq!(code, *heard, "the verdict on {hash} changed")
                }
                Ruling::Duplicate { .. } if is_put_back => assert_eq!(code, "accepted"),
                Ruling::Duplicate { number: heard } => {
                    assert_eq!(
                        (number.cast_unsigned(), code.as_str()),
                        (*heard, "accepted"),
                        "the verdict on {hash} changed"
                    );
                }
                Ruling::Accepted { .. }
                | Ruling::Needs { .. }
                | Ruling::RetryLater
                | Ruling::Rewrite => {
                    panic!("{hash} was settled as {ruling:?}");
                }
            }
        }
    }

    /// What no device had pulled stays lost. The rest comes back in another order, so that other
    /// values competed on the way, and an edit alone leaves that open: what must be open is.
    fn conflicts_are_open(&self, db: &Db) {
        let mut statement = db
            .prepare("SELECT record, path FROM conflict WHERE state = 'open'")
            .unwrap();
        let rows = statement.query_map([], |row| Ok((row.get::<_, Vec<u8>>(0)?, row.get(1)?)));
        let open: BTreeSet<(RecordId, String)> = rows
            .unwrap()
            .map(Result::unwrap)
            .map(|(record, path)| (RecordId::from_slice(&record).unwrap(), path))
            .collect();
        let expected = self.model.open_conflicts();
        let closed: Vec<_> = expected.difference(&open).collect();
        assert!(closed.is_empty(), "not open on the server: {closed:?}");
    }

    /// Whether a phone has this piece of work: to be sent, as its own, or in a document's history.
    fn is_kept_by_a_phone(&self, hash: ChangeHash) -> bool {
        (0..self.carried.len()).any(|at| {
            let file = &self.carried[at].phone.file;
            let db = behind::open(file);
            let mut told: BTreeSet<RecordId> = self.ledger.given_up.clone();
            let aside = self.held(at).into_iter().filter(is_kept_aside);
            told.extend(aside.map(|held| held.record));
            // What is due was offered, and waits for what it builds on. What was given back to a
            // server where a copy of the phone had gone on instead is told, and stays here.
            let is_own = |work: &KeptWork| {
                work.hash == hash.0 && !work.is_due && !told.contains(&work.record)
            };
            let mut ids = documents::all_ids(&db).unwrap().into_iter();
            behind::unsent(file).iter().any(|entry| entry.hash == hash)
                || behind::own_work(file).iter().any(is_own)
                || ids.any(|(id, _)| {
                    let stored = documents::load(&db, id).unwrap();
                    let whole = stored.filter(|stored| !stored.is_elsewhere());
                    whole.is_some_and(|stored| {
                        let history = Document::load(&stored.blob, &stored.tail);
                        history.unwrap().has(hash)
                    })
                })
        })
    }

    /// Rows and conflicts of the server are what the accepted changes come to, computed beside it.
    pub(crate) fn documents_are_what_their_changes_say(&mut self) {
        let (db, registry) = (self.server_db(), self.world.registry());
        self.model.catches_up(&db);
        if self.counts.contains_key(&Trouble::ServerPutBack) {
            self.model = self.model.without_what_is_lost(&db);
            self.conflicts_are_open(&db);
        } else {
            let expected = self.model.conflicts();
            assert_eq!(
                conflicts(&db),
                expected,
                "the server's conflicts are not the model's"
            );
        }
        for (id, object) in documents::all_ids(&db).unwrap() {
            let descriptor = registry.get(&object).unwrap();
            let mut shown = tables::read(&db, descriptor, id).unwrap().unwrap();
            // What the server wrote beside it is no word of its history.
            shown.values.retain(|path, _| !descriptor.is_beside(path));
            assert_eq!(
                Some(shown.values),
                self.model.values(id),
                "{object} {id} shows something else than its changes say"
            );
        }
        self.note(format!("{} conflicts", conflicts(&db).len()));
    }

    /// Every pot is what its movements come to, and what is held of it is what is set aside.
    fn books_hold(&self) {
        let wrong = self.world.office(|office| office.check_ledger()).unwrap();
        assert!(wrong.is_empty(), "the ledger does not hold: {wrong:?}");
    }

    /// Everybody calls off what they may of what was granted: the books hold still.
    fn what_is_called_off_gives_back(&mut self) {
        let mut called_off = 0;
        for carried in &mut self.carried {
            let phone = &mut carried.phone;
            let orders = phone
                .device()
                .list("sales_order", None, 1_000)
                .unwrap()
                .data;
            for order in orders.as_array().unwrap() {
                if order["standing"] == "confirmed" {
                    let id = &order["id"];
                    let command = json!({"do": "cancel_order", "sales_order": id, "reason": "End"});
                    called_off += usize::from(phone.tries(&command).is_ok());
                }
            }
            phone.sync();
        }
        self.books_hold();
        self.note(format!("{called_off} orders were called off"));
    }

    /// What was asked has its answer, on the server and on every phone.
    fn nothing_waits(&mut self) {
        let (db, registry) = (self.server_db(), self.world.registry());
        let reader = StoreReader {
            db: &db,
            registry: &registry,
        };
        for (id, object) in documents::all_ids(&db).unwrap() {
            let document = reader.record(&object, id).unwrap().unwrap();
            for kind in verdict::kinds(&registry, &object) {
                let is_answered = verdict::is_answered(&reader, kind, &document).unwrap();
                let said = verdict::standing(&registry, &reader, &document).unwrap();
                let waits = said.is_some_and(|said| kind.of.is_waiting(&said));
                assert!(
                    is_answered || waits || !kind.of.is_asked(&document),
                    "{object} {id} asked for a {} and has none",
                    kind.descriptor.object
                );
            }
        }
        for carried in &mut self.carried {
            let waiting = carried.phone.device().waiting().unwrap().data;
            for ask in waiting.as_array().unwrap() {
                let (object, id) = (ask["object"].as_str(), ask["record"].as_str());
                let record = carried.phone.get(object.unwrap(), id.unwrap());
                let name = &carried.phone.name;
                assert_eq!(record["verdict"], "waiting", "{name} waits still: {ask}");
            }
        }
    }

    /// What goes beyond what a rep may give waits, and whoever may says yes to it: what
    /// the server says of it follows.
    fn what_waits_is_approved(&mut self) {
        for at in 0..self.carried.len() {
            self.orders_cheaply(at);
        }
        let mut approved = 0;
        for carried in &mut self.carried {
            let phone = &mut carried.phone;
            phone.sync();
            let asked = phone.device().ask_question("approvals", "{}");
            for order in asked.unwrap().data.as_array().unwrap() {
                let command = json!({"do": "approve_order", "order": order["order"]});
                approved += usize::from(phone.tries(&command).is_ok());
            }
            phone.sync();
        }
        for carried in &mut self.carried {
            carried.phone.sync();
        }
        self.what_is_beyond_was_approved();
        self.books_hold();
        self.note(format!("{approved} orders were approved"));
    }

    /// Hands in an order at a discount that waits, if this person may order anything.
    fn orders_cheaply(&mut self, at: usize) {
        let shop = self.shops[at % self.shops.len()].clone();
        let phone = &mut self.carried[at].phone;
        let first = |phone: &mut Phone, object: &str| {
            let listed = phone.device().list(object, None, 1).unwrap().data;
            listed[0]["id"].clone()
        };
        let product = first(phone, "product");
        let begin = json!({"do": "new_order", "account": shop});
        let Ok(begun) = phone.tries(&begin) else {
            return;
        };
        let line = json!({
            "do": "set_order_line", "sales_order": begun.id, "product": product, "quantity": "1",
            "discount_percent": "40",
        });
        if phone.tries(&line).is_ok() {
            // What credit or stock lacks is refused here, and stays a draft.
            let _ = phone.tries(&json!({"do": "submit_order", "sales_order": begun.id}));
        }
        phone.sync();
    }

    /// What the server says of an order beyond what a rep may give follows what was decided of just
    /// that order.
    fn what_is_beyond_was_approved(&self) {
        let all = |object: &str| self.world.office(|office| office.all(object)).unwrap();
        let (decisions, verdicts) = (all("order_approval"), all("order_verdict"));
        for order in all("sales_order") {
            let is_of_it = |said: &&Json| {
                said["order"] == order["id"] && said["content_hash"] == order["content_hash"]
            };
            let decided = decisions.iter().filter(is_of_it);
            let decided: BTreeSet<_> = decided.map(|said| said["decision"].as_str()).collect();
            let is_now = |said: &&Json| said["submitted_at"] == order["submitted_at"];
            let said = verdicts.iter().filter(is_of_it).find(is_now);
            let word = said.and_then(|said| said["verdict"].as_str());
            if order["state"] != "submitted" || !is_beyond(&order) {
                continue;
            }
            let (id, approved) = (&order["id"], decided.contains(&Some("approved")));
            assert!(
                word != Some("confirmed") || approved,
                "{id} was confirmed without approval"
            );
            assert!(
                word != Some("waiting") || decided.is_empty(),
                "{id} waits though {decided:?}"
            );
        }
    }

    /// Every word is in one place: in the history of its record as often as it was written, or
    /// refused and kept with its reason. Where databases were copied or came back, it is in one
    /// place at least.
    fn nothing_is_lost_or_doubled(&self) {
        let mut there: BTreeMap<Word, usize> = BTreeMap::new();
        self.history()
            .into_iter()
            .for_each(|word| *there.entry(word).or_default() += 1);
        let held: BTreeMap<_, _> = (0..self.carried.len())
            .flat_map(|at| self.held(at))
            .map(|held| (held.hash, held))
            .collect();
        // What a phone kept of a record that the server lost is no second writing, whoever gave the
        // record back meanwhile.
        let (kept, refused): (Vec<_>, Vec<_>) = held.values().partition(|held| is_kept_aside(held));
        refused
            .into_iter()
            .flat_map(words_of_held)
            .for_each(|word| *there.entry(word).or_default() += 1);
        // What the server lost and cannot take back yet waits on its phone, and is told in time.
        let phones = self.carried.iter();
        let own = phones.flat_map(|carried| behind::own_work(&carried.phone.file));
        let due: Vec<KeptWork> = own.filter(|work| work.is_due).collect();
        let waiting = due.iter().flat_map(words_of_work);
        for word in kept.into_iter().flat_map(words_of_held).chain(waiting) {
            there.entry(word).or_insert(1);
        }
        for (word, times) in &self.ledger.dismissed {
            *there.entry(word.clone()).or_default() += times;
        }
        let quarantined: BTreeSet<Word> = behind::quarantine(&self.server_db())
            .into_iter()
            .flat_map(|held| {
                let values = held.operations.into_iter().map(|(_, value)| value);
                super::stage::words_in(&held.record, values)
            })
            .collect();
        let may_double = [Trouble::DatabaseCopied, Trouble::DatabaseRestored]
            .iter()
            .any(|of| self.counts.contains_key(of));
        for (word, times) in &self.ledger.words {
            let found = there.get(word).copied().unwrap_or(0);
            let is_forgotten = self.ledger.forgotten.contains(word) && quarantined.contains(word);
            let is_with_the_server = [&self.ledger.server_has, &self.ledger.forgotten]
                .iter()
                .any(|words| words.contains(word));
            let is_with_the_folder =
                is_with_the_server && self.counts.contains_key(&Trouble::ServerPutBack);
            if found == 0 && is_with_the_folder {
                continue;
            }
            assert!(found > 0 || is_forgotten, "{word:?} is lost");
            assert!(
                may_double || found == *times,
                "{word:?} was written {times} times and is there {found} times"
            );
        }
    }

    fn rebuilds_change_nothing(&mut self) {
        for carried in &mut self.carried {
            let shown = carried.phone.digest();
            carried.phone.device().rebuild().unwrap();
            carried.phone.reopen();
            assert_eq!(
                carried.phone.digest(),
                shown,
                "{}: a rebuild changed what shows",
                carried.phone.name
            );
        }
    }

    /// What people do here is refused as a whole or not at all, even entry by entry. So one more
    /// group comes, of which the first entry is good and the second is not.
    fn half_a_group_is_not_taken_in(&mut self) {
        let owner = self.world.user(self.carried[0].person);
        let actor = ActorId::random([0x67; 16]);
        let first = CraftedChange::puts(actor.0, &[("name", "Half"), ("owner", &owner)]);
        let group = [
            (false, "contact", first.chunk()),
            (true, "follow_up", vec![0xa0]),
        ];
        let entries = group.map(|(is_fact, object, bytes)| {
            Frame::Entry(PushEntry {
                number: 1,
                is_fact,
                object: object.to_owned(),
                record: RecordId::from(ActorId::random([u8::from(is_fact); 16])),
                bytes: bytes.into(),
                knew: 0,
                actor: Some(actor),
                at_ms: Some(0),
                group: Some(GroupId([0x67; 16])),
                count: Some(2),
                verb: None,
            })
        });
        let call = Call {
            path: "/sync/v1/push",
            token: Some(self.phone(0).token()),
            media_type: wire::MEDIA_TYPE,
            body: wire::encode(&entries).unwrap(),
        };
        let answer = self.world.server.answer(&call).unwrap();
        let mut rulings = Vec::new();
        for frame in wire::decode(&answer.body, usize::MAX).unwrap() {
            if let Frame::Verdict(verdict) = frame {
                rulings.push(verdict.ruling);
            }
        }
        let is_refused = |ruling: &Ruling| matches!(ruling, Ruling::Quarantined { .. });
        assert!(rulings.len() == 2 && is_refused(&rulings[1]), "{rulings:?}");
        WireLog::groups_are_whole(&entries, &rulings);
    }

    fn tenants_never_met(&self) {
        let [own, other] = CANARIES;
        let server = |tenant| self.world.server.file(tenant);
        let mut files: Vec<(String, &str, &str)> = vec![
            (
                server(self.world.tenant).to_string_lossy().into_owned(),
                own,
                other,
            ),
            (
                server(self.neighbour.tenant).to_string_lossy().into_owned(),
                other,
                own,
            ),
            (
                self.stranger.file.to_string_lossy().into_owned(),
                other,
                own,
            ),
        ];
        let phones = self
            .carried
            .iter()
            .map(|carried| carried.phone.file.to_string_lossy().into_owned());
        files.extend(phones.map(|file| (file, own, other)));
        for (file, _, foreign) in &files {
            assert!(
                !holds(file, foreign),
                "another tenant's `{foreign}` is in {}",
                name_of(file)
            );
        }
        for (file, its_own, _) in files.iter().take(3) {
            assert!(
                holds(file, its_own),
                "`{its_own}` is not in {}",
                name_of(file)
            );
        }
    }

    fn server_db(&self) -> Db {
        behind::open(&self.world.server.file(self.world.tenant))
    }
}

fn name_of(file: &str) -> String {
    Path::new(file)
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

/// Whether a database holds these letters. One that lies under a key is read by it, and must not
/// show them to whoever has no key.
fn holds(file: &str, word: &str) -> bool {
    let lies_in = |file: &str| {
        ["", "-wal"].iter().any(|ending| {
            let bytes = std::fs::read(format!("{file}{ending}")).unwrap_or_default();
            String::from_utf8_lossy(&bytes).contains(word)
        })
    };
    let path = Path::new(file);
    if locked::is_plain(path).unwrap() {
        return lies_in(file);
    }
    assert!(
        !lies_in(file),
        "`{word}` lies in plain in {}",
        name_of(file)
    );
    let plain = format!("{file}.plain");
    locked::copy_out(&behind::open(path), Path::new(&plain), None).unwrap();
    let is_held = lies_in(&plain);
    std::fs::remove_file(&plain).unwrap();
    is_held
}

fn conflicts(db: &Db) -> BTreeMap<String, String> {
    let mut statement = db.prepare("SELECT id, state FROM conflict").unwrap();
    let rows = statement
        .query_map([], |row| Ok((row.get::<_, Vec<u8>>(0)?, row.get(1)?)))
        .unwrap();
    let rows = rows
        .map(Result::unwrap)
        .map(|(id, state)| (RecordId::from_slice(&id).unwrap().to_string(), state));
    rows.collect()
}
