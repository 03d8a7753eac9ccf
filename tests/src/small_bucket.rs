//! A bucket as any S3 has it, small and over plain HTTP, which fails as it is told: it counts what
//! it is asked, and takes nothing that is not signed. It does not know what the objects are.

use std::collections::BTreeMap;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::Duration;

use sha2::{Digest as _, Sha256};

/// The key id by which a caller is known.
pub const KEY_ID: &str = "OUTFIELDTEST";
/// Bytes of one object, at most.
const OBJECT_BYTES_MAX: usize = 64 * 1024 * 1024;
/// How long a caller may be silent.
const SILENCE: Duration = Duration::from_secs(30);

/// How a bucket fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BucketFault {
    /// Not at all.
    None,
    /// Nobody answers: connections end at once.
    Down,
    /// Each request is answered 500.
    Errors,
    /// Nobody may do anything.
    Forbidden,
    /// Each answer, and each body that comes, is cut in its middle.
    Cuts,
    /// Each request waits so long.
    Slow(Duration),
}

/// What a bucket holds and was asked.
#[derive(Default)]
struct BucketContents {
    objects: BTreeMap<String, Vec<u8>>,
    asked: BTreeMap<String, usize>,
    unsigned: usize,
}

/// A bucket that listens until it goes.
pub struct SmallBucket {
    address: SocketAddr,
    kept: Arc<Mutex<BucketContents>>,
    fault: Arc<Mutex<BucketFault>>,
    ends: Arc<AtomicBool>,
}

/// One request.
struct BucketRequest {
    method: String,
    /// The path below the bucket.
    key: String,
    query: String,
    heads: BTreeMap<String, String>,
    body: Vec<u8>,
}

/// What is answered.
struct BucketAnswer {
    status: &'static str,
    heads: Vec<String>,
    body: Vec<u8>,
}

impl SmallBucket {
    /// An empty bucket.
    #[must_use]
    pub fn new() -> SmallBucket {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let bucket = SmallBucket {
            address: listener.local_addr().expect("an address"),
            kept: Arc::default(),
            fault: Arc::new(Mutex::new(BucketFault::None)),
            ends: Arc::default(),
        };
        let (kept, fault) = (Arc::clone(&bucket.kept), Arc::clone(&bucket.fault));
        let ends = Arc::clone(&bucket.ends);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if ends.load(Ordering::Relaxed) {
                    return;
                }
                let (kept, fault) = (Arc::clone(&kept), Arc::clone(&fault));
                thread::spawn(move || drop(serve(stream, &kept, &fault)));
            }
        });
        bucket
    }

    /// What a server needs to know to use it, as variables.
    #[must_use]
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        vec![
            ("AWS_ENDPOINT_URL", format!("http://{}", self.address)),
            ("AWS_ALLOW_HTTP", "true".to_owned()),
            ("AWS_REGION", "us-east-1".to_owned()),
            ("AWS_ACCESS_KEY_ID", KEY_ID.to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "not-a-secret".to_owned()),
        ]
    }

    /// Fails from now on as this says.
    pub fn fails(&self, fault: BucketFault) {
        *held(&self.fault) = fault;
    }

    /// All objects by name, but the one by which a server sees that the bucket answers.
    #[must_use]
    pub fn objects(&self) -> BTreeMap<String, Vec<u8>> {
        let mut objects = held(&self.kept).objects.clone();
        objects.retain(|key, _| !key.ends_with("/outfield"));
        objects
    }

    /// Puts other bytes, or none, in the place of an object.
    pub fn spoil(&self, key: &str, bytes: Option<Vec<u8>>) {
        let mut kept = held(&self.kept);
        match bytes {
            Some(bytes) => kept.objects.insert(key.to_owned(), bytes),
            None => kept.objects.remove(key),
        };
    }

    /// How often an object was asked for by a method, such as `PUT`.
    #[must_use]
    pub fn asked(&self, method: &str, key: &str) -> usize {
        let asked = format!("{method} {key}");
        held(&self.kept).asked.get(&asked).copied().unwrap_or(0)
    }

    /// How many requests were not signed, or not for what they held.
    #[must_use]
    pub fn unsigned(&self) -> usize {
        held(&self.kept).unsigned
    }
}

impl Default for SmallBucket {
    fn default() -> Self {
        SmallBucket::new()
    }
}

impl Drop for SmallBucket {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::Relaxed);
        drop(TcpStream::connect(self.address));
    }
}

fn held<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().expect("nobody panics with it")
}

/// Answers the requests of one connection.
fn serve(
    stream: TcpStream,
    kept: &Mutex<BucketContents>,
    fault: &Mutex<BucketFault>,
) -> io::Result<()> {
    stream.set_read_timeout(Some(SILENCE))?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut stream = stream;
    loop {
        let failing = *held(fault);
        if failing == BucketFault::Down {
            return Ok(());
        }
        let Some(asked) = read(&mut reader, fault)? else {
            return Ok(());
        };
        let failing = *held(fault);
        if let BucketFault::Slow(wait) = failing {
            thread::sleep(wait);
        }
        let told = match failing {
            BucketFault::Down => return Ok(()),
            BucketFault::Errors => {
                BucketAnswer::error("500 Internal Server Error", "InternalError")
            }
            BucketFault::Forbidden => BucketAnswer::error("403 Forbidden", "AccessDenied"),
            BucketFault::None | BucketFault::Cuts | BucketFault::Slow(_) => answer(&asked, kept),
        };
        let is_head = asked.method == "HEAD";
        let bytes = told.bytes(is_head);
        if failing == BucketFault::Cuts {
            return stream.write_all(&bytes[..bytes.len() / 2]);
        }
        stream.write_all(&bytes)?;
    }
}

/// Reads a request; none where the connection has ended.
fn read(
    from: &mut BufReader<TcpStream>,
    fault: &Mutex<BucketFault>,
) -> io::Result<Option<BucketRequest>> {
    let mut line = String::new();
    if from.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split_whitespace();
    let method = words.next().unwrap_or_default().to_owned();
    let target = words.next().unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let key = path.trim_start_matches('/').split_once('/');
    let key = key.map_or(String::new(), |(_, key)| key.to_owned());
    let query = query.to_owned();
    let mut heads = BTreeMap::new();
    loop {
        let mut line = String::new();
        from.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        heads.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = heads.get("content-length").and_then(|it| it.parse().ok());
    let length: usize = length.unwrap_or(0);
    if length > OBJECT_BYTES_MAX {
        return Ok(None);
    }
    let mut body = vec![0; length];
    if length > 0 && *held(fault) == BucketFault::Cuts {
        from.read_exact(&mut body[..length / 2])?;
        return Ok(None);
    }
    from.read_exact(&mut body)?;
    Ok(Some(BucketRequest {
        method,
        key,
        query,
        heads,
        body,
    }))
}

/// Whether a request is signed by who may, for the body that came with it.
fn is_signed(asked: &BucketRequest) -> bool {
    let head = |name: &str| asked.heads.get(name).map_or("", String::as_str);
    let signature = head("authorization").split_once("Signature=");
    let is_whole = signature.is_some_and(|(_, hex)| hex.len() == 64);
    let is_ours = head("authorization").starts_with("AWS4-HMAC-SHA256 Credential=OUTFIELDTEST/");
    let sum: String = Sha256::digest(&asked.body)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    is_whole && is_ours && head("x-amz-content-sha256") == sum && !head("x-amz-date").is_empty()
}

fn answer(asked: &BucketRequest, kept: &Mutex<BucketContents>) -> BucketAnswer {
    let mut kept = held(kept);
    let counted = format!("{} {}", asked.method, asked.key);
    *kept.asked.entry(counted).or_default() += 1;
    if !is_signed(asked) {
        kept.unsigned += 1;
        return BucketAnswer::error("403 Forbidden", "SignatureDoesNotMatch");
    }
    if asked.key.is_empty() {
        return listed(asked, &kept);
    }
    match asked.method.as_str() {
        "PUT" => {
            kept.objects.insert(asked.key.clone(), asked.body.clone());
            BucketAnswer::with("200 OK", vec!["etag: \"1\"".to_owned()], Vec::new())
        }
        "DELETE" => {
            kept.objects.remove(&asked.key);
            BucketAnswer::with("204 No Content", Vec::new(), Vec::new())
        }
        _ => match kept.objects.get(&asked.key) {
            Some(object) => given(asked, object),
            None => BucketAnswer::error("404 Not Found", "NoSuchKey"),
        },
    }
}

/// An object, or the part of it that is asked for.
fn given(asked: &BucketRequest, object: &[u8]) -> BucketAnswer {
    let mut heads = vec![
        "etag: \"1\"".to_owned(),
        "last-modified: Tue, 24 Nov 2026 08:30:00 GMT".to_owned(),
    ];
    let range = asked.heads.get("range");
    let range = range.and_then(|range| range.strip_prefix("bytes=")?.split_once('-'));
    let Some((from, to)) = range else {
        return BucketAnswer::with("200 OK", heads, object.to_vec());
    };
    let from: usize = from.parse().unwrap_or(usize::MAX);
    let to = to
        .parse()
        .unwrap_or(usize::MAX)
        .min(object.len().saturating_sub(1));
    if from > to {
        return BucketAnswer::error("416 Range Not Satisfiable", "InvalidRange");
    }
    heads.push(format!("content-range: bytes {from}-{to}/{}", object.len()));
    BucketAnswer::with("206 Partial Content", heads, object[from..=to].to_vec())
}

fn listed(asked: &BucketRequest, kept: &BucketContents) -> BucketAnswer {
    let prefix = asked
        .query
        .split('&')
        .find_map(|part| part.strip_prefix("prefix="));
    let prefix = prefix.unwrap_or_default().replace("%2F", "/");
    let mut body = "<ListBucketResult>".to_owned();
    for (key, object) in kept
        .objects
        .iter()
        .filter(|(key, _)| key.starts_with(&prefix))
    {
        body += &format!(
            "<Contents><Key>{key}</Key><Size>{}</Size>\
             <LastModified>2026-11-24T08:30:00Z</LastModified><ETag>1</ETag></Contents>",
            object.len()
        );
    }
    body += "<IsTruncated>false</IsTruncated></ListBucketResult>";
    BucketAnswer::with("200 OK", Vec::new(), body.into_bytes())
}

impl BucketAnswer {
    fn with(status: &'static str, heads: Vec<String>, body: Vec<u8>) -> BucketAnswer {
        BucketAnswer {
            status,
            heads,
            body,
        }
    }

    fn error(status: &'static str, code: &str) -> BucketAnswer {
        let body = format!("<Error><Code>{code}</Code><Message>no</Message></Error>");
        BucketAnswer::with(status, Vec::new(), body.into_bytes())
    }

    fn bytes(&self, is_head: bool) -> Vec<u8> {
        let mut head = format!("HTTP/1.1 {}\r\n", self.status);
        for line in &self.heads {
            head += &format!("{line}\r\n");
        }
        head += &format!("content-length: {}\r\n\r\n", self.body.len());
        let mut bytes = head.into_bytes();
        if !is_head {
            bytes.extend(&self.body);
        }
        bytes
    }
}
