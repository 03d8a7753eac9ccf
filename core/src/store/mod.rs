//! SQLite: the typed tables that screens read, documents beside them, the outbox, and members of
//! buckets; and files beside the database. It does not know what Automerge keeps in a document, nor
//! what an object means.

pub mod asks;
pub mod attention;
pub mod blob_folder;
pub mod blob_queue;
pub mod conflicts;
mod ddl;
pub mod digest;
#[cfg(feature = "planted")]
pub mod disk;
pub mod documents;
pub mod doubts;
pub mod error;
pub mod holds;
mod key;
pub mod locked;
pub mod lookup;
pub mod members;
pub mod meta;
pub mod named;
pub mod numbers;
pub mod open;
pub mod outbox;
pub mod own_work;
pub mod pages;
mod pushed;
pub mod query;
mod reader;
pub mod rescue;
pub mod room;
mod schema;
pub mod sealed;
pub mod seals;
pub mod search;
pub mod tables;
pub mod wipe;
mod words;

pub use error::{StoreError, StoreFault};
pub use key::DatabaseKey;
pub use reader::StoreReader;
pub use schema::{Db, LEDGER, PHONE, SHARED, Schema, Still, WORDS};
