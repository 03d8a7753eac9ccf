//! Whom people deal with, and who they are: contacts, and the authors behind changes.
//! It does not know visits nor orders.

pub mod author;
pub mod contact;

use crate::domain::named::Rule;

pub(in crate::domain) const RULES: &[(&str, Rule)] = &[("link_contact", contact::link_contact)];
