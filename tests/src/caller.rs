//! Calls over HTTP by hand: what is said goes out byte for byte, and every answer has a deadline.
//! It does not know what is asked.

use std::io::{Error, ErrorKind, Read, Result, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use serde_json::Value as Json;

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The head, in lower case.
    pub head: String,
    /// The body; whether it is whole, the head alone can say.
    pub body: Vec<u8>,
}

impl HttpAnswer {
    /// The body as JSON; null if it is none.
    #[must_use]
    pub fn json(&self) -> Json {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The code of a refusal; empty if there is none.
    #[must_use]
    pub fn code(&self) -> String {
        self.json()["error"]["code"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }
}

/// Says these bytes and hears the answer out, all within `patience`.
pub fn say(address: SocketAddr, bytes: &[u8], patience: Duration) -> Result<HttpAnswer> {
    let until = Instant::now() + patience;
    let mut stream = TcpStream::connect_timeout(&address, patience)?;
    stream.set_nodelay(true)?;
    stream.set_write_timeout(Some(patience))?;
    // Who answers before all was said may close; the answer counts then.
    let said = stream.write_all(bytes);
    let mut heard = Vec::new();
    let mut piece = vec![0; 64 * 1024];
    loop {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(Error::new(ErrorKind::TimedOut, "no answer in time"));
        }
        stream.set_read_timeout(Some(left))?;
        match stream.read(&mut piece) {
            Ok(0) => break,
            Ok(read) => heard.extend_from_slice(&piece[..read]),
            Err(error) if error.kind() == ErrorKind::ConnectionReset && !heard.is_empty() => break,
            Err(error) => return Err(error),
        }
        if whole(&heard) {
            break;
        }
    }
    understood(&heard).ok_or_else(|| {
        said.err()
            .unwrap_or_else(|| Error::other("the answer is no HTTP"))
    })
}

/// A call without a body.
pub fn get(address: SocketAddr, path: &str, token: &str, patience: Duration) -> Result<HttpAnswer> {
    let head = format!(
        "GET {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\
         connection: close\r\n\r\n"
    );
    say(address, head.as_bytes(), patience)
}

/// A call with a body.
pub fn post(
    address: SocketAddr,
    path: &str,
    token: &str,
    body: &[u8],
    patience: Duration,
) -> Result<HttpAnswer> {
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    say(address, &[head.as_bytes(), body].concat(), patience)
}

/// A call in JSON with other headers, such as `if-match: "5f"`.
#[derive(Debug, Clone, Copy)]
pub struct JsonCall<'a> {
    /// `POST`, `PATCH` or `DELETE`.
    pub method: &'a str,
    /// The path.
    pub path: &'a str,
    /// Whose call it is.
    pub token: &'a str,
    /// Header lines.
    pub headers: &'a [&'a str],
}

impl JsonCall<'_> {
    /// Says it with this body.
    pub fn say(&self, address: SocketAddr, body: &Json, patience: Duration) -> Result<HttpAnswer> {
        let (method, path, token) = (self.method, self.path, self.token);
        let body = body.to_string();
        let mut head = format!(
            "{method} {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\
             content-length: {}\r\nconnection: close\r\n",
            body.len()
        );
        for header in self.headers {
            head += &format!("{header}\r\n");
        }
        say(address, format!("{head}\r\n{body}").as_bytes(), patience)
    }
}

fn parts(heard: &[u8]) -> Option<(String, &[u8])> {
    let end = heard.windows(4).position(|four| four == b"\r\n\r\n")?;
    Some((
        String::from_utf8_lossy(&heard[..end]).to_lowercase(),
        &heard[end + 4..],
    ))
}

fn length(head: &str) -> Option<usize> {
    head.lines()
        .find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok())
}

fn is_chunked(head: &str) -> bool {
    head.contains("transfer-encoding: chunked")
}

/// Whether nothing more is to come, as far as the head tells.
fn whole(heard: &[u8]) -> bool {
    let Some((head, body)) = parts(heard) else {
        return false;
    };
    match length(&head) {
        Some(length) => body.len() >= length,
        None => is_chunked(&head) && body.ends_with(b"0\r\n\r\n"),
    }
}

fn understood(heard: &[u8]) -> Option<HttpAnswer> {
    let (head, body) = parts(heard)?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let body = if is_chunked(&head) {
        unchunked(body)
    } else {
        body.to_vec()
    };
    Some(HttpAnswer { status, head, body })
}

fn unchunked(mut body: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    while let Some(end) = body.windows(2).position(|two| two == b"\r\n") {
        let length = std::str::from_utf8(&body[..end])
            .ok()
            .and_then(|hex| usize::from_str_radix(hex, 16).ok());
        let from = end + 2;
        let Some(length) = length.filter(|length| *length > 0 && from + length <= body.len())
        else {
            break;
        };
        plain.extend_from_slice(&body[from..from + length]);
        body = body.get(from + length + 2..).unwrap_or_default();
    }
    plain
}
