//! The file that `--db` names: explains what is wrong with it, where the database would only fail
//! or a misspelt name would make a new one. It does not know what is done on the database.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use crate::answer::CliFailure;

/// The first bytes of every SQLite file.
const SQLITE: &[u8] = b"SQLite format 3\0";

/// Makes sure that the file is a device's database, or may become one.
pub(crate) fn check_file(db: &Path, may_begin: bool) -> Result<(), CliFailure> {
    let shown = db.display();
    if db.as_os_str().is_empty() || db.is_dir() {
        let message = format!("`{shown}` is not a file; give --db FILE, such as --db ana.db");
        return Err(bad_database(message));
    }
    let folder = db.parent().filter(|folder| !folder.as_os_str().is_empty());
    if let Some(folder) = folder.filter(|folder| !folder.is_dir()) {
        return Err(bad_database(format!(
            "there is no folder `{}`; make it, or name another file with --db",
            folder.display()
        )));
    }
    if is_of_office(db) {
        return Err(bad_database(format!(
            "`{shown}` belongs to the data folder of a server; name another file with --db"
        )));
    }
    match first_bytes(db) {
        Ok(bytes) if bytes != SQLITE && is_text(&bytes) => Err(bad_database(format!(
            "`{shown}` is not a database of Outfield; name another file with --db"
        ))),
        Ok(_) => Ok(()),
        Err(error) if error.kind() != ErrorKind::NotFound => Err(bad_database(format!(
            "`{shown}` cannot be read: {error}; name another file with --db"
        ))),
        Err(_) if may_begin => Ok(()),
        Err(_) => Err(not_enrolled(db)),
    }
}

/// Nobody is signed in on this database.
pub(crate) fn not_enrolled(db: &Path) -> CliFailure {
    let shown = db.display();
    CliFailure::signed_out(format!(
        "nobody is enrolled on `{shown}`; run `outfield rep --db {shown} enrol URL CODE` first"
    ))
}

fn bad_database(message: String) -> CliFailure {
    CliFailure::bad_input("bad_database", message).about("db")
}

/// The office's own files are SQLite too, but a device's tables have no place in them.
fn is_of_office(db: &Path) -> bool {
    let Ok(path) = db.canonicalize() else {
        return false;
    };
    let Some(folder) = path.parent() else {
        return false;
    };
    let is_tenants = folder.ends_with("tenants") && folder.with_file_name("outfield.db").is_file();
    is_tenants || (db.ends_with("outfield.db") && folder.join("tenants").is_dir())
}

/// Whether these bytes begin a text: what lies under a key begins with chance.
fn is_text(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(|byte| matches!(byte, 9..=13 | 32..=126))
}

/// Whether the file holds something that is no database in plain.
pub(super) fn is_locked(db: &Path) -> bool {
    first_bytes(db).is_ok_and(|bytes| !bytes.is_empty() && bytes != SQLITE)
}

fn first_bytes(db: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(db)?
        .take(SQLITE.len() as u64)
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}
