//! A database that holds still while it is read page by page and others go on writing: the file,
//! with those pages over it that lie in its log. It does not know what is done with the pages.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::time::Duration;

use outfield_core::store::Db;
use rusqlite::OpenFlags;

use super::disk;
use crate::error::ServerError;

/// How long another's write or checkpoint is waited for.
const BUSY: Duration = Duration::from_secs(30);
/// How often it is asked for what a checkpoint of another process held up.
const TRIES: u32 = 3_000;
/// Between one try and the next.
const PAUSE: Duration = Duration::from_millis(10);
/// Bytes of a log before its first frame, and of each frame before its page.
const LOG_HEAD: u64 = 32;
const FRAME_HEAD: u64 = 24;

/// One state of a database.
///
/// Closing any file that is open on a database ends the locks of SQLite on it in this process:
/// these files are closed last, and a process that serves the folder takes no backup of it.
pub(super) struct StillDatabase {
    /// Its transaction keeps the log from being begun anew, and the file from being written beyond
    /// what the log had when it began.
    reader: Db,
    file: File,
    log: Option<File>,
    /// Where in the log the newest state of a page lies.
    in_log: BTreeMap<u32, u64>,
    page_bytes: usize,
    pages: u32,
}

impl StillDatabase {
    /// Holds a database still.
    pub(super) fn hold(path: &Path) -> Result<StillDatabase, ServerError> {
        let file = File::open(path).map_err(disk::said(path))?;
        let (writer, reader, counter) = (open(path)?, open(path)?, open(path)?);
        // Nobody writes while the reader begins, so that it sees just as many frames as counted.
        writer.execute_batch("BEGIN IMMEDIATE")?;
        reader.execute_batch("BEGIN")?;
        let pages: u32 = reader.query_row("PRAGMA page_count", [], |row| row.get(0))?;
        let page_bytes: u32 = reader.query_row("PRAGMA page_size", [], |row| row.get(0))?;
        reader.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
        let frames = frames_needed(&counter)?;
        let log = (frames > 0).then(|| File::open(path.with_extension("db-wal")));
        let mut still = StillDatabase {
            reader,
            file,
            log: log.transpose().map_err(disk::said(path))?,
            in_log: BTreeMap::new(),
            page_bytes: page_bytes as usize,
            pages,
        };
        still.read_log(frames).map_err(disk::said(path))?;
        writer.execute_batch("ROLLBACK")?;
        Ok(still)
    }

    /// The database at this state, for questions.
    pub(super) fn db(&self) -> &Db {
        &self.reader
    }

    /// How long the file is at this state.
    pub(super) fn bytes(&self) -> u64 {
        u64::from(self.pages) * self.page_bytes as u64
    }

    /// What the file holds from here on, at most so much. Both fall between pages.
    pub(super) fn read(&self, from: u64, most: usize) -> io::Result<Vec<u8>> {
        let left = usize::try_from(self.bytes() - from).unwrap_or(usize::MAX);
        let mut bytes = vec![0; most.min(left)];
        self.read_file(from, &mut bytes)?;
        let first = from / self.page_bytes as u64 + 1;
        for (number, page) in (first..).zip(bytes.chunks_mut(self.page_bytes)) {
            let number = u32::try_from(number).map_err(io::Error::other)?;
            if let (Some(log), Some(at)) = (&self.log, self.in_log.get(&number)) {
                log.read_exact_at(page, *at)?;
            }
        }
        Ok(bytes)
    }

    /// The last pages may lie in the log alone, so that the file ends before.
    fn read_file(&self, from: u64, bytes: &mut [u8]) -> io::Result<()> {
        let mut read = 0;
        while read < bytes.len() {
            match self.file.read_at(&mut bytes[read..], from + read as u64)? {
                0 => break,
                more => read += more,
            }
        }
        Ok(())
    }

    /// Learns where the newest state of each page lies among the first frames of the log.
    fn read_log(&mut self, frames: u64) -> io::Result<()> {
        let Some(log) = &self.log else { return Ok(()) };
        let mut number = [0; 4];
        for frame in 0..frames {
            let at = LOG_HEAD + frame * (FRAME_HEAD + self.page_bytes as u64);
            log.read_exact_at(&mut number, at)?;
            self.in_log
                .insert(u32::from_be_bytes(number), at + FRAME_HEAD);
        }
        Ok(())
    }
}

fn open(path: &Path) -> Result<Db, ServerError> {
    let db = Db::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    db.busy_timeout(BUSY)?;
    Ok(db)
}

/// How many frames of the log are needed beside the file. A checkpoint counts them, and puts what
/// it can into the file: if all is there, the file alone holds still, and the log may begin anew.
/// If not, then the reader that has begun keeps all frames that are there now.
fn frames_needed(counter: &Db) -> Result<u64, ServerError> {
    for _ in 0..TRIES {
        let (in_log, in_file): (i64, i64) =
            counter.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| {
                Ok((row.get(1)?, row.get(2)?))
            })?;
        if in_log >= 0 {
            let is_all = in_log == in_file;
            return Ok(if is_all { 0 } else { in_log.cast_unsigned() });
        }
        std::thread::sleep(PAUSE);
    }
    Err(ServerError::broken(
        "another process does not end its checkpoint; end it, and do it again",
    ))
}
