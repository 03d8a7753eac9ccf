//! A database of shops with fields of every kind, and a naive reading of any query beside it.

use std::cmp::Ordering;
use std::path::Path;

use outfield_core::app::{FieldError, QueryDoor};
use outfield_core::base::context::{Context, Identity, Role, Surroundings};
use outfield_core::base::decimal::Decimal;
use outfield_core::base::id::{ActorId, DeviceId, RecordId, UserId};
use outfield_core::base::time::Timestamp;
use outfield_core::domain::condition::ConditionGround;
use outfield_core::objects::query::OrderBy;
use outfield_core::objects::{Descriptor, Query, Record, Registry, Stamp, Value, beside};
use outfield_core::store::{self, Db, PHONE, StoreReader, tables};
use serde_json::{Value as Json, json};

/// 2026-11-24T08:30:00Z.
const NOW: Timestamp = Timestamp(1_795_509_000_000);

const SHOP: &str = r#"{
    "object":"x_shop","version":1,"label":"Shop","kind":"document",
    "scope":[{"bucket":"tenant"}],"rights":{},
    "fields":{
        "name":{"kind":"text"},"note":{"kind":"text"},"at":{"kind":"position"},
        "size":{"kind":"integer"},"open":{"kind":"boolean"},"amount":{"kind":"decimal"},
        "since":{"kind":"day"},"seen":{"kind":"time"},
        "state":{"kind":"choice","choices":["in","out"]},
        "chain":{"kind":"reference","of":"x_shop"},
        "owner":{"kind":"reference","of":"x_shop","by":"server"},
        "score":{"kind":"decimal","by":"server"}
    },
    "lines":{"goods":{"fields":{"gtin":{"kind":"text"},"units":{"kind":"integer"}}}},
    "indexes":[["name"],["since","size"],["goods/*/gtin"]],
    "search":["name"]
}"#;

/// Numbers that a seed repeats.
pub(crate) struct DrawnNumbers(pub(crate) u64);

impl DrawnNumbers {
    pub(crate) fn below(&mut self, below: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % below
    }

    pub(crate) fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }
}

struct StillSurroundings;

impl Surroundings for StillSurroundings {
    fn now(&self) -> Timestamp {
        NOW
    }

    fn entropy(&self) -> [u8; 32] {
        [7; 32]
    }

    fn wait(&self, _: u64) {}
}

pub(crate) struct QueryWorld {
    pub(crate) db: Db,
    pub(crate) registry: Registry,
}

pub(crate) fn id(n: usize) -> RecordId {
    let mut bytes = [0; 16];
    bytes[8..].copy_from_slice(&(n as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
    RecordId(bytes)
}

pub(crate) fn context(user: u8, role: Role) -> Context {
    let identity = Identity {
        user: UserId([user; 16]),
        role,
        device: DeviceId([50; 16]),
        actor: ActorId([100; 16]),
        time_zone: "America/Chicago".to_owned(),
    };
    Context::new(&StillSurroundings, identity)
}

impl QueryWorld {
    pub(crate) fn new() -> QueryWorld {
        let db = store::open::open(Path::new(":memory:"), PHONE).unwrap();
        let mut registry = Registry::default();
        registry.adopt(serde_json::from_str(SHOP).unwrap());
        tables::ensure(&db, &registry).unwrap();
        QueryWorld { db, registry }
    }

    /// A world of so many shops.
    pub(crate) fn of(count: usize, drawn: &mut DrawnNumbers) -> QueryWorld {
        let world = QueryWorld::new();
        for n in 0..count {
            world.put(n, drawn);
        }
        world
    }

    fn shop(&self) -> &Descriptor {
        self.registry.get("x_shop").unwrap()
    }

    /// Puts a shop, or draws all of its values anew.
    pub(crate) fn put(&self, n: usize, drawn: &mut DrawnNumbers) {
        let mut record = Record {
            object: "x_shop".to_owned(),
            id: id(n),
            values: [].into(),
            stamp: Some(Stamp::once(
                Timestamp(drawn.below(5) as i64),
                ActorId([9; 16]),
            )),
        };
        let mut srv = Record {
            object: "x_shop__srv".to_owned(),
            id: beside::id_of("x_shop", id(n)),
            values: [(beside::RECORD.to_owned(), Value::from(id(n).to_string()))].into(),
            stamp: None,
        };
        for (field, values) in drawn_values() {
            let value = drawn.one(&values).clone();
            if value.is_null() {
                continue;
            }
            let value = Value::from_json(&value).unwrap();
            let of = if self.shop().is_beside(field) {
                &mut srv
            } else {
                &mut record
            };
            of.values.insert(field.to_owned(), value);
        }
        for line in ["l1", "l2"] {
            let gtin = Value::from(*drawn.one(&["x", "y"]));
            record.values.insert(format!("goods/{line}/gtin"), gtin);
            let units = Value::Int(drawn.below(3) as i64);
            record.values.insert(format!("goods/{line}/units"), units);
            if drawn.below(4) == 0 {
                record
                    .values
                    .insert(format!("goods/{line}/removed"), Value::Bool(true));
            }
        }
        tables::put(&self.db, self.shop(), &record).unwrap();
        // Of some records the server never wrote anything.
        let beside = self.registry.beside("x_shop").unwrap();
        tables::remove(&self.db, beside, srv.id).unwrap();
        if drawn.below(4) > 0 {
            tables::put(&self.db, beside, &srv).unwrap();
        }
    }

    pub(crate) fn remove(&self, n: usize) {
        tables::remove(&self.db, self.shop(), id(n)).unwrap();
    }

    pub(crate) fn all(&self) -> Vec<Record> {
        let ids = tables::ids(&self.db, self.shop()).unwrap();
        let read = |id: &RecordId| tables::read(&self.db, self.shop(), *id).unwrap();
        ids.iter().filter_map(read).collect()
    }

    pub(crate) fn asks(&self, user: u8, json: &str) -> Result<Json, FieldError> {
        let door = QueryDoor {
            db: &self.db,
            registry: &self.registry,
            reader: &self.reader(),
            context: &context(user, Role::REP),
            buckets: None,
            may_read: &|_| true,
        };
        door.answer(json, &|record| Ok(json!({ "id": record.id })))
    }

    /// The ids of a page, and its cursor.
    #[track_caller]
    pub(crate) fn page(&self, query: &Json) -> (Vec<String>, Json) {
        let answer = self.asks(1, &query.to_string());
        let answer = answer.unwrap_or_else(|error| panic!("{query}: {error}"));
        let records = answer["records"].as_array().unwrap();
        let ids = records
            .iter()
            .map(|record| record["id"].as_str().unwrap().to_owned());
        (ids.collect(), answer["next"].clone())
    }

    /// The code of a refusal.
    #[track_caller]
    pub(crate) fn refused(&self, json: &str) -> String {
        match self.asks(1, json) {
            Err(FieldError::Refused { code, .. }) => code,
            other => panic!("{json:.200}: {other:?}"),
        }
    }

    pub(crate) fn reader(&self) -> StoreReader<'_> {
        StoreReader {
            db: &self.db,
            registry: &self.registry,
        }
    }

    /// Whether a condition holds of a record, as the rules read it.
    pub(crate) fn holds(&self, query: &Query, record: &Record) -> bool {
        let ground = ConditionGround {
            registry: &self.registry,
            descriptor: self.shop(),
            record,
            reader: &self.reader(),
            context: &context(1, Role::REP),
        };
        let condition = query.condition.as_ref();
        condition.is_none_or(|of| ground.failed(of).unwrap().is_none())
    }

    /// The ids of the whole answer, by a naive reading.
    pub(crate) fn naive(&self, query: &Json) -> Vec<String> {
        let query: Query = serde_json::from_value(query.clone()).unwrap();
        let mut all = self.all();
        all.retain(|record| self.holds(&query, record));
        all.sort_by(|one, other| naive_order(&query.order, one, other));
        all.iter().map(|record| record.id.to_string()).collect()
    }
}

fn naive_order(order: &[OrderBy], one: &Record, other: &Record) -> Ordering {
    let mut is_down = false;
    for OrderBy { by, down } in order {
        is_down = *down;
        let value = |record: &Record| match by.as_str() {
            "id" => Value::Null,
            "changed_at" => Value::Int(record.stamp.unwrap().changed_at.0),
            by => record.value(by).clone(),
        };
        let (one, other) = (value(one), value(other));
        let order = match (one.is_null(), other.is_null()) {
            (false, false) if ["amount", "score"].contains(&by.as_str()) => {
                decimal(&one).cmp(&decimal(&other))
            }
            (false, false) => one.cmp(&other),
            (is_empty, other_is) => {
                let order = is_empty.cmp(&other_is);
                if order.is_ne() {
                    return order;
                }
                order
            }
        };
        let order = if *down { order.reverse() } else { order };
        if order.is_ne() {
            return order;
        }
    }
    let order = one.id.cmp(&other.id);
    if is_down { order.reverse() } else { order }
}

fn decimal(value: &Value) -> Decimal {
    value.text().unwrap().parse().unwrap()
}

/// Fields and the values that they may have; the first is none.
pub(crate) fn drawn_values() -> Vec<(&'static str, Vec<Json>)> {
    let at = |n: usize| json!(id(n).to_string());
    let of = |values: Json| values.as_array().unwrap().clone();
    vec![
        (
            "name",
            of(json!([
                null,
                "a",
                "ab",
                "b",
                "A",
                "a%",
                "a_\"'",
                "  ",
                "\u{10FFFF}"
            ])),
        ),
        ("note", of(json!([null, "a", "abc", "\u{a0}"]))),
        ("size", of(json!([null, -1, 0, 9, 10]))),
        ("open", of(json!([null, true, false]))),
        (
            "amount",
            of(json!([null, "9", "10", "0.3", "-0.3", "-12", "9.5"])),
        ),
        (
            "since",
            of(json!([null, "2026-11-24", "2026-11-23", "2025-12-01"])),
        ),
        (
            "seen",
            of(json!([
                null,
                1_795_509_000_000_i64,
                1_795_422_600_000_i64,
                0
            ])),
        ),
        ("state", of(json!([null, "in", "out"]))),
        ("chain", vec![Json::Null, at(0), at(1), at(99)]),
        (
            "owner",
            vec![Json::Null, at(2), json!(UserId([1; 16]).to_string())],
        ),
        ("score", of(json!([null, "2", "10", "-1.5"]))),
        (
            "at",
            of(json!([
                null,
                "36.342235,-94.071410",
                "36.300000,-94.000000"
            ])),
        ),
    ]
}
