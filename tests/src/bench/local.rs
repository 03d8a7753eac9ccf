//! Writing on a device that has no network: a visit, one field, one count. Writes say themselves
//! whether they are cold.

use rusqlite::Connection;
use rusqlite::types::Value as Sql;
use serde_json::{Value as Json, json};

use super::base::{Base, Bench, blob};
use super::day;
use super::floor::{Floor, Rows, rows};
use super::measure::{Pairs, pairs, time, timed};
use super::site::SiteDevice;
use super::workload::{BenchTerritory, Catalogue};

/// A device that is measured beside its floor.
pub(super) struct LocalBench<'a> {
    pub(super) device: &'a mut SiteDevice,
    pub(super) territory: &'a BenchTerritory,
    pub(super) goods: &'a Catalogue,
    pub(super) floor: Floor,
}

impl<'a> LocalBench<'a> {
    /// The base's device and its territory, beside a floor of this name with the same rows.
    pub(super) fn new(base: &'a mut Base, floor: &str) -> LocalBench<'a> {
        let floor = base.floor(floor, true);
        LocalBench {
            device: &mut base.device,
            territory: &base.territory,
            goods: &base.goods,
            floor,
        }
    }
}

/// A visit with five actions, its template's questions and forty counts: two commands, so two
/// commits for both.
fn write_visit(local: &mut LocalBench<'_>, round: usize, is_cold: bool) -> (u64, Vec<Vec<Rows>>) {
    if is_cold {
        local.device.reopen();
    }
    let account = &local.territory.accounts[round % local.territory.accounts.len()].id;
    let (visit, first) = timed(|| {
        local
            .device
            .does(&json!({"do": "start_visit", "account": account}))
    });
    let (check, second) = timed(|| local.device.does(&day::count(&visit, local.goods, round)));
    let db = local.device.beside();
    let visits = vec![
        rows_of(&db, "visit", "id", &visit),
        rows_of(&db, "visit__actions", "parent", &visit),
        rows_of(&db, "visit__questions", "parent", &visit),
    ];
    let checks = vec![
        rows_of(&db, "inventory_check", "id", &check),
        rows_of(&db, "inventory_check__counts", "parent", &check),
    ];
    cancel(local, &visit);
    (first + second, vec![visits, checks])
}

fn rows_of(db: &Connection, table: &str, column: &str, id: &str) -> Rows {
    let query = format!("SELECT * FROM {table} WHERE {column} = ?");
    rows(db, table, &query, &[blob(id)])
}

fn cancel(local: &mut LocalBench<'_>, visit: &str) {
    let command = json!({"do": "cancel_visit", "visit": visit, "reason": "Closed"});
    local.device.does(&command);
}

fn visits(local: &mut LocalBench<'_>, rounds: usize, is_cold: bool) -> Pairs {
    pairs(
        rounds,
        &mut (local, Vec::new()),
        |(local, written), round| {
            let (ns, commits) = write_visit(local, round, is_cold);
            *written = commits;
            ns
        },
        |(local, written), _| {
            time(|| {
                written
                    .iter()
                    .for_each(|commit: &Vec<Rows>| local.floor.insert(commit))
            })
        },
    )
}

const EDIT: &str = "UPDATE contact SET phone = ?, _changed_at = ? WHERE id = ?";

/// The contact of a round: warm ones first to last, cold ones from the middle on.
fn contact(local: &LocalBench<'_>, round: usize, is_cold: bool) -> String {
    let contacts = &local.territory.contacts;
    let first = if is_cold { contacts.len() / 2 } else { 0 };
    contacts[(round + first) % contacts.len()].clone()
}

/// One field of a contact: the second edit of an open app, or the first of one that was just
/// started.
fn edits(local: &mut LocalBench<'_>, rounds: usize, is_cold: bool) -> Pairs {
    pairs(
        rounds,
        local,
        |local, round| {
            let contact = contact(local, round, is_cold);
            if is_cold {
                local.device.reopen();
            } else {
                let title = json!({"job_title": "Buyer"});
                local.device.edits("contact", &contact, &title);
            }
            let fields = json!({"phone": format!("+1479556{round:04}")});
            time(|| local.device.edits("contact", &contact, &fields))
        },
        |local, round| {
            let row = vec![
                Sql::Text(format!("+1479556{round:04}")),
                Sql::Integer(round as i64),
                blob(&contact(local, round, is_cold)),
            ];
            time(|| local.floor.commit(&[(EDIT, row)]))
        },
    )
}

/// One of forty counts of a check that was begun on this device.
fn counts(local: &mut LocalBench<'_>, rounds: usize) -> Pairs {
    let account = local.territory.accounts[0].id.clone();
    let visit = local
        .device
        .does(&json!({"do": "start_visit", "account": account}));
    let check = local.device.does(&day::count(&visit, local.goods, 0));
    let product = local.goods.products[0].clone();
    let counted = rows_of(
        &local.device.beside(),
        "inventory_check__counts",
        "parent",
        &check,
    );
    local.floor.insert(&[counted]);
    let count = |facings: usize| -> Json {
        json!({
            "do": "count", "visit": visit, "action": "shelf",
            format!("counts/{product}/facings"): facings,
            format!("counts/{product}/status"): "present",
        })
    };
    local.device.does(&count(11));
    let sql =
        "UPDATE inventory_check__counts SET facings = ?, status = 'present', listed = 1, at = ?
               WHERE parent = ? AND product = ?";
    let samples = pairs(
        rounds,
        local,
        |local, round| {
            if round % 8 == 7 {
                // What waits in the outbox is worked above anew each time; nobody counts hundreds
                // of times offline.
                local.device.sync();
            }
            time(|| drop(local.device.does(&count(round % 9))))
        },
        |local, round| {
            let number = Sql::Integer(round as i64);
            let row = vec![number.clone(), number, blob(&check), blob(&product)];
            time(|| local.floor.commit(&[(sql, row)]))
        },
    );
    cancel(local, &visit);
    samples
}

/// Measures what a person writes.
pub fn write(bench: &mut Bench) {
    let rounds = bench.plan.rounds(200, 4);
    let (base, report) = bench.base();
    let mut local = LocalBench::new(base, "write-floor");
    visits(&mut local, 2, false);
    for (is_cold, word) in [(false, "warm"), (true, "cold")] {
        let pairs = visits(&mut local, rounds / 2, is_cold);
        report.percentiles(&format!("write a visit of 45 lines, {word}"), &pairs);
        let pairs = edits(&mut local, rounds, is_cold);
        report.percentiles(&format!("edit one field, {word}"), &pairs);
    }
    let pairs = counts(&mut local, rounds);
    report.percentiles("change one count of 40, warm", &pairs);
    local.device.sync();
}
