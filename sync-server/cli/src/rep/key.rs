//! The key of the database that `--db` names, which the command line keeps in a file beside it: it
//! has no key store. It does not know what lies under the key.

use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use outfield_core::app::DatabaseKey;
use outfield_core::base::context::Surroundings;

use super::database::is_locked;
use crate::answer::CliFailure;

/// The variable that says the key.
const KEY: &str = "OUTFIELD_KEY";

/// The key under which the database lies: the one that `OUTFIELD_KEY` says, or that of the file
/// beside it. For a database that is new, or still lies there in plain, that file is made.
pub(super) fn key_of(
    db: &Path,
    surroundings: &dyn Surroundings,
) -> Result<DatabaseKey, CliFailure> {
    if let Some(said) = std::env::var_os(KEY).filter(|said| !said.is_empty()) {
        return DatabaseKey::read(&said.to_string_lossy()).ok_or_else(|| {
            let message = format!("{KEY} is not a key; a key is 64 hexadecimal letters");
            CliFailure::bad_input("bad_database_key", message).about("key")
        });
    }
    let file = beside(db, ".key");
    if let Some(key) = read_key(&file)? {
        return Ok(key);
    }
    if is_locked(db) {
        let message = format!(
            "`{}` lies under a key, and `{}` is not there; put that file back, or say the key in \
             {KEY}: without it nobody reads what is here",
            db.display(),
            file.display()
        );
        return Err(CliFailure::bad_input("missing_key", message).about("key"));
    }
    write_key(&file, &DatabaseKey::of(surroundings.entropy()))
        .map_err(|error| unusable(&file, &error))?;
    // Where two began at once, the file holds the key of the first.
    read_key(&file)?.ok_or_else(|| unusable(&file, &ErrorKind::NotFound.into()))
}

fn read_key(file: &Path) -> Result<Option<DatabaseKey>, CliFailure> {
    match std::fs::read_to_string(file) {
        Ok(text) => match DatabaseKey::read(text.trim()) {
            Some(key) => Ok(Some(key)),
            None => {
                let message = format!("`{}` holds no key; put it back as it was", file.display());
                Err(CliFailure::bad_input("bad_database_key", message).about("key"))
            }
        },
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(unusable(file, &error)),
    }
}

/// Puts a key beside the database, whole and on the disk before anything lies under it, unless
/// there is one meanwhile.
fn write_key(file: &Path, key: &DatabaseKey) -> io::Result<()> {
    let new = beside(file, &format!(".{}", std::process::id()));
    let mut options = File::options();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut written = options.open(&new)?;
    writeln!(written, "{}", key.letters())?;
    written.sync_all()?;
    let linked = match std::fs::hard_link(&new, file) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        Err(_) | Ok(()) => Ok(()),
    };
    std::fs::remove_file(&new)?;
    linked
}

fn unusable(file: &Path, error: &io::Error) -> CliFailure {
    let message = format!(
        "`{}` cannot be used: {error}; say the key in {KEY}",
        file.display()
    );
    CliFailure::bad_input("bad_database_key", message).about("key")
}

/// The file beside this one whose name ends in this as well.
fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}
