//! The corridor: joins rules, Automerge, SQLite and sync in the order data travels.
//! It does not know a business object by name, nor how its answers are shown.

mod ask;
mod asking;
mod attend;
mod bucket_names;
mod device;
mod discover;
mod enrol;
mod error;
mod execute;
mod files;
mod follow;
mod held;
mod history;
mod invitation;
mod leave;
mod lost;
mod observe;
#[cfg(feature = "planted")]
pub mod older;
mod parcel;
mod query;
mod receipt;
mod receive;
mod refer;
mod rescue;
mod rewrite;
mod sealed;
mod sell;
mod settle;
mod sign;
mod surroundings;
mod sweep;
mod sync_files;
mod sync_now;
mod together;
mod unpublished;
mod watched;
mod working;

pub use crate::store::DatabaseKey;
pub use ask::digest_json;
pub use bucket_names::{CONFLICT, DESCRIPTOR, descriptor_id};
pub use device::{Device, key_of};
pub use error::{DISK_FULL, FieldError};
pub use execute::fact_hash;
pub use invitation::Invitation;
pub use observe::Observer;
pub use query::{QueryDoor, ShownRecord};
pub use receipt::Receipt;
pub use refer::{Reference, refer, title};
pub use sell::priced;
pub use surroundings::System;
pub use sync_files::LineCost;
pub use watched::{AnswerChange, TouchedRecord, WatchedQuery};
