//! The one road on which anything becomes true on the server: history, rows, conflicts, logs.
//! It does not decide whether it may: whoever calls it has asked.

pub(crate) mod apply;
pub(crate) mod authors;
pub(crate) mod execute;
pub(crate) mod log;
