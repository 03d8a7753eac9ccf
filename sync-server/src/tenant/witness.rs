//! The witness beside a tenant's file, by which a file that was put back is known: an empty file
//! whose name is how far the tenant's numbers have risen, and whose identity the database holds.
//! It does not know what a restore leads to. `core/decisions/0020` says why it is made so.

use std::cell::Cell;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use outfield_core::store::{self, Db, StoreError, meta};
use rusqlite::Transaction;

use super::height::Height;
use crate::error::ServerError;

/// The key under which a tenant's file holds the identity of its witness.
const IDENTITY: &str = "witness";
/// The name of a witness that was made just now.
const NEW: &str = "new";
/// The highest number that a name is believed to tell: above it there is room for all that follows.
const NUMBER_MAX: u64 = 1 << 62;
/// How often a witness is looked for that others are raising meanwhile.
const TRIES: usize = 100;

/// What a tenant's file and its witness say of each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Testimony {
    /// They belong together.
    Same,
    /// There was no witness yet.
    First,
    /// The file is older than its witness, or is not where it was: somebody put it back. The
    /// numbers had risen so far.
    PutBack(Height),
}

/// The witness of one tenant, or whatever lies in its place.
pub(crate) struct PutBackWitness {
    folder: PathBuf,
    /// What the witness was called when it was last seen here.
    seen: Cell<Height>,
}

struct WitnessFile {
    path: PathBuf,
    /// None of one that was made just now.
    height: Option<Height>,
    identity: String,
}

impl PutBackWitness {
    /// The witness that stands beside this file.
    pub(super) fn beside(file: &Path) -> PutBackWitness {
        PutBackWitness {
            folder: file.with_extension("witness"),
            seen: Cell::default(),
        }
    }

    /// Makes a transaction true, and only then has the witness say so: whatever is killed or loses
    /// its power in between, the witness is never ahead of the file.
    pub(crate) fn commit(&self, transaction: Transaction<'_>) -> Result<(), StoreError> {
        let height = Height::of(&transaction)?;
        store::open::commit(transaction)?;
        self.rise(height);
        Ok(())
    }

    /// Whether the file and its witness belong together, as far as can be told without a lock. The
    /// file is read last, so that it is ahead of the witness and not behind.
    pub(crate) fn is_same(&self, db: &Db) -> Result<bool, ServerError> {
        let files = self.files()?;
        let [
            WitnessFile {
                height: Some(height),
                identity,
                ..
            },
        ] = files.as_slice()
        else {
            return Ok(false);
        };
        let is_same =
            meta::get(db, IDENTITY)?.as_ref() == Some(identity) && !height.exceeds(Height::of(db)?);
        if is_same {
            self.seen.set(*height);
        }
        Ok(is_same)
    }

    /// What the file and its witness say of each other, in a writing transaction.
    pub(crate) fn testimony(&self, transaction: &Db) -> Result<Testimony, ServerError> {
        let files = self.files()?;
        let known = meta::get(transaction, IDENTITY)?;
        let numbered = files.iter().filter_map(|file| file.height);
        let highest = numbered.clone().fold(Height::default(), Height::or);
        let is_there = files
            .iter()
            .any(|file| Some(&file.identity) == known.as_ref());
        Ok(match known {
            Some(_) if is_there && !highest.exceeds(Height::of(transaction)?) => Testimony::Same,
            None if numbered.count() == 0 => Testimony::First,
            Some(_) | None => Testimony::PutBack(highest),
        })
    }

    /// Makes another witness, which the file knows as soon as the transaction is true.
    pub(crate) fn renew(&self, transaction: &Db) -> Result<(), ServerError> {
        let made = || {
            let mut builder = DirBuilder::new();
            builder.recursive(true).mode(0o700).create(&self.folder)?;
            let path = self.folder.join(NEW);
            fs::remove_file(&path).or_else(gone_is_fine)?;
            // What the database knows must be there after a power cut.
            let mut options = OpenOptions::new();
            options.write(true).create_new(true).mode(0o600);
            options.open(&path)?.sync_all()?;
            File::open(&self.folder)?.sync_all()?;
            if let Some(above) = self.folder.parent() {
                File::open(above)?.sync_all()?;
            }
            identity(&path)
        };
        let identity = made().map_err(|error| self.named(&error))?;
        Ok(meta::set(transaction, IDENTITY, &identity)?)
    }

    /// Takes away what lies beside the witness, and calls the witness by its height; in a writing
    /// transaction, so that nobody else makes one meanwhile.
    pub(crate) fn settle(&self, transaction: &Db) -> Result<(), ServerError> {
        let known = meta::get(transaction, IDENTITY)?;
        let height = Height::of(transaction)?;
        let settled = |file: &WitnessFile| {
            if Some(&file.identity) == known.as_ref() {
                fs::rename(&file.path, self.path(height))
            } else {
                fs::remove_file(&file.path)
            }
        };
        let mut files = self.files()?;
        // What goes, goes first: it may have the name that the witness gets.
        files.sort_by_key(|file| Some(&file.identity) == known.as_ref());
        for file in &files {
            settled(file)
                .or_else(gone_is_fine)
                .map_err(|error| self.named(&error))?;
        }
        self.seen.set(height);
        Ok(())
    }

    /// The witness says so much now. That it says less than is true does no harm, so that no error
    /// here is one of the work that was done.
    fn rise(&self, height: Height) {
        for _ in 0..TRIES {
            let seen = self.seen.get();
            if !height.exceeds(seen) {
                return;
            }
            let risen = seen.or(height);
            match fs::rename(self.path(seen), self.path(risen)) {
                Ok(()) => return self.seen.set(risen),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(_) => return,
            }
            // Another process has raised it.
            let files = self.files().unwrap_or_default();
            let Some(now) = files.iter().find_map(|file| file.height) else {
                return;
            };
            self.seen.set(now);
        }
    }

    fn path(&self, height: Height) -> PathBuf {
        self.folder
            .join(format!("{}-{}", height.tick, height.verdict))
    }

    /// All that lies in the place of the witness.
    fn files(&self) -> Result<Vec<WitnessFile>, ServerError> {
        for _ in 0..TRIES {
            match listed(&self.folder) {
                // One was raised between its name was read and its identity.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                listed => return listed.map_err(|error| self.named(&error)),
            }
        }
        Err(ServerError::broken(format!(
            "{}: its names change all the time",
            self.folder.display()
        )))
    }

    fn named(&self, error: &io::Error) -> ServerError {
        ServerError::broken(format!("{}: {error}", self.folder.display()))
    }
}

fn listed(folder: &Path) -> io::Result<Vec<WitnessFile>> {
    let mut files = Vec::new();
    if !folder.exists() {
        return Ok(files);
    }
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        let name = entry.file_name();
        let height = name.to_str().and_then(height_in);
        if height.is_none() && name != NEW {
            continue;
        }
        files.push(WitnessFile {
            identity: identity(&path)?,
            path,
            height,
        });
    }
    Ok(files)
}

/// What no copy of a file shares with it: its number on the disk, and when it was made. Neither is
/// set by whoever writes, moves, renames or owns it, nor by a restart of the machine.
fn identity(path: &Path) -> io::Result<String> {
    let file = fs::symlink_metadata(path)?;
    let made = file.created().ok();
    let made = made.and_then(|made| made.duration_since(UNIX_EPOCH).ok());
    Ok(format!(
        "{}-{}",
        file.ino(),
        made.unwrap_or_default().as_nanos()
    ))
}

fn height_in(name: &str) -> Option<Height> {
    let (tick, verdict) = name.split_once('-')?;
    let number = |text: &str| text.parse().ok().filter(|number| *number <= NUMBER_MAX);
    Some(Height {
        tick: number(tick)?,
        verdict: number(verdict)?,
    })
}

fn gone_is_fine(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::NotFound {
        return Ok(());
    }
    Err(error)
}
