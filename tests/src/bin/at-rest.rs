//! Measures what a key costs a phone's database, beside plain SQLite and beside other settings of
//! SQLCipher: size, opening, commits that wait for the disk, reading what is not in memory.
//! `core/decisions/0022-at-rest.md` has its figures. It does not know what a phone keeps.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a program for whoever measures"
)]

use std::path::Path;
use std::time::{Duration, Instant};

use outfield_core::store::{self, Db, PHONE, locked};
use outfield_tests::keys::key;

/// Rows that are written at once, as a download does, and how long their text is.
const ROWS: i64 = 50_000;
const TEXT_BYTES: usize = 220;
/// Commits that wait for the disk, and single rows that are read from a file that was just opened.
const COMMITS: i64 = 400;
const READS: i64 = 2_000;
/// Rounds, by turns; the best of each counts.
const ROUNDS: usize = 5;

/// What is compared, with what is said to SQLCipher after the key.
const SETTINGS: &[(&str, Option<&str>)] = &[
    ("plain", None),
    ("4096, HMAC-SHA512 (ours)", Some("")),
    (
        "4096, HMAC-SHA256",
        Some("PRAGMA cipher_hmac_algorithm = HMAC_SHA256"),
    ),
    (
        "4096, HMAC-SHA1",
        Some("PRAGMA cipher_hmac_algorithm = HMAC_SHA1"),
    ),
    ("4096, no HMAC", Some("PRAGMA cipher_use_hmac = OFF")),
    ("8192, HMAC-SHA512", Some("PRAGMA cipher_page_size = 8192")),
    (
        "16384, HMAC-SHA512",
        Some("PRAGMA cipher_page_size = 16384"),
    ),
];

/// Opens a file with these settings.
fn opened(file: &Path, settings: Option<&str>) -> Db {
    let db = Db::open(file).unwrap();
    if let Some(settings) = settings {
        db.execute_batch(&format!("PRAGMA key = \"x'{}'\"", key().letters()))
            .unwrap();
        db.execute_batch(settings).unwrap();
    }
    db.pragma_update(None, "journal_mode", "wal").unwrap();
    db.pragma_update(None, "synchronous", "full").unwrap();
    db
}

fn timed(work: impl FnOnce()) -> Duration {
    let began = Instant::now();
    work();
    began.elapsed()
}

/// One round: how long it takes to write, to commit, to open, to read rows and to read all; and the
/// bytes of the file.
fn round(folder: &Path, settings: Option<&str>) -> ([Duration; 5], u64) {
    let file = folder.join("measured.db");
    for ending in ["db", "db-wal", "db-shm"] {
        drop(std::fs::remove_file(file.with_extension(ending)));
    }
    let db = opened(&file, settings);
    db.execute_batch(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, k INTEGER, v TEXT); \
                      CREATE INDEX t_k ON t (k)",
    )
    .unwrap();
    let insert = |id: i64| {
        let text = format!("{id:0width$}", width = TEXT_BYTES);
        let mut statement = db
            .prepare_cached("INSERT INTO t VALUES (?1, ?2, ?3)")
            .unwrap();
        statement.execute((id, id * 7919 % ROWS, text)).unwrap();
    };
    let write = timed(|| {
        let tx = store::open::begin(&db).unwrap();
        (0..ROWS).for_each(insert);
        tx.commit().unwrap();
    });
    let commit = timed(|| (ROWS..ROWS + COMMITS).for_each(insert));
    drop(db);
    let count = |db: &Db| {
        db.query_row("SELECT count(*) FROM sqlite_schema", [], |row| {
            row.get::<_, i64>(0)
        })
        .unwrap()
    };
    let open = timed(|| assert!(count(&opened(&file, settings)) > 0));
    let db = opened(&file, settings);
    let read = timed(|| {
        let mut statement = db.prepare_cached("SELECT v FROM t WHERE k = ?1").unwrap();
        for row in 0..READS {
            let wanted = row * 104_729 % ROWS;
            statement
                .query_row([wanted], |row| row.get::<_, String>(0))
                .unwrap();
        }
    });
    drop(db);
    let db = opened(&file, settings);
    let scan = timed(|| {
        let sql = "SELECT sum(length(v)) FROM t";
        db.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    });
    drop(db);
    (
        [write, commit, open, read, scan],
        std::fs::metadata(&file).unwrap().len(),
    )
}

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let mut best = vec![([Duration::MAX; 5], 0); SETTINGS.len()];
    for _ in 0..ROUNDS {
        for (at, (_, settings)) in SETTINGS.iter().enumerate() {
            let (times, size) = round(folder.path(), *settings);
            best[at].1 = size;
            for (kept, time) in best[at].0.iter_mut().zip(times) {
                *kept = (*kept).min(time);
            }
        }
    }
    println!(
        "{ROWS} rows of {TEXT_BYTES} bytes; {COMMITS} commits; {READS} reads; best of {ROUNDS}"
    );
    println!(
        "settings                     bytes      write ms  a commit us  open us  a read us  scan ms"
    );
    for ((name, _), ([write, commit, open, read, scan], size)) in SETTINGS.iter().zip(best) {
        println!(
            "{name:27}  {size:9}  {:8}  {:11}  {:7}  {:7}.{}  {:7}",
            write.as_millis(),
            commit.as_micros() / COMMITS.unsigned_abs() as u128,
            open.as_micros(),
            read.as_micros() / READS.unsigned_abs() as u128,
            read.as_nanos() / READS.unsigned_abs() as u128 % 1_000 / 100,
            scan.as_millis()
        );
    }
    let file = folder.path().join("phone.db");
    drop(locked::open(&file, PHONE, &key()).unwrap());
    let open = (0..20)
        .map(|_| timed(|| drop(locked::open(&file, PHONE, &key()).unwrap())))
        .min();
    println!(
        "a phone's database is open in {} us",
        open.unwrap().as_micros()
    );
}
