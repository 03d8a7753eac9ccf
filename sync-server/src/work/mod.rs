//! The one road on which anything becomes true on the server: history, rows, conflicts, logs.
//! It does not decide whether it may: whoever calls it has asked.

pub(crate) mod apply;
pub(crate) mod authors;
mod books;
pub(crate) mod execute;
pub(crate) mod journal;
pub(crate) mod judge;
pub(crate) mod ledger;
pub(crate) mod log;
mod rows;
mod write_row;
