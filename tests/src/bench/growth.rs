//! How cost grows: more data on one server, more devices that idle, many phones at once. A step
//! names time from first to last, the server's processor time, its highest memory and the size of
//! its file.

use std::sync::Barrier;

use outfield_core::base::id::UserId;
use serde_json::json;

use super::base::{Bench, NORTH, PEOPLE};
use super::day::{self, BenchDay, D, SHORT};
use super::measure::{Samples, timed};
use super::report::GrowthStep;
use super::site::{MeasuredCall, Site, SiteDevice, sum};
use super::standin::{self, StandIn};
use super::workload::{BenchTerritory, Catalogue, PATCH, Scale};

/// Measures one step on a server.
fn step(
    site: &Site,
    part: &'static str,
    what: String,
    work: impl FnOnce() -> String,
) -> GrowthStep {
    let before = site.cpu_ns();
    let (note, wall_ns) = timed(work);
    GrowthStep {
        part,
        what,
        wall_ns,
        cpu_ns: site.cpu_ns() - before,
        memory: site.memory(),
        disk: site.disk(),
        note,
    }
}

/// One, four and sixteen territories of the plan's size on one server.
pub fn scale(bench: &mut Bench) {
    let steps: &[usize] = if bench.plan.quick {
        &[1, 2]
    } else {
        &[1, 4, 16]
    };
    let (mut site, mut maker, scale) = (
        Site::found(&bench.place("scale")),
        bench.plan.maker(),
        bench.plan.scale(),
    );
    let goods = maker.goods(&mut site.tenant, scale);
    let (mut first, mut device): (Option<BenchTerritory>, Option<SiteDevice>) = (None, None);
    let mut made = 0;
    for size in steps {
        bench.tell(&format!("scale: {size} territories"));
        while made < *size {
            let name = format!("Area {made}");
            site.territory(&name);
            let (rep, code) = site.rep(&format!("Rep {made}"), std::slice::from_ref(&name));
            let territory = maker.territory(&mut site.tenant, &name, &goods, &[rep], scale);
            if device.is_none() {
                device = Some(site.device("scale", &code));
            }
            first.get_or_insert(territory);
            made += 1;
        }
        site.restart();
        let (territory, device) = (
            first.as_ref().expect("one is made"),
            device.as_mut().expect("one is made"),
        );
        device.moves_to(&site.url());
        let stranger = StandIn::enrol(
            site.address(),
            &site.code("Rep 0"),
            &format!("stranger {size}"),
        );
        let buckets = stranger.hello(0).buckets;
        let told = step(
            &site,
            "scale",
            format!("{size} x T: one territory is told"),
            || format!("{} KiB", stranger.pull(&buckets) / 1024),
        );
        bench.report.growth.push(told);
        device.sync();
        let edits = bench.plan.rounds(50, 2);
        let pushed = step(
            &site,
            "scale",
            format!("{size} x T: {edits} edits, each synced alone"),
            || {
                let mut pushes = Samples::default();
                for n in 0..edits {
                    let contact = &territory.contacts[n % territory.contacts.len()];
                    device.edits(
                        "contact",
                        contact,
                        &json!({"phone": format!("+1479558{:04}", size * 100 + n)}),
                    );
                    pushes.push(sum(&device.sync(), "/push").ns);
                }
                format!("push p50 {} us", pushes.median() / 1_000)
            },
        );
        bench.report.growth.push(pushed);
    }
}

/// Orders that are judged where there are few past ones, and where there are many.
pub fn judging(bench: &mut Bench) {
    let steps: &[usize] = if bench.plan.quick {
        &[2, 10]
    } else {
        &[10, 10_000]
    };
    for past in steps {
        bench.tell(&format!("judging: {past} past orders"));
        let mut site = Site::found(&bench.place(&format!("judging-{past}")));
        let mut maker = bench.plan.maker();
        let small = Scale {
            products: 200,
            entries: 1,
            orders: *past,
            ..PATCH
        };
        let goods = maker.goods(&mut site.tenant, small);
        site.territory(NORTH);
        let (rep, code) = site.rep("Rep", &[NORTH.to_owned()]);
        let territory = maker.territory(&mut site.tenant, NORTH, &goods, &[rep], small);
        let mut device = site.device(&format!("judging-{past}"), &code);
        site.restart();
        device.moves_to(&site.url());
        device.sync();
        let orders = bench.plan.rounds(40, 2);
        for n in 0..orders {
            let account = &territory.accounts[n % territory.accounts.len()];
            day::order(&mut device, &account.id, &goods, n);
        }
        let what = format!("{past} past orders: {orders} orders are pushed and judged");
        let judged = step(&site, "judging", what, || {
            let mut pushes = Samples::default();
            for call in device.sync() {
                if call.path.ends_with("/push") {
                    pushes.push(call.ns);
                }
            }
            let each = pushes.total() / orders as u64;
            format!("{} us an order", each / 1_000)
        });
        bench.report.growth.push(judged);
    }
}

/// More and more devices that ask and hear that nothing is new.
pub fn devices(bench: &mut Bench) {
    let steps: &[usize] = if bench.plan.quick {
        &[2, 4]
    } else {
        &[10, 100, 1_000]
    };
    let mut site = Site::found(&bench.place("devices"));
    let mut maker = bench.plan.maker();
    site.territory(NORTH);
    let (rep, _) = site.rep("Rep", &[NORTH.to_owned()]);
    let goods = maker.goods(
        &mut site.tenant,
        Scale {
            products: 200,
            entries: 1,
            ..PATCH
        },
    );
    maker.territory(&mut site.tenant, NORTH, &goods, &[rep], PATCH);
    site.serve();
    let mut idle: Vec<StandIn> = Vec::new();
    for size in steps {
        bench.tell(&format!("devices: {size}"));
        let (before, enrolled) = (site.disk(), size - idle.len());
        while idle.len() < *size {
            let name = format!("Idle {}", idle.len());
            let (_, code) = site.rep(&name, &[NORTH.to_owned()]);
            idle.push(StandIn::enrol(site.address(), &code, &name));
        }
        let grown = (site.disk().saturating_sub(before)) / enrolled as u64;
        // The first greeting makes an actor known and tells what is followed.
        let states: Vec<u64> = idle
            .iter()
            .map(|one| standin::state(&site.file(), &one.hello(0).buckets))
            .collect();
        let asked = step(
            &site,
            "devices",
            format!("{size} devices ask once each"),
            || {
                let asked = idle.iter().zip(&states).map(|(one, state)| {
                    let (welcome, ns) = timed(|| one.hello(*state));
                    assert!(welcome.same, "nothing is new to it");
                    ns
                });
                let asked: Samples = asked.collect();
                format!(
                    "p50 {} us, p99 {} us; disk {grown} B a device",
                    asked.median() / 1_000,
                    asked.percentile(99) / 1_000
                )
            },
        );
        bench.report.growth.push(asked);
    }
}

/// A phone that has spent a day in a territory of its own.
fn spent(
    site: &mut Site,
    n: usize,
    goods: &Catalogue,
    day: BenchDay,
    territory: &BenchTerritory,
) -> SiteDevice {
    let code = site.code(&format!("Rep {n}"));
    let mut phone = site.device(&format!("evening-{n}"), &code);
    day::spend(&mut phone, day, territory, goods);
    phone
}

/// Many phones push their day at once.
pub fn evening(bench: &mut Bench) {
    let (phones, day) = (
        bench.plan.rounds(50, 2),
        if bench.plan.quick { SHORT } else { D },
    );
    let mut site = Site::found(&bench.place("evening"));
    let mut maker = bench.plan.maker();
    let goods = maker.goods(
        &mut site.tenant,
        Scale {
            products: 200,
            entries: 1,
            ..PATCH
        },
    );
    let mut spent_days = Vec::new();
    for n in 0..phones {
        bench.tell(&format!("evening: a day of {} phones", n + 1));
        let name = format!("Area {n}");
        site.territory(&name);
        let (rep, _): (UserId, String) = site.rep(&format!("Rep {n}"), std::slice::from_ref(&name));
        let territory = maker.territory(&mut site.tenant, &name, &goods, &[rep], PATCH);
        spent_days.push(spent(&mut site, n, &goods, day, &territory));
    }
    site.restart();
    let url = site.url();
    let what = format!("{phones} phones push their day at once");
    let evening = step(&site, "evening", what, || {
        push_at_once(&mut spent_days, &url)
    });
    bench.report.growth.push(evening);
    for phone in &mut spent_days {
        let status = phone.device().status().unwrap().data;
        assert_eq!(
            (&status["unsent"], &status["needs_attention"]),
            (&json!(0), &json!(0)),
            "all of it is accepted"
        );
    }
}

/// All phones sync at the same time; says how their pushes went.
fn push_at_once(phones: &mut [SiteDevice], url: &str) -> String {
    let barrier = &Barrier::new(phones.len());
    let carried: Vec<Vec<MeasuredCall>> = std::thread::scope(|scope| {
        let mut running = Vec::new();
        for phone in phones {
            phone.moves_to(url);
            running.push(scope.spawn(move || {
                barrier.wait();
                phone.sync()
            }));
        }
        running
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    let mut times = Samples::default();
    let mut bytes = 0;
    for call in carried.iter().flatten() {
        if call.path.ends_with("/push") {
            times.push(call.ns);
            bytes += call.sent;
        }
    }
    format!(
        "{} pushes of {} KiB; p50 {} ms, p99 {} ms",
        times.count(),
        bytes / 1024,
        times.median() / 1_000_000,
        times.percentile(99) / 1_000_000
    )
}

/// Many new devices fetch a territory at once.
pub fn monday(bench: &mut Bench) {
    let phones = bench.plan.rounds(100, 3);
    let (base, report) = bench.base();
    let address = {
        base.site.restart();
        base.site.address()
    };
    let mut standins = Vec::new();
    for n in 0..phones {
        // A code ends the one before it.
        let code = base.site.code(PEOPLE[0]);
        standins.push(StandIn::enrol(address, &code, &format!("Monday {n}")));
    }
    let what = format!("{phones} phones fetch T at once");
    let monday = step(&base.site, "monday", what, || fetch_at_once(&standins));
    report.growth.push(monday);
}

/// All devices pull at the same time; says how it went.
fn fetch_at_once(devices: &[StandIn]) -> String {
    let barrier = Barrier::new(devices.len());
    let fetch = &|device: &StandIn| {
        barrier.wait();
        let buckets = device.hello(0).buckets;
        device.pull(&buckets)
    };
    let told: Vec<(u64, u64)> = std::thread::scope(|scope| {
        let mut running = Vec::new();
        for device in devices {
            running.push(scope.spawn(move || timed(|| fetch(device))));
        }
        running
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    let mut times = Samples::default();
    let mut bytes = 0;
    for (received, ns) in told {
        bytes += received;
        times.push(ns);
    }
    format!(
        "{} KiB; a phone p50 {} ms, p99 {} ms",
        bytes / 1024,
        times.median() / 1_000_000,
        times.percentile(99) / 1_000_000
    )
}
