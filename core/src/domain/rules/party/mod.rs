//! Whom people deal with, and who they are: contacts, and the authors behind changes.
//! It does not know visits nor orders.

pub mod author;
pub mod contact;
