//! A line between phones and a server that carries so many bytes of a connection and breaks, again
//! and again. It does not know what it carries.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

/// How many bytes of each connection come through, and how fast.
#[derive(Debug, Clone, Copy)]
pub struct Frailty {
    /// Bytes towards the server.
    pub up: u64,
    /// Bytes towards the phone.
    pub down: u64,
    /// How long each KiB of them takes towards the server.
    pub pause: Duration,
}

impl Frailty {
    /// A line that holds, as fast as it can be.
    pub const NONE: Frailty = Frailty {
        up: u64::MAX,
        down: u64::MAX,
        pause: Duration::ZERO,
    };
}

/// Such a line. It lasts as long as the process.
pub struct FrailLine {
    /// The address that phones take for the server's.
    pub url: String,
    breaks: Arc<AtomicUsize>,
}

impl FrailLine {
    /// A line to a server.
    #[must_use]
    pub fn to(server: SocketAddr, frailty: Frailty) -> FrailLine {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let breaks = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&breaks);
        thread::spawn(move || {
            for phone in listener.incoming().flatten() {
                let counted = Arc::clone(&counted);
                thread::spawn(move || {
                    // A server that is gone is a broken line.
                    if let Ok(server) = TcpStream::connect(server) {
                        connect(&phone, &server, frailty, &counted);
                    }
                });
            }
        });
        FrailLine { url, breaks }
    }

    /// How often it broke.
    #[must_use]
    pub fn breaks(&self) -> usize {
        self.breaks.load(Ordering::Relaxed)
    }
}

fn connect(phone: &TcpStream, server: &TcpStream, frailty: Frailty, breaks: &Arc<AtomicUsize>) {
    let ends = |stream: &TcpStream| stream.try_clone().expect("a second handle");
    let (up_from, up_to, up_breaks) = (ends(phone), ends(server), Arc::clone(breaks));
    let up = thread::spawn(move || {
        if carry(up_from, &up_to, frailty.up, frailty.pause) {
            up_breaks.fetch_add(1, Ordering::Relaxed);
            drop(up_to.shutdown(Shutdown::Both));
        }
        drop(up_to.shutdown(Shutdown::Write));
    });
    if carry(ends(server), phone, frailty.down, Duration::ZERO) {
        breaks.fetch_add(1, Ordering::Relaxed);
    }
    drop(phone.shutdown(Shutdown::Both));
    drop(server.shutdown(Shutdown::Both));
    drop(up.join());
}

/// Carries bytes until one end closes or so many came through; answers whether it was these.
fn carry(mut from: TcpStream, mut to: &TcpStream, most: u64, pause: Duration) -> bool {
    let (mut left, mut piece) = (most, [0; 1024]);
    while left > 0 {
        let room = usize::try_from(left).unwrap_or(usize::MAX).min(piece.len());
        let Ok(read @ 1..) = from.read(&mut piece[..room]) else {
            return false;
        };
        if to.write_all(&piece[..read]).is_err() {
            return false;
        }
        left -= read as u64;
        if pause > Duration::ZERO {
            thread::sleep(pause);
        }
    }
    true
}
