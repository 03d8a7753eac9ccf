//! Selling: orders, what they cost, the limits they keep to, and the taxes.
//! It does not know visits.

mod fee_book;
mod office_row;
pub mod order;
pub mod price_book;
pub mod pricing;
pub mod sound;
pub mod tax;
mod tax_book;
pub mod tax_parts;

use crate::domain::named::{Guard, Judge, Question, Rule};
use crate::domain::proof::Proof;
use crate::domain::rules::names::{ORDER_ACTION, SALES_ORDER};

pub(in crate::domain) const GUARDS: &[(&str, Guard)] = &[
    ("account_not_blocked", order::account_not_blocked),
    ("confirmed_stays", order::confirmed_stays),
    ("fee_is_sound", sound::fee_is_sound),
    ("no_other_wish", order::no_other_wish),
    ("not_confirmed", order::not_confirmed),
    ("one_default", sound::one_default),
    ("order_is_decided", order::order_is_decided),
    ("order_lines_sellable", order::order_lines_sellable),
    ("order_policy_is_sound", sound::order_policy_is_sound),
    ("price_entry_is_sound", sound::price_entry_is_sound),
    ("price_list_is_sound", sound::price_list_is_sound),
    ("promotion_is_sound", sound::promotion_is_sound),
    ("someone_else_approves", order::someone_else_approves),
    ("tax_class_is_sound", sound::tax_class_is_sound),
    ("waits_for_approval", order::waits_for_approval),
];

pub(in crate::domain) const RULES: &[(&str, Rule)] = &[
    ("add_order_line", order::add_order_line),
    ("amend_order", order::amend_order),
    ("cancel_order", order::cancel_order),
    ("decide_order", order::decide_order),
    ("new_order", order::new_order),
    ("remove_order_line", order::remove_order_line),
    ("set_order_line", order::set_order_line),
    ("submit_order", order::submit_order),
    ("wish_order", order::wish_order),
];

pub(in crate::domain) const JUDGES: &[(&str, Judge)] = &[
    ("examine_order", order::examine_order),
    ("examine_wish", order::examine_wish),
];

pub(in crate::domain) const QUESTIONS: &[(&str, Question)] = &[
    ("approvals", order::waiting_orders),
    ("order", order::asked),
];

pub(in crate::domain) const PROOFS: &[Proof] = &[Proof {
    kind: ORDER_ACTION,
    object: SALES_ORDER,
    names_action: false,
    shows: order::stands,
    ends: |_| None,
}];
