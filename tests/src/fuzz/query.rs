//! Lists and searches, beside a model that goes through all records one by one. It does not know
//! SQL.

use std::collections::BTreeSet;
use std::path::Path;

use outfield_core::base::fold::folded;
use outfield_core::base::id::RecordId;
use outfield_core::base::place::Position;
use outfield_core::domain;
use outfield_core::objects::query::PageMark;
use outfield_core::objects::{Descriptor, Record, Value};
use outfield_core::store::pages::{NearCircle, PageQuest};
use outfield_core::store::{self, Db, PHONE, query, search, tables};

/// What is listed: an object with fields of every kind and lines.
const OBJECT: &str = r#"{
    "object":"x_shop","version":1,"label":"Shop","kind":"row",
    "scope":[{"bucket":"tenant"}],"rights":{},
    "fields":{
        "name":{"kind":"text"},"city":{"kind":"text"},"at":{"kind":"position"},
        "size":{"kind":"integer"},"open":{"kind":"boolean"},
        "chain":{"kind":"reference","of":"x_shop"}
    },
    "lines":{"goods":{"fields":{"gtin":{"kind":"text"},"units":{"kind":"integer"}}}},
    "search":["name","city"]
}"#;

const NAMES: &[&str] = &[
    "Harp's Food",
    "Cafe Zoe",
    "harps",
    "Market 12",
    "M-12 north",
    "a b c",
    "%_*\"",
    "12",
];

/// What is asked of the shops.
#[derive(Debug, Default)]
struct AskedShops {
    filter: Vec<(String, Value)>,
    near: Option<(Position, i64)>,
    limit: usize,
    after: Option<RecordId>,
}

/// A database of shops, with the same shops beside it.
struct Shops {
    db: Db,
    descriptor: Descriptor,
    records: Vec<Record>,
}

thread_local! {
    static SHOPS: Shops = shops();
}

fn shops() -> Shops {
    let db = store::open::open(Path::new(":memory:"), PHONE).unwrap();
    let mut registry = domain::registry().unwrap();
    let descriptor = registry
        .publish("x_shop.json", OBJECT, &domain::names())
        .unwrap()
        .as_ref()
        .clone();
    tables::ensure(&db, &registry).unwrap();
    let records: Vec<Record> = (0..40).map(shop).collect();
    for record in &records {
        tables::put(&db, &descriptor, record).unwrap();
    }
    Shops {
        db,
        descriptor,
        records,
    }
}

fn shop(n: u8) -> Record {
    let place = format!(
        "{}.500000,{}.250000",
        i32::from(n) * 9 % 179 - 89,
        i32::from(n) * 37 % 359 - 179
    );
    let place = place.parse::<Position>().unwrap().to_string();
    let mut values = vec![
        (
            "name".to_owned(),
            Value::from(NAMES[usize::from(n) % NAMES.len()]),
        ),
        ("at".to_owned(), Value::from(place)),
        ("size".to_owned(), Value::Int(i64::from(n % 5))),
        ("open".to_owned(), Value::Bool(n.is_multiple_of(3))),
        (
            "chain".to_owned(),
            Value::from(RecordId([n / 10; 16]).to_string()),
        ),
        (
            "goods/l1/gtin".to_owned(),
            Value::from(if n.is_multiple_of(2) { "x" } else { "y" }),
        ),
        ("goods/l1/units".to_owned(), Value::Int(i64::from(n))),
        ("goods/l2/gtin".to_owned(), Value::from("x")),
        (
            "goods/l2/removed".to_owned(),
            Value::Bool(n.is_multiple_of(7)),
        ),
    ];
    if n.is_multiple_of(4) {
        values.push(("city".to_owned(), Value::from("Rogers")));
    }
    Record {
        object: "x_shop".to_owned(),
        id: RecordId([n; 16]),
        values: values.into_iter().collect(),
        stamp: None,
    }
}

/// Lines: `/words` searches, `@position metres` is near, `>id` comes after, a number limits,
/// `path=json` filters.
pub fn query(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let mut asked = AskedShops {
        limit: 100,
        ..AskedShops::default()
    };
    SHOPS.with(|shops| {
        for line in text.lines().take(8) {
            match line.strip_prefix('/') {
                Some(words) => shops.searched(words),
                None => asks(&mut asked, line),
            }
        }
        shops.filtered(&asked);
        shops.listed(&asked);
    });
}

fn asks(asked: &mut AskedShops, line: &str) {
    let near = line.strip_prefix('@').and_then(|near| near.split_once(' '));
    if let Some((at, metres)) = near {
        asked.near = at.parse().ok().zip(metres.parse().ok());
    } else if let Some(id) = line.strip_prefix('>') {
        asked.after = id.parse().ok();
    } else if let Ok(limit) = line.parse() {
        asked.limit = limit;
    } else if let Some((path, json)) = line.split_once('=') {
        let json = serde_json::from_str(json).unwrap_or_else(|_| serde_json::Value::from(json));
        if let Some(value) = Value::from_json(&json) {
            asked.filter.push((path.to_owned(), value));
        }
    }
}

impl Shops {
    fn filtered(&self, asked: &AskedShops) {
        let wanted: Vec<(&str, Value)> = (asked.filter.iter())
            .map(|(path, value)| (path.as_str(), value.clone()))
            .collect();
        let found = query::find(&self.db, &self.descriptor, &wanted);
        let is_known = |path: &str| self.descriptor.field_at(path).is_some();
        if !wanted.iter().all(|(path, _)| is_known(path)) {
            assert!(found.is_err());
            return;
        }
        let has_all = |record: &&Record| {
            let mut filter = wanted.iter();
            filter.all(|(path, value)| has(record, path, value))
        };
        let model: Vec<&Record> = self.records.iter().filter(has_all).collect();
        assert_eq!(
            found.unwrap().iter().collect::<Vec<_>>(),
            model,
            "{asked:?}"
        );
    }

    fn listed(&self, asked: &AskedShops) {
        let mut wanted: Vec<(Option<i64>, &Record)> = Vec::new();
        for record in &self.records {
            if let Some((at, metres)) = asked.near {
                let distance = at.metres_to(record.text("at").unwrap().parse().unwrap());
                if distance <= metres {
                    wanted.push((Some(distance), record));
                }
            } else if asked.after.is_none_or(|id| record.id > id) {
                wanted.push((None, record));
            }
        }
        wanted.sort_by_key(|(distance, record)| (*distance, record.id));
        wanted.truncate(asked.limit);
        let after = asked.after.filter(|_| asked.near.is_none());
        let after = after.map(|id| PageMark {
            values: Vec::new(),
            id,
        });
        let quest = PageQuest {
            descriptor: &self.descriptor,
            condition: None,
            order: &[],
            near: asked.near.map(|(at, metres)| NearCircle {
                field: "at",
                at,
                metres,
            }),
            words: None,
            buckets: None,
            after: after.as_ref(),
            limit: asked.limit,
            holds: &|_| Ok(true),
        };
        let page = quest.page(&self.db).unwrap().records;
        let found: Vec<(Option<i64>, &Record)> = page
            .iter()
            .map(|found| (found.metres, &found.record))
            .collect();
        assert_eq!(found, wanted, "{asked:?}");
    }

    /// Whatever has every word by its beginning is found, and nothing that lacks one, however its
    /// letters are parted. What scripts without blanks take for a word is not looked at here.
    fn searched(&self, words: &str) {
        let found = search::search(&self.db, words, 1_000).unwrap();
        let found: BTreeSet<RecordId> = found.into_iter().map(|(_, id)| id).collect();
        let plain = folded(words);
        let asked = split(&plain);
        if !plain.is_ascii() || asked.len() > WORDS_MAX {
            return;
        }
        for record in &self.records {
            let name = record.text("name").unwrap_or("");
            let own = folded(&format!("{name} {}", record.text("city").unwrap_or("")));
            let own_words = split(&own);
            let begins_one = |word: &&str| own_words.iter().any(|own| own.starts_with(word));
            let is_found = found.contains(&record.id);
            if !asked.is_empty() && asked.iter().all(begins_one) {
                assert!(is_found, "{words:?} does not find {own:?}");
            }
            let letters = own_words.concat();
            if is_found && !asked.iter().all(|word| is_in(word, &letters)) {
                panic!("{words:?} finds {own:?}");
            }
        }
    }
}

/// The most words that a search heeds.
const WORDS_MAX: usize = 24;

/// The words of a folded text: what stands between marks.
fn split(text: &str) -> Vec<&str> {
    let words = text.split(|c: char| !c.is_alphanumeric());
    words.filter(|word| !word.is_empty()).collect()
}

/// Whether letters hold a word, whole or in two pieces; a number is written in several ways.
fn is_in(word: &str, letters: &str) -> bool {
    let mut cuts = 0..word.len();
    word.bytes().all(|byte| byte.is_ascii_digit())
        || cuts.any(|at| letters.contains(&word[..at]) && letters.contains(&word[at..]))
}

/// Whether a record has a value, null being that of an empty field; no line has null, and removed
/// lines do not count.
fn has(record: &Record, path: &str, value: &Value) -> bool {
    let Some((lines, field)) = path.split_once("/*/") else {
        return record.value(path) == value;
    };
    let lines = record.lines(lines);
    lines.values().any(|line| {
        let is_removed = line.get("removed").is_some_and(|removed| removed.is_true());
        !is_removed && !value.is_null() && line.get(field).is_some_and(|own| *own == value)
    })
}
