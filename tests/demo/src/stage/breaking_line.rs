//! The line between one phone and the server: a relay that can have no signal, and that can hold a
//! call at a chosen byte until it is cut. It reads where a call begins and ends, and knows nothing
//! of what is in it.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use outfield_server::error::ServerError;

/// How long a held call waits to be cut.
const HOLD: Duration = Duration::from_secs(60);
/// How long either end may be silent.
const SILENCE: Duration = Duration::from_secs(120);
/// Bytes of a call's head, at most.
const HEAD_BYTES_MAX: usize = 64 * 1024;
/// Bytes carried at once.
const PIECE_BYTES: usize = 16 * 1024;

/// Where the next call of a path is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Snag {
    /// On its way to the server, after this many thousandths of its bytes; never the last byte.
    Asking {
        /// The path.
        path: &'static str,
        /// Thousandths.
        permille: u64,
    },
    /// On its way back to the phone, after this many bytes of the answer.
    Answering {
        /// The path.
        path: &'static str,
        /// Bytes.
        bytes: u64,
    },
}

/// One call that a phone made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CarriedCall {
    /// The path.
    pub(crate) path: String,
    /// The body: the same for a call that is made again.
    pub(crate) body: Vec<u8>,
}

/// How far a held call came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct HeldCall {
    /// Bytes that were let through.
    pub(crate) passed: u64,
    /// Bytes of all of it, where that is known.
    pub(crate) of: Option<u64>,
}

#[derive(Default)]
struct LineState {
    server: Option<SocketAddr>,
    snag: Option<Snag>,
    held: Option<HeldCall>,
    cut: bool,
    calls: Vec<CarriedCall>,
}

#[derive(Default)]
struct SharedLine {
    state: Mutex<LineState>,
    changed: Condvar,
}

impl SharedLine {
    fn state(&self) -> MutexGuard<'_, LineState> {
        // The state is whole after every statement that changes it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells that a call is held, and waits until it is cut.
    fn hold(&self, held: HeldCall) {
        let mut state = self.state();
        state.held = Some(held);
        drop(
            self.changed
                .wait_timeout_while(state, HOLD, |state| !state.cut),
        );
    }
}

/// The line of one phone.
pub(crate) struct BreakingLine {
    address: SocketAddr,
    shared: Arc<SharedLine>,
}

impl BreakingLine {
    /// Lays a line that has no signal yet. Its threads end with this process.
    pub(crate) fn lay() -> Result<BreakingLine, ServerError> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(ServerError::broken)?;
        let address = listener.local_addr().map_err(ServerError::broken)?;
        let shared = Arc::new(SharedLine::default());
        let line = BreakingLine {
            address,
            shared: Arc::clone(&shared),
        };
        thread::spawn(move || {
            for phone in listener.incoming().flatten() {
                let shared = Arc::clone(&shared);
                // What breaks here looks to both ends like a broken connection, which is what it
                // is.
                thread::spawn(move || carry(&shared, phone).ok());
            }
        });
        Ok(line)
    }

    /// The address that the phone takes for the server's.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Leads to this server from now on; without one there is no signal.
    pub(crate) fn lead_to(&self, server: Option<SocketAddr>) {
        self.shared.state().server = server;
    }

    /// Holds the next call that fits.
    pub(crate) fn hold_next(&self, snag: Snag) {
        let mut state = self.shared.state();
        (state.snag, state.held, state.cut) = (Some(snag), None, false);
    }

    /// How far the call came that is held now.
    pub(crate) fn held(&self) -> Option<HeldCall> {
        self.shared.state().held
    }

    /// Cuts the connection whose call is held.
    pub(crate) fn cut(&self) {
        let mut state = self.shared.state();
        (state.held, state.cut) = (None, true);
        self.shared.changed.notify_all();
    }

    /// All calls of a path so far.
    pub(crate) fn calls(&self, path: &str) -> Vec<CarriedCall> {
        self.shared
            .state()
            .calls
            .iter()
            .filter(|call| call.path == path)
            .cloned()
            .collect()
    }
}

/// The call that is under way on one connection.
#[derive(Default)]
struct CallUnderWay {
    path: String,
    answered: u64,
}

/// Carries one connection until either end, or a cut, ends it.
fn carry(shared: &Arc<SharedLine>, phone: TcpStream) -> io::Result<()> {
    let Some(address) = shared.state().server else {
        return Ok(());
    };
    let server = TcpStream::connect(address)?;
    for end in [&phone, &server] {
        end.set_nodelay(true)?;
        end.set_read_timeout(Some(SILENCE))?;
        end.set_write_timeout(Some(SILENCE))?;
    }
    let under = Arc::new(Mutex::new(CallUnderWay::default()));
    let (back, other) = (server.try_clone()?, phone.try_clone()?);
    let (sharing, answering) = (Arc::clone(shared), Arc::clone(&under));
    let answers = thread::spawn(move || {
        answers(&sharing, &answering, &back, &other).ok();
        hang_up(&back, &other);
    });
    let asked = requests(shared, &under, &phone, &server);
    hang_up(&phone, &server);
    drop(answers.join());
    asked
}

fn hang_up(one: &TcpStream, other: &TcpStream) {
    // Whoever hung up first makes this fail for the other.
    one.shutdown(Shutdown::Both).ok();
    other.shutdown(Shutdown::Both).ok();
}

/// Carries calls to the server, each read whole before it goes on.
fn requests(
    shared: &SharedLine,
    under: &Mutex<CallUnderWay>,
    mut phone: &TcpStream,
    mut server: &TcpStream,
) -> io::Result<()> {
    let mut bytes = Vec::new();
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        let Some((head, path, whole)) = parse(&bytes)? else {
            let read = phone.read(&mut piece)?;
            if read == 0 {
                return Ok(());
            }
            bytes.extend_from_slice(&piece[..read]);
            continue;
        };
        let call: Vec<u8> = bytes.drain(..whole).collect();
        *under.lock().unwrap_or_else(PoisonError::into_inner) = CallUnderWay {
            path: path.clone(),
            answered: 0,
        };
        let held = {
            let mut state = shared.state();
            state.calls.push(CarriedCall {
                path: path.clone(),
                body: call[head..].to_vec(),
            });
            let held = match state.snag {
                Some(Snag::Asking {
                    path: wanted,
                    permille,
                }) if wanted == path => Some(share(whole as u64, permille)),
                Some(Snag::Asking { .. } | Snag::Answering { .. }) | None => None,
            };
            if held.is_some() {
                state.snag = None;
            }
            held
        };
        match held {
            None => server.write_all(&call)?,
            Some(passed) => {
                server.write_all(&call[..usize::try_from(passed).unwrap_or(0)])?;
                shared.hold(HeldCall {
                    passed,
                    of: Some(whole as u64),
                });
                return Ok(());
            }
        }
    }
}

/// So many thousandths of a length, at least 1 and less than all.
fn share(length: u64, permille: u64) -> u64 {
    (length * permille.min(1_000) / 1_000).clamp(1, length.saturating_sub(1).max(1))
}

/// Carries answers to the phone.
fn answers(
    shared: &SharedLine,
    under: &Mutex<CallUnderWay>,
    mut server: &TcpStream,
    mut phone: &TcpStream,
) -> io::Result<()> {
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        let read = server.read(&mut piece)?;
        if read == 0 {
            return Ok(());
        }
        let held = {
            let mut under = under.lock().unwrap_or_else(PoisonError::into_inner);
            let mut state = shared.state();
            let before = under.answered;
            under.answered += read as u64;
            match state.snag {
                Some(Snag::Answering { path, bytes })
                    if path == under.path && bytes < under.answered =>
                {
                    state.snag = None;
                    Some((usize::try_from(bytes - before).unwrap_or(0), bytes))
                }
                Some(Snag::Asking { .. } | Snag::Answering { .. }) | None => None,
            }
        };
        match held {
            None => phone.write_all(&piece[..read])?,
            Some((part, passed)) => {
                phone.write_all(&piece[..part])?;
                shared.hold(HeldCall { passed, of: None });
                return Ok(());
            }
        }
    }
}

/// The first call in these bytes, once all of it is there: the head's length, the path, and the
/// length of it all.
fn parse(bytes: &[u8]) -> io::Result<Option<(usize, String, usize)>> {
    let wrong = |what: &str| Err(io::Error::new(io::ErrorKind::InvalidData, what));
    let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
        return if bytes.len() > HEAD_BYTES_MAX {
            wrong("a head without an end")
        } else {
            Ok(None)
        };
    };
    let head = String::from_utf8_lossy(&bytes[..end]);
    let mut lines = head.split("\r\n");
    let Some(path) = lines.next().and_then(|line| line.split(' ').nth(1)) else {
        return wrong("no call");
    };
    let mut length = 0;
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        if name.eq_ignore_ascii_case("content-length") {
            length = value
                .trim()
                .parse()
                .map_err(|_| io::Error::from(io::ErrorKind::InvalidData))?;
        }
        if name.eq_ignore_ascii_case("transfer-encoding") {
            return wrong("a call whose length is not said");
        }
    }
    let whole = end + 4 + length;
    Ok((bytes.len() >= whole).then(|| (end + 4, path.to_owned(), whole)))
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    const CALL: &str = "POST /push HTTP/1.1\r\nContent-Length: 10\r\n\r\n0123456789";
    const ANSWER: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

    /// A server that takes one connection, answers each whole call, and tells what it received.
    fn server() -> (SocketAddr, thread::JoinHandle<String>) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let serving = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let (mut received, mut piece) = (Vec::new(), [0; 1024]);
            while let Ok(read @ 1..) = stream.read(&mut piece) {
                received.extend_from_slice(&piece[..read]);
                if received.len().is_multiple_of(CALL.len()) {
                    stream.write_all(ANSWER.as_bytes()).ok();
                }
            }
            String::from_utf8(received).unwrap()
        });
        (address, serving)
    }

    fn until_held(line: &BreakingLine) -> HeldCall {
        let began = Instant::now();
        loop {
            if let Some(held) = line.held() {
                return held;
            }
            assert!(began.elapsed() < HOLD, "nothing was held");
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// Makes one call over a line that holds it, cuts it, and gives what either side then has.
    fn check(snag: Snag, expected: (HeldCall, &str, &str)) {
        let (address, serving) = server();
        let line = BreakingLine::lay().unwrap();
        line.lead_to(Some(address));
        line.hold_next(snag);
        let mut phone = TcpStream::connect(line.address).unwrap();
        phone.write_all(CALL.as_bytes()).unwrap();
        let held = until_held(&line);
        line.cut();
        let mut heard = Vec::new();
        phone.read_to_end(&mut heard).ok();
        let received = serving.join().unwrap();
        assert_eq!(
            (
                held,
                received.as_str(),
                String::from_utf8_lossy(&heard).as_ref()
            ),
            expected
        );
        assert_eq!(line.calls("/push").len(), 1);
    }

    #[test]
    fn a_call_is_held_after_its_share_of_bytes() {
        let held = HeldCall {
            passed: 26,
            of: Some(CALL.len() as u64),
        };
        check(
            Snag::Asking {
                path: "/push",
                permille: 500,
            },
            (held, &CALL[..26], ""),
        );
    }

    #[test]
    fn an_answer_is_lost_after_the_server_gave_it() {
        let held = HeldCall {
            passed: 0,
            of: None,
        };
        check(
            Snag::Answering {
                path: "/push",
                bytes: 0,
            },
            (held, CALL, ""),
        );
        let held = HeldCall {
            passed: 12,
            of: None,
        };
        check(
            Snag::Answering {
                path: "/push",
                bytes: 12,
            },
            (held, CALL, "HTTP/1.1 200"),
        );
    }

    #[test]
    fn other_calls_pass_and_without_a_signal_nothing_does() {
        let (address, serving) = server();
        let line = BreakingLine::lay().unwrap();
        line.hold_next(Snag::Asking {
            path: "/pull",
            permille: 500,
        });
        assert_eq!(
            TcpStream::connect(line.address)
                .unwrap()
                .read(&mut [0; 8])
                .unwrap_or(0),
            0
        );
        line.lead_to(Some(address));
        let mut phone = TcpStream::connect(line.address).unwrap();
        for _ in 0..2 {
            phone.write_all(CALL.as_bytes()).unwrap();
            let mut heard = vec![0; ANSWER.len()];
            phone.read_exact(&mut heard).unwrap();
            assert_eq!(heard, ANSWER.as_bytes());
        }
        drop(phone);
        assert_eq!(serving.join().unwrap(), CALL.repeat(2));
        let calls = line.calls("/push");
        assert!(
            calls.len() == 2 && calls[0] == calls[1],
            "a call that is made again is the same"
        );
    }

    #[test]
    fn a_share_is_never_nothing_and_never_all() {
        assert_eq!(
            (share(100, 0), share(100, 500), share(100, 1_000)),
            (1, 50, 99)
        );
    }
}
