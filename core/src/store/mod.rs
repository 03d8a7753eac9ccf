//! SQLite: the typed tables that screens read, documents beside them, the outbox, and members of buckets.
//! It does not know what Automerge keeps in a document, nor what an object means.

pub mod attention;
pub mod conflicts;
mod ddl;
pub mod digest;
pub mod documents;
pub mod error;
pub mod members;
pub mod meta;
pub mod open;
pub mod outbox;
pub mod query;
mod reader;
pub mod search;
pub mod tables;

pub use error::StoreError;
pub use reader::StoreReader;

/// An open database; functions take it by reference and so run inside the caller's transaction.
pub type Db = rusqlite::Connection;

/// The tables that phone and server both keep.
pub const SHARED: &str = include_str!("sql/shared.sql");

/// The migrations of a phone's database; position is the version, and entries are only ever appended.
pub const PHONE: &[&str] = &[SHARED, include_str!("sql/phone.sql")];
