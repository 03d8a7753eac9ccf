//! Databases that lie on the disk under a key: opens them, makes their files private, and takes
//! over those of before that had none. It does not know where the key is kept, nor what a database
//! holds.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::ErrorCode;

use super::error::{StoreError, StoreFault};
use super::key::DatabaseKey;
use super::open::{connect, ready, recognise};
use super::schema::{Db, Schema};

/// A database that lies in memory alone.
const IN_MEMORY: &str = ":memory:";
/// How often it is looked whether nobody else has a plain database open, and how long it waits in
/// between.
const LOOKS_MAX: u32 = 500;
const LOOK: Duration = Duration::from_millis(20);
/// The end of the name under which a plain database becomes one with a key.
const TAKING_OVER: &str = "-locked";

/// Opens a database that lies on the disk under this key, makes it when it is missing, and runs the
/// migrations that it lacks. One that lies there in plain is taken over; whatever kills that, it is
/// the plain one or the other, whole. With another key nothing is written.
pub fn open(path: &Path, schema: Schema, key: &DatabaseKey) -> Result<Db, StoreError> {
    if path.as_os_str() == IN_MEMORY {
        return ready(connect(path)?, path, schema);
    }
    make_private(path).map_err(|error| StoreError::new(error).at(path))?;
    let db = opened(path, key).or_else(|error| match error.fault {
        // It may lie there in plain, or be taken over by somebody else at this moment, and read as
        // damaged meanwhile.
        StoreFault::WrongKey | StoreFault::Damaged | StoreFault::Missing | StoreFault::Other => {
            take_over(path, schema, key)?;
            opened(path, key)
        }
        StoreFault::Full | StoreFault::Newer => Err(error),
    });
    ready(db.map_err(|error| error.at(path))?, path, schema)
}

/// A connection under this key to a database that is there, of this version or an older one, and
/// nothing more: what else stands in it may be unreadable.
pub fn bare(path: &Path, schema: Schema, key: &DatabaseKey) -> Result<Db, StoreError> {
    if !path.exists() {
        return Err(StoreError::new("there is no such file").at(path));
    }
    let db = opened(path, key).map_err(|error| error.at(path))?;
    recognise(&db, schema).map_err(|error| error.at(path))?;
    Ok(db)
}

fn opened(path: &Path, key: &DatabaseKey) -> Result<Db, StoreError> {
    let db = connect(path)?;
    unlock(&db, key)?;
    Ok(db)
}

/// Gives a connection the key, before anything else is asked of it.
pub fn unlock(db: &Db, key: &DatabaseKey) -> Result<(), StoreError> {
    // What it would tell on standard error is in its answers.
    db.execute_batch("PRAGMA cipher_log_level = NONE")?;
    db.execute_batch(&format!("PRAGMA key = \"x'{}'\"", key.letters()))?;
    match db.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(())) {
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::NotADatabase) => {
            let cause = "the key does not open this file: it is another database's, or this is no \
                         database of a rep, or its first page is damaged; nothing was changed";
            Err(StoreError::of(StoreFault::WrongKey, cause))
        }
        answer => Ok(answer?),
    }
}

/// Whether this file is a database without a key. SQLite is asked: who opens and closes the file
/// in another way takes this process's locks off it.
pub fn is_plain(path: &Path) -> Result<bool, StoreError> {
    let db = connect(path)?;
    // What reads an empty file as a database takes any key.
    let pages = db.pragma_query_value(None, "page_count", |row| row.get::<_, i64>(0));
    Ok(pages.is_ok_and(|pages| pages > 0))
}

/// Makes a database out of a plain one that lies under a key, and puts it into its place once all
/// of it is on the disk. Who is second waits for the first, and finds it done. What is not in plain
/// stays as it is.
fn take_over(path: &Path, schema: Schema, key: &DatabaseKey) -> Result<(), StoreError> {
    let new = beside(path, TAKING_OVER);
    make_private(&new).map_err(StoreError::new)?;
    let mut options = File::options();
    let turn = options.write(true).open(&new).map_err(StoreError::new)?;
    turn.lock().map_err(StoreError::new)?;
    if !is_plain(path)? {
        return gone(&new);
    }
    let plain = alone(path, schema)?;
    // What an attempt left behind that was killed.
    turn.set_len(0).map_err(StoreError::new)?;
    gone(&beside(&new, "-journal"))?;
    copy(&plain, &new, Some(key))?;
    turn.sync_all().map_err(StoreError::new)?;
    swap(&new, path).map_err(StoreError::new)
}

/// A connection to a plain database that nobody else has until it is dropped; the log beside it is
/// gone, for it would be read into what takes its place.
fn alone(path: &Path, schema: Schema) -> Result<Db, StoreError> {
    let mut last = StoreError::new("nobody looked");
    for _ in 0..LOOKS_MAX {
        let plain = connect(path)?;
        recognise(&plain, schema)?;
        plain.pragma_update(None, "locking_mode", "exclusive")?;
        let alone = plain
            .pragma_update_and_check(None, "journal_mode", "delete", |row| row.get(0))
            .and_then(|mode: String| {
                plain.execute_batch("BEGIN EXCLUSIVE; COMMIT")?;
                Ok(mode == "delete")
            });
        match alone {
            Ok(true) => return Ok(plain),
            Ok(false) => last = StoreError::new("somebody else has this file open; close it there"),
            Err(error) => last = error.into(),
        }
        drop(plain);
        std::thread::sleep(LOOK);
    }
    Err(last)
}

fn gone(file: &Path) -> Result<(), StoreError> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(StoreError::new(error)),
        Err(_) | Ok(()) => Ok(()),
    }
}

/// Copies one state of a database into a new file, under this key or in plain. The file must not be
/// there; it is private.
pub fn copy_out(db: &Db, to: &Path, key: Option<&DatabaseKey>) -> Result<(), StoreError> {
    if to.exists() {
        return Err(StoreError::new("there is such a file already").at(to));
    }
    make_private(to)
        .map_err(StoreError::new)
        .and_then(|()| copy(db, to, key))
        .map_err(|error| error.at(to))
}

fn copy(db: &Db, new: &Path, key: Option<&DatabaseKey>) -> Result<(), StoreError> {
    let number = |name: &str| db.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
    let (application, version) = (number("application_id")?, number("user_version")?);
    let key = key.map_or(String::new(), |key| format!("x'{}'", key.letters()));
    db.execute(
        "ATTACH ?1 AS copy KEY ?2",
        [new.to_string_lossy().as_ref(), &key],
    )?;
    let copied = attempt_copy(db, application, version);
    db.execute_batch("DETACH copy")?;
    copied
}

fn attempt_copy(db: &Db, application: i32, version: i32) -> Result<(), StoreError> {
    let still = super::open::snapshot(db)?;
    still.query_row("SELECT sqlcipher_export('copy')", [], |_| Ok(()))?;
    still.pragma_update(Some("copy"), "application_id", application)?;
    still.pragma_update(Some("copy"), "user_version", version)?;
    super::open::commit(still)
}

/// Puts a file that is whole into the place of another, so that a power cut leaves one of the two.
fn swap(new: &Path, path: &Path) -> io::Result<()> {
    fs::rename(new, path)?;
    if let Some(folder) = path.parent() {
        let folder = if folder.as_os_str().is_empty() {
            Path::new(".")
        } else {
            folder
        };
        // Where folders cannot be opened, they cannot be waited for.
        if let Ok(folder) = File::open(folder) {
            folder.sync_all()?;
        }
    }
    Ok(())
}

/// Makes sure that nobody but its user reads a file, and makes it when it is missing; what SQLite
/// puts beside it is as private as it is.
#[cfg(unix)]
pub fn make_private(path: &Path) -> io::Result<()> {
    use std::fs::Permissions;
    use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};

    let mut options = File::options();
    let options = options.write(true).create_new(true).mode(0o600);
    match options.open(path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        Ok(_) => Ok(()),
        Err(_) => {
            for ending in ["", "-wal", "-shm", "-journal"] {
                let file = beside(path, ending);
                let Ok(found) = fs::metadata(&file) else {
                    continue;
                };
                // Somebody else's file stays as it is: this user reads it by their leave.
                if found.permissions().mode() & 0o077 != 0 {
                    fs::set_permissions(&file, Permissions::from_mode(0o600)).ok();
                }
            }
            Ok(())
        }
    }
}

/// Where files have no modes, they are as private as their folder.
#[cfg(not(unix))]
pub fn make_private(_: &Path) -> io::Result<()> {
    Ok(())
}

/// The file beside this one whose name ends in this as well.
fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}
