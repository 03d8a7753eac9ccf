//! The first sync of a territory by a device that is a process of its own: what it costs, what goes
//! over the wire, and how large its file is.

use std::path::Path;
use std::process::Command;

use outfield_core::app::Device;
use outfield_core::objects::Registry;
use rusqlite::Connection;
use serde_json::{Value as Json, json};

use super::base::{Base, Bench, PEOPLE};
use super::device_rows::{all_rows, object_tables, tables};
use super::floor::{Floor, all};
use super::measure::{self, Samples, Who, cpu_ns, memory, pairs, timed};
use super::site::{Meter, sum, system};
use crate::behind;
use crate::keys::key;

/// The word of this program that makes it a device which syncs for the first time.
pub const DEVICE: &str = "first-sync-for-benchmark";

fn count(registry: &Registry, device: &Connection) -> u64 {
    let counted = object_tables(registry).into_iter().map(|table| {
        device
            .query_row(&format!("SELECT count(*) FROM \"{table}\""), [], |row| {
                row.get::<_, i64>(0)
            })
            .unwrap()
    });
    counted.sum::<i64>().cast_unsigned()
}

/// Measures the part.
pub fn run(bench: &mut Bench) {
    let rounds = bench.plan.rounds(3, 1);
    let (base, report) = bench.base();
    let model_file = base.site.place("first-sync-model");
    // The first one warms up the server and shows what a device holds.
    device(base, &model_file);
    let registry = base.registry().clone();
    let model = behind::open(&model_file);
    let (count, rows) = (count(&registry, &model), all_rows(&registry, &model));
    let size = measure::disk(&model_file);
    let mut told = Vec::new();
    let mut floors = Vec::new();
    let pairs = pairs(
        rounds,
        &mut (&mut told, &mut floors),
        |(told, _), round| {
            let said = device(base, &base_place(&model_file, "ours", round));
            told.push(said.clone());
            said["cpu_ns"].as_u64().unwrap()
        },
        |(_, floors), round| {
            let (file, before) = (base_place(&model_file, "floor", round), cpu_ns(Who::Thread));
            let ns = measure::time(|| {
                Floor::like(&model, &tables(&registry), &file, false).insert(&rows)
            });
            floors.push(ns);
            drop(Connection::open(&file).unwrap().pragma_update(
                None,
                "wal_checkpoint",
                "truncate",
            ));
            (cpu_ns(Who::Thread) - before).max(1)
        },
    );
    let of = |key: &str| {
        told.iter()
            .map(|said| said[key].as_u64().unwrap())
            .collect::<Samples>()
            .median()
    };
    let walls = format!(
        "{count} rows; wall {} ms, floor {} ms",
        of("wall_ns") / 1_000_000,
        floors.into_iter().collect::<Samples>().median() / 1_000_000
    );
    report.note(
        "first sync of T, CPU of the device",
        pairs.ours.median(),
        Some(pairs.floor.median()),
        walls,
    );
    let deflated = deflated(&registry, &model);
    let wire = format!(
        "{} KiB in all; the floor is the rows alone as text, deflated",
        of("received") / 1024
    );
    report.note(
        "first sync of T, on the wire a row",
        (of("received") + of("sent")) * 100 / count,
        Some(deflated * 100 / count),
        wire,
    );
    let floor_size = measure::disk(&base_place(&model_file, "floor", 0));
    report.put(
        "device database a row",
        size * 100 / count,
        Some(floor_size * 100 / count),
    );
    report.put("memory added by the first sync", of("memory"), None);
}

fn base_place(model: &Path, name: &str, round: usize) -> std::path::PathBuf {
    model.with_file_name(format!("first-sync-{name}-{round}.db"))
}

/// Bytes of all rows as text between tabs, deflated.
fn deflated(registry: &Registry, device: &Connection) -> u64 {
    use std::io::Write as _;
    let mut deflate =
        flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
    for table in object_tables(registry) {
        for row in all(device, &format!("SELECT * FROM \"{table}\""), &[]) {
            let cells: Vec<String> = row.iter().map(cell).collect();
            writeln!(deflate, "{}", cells.join("\t")).unwrap();
        }
    }
    deflate.finish().unwrap().len() as u64
}

fn cell(value: &rusqlite::types::Value) -> String {
    match value {
        rusqlite::types::Value::Null => String::new(),
        rusqlite::types::Value::Integer(int) => int.to_string(),
        rusqlite::types::Value::Text(text) => text.clone(),
        rusqlite::types::Value::Blob(bytes) => {
            bytes.iter().map(|byte| format!("{byte:02x}")).collect()
        }
        rusqlite::types::Value::Real(_) => panic!("no table holds a fraction"),
    }
}

/// Runs a device as a process of its own on a new file; what it says of itself.
fn device(base: &mut Base, file: &Path) -> Json {
    let code = base.site.code(PEOPLE[0]);
    let mut command = Command::new(std::env::current_exe().unwrap());
    let output = command
        .arg(DEVICE)
        .arg(base.site.url())
        .arg(code)
        .arg(file)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

/// What this process does as a device: enrols, syncs, and says what that took.
#[must_use]
pub fn as_device(url: &str, code: &str, file: &Path) -> Json {
    let mut device = Device::open(file, &key(), system()).unwrap();
    let meter = Meter::new(url);
    device.enrol_over(&meter, url, code).unwrap();
    drop(meter.carried());
    let own = std::process::id();
    measure::forget_peak();
    let (before, cpu) = (memory(own, "VmRSS"), cpu_ns(Who::Own));
    let (said, wall_ns) = timed(|| device.sync_over(&meter).unwrap());
    let (cpu, peak) = (cpu_ns(Who::Own) - cpu, memory(own, "VmHWM"));
    let traffic = sum(&meter.carried(), "");
    json!({
        "cpu_ns": cpu,
        "wall_ns": wall_ns,
        "memory": peak.saturating_sub(before),
        "sent": traffic.sent,
        "received": traffic.received,
        "operations": said.data["received"],
    })
}
