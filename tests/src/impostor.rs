//! A server that lies: it listens, reads each request, and answers whatever a test tells it to.
//! It does not know the protocol.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use outfield_core::sync::carrier::MARK;

/// What the impostor says to one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Say {
    /// A whole answer with this status.
    Whole(u16, Vec<u8>),
    /// A whole answer without the mark of an Outfield server, such as a guest network's page: a
    /// status, header lines, a body.
    Unmarked(u16, &'static str, Vec<u8>),
    /// An answer that says more is to come than does.
    Cut(Vec<u8>),
    /// The first bytes, and then the others again and again as long as anybody listens.
    Endless(Vec<u8>, Vec<u8>),
    /// The first bytes, and then one of the others at a time with a pause in between.
    Drip(Vec<u8>, Vec<u8>),
    /// These bytes in the place of any HTTP.
    Raw(Vec<u8>),
}

/// Chooses what to say by path and body of a request.
type Script = dyn Fn(&str, &[u8]) -> Say + Send + Sync;

/// The pause between two bytes of a drip.
const PAUSE: Duration = Duration::from_millis(20);

/// A listening impostor; it stops when the value goes.
pub struct Impostor {
    address: SocketAddr,
    over: Arc<AtomicBool>,
    listening: Option<JoinHandle<()>>,
}

impl Impostor {
    /// Listens on a free port of this machine.
    pub fn new(script: impl Fn(&str, &[u8]) -> Say + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let over = Arc::new(AtomicBool::new(false));
        let (told, script): (_, Arc<Script>) = (Arc::clone(&over), Arc::new(script));
        let listening = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if told.load(Ordering::Relaxed) {
                    return;
                }
                let (Ok(stream), script) = (stream, Arc::clone(&script)) else {
                    continue;
                };
                // Whoever hangs up early ends the talk, which is no fault of the impostor.
                std::thread::spawn(move || talk(stream, script.as_ref()).ok());
            }
        });
        Impostor {
            address,
            over,
            listening: Some(listening),
        }
    }

    /// Where it is.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Impostor {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        TcpStream::connect(self.address).ok();
        self.listening.take().and_then(|thread| thread.join().ok());
    }
}

fn talk(mut stream: TcpStream, script: &Script) -> std::io::Result<()> {
    let (path, body) = request(&mut stream)?;
    let head = |status: u16, length: usize| {
        format!(
            "HTTP/1.1 {status} X\r\n{MARK}: 2\r\nconnection: close\r\n\
             content-length: {length}\r\n\r\n"
        )
        .into_bytes()
    };
    let open = format!("HTTP/1.1 200 X\r\n{MARK}: 2\r\nconnection: close\r\n\r\n").into_bytes();
    match script(&path, &body) {
        Say::Unmarked(status, headers, body) => {
            let length = body.len();
            let head = format!(
                "HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {length}\r\n\
                 {headers}\r\n"
            );
            stream.write_all(&[head.as_bytes(), &body].concat())
        }
        Say::Whole(status, body) => stream.write_all(&[head(status, body.len()), body].concat()),
        Say::Cut(body) => stream.write_all(&[head(200, body.len() + 1_000), body].concat()),
        Say::Raw(bytes) => stream.write_all(&bytes),
        Say::Endless(first, again) => {
            stream.write_all(&[&open[..], &first].concat())?;
            loop {
                stream.write_all(&again)?;
            }
        }
        Say::Drip(first, again) => {
            stream.write_all(&[&open[..], &first].concat())?;
            for byte in again.iter().cycle() {
                stream.write_all(&[*byte])?;
                std::thread::sleep(PAUSE);
            }
            Ok(())
        }
    }
}

/// Path and body of one request.
fn request(stream: &mut TcpStream) -> std::io::Result<(String, Vec<u8>)> {
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    let mut heard = Vec::new();
    let mut piece = [0; 16 * 1024];
    loop {
        let read = stream.read(&mut piece)?;
        heard.extend_from_slice(&piece[..read]);
        let Some(end) = heard.windows(4).position(|four| four == b"\r\n\r\n") else {
            if read == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            continue;
        };
        let head = String::from_utf8_lossy(&heard[..end]).to_lowercase();
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
        if read == 0 || heard.len() >= end + 4 + length.unwrap_or(0) {
            let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
            return Ok((path, heard.split_off(end + 4)));
        }
    }
}
