//! Every size, rate and deadline of the server by name, with its unit. What phone and server both
//! hold to stands in `outfield_core::base::limits`. It does not know who asks.

use std::time::Duration;

use outfield_core::base::limits::{FRAME_BYTES_MAX, REQUEST_BYTES_MAX};

// Connections.

/// How long a connection may take for the head of its next request, and how long it may be idle
/// before it.
pub const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a secured connection may take to stand.
pub const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// Bytes of the head of a request.
pub const HEAD_BYTES_MAX: usize = 64 * 1024;
/// Connections at a time, however many files the process may open.
pub const CONNECTIONS_MAX: usize = 100_000;
/// Quarters of the files that the process may open which are for connections; the last one is for
/// databases.
pub const CONNECTION_PARTS: usize = 3;
/// Files that one long answer holds open: those of a database, and one to spare.
pub const FILES_PER_PULL: usize = 4;
/// How long those who are being answered have once the server is told to stop.
pub const SHUTDOWN_GRACE: Duration = Duration::from_secs(5);
/// How often the files of the certificate are looked at.
pub const CERTIFICATE_LOOK: Duration = Duration::from_secs(5);

// Being seen.

/// Lines of the log that wait to be written; what comes beyond is counted and dropped.
pub const LOG_LINES_MAX: usize = 10_000;
/// Codes that refusals are counted by; what comes beyond is counted as others.
pub const METRIC_CODES_MAX: usize = 500;
/// Connections at a time of those who read figures.
pub const METRICS_CONNECTIONS_MAX: usize = 16;
/// How long it is believed what was found of disk and databases, at least.
pub const READINESS_AGE: Duration = Duration::from_secs(2);
/// And at least so many times as long as it took to find it.
pub const READINESS_SHARE: u32 = 20;
/// Bytes that must be left on the disk for a server to be ready: some minutes of work, and of the
/// log lines of many others.
pub const DISK_ROOM_MIN: u64 = 64 * 1024 * 1024;
/// Days after which devices that are not heard of are counted apart.
pub const SILENT_DAYS: [u32; 3] = [1, 7, 30];

// Bodies.

/// Bytes of the body of an enrolment or a renewal: whoever sends it is not known yet.
pub const DOOR_BYTES_MAX: usize = 4 * 1024;
/// How long a client may be silent in the middle of a body.
pub const BODY_IDLE_TIMEOUT: Duration = Duration::from_secs(15);
/// How long a whole body may take: 4 MiB over the slowest of networks.
pub const BODY_TIMEOUT: Duration = Duration::from_secs(600);
/// Bytes that are read and dropped of a body which is not taken, so that the answer is heard.
pub const DRAIN_BYTES_MAX: usize = 64 * 1024 * 1024;
/// How long that may take.
pub const DRAIN_TIMEOUT: Duration = Duration::from_secs(10);

// Answers.

/// How long a client may take for one piece of an answer.
pub const WRITE_TIMEOUT: Duration = Duration::from_secs(60);
/// How long a whole long answer may take: longer than a phone listens.
pub const ANSWER_TIMEOUT: Duration = Duration::from_secs(900);
/// Bytes of an answer from which a piece is handed on.
pub const CHUNK_BYTES: usize = 32 * 1024;
/// Pieces of one answer that wait for the client.
pub const CHUNKS_MAX: usize = 4;
/// How often it is asked during a long answer whether its device is still let in.
pub const ACCESS_LOOK: Duration = Duration::from_secs(1);

// Shares of the work.

/// Calls of one device under way.
pub const DEVICE_CALLS_MAX: usize = 16;
/// Calls of one device that are worked on at a time; its others wait for these.
pub const DEVICE_WORK_MAX: usize = 2;
/// Long answers to one device at a time: one, and those to connections whose end has not been
/// noticed yet.
pub const DEVICE_PULLS_MAX: usize = 4;
/// Long answers at a time, each with a thread. A tenant has at most as many as are still free.
pub const PULLS_MAX: usize = 256;
/// Calls that read one tenant's records at a time; its others wait for these.
pub const TENANT_READS_MAX: usize = 8;
/// Bodies of one tenant that are unpacked at a time; its others wait for these.
pub const TENANT_UNPACKS_MAX: usize = 4;
/// Threads for work that waits for a disk: long answers, and what is read and written beside them.
pub const THREADS_MAX: usize = 2 * PULLS_MAX;
/// Seconds after which it is worth asking again where too much was under way.
pub const BUSY_S: u32 = 5;

// Those who listen.

/// Quarters of the connections that may be those of listeners.
pub const LIVE_PARTS: usize = 3;
/// How often a listener is told that somebody is still there: before proxies and networks take the
/// connection for dead.
pub const LIVE_BEAT: Duration = Duration::from_secs(45);
/// How often it is looked for what other processes wrote, in a tenant where anybody listens.
pub const LIVE_LOOK: Duration = Duration::from_secs(1);
/// Milliseconds after which a listener comes again whose stream broke, however few listen.
pub const LIVE_RETRY_MS: u64 = 1_000;
/// Milliseconds over which each one beyond a few spreads what all of them ask next.
pub const LIVE_SPREAD_MS: u64 = 1;

// Work of one call. What its steps are, how many entries, operations and bytes it holds stands with
// the core's limits.

/// Documents kept open for one tenant.
pub const OPEN_DOCUMENTS_MAX: usize = 512;
/// Bytes of their histories once inflated; in memory they take a few times as much.
pub const OPEN_DOCUMENT_BYTES_MAX: usize = 4 * 1024 * 1024;

// What a device may leave for good.

/// Refused entries of one device that are kept for the office.
pub const QUARANTINE_ROWS_MAX: usize = 1_000;
/// Bytes of them.
pub const QUARANTINE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Actors that one device may claim: one for each login, and for each copy of it that wrote.
pub const DEVICE_ACTORS_MAX: usize = 500;

// Files.

/// Bytes of files that one person may bring, unless the office says otherwise: 4 GiB.
pub const PERSON_FILES_BYTES: u64 = 4 << 30;
/// Bytes of files that one tenant may have, unless the office says otherwise: 200 GiB.
pub const TENANT_FILES_BYTES: u64 = 200 << 30;
/// Files of one device that are not whole yet; the one that waited longest goes for another.
pub const DEVICE_PARTS_MAX: usize = 32;
/// How long a file stays that was brought over REST and that no record came to name, in
/// milliseconds: a day.
pub const UNNAMED_FILE_MS: i64 = 24 * 3_600_000;
/// Such files that one call looks at.
pub const UNNAMED_FILES_SWEPT: usize = 100;

// Files in a bucket.

/// How long one call of a bucket may take, with all that is tried again: shorter than a phone
/// listens.
pub const BUCKET_CALL_MAX: Duration = Duration::from_secs(20);
/// How long it may take where it is only asked whether the bucket is well.
pub const BUCKET_PROBE_MAX: Duration = Duration::from_secs(3);
/// How long a connection to a bucket may take to stand.
pub const BUCKET_CONNECT_MAX: Duration = Duration::from_secs(5);
/// How long a bucket may be silent in the middle of an answer.
pub const BUCKET_SILENCE_MAX: Duration = Duration::from_secs(10);
/// How often a call that failed is tried again.
pub const BUCKET_RETRY_MAX: usize = 3;
/// How long a bucket that failed is believed to fail: whoever comes meanwhile is told so at once.
pub const BUCKET_DOWN_AGE: Duration = Duration::from_secs(1);
/// Pieces of one object that wait for whoever asked for it.
pub const BUCKET_PIECES_MAX: usize = 4;
/// Objects that are taken away at a time.
pub const BUCKET_SWEEPS_MAX: usize = 8;
/// Files of one tenant that are put up or read at a time; its others wait for these.
pub const TENANT_CARRIES_MAX: usize = 4;
/// Those of all tenants, each with a thread and the bytes of a file.
pub const CARRIES_MAX: usize = 16;
/// Files that were taken away and are remembered, so that none is noted that was put up before.
pub const REMOVED_KEPT_MAX: usize = 10_000;
/// Files of the folder that go up in one go, and how long it is waited for the next.
pub const MOVED_UP_MAX: usize = 100;
/// See [`MOVED_UP_MAX`].
pub const MOVE_UP_LOOK: Duration = Duration::from_secs(30);

// Doors.

/// How long it is counted how often somebody tried in vain.
pub const ATTEMPTS_WINDOW: Duration = Duration::from_secs(60);
/// Codes and refresh tokens that one address may try in vain within that time.
pub const ADDRESS_ATTEMPTS_MAX: u32 = 60;
/// Codes and refresh tokens of one tenant that may be tried in vain within that time.
pub const TENANT_ATTEMPTS_MAX: u32 = 600;
/// Addresses and tenants that are counted at a time.
pub const ATTEMPTS_KEPT_MAX: usize = 100_000;
/// How long an enrolment code may wait to be used, in milliseconds: seven days.
pub const CODE_MS: i64 = 7 * 24 * 3_600_000;
/// How long a meeting lasts at most, in milliseconds: what a device wrote before it was told what
/// it follows is handed in no later.
pub const MEETING_MS: i64 = 3_600_000;
/// How exactly it is noted when a device was told what it follows, in milliseconds.
pub const TOLD_EXACT_MS: i64 = 60_000;
/// How long the installation that used a code may repeat it, in case the answer was lost, in
/// milliseconds: a day.
pub const CODE_REPEAT_MS: i64 = 24 * 3_600_000;
/// How long an access token lasts, in milliseconds: a day.
pub const ACCESS_MS: i64 = 24 * 3_600_000;
/// How long a refresh token lasts, in milliseconds: longer than a phone may stay offline.
pub const REFRESH_MS: i64 = 400 * 24 * 3_600_000;

/// How long what somebody wrote who left is still taken in, in milliseconds: 30 days.
pub const LEAVER_MS: i64 = 30 * 24 * 3_600_000;
/// Days that a tenant may let its devices be silent at most before they lock.
pub const LEASE_DAYS_MAX: u32 = 3_650;

const _: () = assert!(DOOR_BYTES_MAX < FRAME_BYTES_MAX && FRAME_BYTES_MAX < REQUEST_BYTES_MAX);
const _: () = assert!(REQUEST_BYTES_MAX < DRAIN_BYTES_MAX);
const _: () = assert!(CONNECTION_PARTS < 4 && LIVE_PARTS < 4);
const _: () = assert!(DEVICE_PULLS_MAX < PULLS_MAX && PULLS_MAX < THREADS_MAX);
const _: () = assert!(DEVICE_WORK_MAX < TENANT_READS_MAX);
const _: () = assert!(TENANT_CARRIES_MAX < CARRIES_MAX && CARRIES_MAX < PULLS_MAX);
const _: () = assert!(ADDRESS_ATTEMPTS_MAX < TENANT_ATTEMPTS_MAX);
