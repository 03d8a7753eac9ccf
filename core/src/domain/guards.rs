//! The table of guards that descriptors name: conditions that must hold before a verb is done.
//! It does not know who asks nor what is written once every guard agrees.

use super::refusal::Refusal;
use super::rules::sell::order;
use super::rules::visit::{actions, check_in, follow_up};
use super::situation::Situation;

/// A condition that must hold before a verb is done.
pub type Guard = fn(&Situation<'_>) -> Result<(), Refusal>;

/// All guards by name.
pub const GUARDS: &[(&str, Guard)] = &[
    ("account_not_blocked", order::account_not_blocked),
    ("checked_in", check_in::checked_in),
    ("confirmed_stays", order::confirmed_stays),
    ("mandatory_actions_done", actions::mandatory_actions_done),
    ("names_what_it_follows", follow_up::names_what_it_follows),
    ("no_other_visit_open", check_in::no_other_visit_open),
    ("not_confirmed", order::not_confirmed),
    ("not_yet_checked_in", check_in::not_yet_checked_in),
    ("order_has_lines", order::order_has_lines),
    ("order_is_decided", order::order_is_decided),
    ("order_lines_sellable", order::order_lines_sellable),
];

/// The guard with this name. A device that lacks it is too old for the descriptor.
pub fn guard(name: &str) -> Result<Guard, Refusal> {
    named(GUARDS, name)
}

/// The entry of a table, or a refusal that says to update.
pub(super) fn named<T: Copy>(table: &[(&str, T)], name: &str) -> Result<T, Refusal> {
    let found = table
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, found)| *found);
    found.ok_or_else(|| {
        Refusal::rule(
            "update_needed",
            format!("this version does not know the rule `{name}`; update the app"),
        )
    })
}
