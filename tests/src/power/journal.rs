//! What was done to the files of this thread's run, in its order: the tape that power cuts are cut
//! out of. It does not know what a disk keeps of it.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use crate::Clock;

/// One thing done to a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FileOperation {
    /// It was opened, and made if it was not there.
    Make,
    /// Bytes were written.
    Write { at: usize, bytes: Vec<u8> },
    /// It was given this size.
    Size(usize),
    /// Somebody waited for the disk; `full` if its own cache too was to be emptied (`F_FULLFSYNC`).
    Sync { full: bool },
    /// It was deleted; `synced` if somebody waited for the folder.
    Delete { synced: bool },
}

/// What was done to a file, with where and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TapeEntry {
    /// The file, below the folder of the run.
    pub(crate) file: Rc<Path>,
    /// The world's time in milliseconds.
    pub(crate) ms: i64,
    pub(crate) operation: FileOperation,
}

struct Tape {
    folder: PathBuf,
    clock: Option<Arc<Clock>>,
    names: Vec<Rc<Path>>,
    entries: Vec<TapeEntry>,
}

thread_local! {
    static TAPE: RefCell<Option<Tape>> = const { RefCell::new(None) };
}

/// From now on what this thread does to files of a folder is kept.
pub(crate) fn begin(folder: &Path) {
    TAPE.set(Some(Tape {
        folder: folder.to_owned(),
        clock: None,
        names: Vec::new(),
        entries: Vec::new(),
    }));
}

/// From now on entries have this clock's time; before they had none.
pub(crate) fn timed_by(clock: &Arc<Clock>) {
    TAPE.with_borrow_mut(|tape| {
        tape.as_mut()
            .map(|tape| tape.clock = Some(Arc::clone(clock)))
    });
}

/// How much is on the tape.
pub(crate) fn length() -> usize {
    TAPE.with_borrow(|tape| tape.as_ref().map_or(0, |tape| tape.entries.len()))
}

/// Takes the tape out; from now on nobody listens.
pub(crate) fn end() -> Vec<TapeEntry> {
    TAPE.take().map(|tape| tape.entries).unwrap_or_default()
}

/// Something was done to a file.
pub(crate) fn tell(path: &Path, operation: FileOperation) {
    TAPE.with_borrow_mut(|tape| {
        let Some(tape) = tape else { return };
        let Ok(name) = path.strip_prefix(&tape.folder) else {
            return;
        };
        let known = tape
            .names
            .iter()
            .find(|known| known.as_ref() == name)
            .cloned();
        let file = known.unwrap_or_else(|| {
            let file: Rc<Path> = Rc::from(name);
            tape.names.push(Rc::clone(&file));
            file
        });
        let ms = tape.clock.as_ref().map_or(0, |clock| clock.now().0);
        tape.entries.push(TapeEntry {
            file,
            ms,
            operation,
        });
    });
}
