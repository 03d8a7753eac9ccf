//! The line between one phone and the server: a relay that can have no signal, and that can hold a
//! call at a chosen byte until it is cut. It does not know how calls are carried.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread;

use outfield_server::error::ServerError;

use super::line_state::{CarriedCall, HeldCall, SharedLine, Snag};
use super::relay::carry;

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
        self.shared.cut();
    }

    /// All calls of a path so far.
    pub(crate) fn calls(&self, path: &str) -> Vec<CarriedCall> {
        let state = self.shared.state();
        let calls = state.calls.iter().filter(|call| call.path == path);
        calls.cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpStream;
    use std::time::{Duration, Instant};

    use super::super::line_state::HOLD;
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
    fn check(snag: Snag, held: HeldCall, received: &str, heard: &str) {
        let (address, serving) = server();
        let line = BreakingLine::lay().unwrap();
        line.lead_to(Some(address));
        line.hold_next(snag);
        let mut phone = TcpStream::connect(line.address).unwrap();
        phone.write_all(CALL.as_bytes()).unwrap();
        assert_eq!(until_held(&line), held);
        line.cut();
        let mut answer = Vec::new();
        phone.read_to_end(&mut answer).ok();
        assert_eq!(serving.join().unwrap(), received);
        assert_eq!(String::from_utf8_lossy(&answer), heard);
        assert_eq!(line.calls("/push").len(), 1);
    }

    #[test]
    fn a_call_is_held_after_its_share_of_bytes() {
        let snag = Snag::Asking {
            path: "/push",
            permille: 500,
        };
        let held = HeldCall {
            passed: 26,
            of: Some(CALL.len() as u64),
        };
        check(snag, held, &CALL[..26], "");
    }

    #[test]
    fn an_answer_is_lost_after_the_server_gave_it() {
        for (bytes, heard) in [(0, ""), (12, "HTTP/1.1 200")] {
            let snag = Snag::Answering {
                path: "/push",
                bytes,
            };
            let held = HeldCall {
                passed: bytes,
                of: None,
            };
            check(snag, held, CALL, heard);
        }
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
}
