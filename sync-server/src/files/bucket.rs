//! A bucket of any S3, as whoever may wait for it sees it: bytes go up whole, come down in parts,
//! and every wait has an end. It does not know what the bytes are.

use std::collections::BTreeSet;
use std::io;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::path::Path as Key;
use object_store::{
    BackoffConfig, ClientOptions, Error as StoreError, GetOptions, ObjectStore as _,
    ObjectStoreExt as _, RetryConfig,
};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc;

use super::bucket_place::BucketPlace;
use crate::error::{ErrorKind, ServerError};
use crate::limits::{
    BUCKET_CALL_MAX, BUCKET_CONNECT_MAX, BUCKET_DOWN_AGE, BUCKET_PIECES_MAX, BUCKET_PROBE_MAX,
    BUCKET_RETRY_MAX, BUCKET_SILENCE_MAX, BUCKET_SWEEPS_MAX, BUSY_S, REMOVED_KEPT_MAX,
};

/// What lies in a bucket beside files, to see whether it answers and takes writes.
const PROBE: &str = "outfield";

/// A bucket. It is reached when it is first needed, so that who needs no file needs no bucket.
pub struct FileBucket {
    place: BucketPlace,
    reached: OnceLock<Result<ReachedBucket, ServerError>>,
    /// Until when it is believed not to answer, so that many who wait do not wait in vain.
    down_until: Mutex<Option<Instant>>,
    removals: Arc<Mutex<Removals>>,
}

/// What is taken away: nobody waits for that.
#[derive(Default)]
struct Removals {
    /// What is on its way: until it is gone, nothing is put up in its place.
    under_way: BTreeSet<String>,
    /// What was taken away since the server began and was not put up again: what was put up before
    /// that, and is not noted yet, may be among it.
    begun: BTreeSet<String>,
}

struct ReachedBucket {
    store: Arc<AmazonS3>,
    /// None once it has been let go.
    runtime: Option<Runtime>,
}

impl Drop for ReachedBucket {
    fn drop(&mut self) {
        // Whoever lets the last one go may be a thread that must not wait.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl FileBucket {
    /// The bucket of this place; nothing is asked of it yet.
    #[must_use]
    pub fn at(place: BucketPlace) -> Arc<FileBucket> {
        Arc::new(FileBucket {
            place,
            reached: OnceLock::new(),
            down_until: Mutex::new(None),
            removals: Arc::default(),
        })
    }

    /// Where it is.
    #[must_use]
    pub fn place(&self) -> &BucketPlace {
        &self.place
    }

    /// Puts a whole object up: it is there, and is these bytes, when this returns.
    pub(super) fn put(&self, name: &str, bytes: Vec<u8>) -> Result<(), ServerError> {
        let (key, reached) = (self.key(name), self.reached()?);
        let store = Arc::clone(&reached.store);
        {
            let mut removals = locked(&self.removals);
            if removals.under_way.contains(name) {
                return Err(self.unreachable("an older one of this name is just being taken away"));
            }
            removals.begun.remove(name);
        }
        self.wait(async move { store.put(&key, bytes.into()).await })?;
        Ok(())
    }

    /// Whether nobody took an object away since it was put up.
    pub(super) fn has_stayed(&self, name: &str) -> bool {
        !locked(&self.removals).begun.contains(name)
    }

    /// Whether an object of so many bytes is there.
    pub(super) fn has(&self, name: &str, bytes: u64) -> Result<bool, ServerError> {
        let (key, reached) = (self.key(name), self.reached()?);
        let store = Arc::clone(&reached.store);
        let found = self.wait(async move { some(store.head(&key).await) })?;
        Ok(found.is_some_and(|object| object.size == bytes))
    }

    /// Bytes of an object; none if it is not there, or not so far.
    pub(super) fn read(
        &self,
        name: &str,
        range: Range<u64>,
    ) -> Result<Option<Vec<u8>>, ServerError> {
        let (key, reached) = (self.key(name), self.reached()?);
        let wanted = range.end - range.start;
        let store = Arc::clone(&reached.store);
        let read = self.wait(async move { some(store.get_range(&key, range).await) })?;
        Ok(read
            .filter(|bytes| bytes.len() as u64 == wanted)
            .map(Vec::from))
    }

    /// The same piece by piece, as they come; none if it is not there. An object that ends early,
    /// and a line that breaks, are an error in the place of a piece.
    pub(super) fn stream(
        &self,
        name: &str,
        range: Range<u64>,
    ) -> Result<Option<mpsc::Receiver<io::Result<Vec<u8>>>>, ServerError> {
        let (key, reached) = (self.key(name), self.reached()?);
        let wanted = range.end - range.start;
        let store = Arc::clone(&reached.store);
        let options = GetOptions::new().with_range(Some(range));
        let opened = self.wait(async move { some(store.get_opts(&key, options).await) })?;
        let Some(opened) = opened else {
            return Ok(None);
        };
        let (sender, receiver) = mpsc::channel(BUCKET_PIECES_MAX);
        let Some(runtime) = &reached.runtime else {
            return Ok(None);
        };
        runtime.spawn(async move {
            let (mut pieces, mut came) = (opened.into_stream(), 0);
            while let Some(piece) = pieces.next().await {
                let piece = piece.map(Vec::from).map_err(io::Error::other);
                came += piece.as_ref().map_or(0, |piece| piece.len() as u64);
                let has_ended = piece.is_err();
                if sender.send(piece).await.is_err() || has_ended {
                    return;
                }
            }
            if came != wanted {
                let cut = io::Error::other("the object ended before its last byte");
                drop(sender.send(Err(cut)).await);
            }
        });
        Ok(Some(receiver))
    }

    /// Begins to take objects away, and waits for none: what stays is nobody's, and does no harm.
    pub(super) fn remove(&self, names: &[String]) {
        let Ok(reached) = self.reached() else { return };
        let Some(runtime) = &reached.runtime else {
            return;
        };
        {
            let mut removals = locked(&self.removals);
            removals.under_way.extend(names.iter().cloned());
            removals.begun.extend(names.iter().cloned());
            while removals.begun.len() > REMOVED_KEPT_MAX {
                removals.begun.pop_first();
            }
        }
        let (store, removals) = (Arc::clone(&reached.store), Arc::clone(&self.removals));
        let names: Vec<(String, Key)> = names
            .iter()
            .map(|name| (name.clone(), self.key(name)))
            .collect();
        runtime.spawn(async move {
            let mut gone = futures_util::stream::iter(names)
                .map(|(name, key)| {
                    let store = Arc::clone(&store);
                    async move {
                        drop(tokio::time::timeout(BUCKET_CALL_MAX, store.delete(&key)).await);
                        name
                    }
                })
                .buffer_unordered(BUCKET_SWEEPS_MAX);
            while let Some(name) = gone.next().await {
                locked(&removals).under_way.remove(&name);
            }
        });
    }

    /// Whether it answers, and has taken a write once; why not, if not.
    pub fn probe(&self) -> Result<(), ServerError> {
        let (key, reached) = (self.key(PROBE), self.reached()?);
        let store = Arc::clone(&reached.store);
        self.wait_within(BUCKET_PROBE_MAX, async move {
            if some(store.head(&key).await)?.is_none() {
                store.put(&key, "Files of Outfield.\n".into()).await?;
            }
            Ok(())
        })
    }

    fn key(&self, name: &str) -> Key {
        let prefix = &self.place.prefix;
        if prefix.is_empty() {
            return Key::from(name);
        }
        Key::from(format!("{prefix}/{name}"))
    }

    /// Waits for the bucket, and no longer than anybody may.
    fn wait<T: Send + 'static>(
        &self,
        work: impl Future<Output = object_store::Result<T>> + Send + 'static,
    ) -> Result<T, ServerError> {
        self.wait_within(BUCKET_CALL_MAX, work)
    }

    fn wait_within<T: Send + 'static>(
        &self,
        limit: Duration,
        work: impl Future<Output = object_store::Result<T>> + Send + 'static,
    ) -> Result<T, ServerError> {
        if self.is_down() {
            return Err(self.unreachable("it did not answer a moment ago"));
        }
        let Some(runtime) = &self.reached()?.runtime else {
            return Err(self.unreachable("the server is stopping"));
        };
        let handle = runtime.handle();
        let done = handle.block_on(async { tokio::time::timeout(limit, work).await });
        match done {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(error)) => {
                self.note_down();
                Err(self.refused(&error))
            }
            Err(_) => {
                self.note_down();
                Err(self.unreachable("it does not answer in time"))
            }
        }
    }

    fn is_down(&self) -> bool {
        locked(&self.down_until).is_some_and(|until| Instant::now() < until)
    }

    fn note_down(&self) {
        *locked(&self.down_until) = Some(Instant::now() + BUCKET_DOWN_AGE);
    }

    fn reached(&self) -> Result<&ReachedBucket, ServerError> {
        let reached = self.reached.get_or_init(|| reach(&self.place));
        reached.as_ref().map_err(Clone::clone)
    }

    /// What is said where the bucket says no; whoever runs the server can mend that.
    fn refused(&self, error: &StoreError) -> ServerError {
        let is_barred = matches!(
            error,
            StoreError::PermissionDenied { .. } | StoreError::Unauthenticated { .. }
        );
        let why = if is_barred {
            "it lets this server do nothing: check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and \
             the rights to list the bucket and to get, put and delete its objects"
                .to_owned()
        } else if matches!(error, StoreError::NotFound { .. }) {
            "there is no such bucket: make it, or mend its name".to_owned()
        } else {
            innermost(error)
        };
        self.unreachable(&why)
    }

    /// Files wait, and nothing else does.
    fn unreachable(&self, why: &str) -> ServerError {
        let message = format!(
            "the bucket of the files, {}, cannot be used just now: {why}; files wait where they \
             are and are sent again",
            self.place
        );
        ServerError::new(ErrorKind::Overloaded, "files_unreachable", message).waiting(BUSY_S)
    }
}

fn locked<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Makes a client of what the environment says.
fn reach(place: &BucketPlace) -> Result<ReachedBucket, ServerError> {
    drop(rustls::crypto::ring::default_provider().install_default());
    let retry = RetryConfig {
        backoff: BackoffConfig {
            init_backoff: Duration::from_millis(100),
            max_backoff: Duration::from_secs(2),
            ..BackoffConfig::default()
        },
        max_retries: BUCKET_RETRY_MAX,
        retry_timeout: BUCKET_CALL_MAX,
    };
    let builder = AmazonS3Builder::from_env();
    let client = ClientOptions::new()
        .with_connect_timeout(BUCKET_CONNECT_MAX)
        .with_read_timeout(BUCKET_SILENCE_MAX)
        .with_timeout_disabled()
        .with_allow_http(allows_http());
    let store = builder
        .with_bucket_name(&place.bucket)
        .with_client_options(client)
        .with_retry(retry)
        .build();
    let store = store.map_err(|error| {
        let why = innermost(&error);
        let message = format!("{place} cannot be reached as AWS_… says: {why}");
        ServerError::bad_input("bad_files_place", message).about("files")
    })?;
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name("bucket")
        .enable_all()
        .build()
        .map_err(ServerError::broken)?;
    Ok(ReachedBucket {
        store: Arc::new(store),
        runtime: Some(runtime),
    })
}

/// In clear text only where somebody says so.
fn allows_http() -> bool {
    std::env::var("AWS_ALLOW_HTTP").is_ok_and(|said| said.eq_ignore_ascii_case("true"))
}

/// What is there, or nothing where nothing is.
fn some<T>(found: object_store::Result<T>) -> object_store::Result<Option<T>> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(StoreError::NotFound { path, source }) if names_bucket(source.as_ref()) => {
            Err(StoreError::NotFound { path, source })
        }
        Err(StoreError::NotFound { .. }) => Ok(None),
        Err(other) => Err(other),
    }
}

/// A whole bucket that is not there is no file that is not there.
fn names_bucket(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if error.to_string().contains("NoSuchBucket") {
            return true;
        }
        next = error.source();
    }
    false
}

/// The cause of all causes, on one line.
fn innermost(error: &StoreError) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    let said = cause.to_string();
    let line: String = said.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().take(300).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_that_is_not_there_is_said_in_words_and_believed_for_a_moment() {
        let place = "s3://photos/acme".parse().unwrap();
        let bucket = FileBucket::at(place);
        assert_eq!(bucket.key("tenant/ab").to_string(), "acme/tenant/ab");
        bucket.note_down();
        let error = bucket.has("tenant/ab", 1).unwrap_err();
        assert_eq!(
            (error.code.as_str(), error.wait_s),
            ("files_unreachable", Some(BUSY_S))
        );
        assert!(error.message.contains("s3://photos/acme"), "{error}");
    }
}
