//! Whom people deal with, and who they are: contacts, and the authors behind changes.
//! It does not know visits nor orders.

pub mod author;
pub mod company;
pub mod contact;
pub mod role;
pub mod territory;

use crate::domain::named::{Guard, Rule};

pub(in crate::domain) const GUARDS: &[(&str, Guard)] = &[
    ("role_is_known", role::role_is_known),
    ("role_is_new", role::role_is_new),
    ("territory_below_others", territory::territory_below_others),
];

pub(in crate::domain) const RULES: &[(&str, Rule)] = &[("link_contact", contact::link_contact)];
