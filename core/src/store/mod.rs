//! SQLite: the typed tables that screens read, documents beside them, the outbox, and members of
//! buckets. It does not know what Automerge keeps in a document, nor what an object means.

pub mod asks;
pub mod attention;
pub mod conflicts;
mod ddl;
pub mod digest;
#[cfg(feature = "planted")]
pub mod disk;
pub mod documents;
pub mod error;
pub mod holds;
pub mod members;
pub mod meta;
pub mod named;
pub mod numbers;
pub mod open;
pub mod outbox;
pub mod pages;
mod pushed;
pub mod query;
mod reader;
mod schema;
pub mod search;
pub mod tables;

pub use error::StoreError;
pub use reader::StoreReader;
pub use schema::{Db, LEDGER, PHONE, SHARED, Schema};
