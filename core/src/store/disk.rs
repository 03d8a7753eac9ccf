//! The disk as a simulation has it: somebody looks on at each step of each transaction, and may let
//! the disk be full. It is compiled with the feature `planted` alone. It does not know what a
//! transaction writes.

use std::cell::RefCell;

use rusqlite::Transaction;

use super::error::StoreError;
use super::schema::Db;

/// The steps of a writing transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// It begins.
    Begins,
    /// All is written and nothing is true yet.
    Commits,
    /// It is true.
    Committed,
}

/// Whether the disk has room for what comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    /// It has.
    Enough,
    /// Not one page more.
    None,
}

/// Looks on: the path of the database and the step, before it is done.
pub type Watch = Box<dyn FnMut(&str, Moment) -> Room>;

/// Pages that a database may have where nobody sets a limit.
const PAGES_MAX: u32 = 4_294_967_294;

thread_local! {
    static WATCH: RefCell<Option<Watch>> = const { RefCell::new(None) };
}

/// From now on this looks on at what this thread does, or nobody.
pub fn watched_by(watch: Option<Watch>) {
    WATCH.set(watch);
}

pub(super) fn moment(db: &Db, moment: Moment) -> Result<(), StoreError> {
    let room = WATCH.with_borrow_mut(|watch| match watch {
        Some(watch) => watch(db.path().unwrap_or_default(), moment),
        None => Room::Enough,
    });
    match (moment, room) {
        (Moment::Begins, Room::Enough) => pages(db, PAGES_MAX),
        (Moment::Begins, Room::None) => pages(
            db,
            db.pragma_query_value(None, "page_count", |row| row.get(0))?,
        ),
        (Moment::Commits, Room::None) => {
            let full = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_FULL);
            Err(rusqlite::Error::SqliteFailure(full, None).into())
        }
        (Moment::Commits | Moment::Committed, _) => Ok(()),
    }
}

/// Makes a transaction true under the eyes of whoever looks on.
pub(super) fn commit(transaction: Transaction<'_>) -> Result<(), StoreError> {
    moment(&transaction, Moment::Commits)?;
    let path = transaction.path().unwrap_or_default().to_owned();
    transaction.commit()?;
    WATCH.with_borrow_mut(|watch| watch.as_mut().map(|watch| watch(&path, Moment::Committed)));
    Ok(())
}

fn pages(db: &Db, most: u32) -> Result<(), StoreError> {
    Ok(db.pragma_update_and_check(None, "max_page_count", most, |_| Ok(()))?)
}
