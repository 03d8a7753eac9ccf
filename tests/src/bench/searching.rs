//! Searching many accounts, which are put into a device's tables as a sync puts them. It does not
//! know how words are found.

use outfield_core::app::Device;
use outfield_core::base::id::RecordId;
use outfield_core::objects::{Descriptor, Record};
use outfield_core::store::{self, Db, tables};
use rusqlite::types::Value as Sql;

use super::base::Bench;
use super::floor::{Floor, rows};
use super::measure::{pairs, time};
use super::site::system;
use super::workload::Maker;
use crate::keys::key;

/// Accounts that are searched.
const ACCOUNTS: usize = 50_000;
/// What people search for.
const ASKED: [&str; 10] = [
    "wal",
    "su",
    "rog",
    "S0",
    "e",
    "spring",
    "supercenter ro",
    "market h",
    "har",
    "b",
];
/// The words of all accounts.
const WORDS: &str = "SELECT e.rowid, t.name || ' ' || t.city || ' ' || t.code \
    FROM search_entry e JOIN account t ON t.id = e.id";
/// The floor of a search.
const SEARCH: &str = "SELECT t.* FROM search s \
    JOIN search_entry e ON e.rowid = s.rowid JOIN account t ON t.id = e.id \
    WHERE s.words MATCH ? ORDER BY s.rowid LIMIT 50";

/// Measures searching.
pub fn search(bench: &mut Bench) {
    let rounds = bench.plan.rounds(300, 4);
    let accounts = bench.plan.rounds(ACCOUNTS, 500);
    let file = bench.place("search.db");
    let mut device = Device::open(&file, &key(), system()).unwrap();
    let db = store::locked::open(&file, store::PHONE, &key()).unwrap();
    let descriptor = device.registry().get("account").unwrap();
    fill(&db, descriptor, accounts, &mut bench.plan.maker());
    let names = ["account", "search_entry", "search"].map(str::to_owned);
    let floor = Floor::like(&db, &names, &bench.place("search-floor.db"), true);
    floor.insert(&[
        rows(&db, "account", "SELECT * FROM account", &[]),
        rows(&db, "search_entry", "SELECT * FROM search_entry", &[]),
        rows(&db, "search (rowid, words)", WORDS, &[]),
    ]);
    let found = ASKED
        .iter()
        .filter(|words| device.search(words, 50).unwrap().data[0].is_object());
    assert!(
        found.count() > ASKED.len() / 2,
        "the words are those of the accounts"
    );
    let ours = |device: &mut Device, round: usize| {
        time(|| drop(device.search(ASKED[round % ASKED.len()], 50).unwrap()))
    };
    let floors = |_: &mut Device, round: usize| {
        let words = prefixes(ASKED[round % ASKED.len()]);
        let query = [(SEARCH.to_owned(), vec![Sql::Text(words)])];
        time(|| {
            std::hint::black_box(floor.read(&query));
        })
    };
    let pairs = pairs(rounds, &mut device, ours, floors);
    let p99_us = pairs.ours.percentile(99) / 1_000;
    bench.report.median(
        "search a prefix over 50,000 accounts",
        &pairs,
        format!("{accounts} accounts; p99 {p99_us} us"),
    );
}

/// Puts so many accounts into a device's tables.
fn fill(db: &Db, descriptor: &Descriptor, accounts: usize, maker: &mut Maker) {
    let territory = RecordId([7; 16]).to_string();
    let tx = store::open::begin(db).unwrap();
    for n in 0..accounts {
        let store = maker.store(n);
        let write = maker.account(&store, &territory);
        let record = Record {
            object: write.object,
            id: write.id,
            values: write.values,
            stamp: None,
        };
        tables::put(&tx, descriptor, &record).unwrap();
    }
    store::open::commit(tx).unwrap();
}

/// Words as SQLite searches their beginnings.
fn prefixes(words: &str) -> String {
    let quoted: Vec<String> = words
        .split(' ')
        .map(|word| format!("\"{word}\"*"))
        .collect();
    quoted.join(" ")
}
