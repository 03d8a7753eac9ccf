//! The one road on which anything becomes true on the server: history, rows, conflicts, logs.
//! It does not decide whether it may: whoever calls it has asked.

pub(crate) mod apply;
pub(crate) mod audit;
pub(crate) mod authors;
pub(crate) mod blobs;
mod books;
pub(crate) mod credit;
mod epoch;
pub(crate) mod execute;
pub(crate) mod journal;
pub(crate) mod judge;
pub(crate) mod ledger;
pub(crate) mod log;
pub(crate) mod regained;
mod rows;
pub(crate) mod uploads;
mod write_row;

pub use blobs::FileQuota;
pub(crate) use blobs::files_known;
pub use epoch::{Epoch, EpochReason};
pub(crate) use epoch::{epoch_of, was_put_back};
