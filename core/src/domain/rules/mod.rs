//! The rules of single objects, by name: what a verb writes beside its state and inputs.
//! The one place in the core where objects are named.

pub mod conflict;
pub mod exact;
pub mod figures;
pub mod goods;
pub mod names;
pub mod party;
pub mod sell;
pub mod shelf;
pub mod visit;

use super::guards::named;
use super::refusal::Refusal;
use super::situation::Situation;
use crate::objects::Write;

/// What a verb writes beside its state and its inputs.
pub type Rule = fn(&Situation<'_>) -> Result<Vec<Write>, Refusal>;

/// All rules by name.
pub const RULES: &[(&str, Rule)] = &[
    ("add_order_line", sell::order::add_order_line),
    ("answer_action", visit::actions::answer_action),
    ("answer_question", visit::survey::answer_question),
    ("cancel_order", sell::order::cancel_order),
    ("cancel_visit", visit::check_in::cancel_visit),
    ("check_in", visit::check_in::check_in),
    ("check_out", visit::check_in::check_out),
    ("count", shelf::inventory::count),
    ("finish_count", shelf::inventory::finish_count),
    ("link_contact", party::contact::link_contact),
    ("log_follow_up", visit::follow_up::log_follow_up),
    ("new_order", sell::order::new_order),
    ("remove_order_line", sell::order::remove_order_line),
    ("set_order_line", sell::order::set_order_line),
    ("skip_action", visit::actions::skip_action),
    ("start_count", shelf::inventory::start_count),
    ("start_visit", visit::check_in::start_visit),
    ("submit_order", sell::order::submit_order),
];

/// The rule with this name. A device that lacks it is too old for the descriptor.
pub fn rule(name: &str) -> Result<Rule, Refusal> {
    named(RULES, name)
}
