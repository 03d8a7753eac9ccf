//! What a person waits for on a device that has no network: writing, opening, lists, searching,
//! prices. Reads are warm after one round that does not count; writes say themselves whether they
//! are cold.

use outfield_core::app::Device;
use outfield_core::base::id::RecordId;
use outfield_core::objects::Record;
use outfield_core::store::{self, tables};
use rusqlite::types::Value as Sql;
use serde_json::json;

use super::floor::{Floor, Rows, rows};
use super::measure::{Samples, pairs, time, timed};
use super::report::BenchReport;
use super::site::{SiteDevice, system};
use super::workload::{BenchTerritory, Catalogue, PROMOTIONS};
use super::{Base, Bench, blob, day};

/// Lines of the order that is priced.
const ORDER_LINES: usize = 100;
/// Accounts that are searched.
const ACCOUNTS: usize = 50_000;
/// Accounts of a list nearby.
const NEARBY: usize = 50;
/// Metres within which all of a territory lies.
const EVERYWHERE_M: i64 = 20_000_000;
/// Where a list nearby begins.
const HERE: (&str, i64, i64) = ("36.342235,-94.071410", 36_342_235, -94_071_410);

struct LocalBench<'a> {
    device: &'a mut SiteDevice,
    territory: &'a BenchTerritory,
    goods: &'a Catalogue,
    floor: Floor,
}

/// Puts median and 99th percentile beside each other's floors.
fn put(report: &mut BenchReport, what: &str, (ours, floor): (&Samples, &Samples)) {
    for (name, per_cent) in [("p50", 50), ("p99", 99)] {
        report.put(
            &format!("{what}, {name}"),
            ours.percentile(per_cent),
            Some(floor.percentile(per_cent)),
        );
    }
}

/// A visit with five actions, its template's questions and forty counts: two commands, so two
/// commits for both.
fn write_visit(stage: &mut LocalBench<'_>, round: usize, is_cold: bool) -> (u64, Vec<Vec<Rows>>) {
    if is_cold {
        stage.device.reopen();
    }
    let account = &stage.territory.accounts[round % stage.territory.accounts.len()].0;
    let (visit, first) = timed(|| {
        stage
            .device
            .does(&json!({"do": "start_visit", "account": account}))
    });
    let (check, second) = timed(|| stage.device.does(&day::count(&visit, stage.goods, round)));
    let db = stage.device.beside();
    let lines = |table: &str, column: &str, id: &str| {
        rows(
            &db,
            table,
            &format!("SELECT * FROM {table} WHERE {column} = ?"),
            &[blob(id)],
        )
    };
    let visits = [
        ("visit", "id"),
        ("visit__actions", "parent"),
        ("visit__questions", "parent"),
    ];
    let checks = [
        ("inventory_check", "id"),
        ("inventory_check__counts", "parent"),
    ];
    let commits = vec![
        visits
            .map(|(table, column)| lines(table, column, &visit))
            .into(),
        checks
            .map(|(table, column)| lines(table, column, &check))
            .into(),
    ];
    stage
        .device
        .does(&json!({"do": "cancel_visit", "visit": visit, "reason": "Closed"}));
    (first + second, commits)
}

fn visits(stage: &mut LocalBench<'_>, rounds: usize, is_cold: bool) -> (Samples, Samples) {
    pairs(
        rounds,
        &mut (stage, Vec::new()),
        |(stage, written), round| {
            let (ns, commits) = write_visit(stage, round, is_cold);
            *written = commits;
            ns
        },
        |(stage, written), _| {
            time(|| {
                written
                    .iter()
                    .for_each(|commit: &Vec<Rows>| stage.floor.insert(commit))
            })
        },
    )
}

const EDIT: &str = "UPDATE contact SET phone = ?, _changed_at = ? WHERE id = ?";

/// One field of a contact: the second edit of an open app, or the first of one that was just
/// started.
fn edits(stage: &mut LocalBench<'_>, rounds: usize, is_cold: bool) -> (Samples, Samples) {
    let contact = |stage: &LocalBench<'_>, round: usize| {
        let contacts = &stage.territory.contacts;
        contacts[(round + if is_cold { contacts.len() / 2 } else { 0 }) % contacts.len()].clone()
    };
    pairs(
        rounds,
        stage,
        |stage, round| {
            let contact = contact(stage, round);
            if is_cold {
                stage.device.reopen();
            } else {
                stage
                    .device
                    .edits("contact", &contact, &json!({"job_title": "Buyer"}));
            }
            let fields = json!({"phone": format!("+1479556{round:04}")});
            time(|| stage.device.edits("contact", &contact, &fields))
        },
        |stage, round| {
            let phone = Sql::Text(format!("+1479556{round:04}"));
            let row = vec![
                phone,
                Sql::Integer(round as i64),
                blob(&contact(stage, round)),
            ];
            time(|| stage.floor.commit(&[(EDIT, row)]))
        },
    )
}

/// One of forty counts of a check that was begun on this device.
fn counts(stage: &mut LocalBench<'_>, rounds: usize) -> (Samples, Samples) {
    let account = stage.territory.accounts[0].0.clone();
    let visit = stage
        .device
        .does(&json!({"do": "start_visit", "account": account}));
    let check = stage.device.does(&day::count(&visit, stage.goods, 0));
    let product = stage.goods.products[0].clone();
    let (table, sql) = (
        "inventory_check__counts",
        "SELECT * FROM inventory_check__counts WHERE parent = ?",
    );
    stage
        .floor
        .insert(&[rows(&stage.device.beside(), table, sql, &[blob(&check)])]);
    let count = |facings: usize| {
        json!({
            "do": "count", "visit": visit, "action": "shelf", format!("counts/{product}/facings"): facings,
            format!("counts/{product}/status"): "present",
        })
    };
    stage.device.does(&count(11));
    let sql =
        "UPDATE inventory_check__counts SET facings = ?, status = 'present', listed = 1, at = ?
               WHERE parent = ? AND product = ?";
    let samples = pairs(
        rounds,
        stage,
        |stage, round| {
            if round % 8 == 7 {
                // What waits in the outbox is worked above anew each time; nobody counts hundreds
                // of times offline.
                stage.device.sync();
            }
            time(|| drop(stage.device.does(&count(round % 9))))
        },
        |stage, round| {
            let number = Sql::Integer(round as i64);
            let row = vec![number.clone(), number, blob(&check), blob(&product)];
            time(|| stage.floor.commit(&[(sql, row)]))
        },
    );
    stage
        .device
        .does(&json!({"do": "cancel_visit", "visit": visit, "reason": "Closed"}));
    samples
}

/// Measures what a person writes.
pub fn write(bench: &mut Bench) {
    let rounds = bench.plan.rounds(200, 4);
    let (base, report, _) = bench.base();
    let floor = base.floor("write-floor", true);
    let Base {
        device,
        territory,
        goods,
        ..
    } = base;
    let mut stage = LocalBench {
        device,
        territory,
        goods,
        floor,
    };
    visits(&mut stage, 2, false);
    for (is_cold, word) in [(false, "warm"), (true, "cold")] {
        let (ours, floor) = visits(&mut stage, rounds / 2, is_cold);
        put(
            report,
            &format!("write a visit of 45 lines, {word}"),
            (&ours, &floor),
        );
        let (ours, floor) = edits(&mut stage, rounds, is_cold);
        put(report, &format!("edit one field, {word}"), (&ours, &floor));
    }
    let (ours, floor) = counts(&mut stage, rounds);
    put(report, "change one count of 40, warm", (&ours, &floor));
    stage.device.sync();
}

/// Measures opening a visit and a list nearby.
pub fn read(bench: &mut Bench) {
    let rounds = bench.plan.rounds(500, 4);
    let (base, report, _) = bench.base();
    let floor = base.floor("read-floor", true);
    let Base {
        device,
        territory,
        goods,
        ..
    } = base;
    let mut stage = LocalBench {
        device,
        territory,
        goods,
        floor,
    };
    let open = |stage: &mut LocalBench<'_>, round: usize| {
        let (visit, check) = &stage.territory.visits[round % stage.territory.visits.len()];
        time(|| {
            let device = stage.device.device();
            let opened = [
                device.get("visit", visit).unwrap(),
                device.get("inventory_check", check).unwrap(),
            ];
            assert_eq!(
                opened[1].data["counts"]
                    .as_object()
                    .map(serde_json::Map::len),
                Some(super::workload::COUNTS)
            );
        })
    };
    let open_floor = |stage: &mut LocalBench<'_>, round: usize| {
        let (visit, check) = &stage.territory.visits[round % stage.territory.visits.len()];
        let lines = ["visit__actions", "visit__questions", "visit__answers"];
        let mut queries = vec![(
            "SELECT * FROM visit WHERE id = ?".to_owned(),
            vec![blob(visit)],
        )];
        queries.extend(lines.map(|table| {
            (
                format!("SELECT * FROM {table} WHERE parent = ?"),
                vec![blob(visit)],
            )
        }));
        queries.push((
            "SELECT * FROM inventory_check WHERE id = ?".to_owned(),
            vec![blob(check)],
        ));
        queries.push((
            "SELECT * FROM inventory_check__counts WHERE parent = ?".to_owned(),
            vec![blob(check)],
        ));
        time(|| assert!(stage.floor.read(&queries) > 0))
    };
    pairs(1, &mut stage, open, open_floor);
    let (ours, floors) = pairs(rounds, &mut stage, open, open_floor);
    let note = |samples: &Samples| format!("p99 {} us", samples.percentile(99) / 1_000);
    report.note(
        "open a visit of 45 lines",
        ours.median(),
        Some(floors.median()),
        note(&ours),
    );

    let near = |stage: &mut LocalBench<'_>, _: usize| {
        time(|| {
            let found = stage
                .device
                .device()
                .list("account", Some((HERE.0, EVERYWHERE_M)), NEARBY)
                .unwrap();
            assert_eq!(found.data.as_array().map(Vec::len), Some(NEARBY));
        })
    };
    let sql = "SELECT * FROM account WHERE position_lat BETWEEN -90000000 AND 90000000 AND position_lon BETWEEN
               -180000000 AND 180000000 ORDER BY (position_lat - ?1) * (position_lat - ?1) + (position_lon - ?2) *
               (position_lon - ?2) LIMIT 50";
    let query = [(
        sql.to_owned(),
        vec![Sql::Integer(HERE.1), Sql::Integer(HERE.2)],
    )];
    let near_floor = |stage: &mut LocalBench<'_>, _: usize| {
        time(|| assert_eq!(stage.floor.read(&query), NEARBY))
    };
    pairs(1, &mut stage, near, near_floor);
    let (ours, floors) = pairs(rounds, &mut stage, near, near_floor);
    report.note(
        "list 50 accounts nearby",
        ours.median(),
        Some(floors.median()),
        note(&ours),
    );
}

/// Measures pricing an order.
pub fn price(bench: &mut Bench) {
    let rounds = bench.plan.rounds(200, 4);
    let (base, report, _) = bench.base();
    let floor = base.floor("price-floor", true);
    let Base {
        device,
        territory,
        goods,
        ..
    } = base;
    let chosen: Vec<&String> = goods.products.iter().take(ORDER_LINES).collect();
    let lines = chosen
        .iter()
        .map(|product| json!({"product": product, "quantity": "12"}));
    let basket = json!({
        "currency": "USD", "tax_mode": "exclusive", "tax_rounding": "document", "account": territory.accounts[0].0,
        "lines": lines.collect::<Vec<_>>(),
    });
    let basket = basket.to_string();
    let by_product = |sql: &str| {
        chosen
            .iter()
            .map(|id| (sql.to_owned(), vec![blob(id)]))
            .collect::<Vec<_>>()
    };
    let mut queries = by_product("SELECT * FROM product WHERE id = ?");
    queries.extend(by_product("SELECT * FROM product__units WHERE parent = ?"));
    queries.extend(by_product("SELECT * FROM price_entry WHERE product = ?"));
    let whole = ["promotion", "promotion__mix", "price_list", "tax_class"];
    queries.extend(whole.map(|table| (format!("SELECT * FROM {table}"), Vec::new())));
    let mut stage = LocalBench {
        device,
        territory,
        goods,
        floor,
    };
    let ours = |stage: &mut LocalBench<'_>, _: usize| {
        time(|| drop(stage.device.device().price(&basket).unwrap()))
    };
    let floors =
        |stage: &mut LocalBench<'_>, _: usize| time(|| assert!(stage.floor.read(&queries) > 0));
    let priced = stage.device.device().price(&basket).unwrap();
    assert_eq!(
        priced.matches("Promotion ").count().min(PROMOTIONS),
        PROMOTIONS,
        "each promotion gives its percent"
    );
    pairs(1, &mut stage, ours, floors);
    let (ours, floors) = pairs(rounds, &mut stage, ours, floors);
    let name = "price an order of 100 lines with 50 promotions";
    report.note(
        name,
        ours.median(),
        Some(floors.median()),
        "the floor reads the same rows and computes nothing",
    );
}

/// Measures searching many accounts, which are put into a device's tables as a sync puts them.
pub fn search(bench: &mut Bench) {
    let rounds = bench.plan.rounds(300, 4);
    let accounts = bench.plan.rounds(ACCOUNTS, 500);
    let file = bench.place("search.db");
    let mut device = Device::open(&file, system()).unwrap();
    let db = store::open::open(&file, store::PHONE).unwrap();
    let registry = device.registry().clone();
    let descriptor = registry.get("account").unwrap();
    let mut maker = bench.plan.maker();
    let tx = store::open::begin(&db).unwrap();
    for n in 0..accounts {
        let write = maker.account(&maker.store(n), &RecordId([7; 16]).to_string());
        let record = Record {
            object: write.object,
            id: write.id,
            values: write.values,
            stamp: None,
        };
        tables::put(&tx, descriptor, &record).unwrap();
    }
    store::open::commit(tx).unwrap();
    let names = ["account", "search_entry", "search"].map(str::to_owned);
    let floor = Floor::like(&db, &names, &bench.place("search-floor.db"), true);
    let whole = |table: &str| rows(&db, table, &format!("SELECT * FROM {table}"), &[]);
    let words = "SELECT e.rowid, t.name || ' ' || t.city || ' ' || t.code FROM search_entry e JOIN account t ON t.id = e.id";
    floor.insert(&[
        whole("account"),
        whole("search_entry"),
        rows(&db, "search (rowid, words)", words, &[]),
    ]);
    let asked = [
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
    let sql = "SELECT t.* FROM search s JOIN search_entry e ON e.rowid = s.rowid JOIN account t ON t.id = e.id
               WHERE s.words MATCH ? ORDER BY s.rowid LIMIT 50";
    let ours = |device: &mut Device, round: usize| {
        time(|| drop(device.search(asked[round % asked.len()], 50).unwrap()))
    };
    let floors = |_: &mut Device, round: usize| {
        let words: Vec<String> = asked[round % asked.len()]
            .split(' ')
            .map(|word| format!("\"{word}\"*"))
            .collect();
        let query = [(sql.to_owned(), vec![Sql::Text(words.join(" "))])];
        time(|| {
            std::hint::black_box(floor.read(&query));
        })
    };
    let found = asked
        .iter()
        .filter(|words| device.search(words, 50).unwrap().data[0].is_object());
    assert!(
        found.count() > asked.len() / 2,
        "the words are those of the accounts"
    );
    let (ours, floors) = pairs(rounds, &mut device, ours, floors);
    let note = format!(
        "{accounts} accounts; p99 {} us",
        ours.percentile(99) / 1_000
    );
    bench.report.note(
        "search a prefix over 50,000 accounts",
        ours.median(),
        Some(floors.median()),
        note,
    );
}
