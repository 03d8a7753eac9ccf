//! The proof: what is claimed of the day, checked against files and answers by code of its own. It
//! imports nothing of the core, and does not know the story.

pub(crate) mod case;
pub(crate) mod claims;
mod digests;
mod dispute;
pub(crate) mod evidence;
pub(crate) mod exact;
pub(crate) mod ledger;
mod orders;
mod records;
mod shelf;
mod sums;
mod tally;
