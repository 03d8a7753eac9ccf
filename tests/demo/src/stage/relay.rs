//! Carries one connection between a phone and the server, and holds a call at a byte where the line
//! says so. It reads where a call begins and ends, and knows nothing of what is in it.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use super::line_state::{CarriedCall, SharedLine};

/// How long either end may be silent.
const SILENCE: Duration = Duration::from_secs(120);
/// Bytes of a call's head, at most.
const HEAD_BYTES_MAX: usize = 64 * 1024;
/// Bytes carried at once.
const PIECE_BYTES: usize = 16 * 1024;

/// The call that is under way on one connection.
#[derive(Default)]
struct CallUnderWay {
    path: String,
    answered: u64,
}

/// A whole call at the beginning of what a phone sent.
struct WholeCall {
    path: String,
    /// Bytes of its head.
    head: usize,
    /// Bytes of all of it.
    length: usize,
}

/// Carries one connection until either end, or a cut, ends it.
pub(crate) fn carry(line: &Arc<SharedLine>, phone: TcpStream) -> io::Result<()> {
    let Some(address) = line.state().server else {
        return Ok(());
    };
    let server = TcpStream::connect(address)?;
    for end in [&phone, &server] {
        end.set_nodelay(true)?;
        end.set_read_timeout(Some(SILENCE))?;
        end.set_write_timeout(Some(SILENCE))?;
    }
    let under_way = Arc::new(Mutex::new(CallUnderWay::default()));
    let answers = {
        let (line, under_way) = (Arc::clone(line), Arc::clone(&under_way));
        let (phone, server) = (phone.try_clone()?, server.try_clone()?);
        thread::spawn(move || {
            carry_answers(&line, &under_way, &server, &phone).ok();
            hang_up(&phone, &server);
        })
    };
    let carried = carry_calls(line, &under_way, &phone, &server);
    hang_up(&phone, &server);
    drop(answers.join());
    carried
}

fn hang_up(phone: &TcpStream, server: &TcpStream) {
    // Whoever hung up first makes this fail for the other.
    server.shutdown(Shutdown::Both).ok();
    phone.shutdown(Shutdown::Both).ok();
}

fn locked(under_way: &Mutex<CallUnderWay>) -> MutexGuard<'_, CallUnderWay> {
    under_way.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Carries calls to the server, each read whole before it goes on.
fn carry_calls(
    line: &SharedLine,
    under_way: &Mutex<CallUnderWay>,
    mut phone: &TcpStream,
    mut server: &TcpStream,
) -> io::Result<()> {
    let mut bytes = Vec::new();
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        let Some(call) = parse(&bytes)? else {
            let read = phone.read(&mut piece)?;
            if read == 0 {
                return Ok(());
            }
            bytes.extend_from_slice(&piece[..read]);
            continue;
        };
        let sent: Vec<u8> = bytes.drain(..call.length).collect();
        *locked(under_way) = CallUnderWay {
            path: call.path.clone(),
            answered: 0,
        };
        let held = {
            let mut state = line.state();
            let held = state.held_asking(&call.path, call.length as u64);
            state.calls.push(CarriedCall {
                path: call.path,
                body: sent[call.head..].to_vec(),
            });
            held
        };
        let Some(held) = held else {
            server.write_all(&sent)?;
            continue;
        };
        let passed = usize::try_from(held.passed).unwrap_or(0);
        server.write_all(&sent[..passed])?;
        line.hold(held);
        return Ok(());
    }
}

/// Carries answers to the phone.
fn carry_answers(
    line: &SharedLine,
    under_way: &Mutex<CallUnderWay>,
    mut server: &TcpStream,
    mut phone: &TcpStream,
) -> io::Result<()> {
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        let read = server.read(&mut piece)?;
        if read == 0 {
            return Ok(());
        }
        let (before, held) = {
            let mut call = locked(under_way);
            let before = call.answered;
            call.answered += read as u64;
            (
                before,
                line.state().held_answering(&call.path, call.answered),
            )
        };
        let Some(held) = held else {
            phone.write_all(&piece[..read])?;
            continue;
        };
        let part = usize::try_from(held.passed - before).unwrap_or(0);
        phone.write_all(&piece[..part])?;
        line.hold(held);
        return Ok(());
    }
}

fn wrong(what: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, what)
}

/// The first call in these bytes, once all of it is there.
fn parse(bytes: &[u8]) -> io::Result<Option<WholeCall>> {
    let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
        if bytes.len() > HEAD_BYTES_MAX {
            return Err(wrong("a head without an end"));
        }
        return Ok(None);
    };
    let text = String::from_utf8_lossy(&bytes[..end]);
    let mut lines = text.split("\r\n");
    let Some(path) = lines.next().and_then(|line| line.split(' ').nth(1)) else {
        return Err(wrong("no call"));
    };
    let mut body = 0;
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        if name.eq_ignore_ascii_case("content-length") {
            let length = value.trim().parse::<usize>();
            body = length.map_err(|_| wrong("a length that is none"))?;
        }
        if name.eq_ignore_ascii_case("transfer-encoding") {
            return Err(wrong("a call whose length is not said"));
        }
    }
    let head = end + 4;
    let length = head + body;
    let is_whole = bytes.len() >= length;
    Ok(is_whole.then(|| WholeCall {
        path: path.to_owned(),
        head,
        length,
    }))
}
