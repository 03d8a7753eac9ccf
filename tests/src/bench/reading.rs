//! Reading on a device that has no network: opening a visit, a list nearby, prices. Reads are warm
//! after one round that does not count.

use rusqlite::types::Value as Sql;
use serde_json::json;

use super::base::{Bench, blob};
use super::local::LocalBench;
use super::measure::{Samples, pairs, time};
use super::workload::{COUNTS, PROMOTIONS};

/// Lines of the order that is priced.
const ORDER_LINES: usize = 100;
/// Accounts of a list nearby.
const NEARBY: usize = 50;
/// Metres within which all of a territory lies.
const EVERYWHERE_M: i64 = 20_000_000;
/// Where a list nearby begins.
const HERE: &str = "36.342235,-94.071410";
/// The same in millionths of a degree.
const HERE_LAT: i64 = 36_342_235;
/// See [`HERE_LAT`].
const HERE_LON: i64 = -94_071_410;
/// The floor of a list nearby.
const NEAREST: &str = "SELECT * FROM account \
    WHERE position_lat BETWEEN -90000000 AND 90000000 \
    AND position_lon BETWEEN -180000000 AND 180000000 \
    ORDER BY (position_lat - ?1) * (position_lat - ?1) \
    + (position_lon - ?2) * (position_lon - ?2) LIMIT 50";

/// A query with its values.
type FloorQuery = (String, Vec<Sql>);

/// Measures opening a visit and a list nearby.
pub fn read(bench: &mut Bench) {
    let rounds = bench.plan.rounds(500, 4);
    let (base, report) = bench.base();
    let mut local = LocalBench::new(base, "read-floor");
    let note = |samples: &Samples| format!("p99 {} us", samples.percentile(99) / 1_000);

    pairs(1, &mut local, open, open_plainly);
    let opened = pairs(rounds, &mut local, open, open_plainly);
    report.median("open a visit of 45 lines", &opened, note(&opened.ours));

    let query = [(
        NEAREST.to_owned(),
        vec![Sql::Integer(HERE_LAT), Sql::Integer(HERE_LON)],
    )];
    let near_plainly = |local: &mut LocalBench<'_>, _: usize| {
        time(|| assert_eq!(local.floor.read(&query), NEARBY))
    };
    pairs(1, &mut local, near, near_plainly);
    let listed = pairs(rounds, &mut local, near, near_plainly);
    report.median("list 50 accounts nearby", &listed, note(&listed.ours));
}

/// Opens a visit and its inventory check.
fn open(local: &mut LocalBench<'_>, round: usize) -> u64 {
    let visit = &local.territory.visits[round % local.territory.visits.len()];
    time(|| {
        let device = local.device.device();
        let opened = [
            device.get("visit", &visit.id).unwrap(),
            device.get("inventory_check", &visit.check).unwrap(),
        ];
        let counts = opened[1].data["counts"].as_object();
        assert_eq!(counts.map(serde_json::Map::len), Some(COUNTS));
    })
}

/// Reads the same rows.
fn open_plainly(local: &mut LocalBench<'_>, round: usize) -> u64 {
    let visit = &local.territory.visits[round % local.territory.visits.len()];
    let queries = [
        rows_of("visit", "id", &visit.id),
        rows_of("visit__actions", "parent", &visit.id),
        rows_of("visit__questions", "parent", &visit.id),
        rows_of("visit__answers", "parent", &visit.id),
        rows_of("inventory_check", "id", &visit.check),
        rows_of("inventory_check__counts", "parent", &visit.check),
    ];
    time(|| assert!(local.floor.read(&queries) > 0))
}

fn rows_of(table: &str, column: &str, id: &str) -> FloorQuery {
    let query = format!("SELECT * FROM {table} WHERE {column} = ?");
    (query, vec![blob(id)])
}

/// Lists what is near.
fn near(local: &mut LocalBench<'_>, _: usize) -> u64 {
    time(|| {
        let device = local.device.device();
        let found = device
            .list("account", Some((HERE, EVERYWHERE_M)), NEARBY)
            .unwrap();
        assert_eq!(found.data.as_array().map(Vec::len), Some(NEARBY));
    })
}

/// Measures pricing an order.
pub fn price(bench: &mut Bench) {
    let rounds = bench.plan.rounds(200, 4);
    let (base, report) = bench.base();
    let mut local = LocalBench::new(base, "price-floor");
    let chosen: Vec<&String> = local.goods.products.iter().take(ORDER_LINES).collect();
    let basket = basket(&local.territory.accounts[0].id, &chosen);
    let queries = priced_rows(&chosen);
    let ours = |local: &mut LocalBench<'_>, _: usize| {
        time(|| drop(local.device.device().price(&basket).unwrap()))
    };
    let floors =
        |local: &mut LocalBench<'_>, _: usize| time(|| assert!(local.floor.read(&queries) > 0));
    let priced = local.device.device().price(&basket).unwrap();
    assert_eq!(
        priced.matches("Promotion ").count().min(PROMOTIONS),
        PROMOTIONS,
        "each promotion gives its percent"
    );
    pairs(1, &mut local, ours, floors);
    let pairs = pairs(rounds, &mut local, ours, floors);
    report.median(
        "price an order of 100 lines with 50 promotions",
        &pairs,
        "the floor reads the same rows and computes nothing",
    );
}

/// The order as the device is asked to price it.
fn basket(account: &str, products: &[&String]) -> String {
    let mut lines = Vec::new();
    for product in products {
        lines.push(json!({"product": product, "quantity": "12"}));
    }
    let basket = json!({
        "currency": "USD", "tax_mode": "exclusive", "tax_rounding": "document",
        "account": account, "lines": lines,
    });
    basket.to_string()
}

/// What pricing has to read.
fn priced_rows(products: &[&String]) -> Vec<FloorQuery> {
    let mut queries = Vec::new();
    let of_product = [
        ("product", "id"),
        ("product__units", "parent"),
        ("price_entry", "product"),
    ];
    for (table, column) in of_product {
        for product in products {
            queries.push(rows_of(table, column, product));
        }
    }
    for table in ["promotion", "promotion__mix", "price_list", "tax_class"] {
        queries.push((format!("SELECT * FROM {table}"), Vec::new()));
    }
    queries
}
