//! The rules of single objects, by name: what a verb writes beside its state and inputs.
//! The one place in the core where objects are named.

pub mod actions;
pub mod assortment;
pub mod book;
pub mod conflict;
pub mod contact;
pub mod counting;
pub mod exact;
pub mod figures;
pub mod follow_up;
pub mod inventory;
pub mod order;
pub mod people;
pub mod pricing;
pub mod product;
pub mod scan;
pub mod shelf;
pub mod survey;
pub mod tax;
pub mod visit;

use super::guards::named;
use super::refusal::Refusal;
use super::situation::Situation;
use crate::objects::Write;

/// What a verb writes beside its state and its inputs.
pub type Rule = fn(&Situation<'_>) -> Result<Vec<Write>, Refusal>;

/// All rules by name.
pub const RULES: &[(&str, Rule)] = &[
    ("add_order_line", order::add_order_line),
    ("answer_action", actions::answer_action),
    ("answer_question", survey::answer_question),
    ("cancel_order", order::cancel_order),
    ("cancel_visit", visit::cancel_visit),
    ("check_in", visit::check_in),
    ("check_out", visit::check_out),
    ("count", inventory::count),
    ("finish_count", inventory::finish_count),
    ("link_contact", contact::link_contact),
    ("log_follow_up", follow_up::log_follow_up),
    ("new_order", order::new_order),
    ("remove_order_line", order::remove_order_line),
    ("set_order_line", order::set_order_line),
    ("skip_action", actions::skip_action),
    ("start_count", inventory::start_count),
    ("start_visit", visit::start_visit),
    ("submit_order", order::submit_order),
];

/// The rule with this name. A device that lacks it is too old for the descriptor.
pub fn rule(name: &str) -> Result<Rule, Refusal> {
    named(RULES, name)
}
