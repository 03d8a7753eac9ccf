//! A world in memory: records, conflicts, one person who acts, and a way to say commands.

use std::cell::Cell;
use std::collections::BTreeMap;

use outfield_core::base::context::{Context, Identity, Place, Role, Surroundings};
use outfield_core::base::decimal::Decimal;
use outfield_core::base::id::{ActorId, ConflictId, DeviceId, RecordId, UserId};
use outfield_core::base::time::Timestamp;
use outfield_core::domain::ledger::{Ledger, Posted, post};
use outfield_core::domain::rules::party::role::rank;
use outfield_core::domain::{AskedVerdict, Command, Decision, Refusal, decide, registry};
use outfield_core::objects::ask::OpenAsk;
use outfield_core::objects::number::given;
use outfield_core::objects::{
    Conflict, ConflictState, Hold, PotAddress, ReadError, Reader, Record, Registry, Value, Values,
};
use serde_json::{Value as Json, json};

/// 2026-11-24T08:30:00Z, which is the same day in Chicago.
pub(crate) const NOW: Timestamp = Timestamp(1_795_509_000_000);
pub(crate) const HERE: &str = "36.342235,-94.071410";

pub(crate) struct RuleWorld {
    pub(crate) registry: Registry,
    pub(crate) records: BTreeMap<(String, RecordId), Record>,
    pub(crate) conflicts: Vec<Conflict>,
    pub(crate) role: Role,
    /// The number of the person who acts.
    pub(crate) user: u8,
    pub(crate) now: Timestamp,
    /// What is set aside, as the server knows it.
    pub(crate) set_aside: Vec<Hold>,
    /// What this device asked and has no answer to.
    pub(crate) asked: Vec<AskedVerdict>,
    /// How far series were given.
    numbers: BTreeMap<String, u64>,
    /// Where it is decided.
    pub(crate) place: Place,
    drawn: Cell<u8>,
}

struct FixedSurroundings(u8, Timestamp);

impl Surroundings for FixedSurroundings {
    fn now(&self) -> Timestamp {
        self.1
    }

    fn entropy(&self) -> [u8; 32] {
        [self.0; 32]
    }

    fn wait(&self, _: u64) {}
}

/// A small id of any type.
pub(crate) fn id(number: u8) -> RecordId {
    RecordId([number; 16])
}

/// Values from a JSON object.
pub(crate) fn values(json: &Json) -> Values {
    json.as_object()
        .unwrap()
        .iter()
        .map(|(path, json)| (path.clone(), Value::from_json(json).unwrap()))
        .collect()
}

impl RuleWorld {
    /// One rep (1), a colleague (2), a manager (3); a shop (10) and a template (20) with two
    /// actions.
    pub(crate) fn new() -> Self {
        let registry = registry().unwrap();
        let (records, conflicts) = (BTreeMap::new(), Vec::new());
        let (role, user, now, drawn) = (Role::REP, 1, NOW, Cell::new(0));
        let mut world = RuleWorld {
            registry,
            records,
            conflicts,
            role,
            user,
            now,
            set_aside: Vec::new(),
            asked: Vec::new(),
            numbers: BTreeMap::new(),
            place: Place::Device,
            drawn,
        };
        for (number, name, role) in [(1, "Rosa", "rep"), (2, "Ben", "rep"), (3, "Mia", "manager")] {
            world.put("user", id(number), &json!({"name": name, "role": role}));
            world.put("actor", id(100 + number), &json!({"user": id(number)}));
        }
        world.put(
            "account",
            id(10),
            &json!({"name": "Harp's", "position": HERE, "owner": id(1)}),
        );
        world.put(
            "visit_template",
            id(20),
            &json!({
                "name": "Standard", "is_default": true, "template_version": 3,
                "actions/a/kind": "photo", "actions/a/title": "Shelf photo",
                "actions/a/mandatory": true,
                "actions/a/position": 1,
                "actions/b/kind": "survey", "actions/b/title": "Ask the owner",
                "actions/b/position": 2,
            }),
        );
        world
    }

    pub(crate) fn put(&mut self, object: &str, id: RecordId, json: &Json) {
        let record = Record {
            object: object.to_owned(),
            id,
            values: values(json),
            stamp: None,
        };
        self.records.insert((object.to_owned(), id), record);
    }

    pub(crate) fn context(&self) -> Context {
        self.drawn.set(self.drawn.get().wrapping_add(1));
        let (user, device, actor) = (
            UserId([self.user; 16]),
            DeviceId([50; 16]),
            ActorId([100 + self.user; 16]),
        );
        let time_zone = "America/Chicago".to_owned();
        let identity = Identity {
            user,
            role: self.role.clone(),
            device,
            actor,
            time_zone,
        };
        let context = Context::new(&FixedSurroundings(self.drawn.get(), self.now), identity);
        match self.place {
            Place::Device => context,
            Place::Server => context.on_server(),
        }
    }

    /// The context of this person in a role.
    pub(crate) fn context_of(&self, role: &Role) -> Context {
        let mut context = self.context();
        context.role = role.clone();
        context.rank = rank(self, role).unwrap();
        context
    }

    /// Decides a command and writes nothing.
    pub(crate) fn ask(&self, command: &Json) -> Result<Decision, Refusal> {
        let command = Command::parse(&command.to_string(), &self.registry)?;
        decide(&command, &self.registry, self, &self.context())
    }

    /// Decides a command that must be agreed to, and writes it.
    #[track_caller]
    pub(crate) fn tell(&mut self, command: &Json) -> RecordId {
        let decision = self.ask(command).unwrap();
        for asked in decision.asks {
            self.answered(&asked.verdict, asked.record);
            self.asked.push(asked);
        }
        for write in decision.writes {
            let new = Record {
                object: write.object.clone(),
                id: write.id,
                values: Values::new(),
                stamp: None,
            };
            for number in given(self.registry.get(&write.object).unwrap(), &write.values) {
                self.numbers.insert(number.series, number.count);
            }
            let record = self.records.entry((write.object, write.id)).or_insert(new);
            record.values.extend(write.values);
            record.values.retain(|_, value| !value.is_null());
        }
        decision.id
    }

    /// What a record asked has its answer.
    pub(crate) fn answered(&mut self, verdict: &str, record: RecordId) {
        self.asked
            .retain(|asked| asked.verdict != verdict || asked.record != record);
    }

    /// What posting a record would come to.
    pub(crate) fn posting(&self, object: &str, source: RecordId) -> Result<Posted, Refusal> {
        let record = &self.records[&(object.to_owned(), source)];
        let ledger = Ledger {
            registry: &self.registry,
            reader: self,
            asker: source,
            granted: &[],
        };
        post(&ledger, self.registry.get(object).unwrap(), record)
    }

    /// Posts a record as the server does; the bounds that it breaks.
    #[track_caller]
    pub(crate) fn post(&mut self, object: &str, source: RecordId) -> Vec<Refusal> {
        let posted = self.posting(object, source).unwrap();
        self.moved(&posted);
        posted.short
    }

    /// Pots and holds become what posting came to.
    pub(crate) fn moved(&mut self, posted: &Posted) {
        for change in &posted.pots {
            let (object, row) = (change.pot.object.as_str(), change.pot.row);
            self.set(object, row, &change.pot.path, change.value.to_string());
            if let Some(held) = &change.held {
                self.set(object, row, &held.field, held.amount.to_string());
            }
            if let Some(as_of) = &change.as_of {
                self.set(object, row, as_of, Value::Int(self.now.0));
            }
        }
        for hold in &posted.holds {
            let is_it = |known: &Hold| {
                (known.record, &known.posting, &known.line, &known.pot)
                    == (hold.record, &hold.posting, &hold.line, &hold.pot)
            };
            self.set_aside.retain(|known| !is_it(known));
            self.set_aside.push(hold.clone());
        }
    }

    /// The code of a refusal, or `ok`.
    #[track_caller]
    pub(crate) fn check(&self, command: &Json, code: &str) {
        let said = self
            .ask(command)
            .map_or_else(|refusal| refusal.code, |_| "ok".to_owned());
        assert_eq!(said, code, "{command}");
    }

    /// Puts a value into a record past all rules.
    pub(crate) fn set(&mut self, object: &str, id: RecordId, path: &str, value: impl Into<Value>) {
        self.records
            .get_mut(&(object.to_owned(), id))
            .unwrap()
            .values
            .insert(path.to_owned(), value.into());
    }

    /// The refusal of a command that must be refused.
    #[track_caller]
    pub(crate) fn refusal(&self, command: &Json) -> Refusal {
        self.ask(command).unwrap_err()
    }

    #[track_caller]
    pub(crate) fn value(&self, object: &str, id: RecordId, path: &str) -> Json {
        self.records[&(object.to_owned(), id)].value(path).to_json()
    }
}

impl Reader for RuleWorld {
    fn record(&self, object: &str, id: RecordId) -> Result<Option<Record>, ReadError> {
        Ok(self.records.get(&(object.to_owned(), id)).cloned())
    }

    fn holds(&self, object: &str, id: RecordId) -> Result<bool, ReadError> {
        Ok(self.records.contains_key(&(object.to_owned(), id)))
    }

    fn last_number(&self, series: &str) -> Result<u64, ReadError> {
        Ok(self.numbers.get(series).copied().unwrap_or(0))
    }

    fn find(&self, object: &str, wanted: &[(&str, Value)]) -> Result<Vec<Record>, ReadError> {
        let has = |record: &Record, (path, value): &(&str, Value)| match path.split_once("/*/") {
            None => record.value(path) == value,
            Some((lines, field)) => record
                .lines(lines)
                .values()
                .any(|line| line.get(field) == Some(&value)),
        };
        let fits = |record: &&Record| wanted.iter().all(|wanted| has(record, wanted));
        Ok(self
            .records
            .values()
            .filter(|record| record.object == object)
            .filter(fits)
            .cloned()
            .collect())
    }

    fn conflict(&self, id: ConflictId) -> Result<Option<Conflict>, ReadError> {
        Ok(self
            .conflicts
            .iter()
            .find(|conflict| conflict.id == id)
            .cloned())
    }

    fn open_conflicts(&self, record: RecordId) -> Result<Vec<Conflict>, ReadError> {
        let open = |conflict: &&Conflict| {
            conflict.record == record && conflict.state == ConflictState::Open
        };
        Ok(self.conflicts.iter().filter(open).cloned().collect())
    }

    fn set_aside(&self, record: RecordId) -> Result<Vec<Hold>, ReadError> {
        if self.place == Place::Device {
            return Ok(Vec::new());
        }
        let mut held = self.set_aside.clone();
        held.retain(|hold| hold.record == record);
        Ok(held)
    }

    fn asks(&self) -> Result<Vec<OpenAsk>, ReadError> {
        let open = self.asked.iter().map(|asked| OpenAsk {
            verdict: asked.verdict.clone(),
            object: asked.object.clone(),
            record: asked.record,
            since: self.now,
        });
        Ok(open.collect())
    }

    fn pending(&self, pot: &PotAddress, except: RecordId) -> Result<Vec<Decimal>, ReadError> {
        let others = self.asked.iter().filter(|asked| asked.record != except);
        let moved = others.flat_map(|asked| &asked.pending);
        let of_pot = moved.filter(|change| change.pot == *pot);
        Ok(of_pot.map(|change| change.delta).collect())
    }
}
