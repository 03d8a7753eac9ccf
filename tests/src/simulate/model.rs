//! The model beside the server: takes in what the server accepted, in its order, before a log
//! forgets it. It does not know how a document is computed (`documents` does), nor what the server
//! made of it.

use std::collections::{BTreeMap, BTreeSet};

use automerge::Change;
use outfield_core::base::id::{ChangeHash, ConflictId, RecordId};
use outfield_core::crdt::Document;
use outfield_core::objects::Values;
use outfield_core::store::{Db, documents};

use super::documents::ExpectedDocument;

/// Everything that the server took in behind a tick of its log or a verdict. Two records that the
/// office makes alike share one change. What no bucket holds is in no log.
const ACCEPTED: &str = "
    SELECT h.record, p.bytes, h.tick, h.number
    FROM (SELECT v.hash, v.record,
            (SELECT min(tick) FROM log l WHERE l.hash = v.hash) AS tick, v.number
          FROM verdict v WHERE v.code = 'accepted' AND v.number > ?2
          UNION ALL
          SELECT l.hash, l.id, min(l.tick), NULL FROM log l
          WHERE l.tick > ?1 AND l.hash NOT IN (SELECT hash FROM verdict) GROUP BY l.hash, l.id) h
    LEFT JOIN payload p ON p.hash = h.hash
    ORDER BY h.number";

/// One change, or a fact without bytes.
struct Accepted {
    record: RecordId,
    bytes: Vec<u8>,
    tick: Option<i64>,
    number: Option<i64>,
}

/// What was accepted of a document.
#[derive(Debug, Clone)]
enum AcceptedWord {
    Change(RecordId, Box<Change>),
    /// Somebody's decision, which closes a conflict.
    Decision(RecordId, ConflictId),
}

/// All documents as they must be.
#[derive(Debug, Clone, Default)]
pub(crate) struct Model {
    replicas: BTreeMap<RecordId, ExpectedDocument>,
    /// All that was ever accepted, as it came.
    accepted: Vec<AcceptedWord>,
    tick: i64,
    number: i64,
}

impl Model {
    /// Takes in what the server accepted meanwhile.
    pub(crate) fn catches_up(&mut self, db: &Db) {
        for Accepted { record, bytes, .. } in self.accepted(db) {
            match Change::from_bytes(bytes) {
                Ok(change) => self.takes(AcceptedWord::Change(record, Box::new(change))),
                Err(_) => decision(db, record)
                    .into_iter()
                    .for_each(|word| self.takes(word)),
            }
        }
        let newest = |sql: &str| {
            db.query_row(sql, [], |row| row.get::<_, Option<i64>>(0))
                .unwrap()
                .unwrap_or(0)
        };
        self.tick = newest("SELECT max(tick) FROM log");
        self.number = newest("SELECT max(number) FROM verdict");
    }

    fn takes(&mut self, word: AcceptedWord) {
        match &word {
            AcceptedWord::Change(record, change) => {
                let replica = self.replicas.entry(*record).or_default();
                replica.accept(*record, change);
            }
            AcceptedWord::Decision(record, conflict) => {
                let replica = self.replicas.entry(*record).or_default();
                replica.resolve(*conflict);
            }
        }
        self.accepted.push(word);
    }

    /// The documents without the changes that a server lost and nobody had to give back.
    pub(crate) fn without_what_is_lost(&self, db: &Db) -> Model {
        let mut model = Model::default();
        let mut here: BTreeMap<RecordId, Option<Document>> = BTreeMap::new();
        for word in &self.accepted {
            if let AcceptedWord::Change(record, change) = word {
                let document = here.entry(*record).or_insert_with(|| {
                    let stored = documents::load(db, *record).unwrap();
                    stored.map(|stored| Document::load(&stored.blob, &stored.tail).unwrap())
                });
                let hash = ChangeHash(change.hash().0);
                if !document.as_ref().is_some_and(|document| document.has(hash)) {
                    continue;
                }
            }
            model.takes(word.clone());
        }
        model
    }

    /// All conflicts with their states, by id.
    pub(crate) fn conflicts(&self) -> BTreeMap<String, String> {
        self.replicas
            .values()
            .flat_map(ExpectedDocument::conflicts)
            .collect()
    }

    /// The records and paths with an open conflict.
    pub(crate) fn open_conflicts(&self) -> BTreeSet<(RecordId, String)> {
        let open = self.replicas.iter().flat_map(|(record, replica)| {
            let paths = replica.open_paths().map(str::to_owned);
            paths.map(|path| (*record, path))
        });
        open.collect()
    }

    /// What a document shows; none if nothing of it was accepted.
    pub(crate) fn values(&self, id: RecordId) -> Option<Values> {
        self.replicas.get(&id).map(ExpectedDocument::values)
    }

    fn accepted(&self, db: &Db) -> Vec<Accepted> {
        let mut statement = db.prepare(ACCEPTED).unwrap();
        let rows = statement.query_map([self.tick, self.number], |row| {
            let (record, bytes): (Vec<u8>, Option<Vec<u8>>) = (row.get(0)?, row.get(1)?);
            let record = RecordId::from_slice(&record).unwrap();
            Ok(Accepted {
                record,
                bytes: bytes.unwrap_or_default(),
                tick: row.get(2)?,
                number: row.get(3)?,
            })
        });
        let mut all: Vec<Accepted> = rows.unwrap().map(Result::unwrap).collect();
        // What is in no log came after the verdict before it.
        let mut last = self.tick;
        for accepted in &mut all {
            let tick = *accepted.tick.get_or_insert(last);
            last = if accepted.number.is_some() {
                tick.max(last)
            } else {
                last
            };
        }
        all.sort_by_key(|accepted| (accepted.tick, accepted.number));
        all
    }
}

/// A fact may be somebody's decision.
fn decision(db: &Db, fact: RecordId) -> Option<AcceptedWord> {
    let sql = "SELECT conflict, record FROM conflict_resolution WHERE id = ?1";
    let decided = db.query_row(sql, [fact.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?)));
    let (conflict, record): (String, String) = decided.ok()?;
    let (record, conflict) = (record.parse().unwrap(), conflict.parse().unwrap());
    Some(AcceptedWord::Decision(record, conflict))
}
