//! What goes between devices and the server, and what the server makes of it: pushes, syncs that
//! have nothing to say, one device's work on its way to another.

use outfield_core::base::id::ChangeHash;
use rusqlite::Connection;
use rusqlite::types::Value as Sql;
use serde_json::json;

use super::base::{Base, Bench, NORTH, PEOPLE, blob};
use super::floor::{Floor, rows};
use super::measure::{Samples, Who, cpu_ns, pairs, time};
use super::site::{SiteDevice, sum};

/// Changes of one push.
const BATCH: usize = 100;
/// Bytes of a change of one field.
const CHANGE_BYTES: usize = 250;
/// Territories of somebody who follows 64 buckets.
const TERRITORIES: usize = 62;

/// Another phone number for each of these contacts, in one batch.
fn edit_all(device: &mut SiteDevice, contacts: &[String], round: usize) {
    for (n, contact) in contacts.iter().enumerate() {
        device.edits(
            "contact",
            contact,
            &json!({"phone": format!("+1479{:07}", round * BATCH + n)}),
        );
    }
}

/// What the floor does of [`edit_all`]: the contact's row, and a payload as long as a change.
fn edit_all_plainly(contacts: &[String], round: usize) -> Vec<(&'static str, Vec<Sql>)> {
    let edit = "UPDATE contact SET phone = ?, _changed_at = ? WHERE id = ?";
    let keep = "INSERT INTO payload VALUES (?, ?)";
    let mut statements = Vec::new();
    for (n, contact) in contacts.iter().enumerate() {
        let hash = ChangeHash::of(format!("{round} {n}").as_bytes()).0.to_vec();
        let phone = Sql::Text(format!("+1479{:07}", round * BATCH + n));
        statements.push((edit, vec![phone, Sql::Integer(n as i64), blob(contact)]));
        statements.push((
            keep,
            vec![Sql::Blob(hash), Sql::Blob(vec![7; CHANGE_BYTES])],
        ));
    }
    statements
}

/// Measures bytes and speed of pushes.
pub fn push(bench: &mut Bench) {
    let rounds = bench.plan.rounds(20, 1);
    let (base, report) = bench.base();
    let server = Connection::open(base.site.file()).unwrap();
    let names = ["contact", "payload"].map(str::to_owned);
    let floor = Floor::like(&server, &names, &base.site.place("push-floor"), true);
    floor.insert(&[rows(&server, "contact", "SELECT * FROM contact", &[])]);
    let Base {
        site,
        device,
        territory,
        ..
    } = base;
    let contacts: Vec<String> = territory.contacts.iter().take(BATCH).cloned().collect();
    device.sync();
    // Two rounds make the server's documents warm.
    for round in 0..2 {
        edit_all(device, &contacts, round);
        device.sync();
    }
    let (mut sent, mut cpu) = (0, 0);
    let pairs = pairs(
        rounds,
        &mut (&mut *device, &mut sent, &mut cpu),
        |(device, sent, cpu), round| {
            edit_all(device, &contacts, round + 2);
            let before = site.cpu_ns();
            let pushed = sum(&device.sync(), "/push");
            **sent += pushed.sent;
            **cpu += site.cpu_ns() - before;
            pushed.ns
        },
        |_, round| {
            let statements = edit_all_plainly(&contacts, round);
            time(|| floor.commit(&statements))
        },
    );
    let changes = (rounds * BATCH) as u64;
    report.put(
        "push a one-field change in a batch of 100",
        sent * 100 / changes,
        None,
    );
    let rate = |samples: &Samples| changes * 1_000_000_000 / samples.total().max(1);
    let per_cpu = format!(
        "{} per second of the server's CPU, its pull beside it",
        changes * 1_000_000_000 / cpu.max(1)
    );
    report.note(
        "server push of one-field changes, warm",
        rate(&pairs.ours),
        Some(rate(&pairs.floor)),
        per_cpu,
    );
    device.edits("contact", &contacts[0], &json!({"phone": "+14795550100"}));
    report.put(
        "push a one-field change alone",
        sum(&device.sync(), "/push").sent,
        None,
    );
}

/// Measures how long a change takes from one device to another that asks for it at once: the calls
/// alone.
pub fn online(bench: &mut Bench) {
    let rounds = bench.plan.rounds(100, 3);
    let (base, report) = bench.base();
    let code = base.site.code(PEOPLE[1]);
    let mut other = base.site.device("online", &code);
    let Base {
        device, territory, ..
    } = base;
    device.sync();
    other.sync();
    let mut samples = Samples::default();
    for round in 0..rounds + 2 {
        let contact = &territory.contacts[round % territory.contacts.len()];
        let phone = json!(format!("+1479557{round:04}"));
        device.edits("contact", contact, &json!({"phone": phone}));
        let pushed = sum(&device.sync(), "/push").ns;
        let pulled = sum(&other.sync(), "").ns;
        assert_eq!(
            other.device().get("contact", contact).unwrap().data["phone"],
            phone
        );
        if round >= 2 {
            samples.push(pushed + pulled);
        }
    }
    let note = "push of the one, hello and pull of the other; no poke tells the other when";
    report.note(
        "a write to another device, server side, p50",
        samples.median(),
        None,
        note,
    );
    report.put(
        "a write to another device, server side, p99",
        samples.percentile(99),
        None,
    );
}

/// Measures a sync that has nothing to say, of somebody who follows as many buckets as one may.
pub fn idle(bench: &mut Bench) {
    let rounds = bench.plan.rounds(200, 3);
    let (base, report) = bench.base();
    let mut territories = vec![NORTH.to_owned()];
    for n in 1..TERRITORIES {
        territories.push(format!("Area {n}"));
        base.site.territory(&format!("Area {n}"));
    }
    let (_, code) = base.site.rep("Fay", &territories);
    let mut device = base.site.device("idle", &code);
    device.sync();
    let carried = device.sync();
    let traffic = sum(&carried, "");
    report.put("no-op sync of 64 buckets, bytes sent", traffic.sent, None);
    report.put(
        "no-op sync of 64 buckets, bytes received",
        traffic.received,
        None,
    );
    report.put(
        "no-op sync of 64 buckets, round trips",
        carried.len() as u64,
        None,
    );
    let device_before = cpu_ns(Who::Own);
    let server_before = base.site.cpu_ns();
    let mut walls = Samples::default();
    for _ in 0..rounds {
        walls.push(time(|| assert_eq!(device.sync().len(), 1)));
    }
    let each = |now: u64, before: u64| (now - before) / rounds as u64;
    let note = format!("wall p50 {} us", walls.median() / 1_000);
    report.note(
        "no-op sync of 64 buckets, CPU of the device",
        each(cpu_ns(Who::Own), device_before),
        None,
        note,
    );
    report.put(
        "no-op sync of 64 buckets, CPU of the server",
        each(base.site.cpu_ns(), server_before),
        None,
    );
}
