//! What listening brings and costs: how soon a write is on another phone that listens, and what
//! those who listen take from the server while nothing happens. It does not know how others ask.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::ops::ControlFlow;
use std::sync::mpsc::{Receiver, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use outfield_core::app::{Device, LineCost};
use outfield_server::office::Applicant;
use serde_json::json;

use super::base::{Base, Bench, NORTH, PEOPLE};
use super::measure::{Samples, memory};
use super::site::{Site, system};
use crate::keys::key;

/// How long a phone may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);
/// As many listen as the plan speaks of.
const CROWD: usize = 10_000;
/// Files that this process needs beside those of listeners.
const SPARE: usize = 300;

/// A phone that follows the server in a thread, and tells each sync that brought something.
struct FollowingPhone {
    brought: Receiver<Instant>,
    thread: JoinHandle<()>,
}

impl FollowingPhone {
    fn start(mut device: Device) -> FollowingPhone {
        let (tell, brought) = channel();
        let thread = std::thread::spawn(move || {
            let followed = device.follow(LineCost::Unmetered, &mut |outcome| {
                let at = Instant::now();
                let receipt = outcome.unwrap();
                if receipt.data["received"].as_u64() > Some(0) && tell.send(at).is_err() {
                    return ControlFlow::Break(());
                }
                ControlFlow::Continue(())
            });
            followed.unwrap();
        });
        FollowingPhone { brought, thread }
    }
}

/// Measures how long a write takes from one phone to another that listens, from the command to the
/// end of the other's sync.
fn write_to_row(bench: &mut Bench) {
    let rounds = bench.plan.rounds(200, 3);
    let (base, report) = bench.base();
    let code = base.site.code(PEOPLE[1]);
    let mut other = base.site.device("live", &code);
    let Base {
        device, territory, ..
    } = base;
    device.sync();
    other.sync();
    other.close();
    let phone = FollowingPhone::start(Device::open(&other.file, &key(), system()).unwrap());
    // Until its stream is open, what is written is only there when it asks.
    std::thread::sleep(Duration::from_secs(1));
    while phone.brought.try_recv().is_ok() {}
    let mut samples = Samples::default();
    for round in 0..rounds + 2 {
        let contact = &territory.contacts[round % territory.contacts.len()];
        let number = json!(format!("+1479556{round:04}"));
        let began = Instant::now();
        device.edits("contact", contact, &json!({ "phone": number }));
        device.sync();
        let there = phone.brought.recv_timeout(PATIENCE).unwrap();
        if round >= 2 {
            let took = there.duration_since(began).as_nanos();
            samples.push(u64::try_from(took).unwrap_or(u64::MAX));
        }
    }
    drop(phone.brought);
    // The last write is what ends it.
    device.edits(
        "contact",
        &territory.contacts[0],
        &json!({"phone": "+14795569999"}),
    );
    device.sync();
    phone.thread.join().unwrap();
    let note = "from the command on the one to the end of the other's sync, which nobody called";
    let p50 = "a write on one phone to the row on another, p50";
    report.note(p50, samples.median(), None, note);
    let p99 = "a write on one phone to the row on another, p99";
    report.put(p99, samples.percentile(99), None);
}

/// One who listens, once it stands; none if the server has no room.
fn listener(address: SocketAddr, token: &str) -> Option<TcpStream> {
    let mut socket = TcpStream::connect(address).ok()?;
    let head =
        format!("GET /sync/v1/live HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\r\n");
    socket.write_all(head.as_bytes()).ok()?;
    let (mut heard, mut piece) = (String::new(), [0; 1024]);
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    while !heard.contains("event: open") {
        match socket.read(&mut piece) {
            Ok(read) if read > 0 => heard += &String::from_utf8_lossy(&piece[..read]),
            Ok(_) | Err(_) => return None,
        }
        if !heard.starts_with("HTTP/1.1 200") {
            return None;
        }
    }
    Some(socket)
}

/// How many files this process may open.
fn files() -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap();
    let line = limits
        .lines()
        .find(|line| line.starts_with("Max open files"));
    let soft = line.and_then(|line| line.split_whitespace().nth(3)?.parse().ok());
    soft.unwrap_or(1024)
}

/// Devices of one person, each with its token.
fn tokens(site: &mut Site, count: usize) -> Vec<String> {
    let mut tokens = Vec::new();
    for number in 0..count {
        let code = site.code("Crowd");
        let applicant = Applicant {
            install: format!("crowd {number}"),
            name: format!("crowd {number}"),
            ..Applicant::default()
        };
        let enrolled = site.tenant.enrol(&code, &applicant).unwrap();
        tokens.push(enrolled["token"].as_str().unwrap().to_owned());
    }
    tokens
}

/// Measures what many who listen take from the server while nothing happens.
fn idle_listeners(bench: &mut Bench) {
    let wanted = bench.plan.rounds(CROWD, 60).min(files() - SPARE);
    let pause = Duration::from_secs(bench.plan.rounds(10, 1) as u64);
    let place = bench.place("listeners");
    let mut site = Site::found(&place);
    site.territory(NORTH);
    site.rep("Crowd", &[NORTH.to_owned()]);
    let tokens = tokens(&mut site, wanted);
    site.serve();
    // The first have the server open its files as often as it may.
    let warm = wanted / 10;
    let open = |token: &String| listener(site.address(), token);
    let mut streams: Vec<TcpStream> = tokens[..warm].iter().map_while(open).collect();
    let before = memory(site.process(), "VmRSS");
    streams.extend(tokens[warm..].iter().map_while(open));
    let held = streams.len();
    let each = memory(site.process(), "VmRSS").saturating_sub(before) / (held - warm) as u64;
    let cpu = site.cpu_ns();
    std::thread::sleep(pause);
    let cpu_ms = (site.cpu_ns() - cpu) / 1_000_000;
    let seconds = pause.as_secs();
    let note = format!("{held} held, {each} B each; {cpu_ms} ms of CPU in {seconds} s");
    let name = "memory of 10,000 idle listeners";
    bench.report.note(name, each * CROWD as u64, None, note);
}

/// Measures both.
pub fn run(bench: &mut Bench) {
    write_to_row(bench);
    idle_listeners(bench);
}
