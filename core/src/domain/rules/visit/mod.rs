//! Visits: checking in and out, their actions and surveys, and what follows up on them.
//! It does not know prices nor stock; what shows that an action was done, other areas say.

mod action_line;
pub mod actions;
pub mod check_in;
pub mod follow_up;
pub mod photo;
pub mod renew;
pub mod survey;
pub mod template;
pub mod today;

use crate::domain::named::{Guard, Question, Rule};
use crate::domain::proof::Proof;
use crate::domain::rules::names::{PHOTO, PHOTO_ACTION};

pub(in crate::domain) const GUARDS: &[(&str, Guard)] = &[
    ("checked_in", check_in::checked_in),
    ("mandatory_actions_done", actions::mandatory_actions_done),
    ("names_what_it_follows", follow_up::names_what_it_follows),
    ("no_other_visit_open", check_in::no_other_visit_open),
    ("not_yet_checked_in", check_in::not_yet_checked_in),
    ("survey_can_be_completed", template::survey_can_be_completed),
];

/// Guards that look at nothing but the record.
pub(in crate::domain) const ALONE: &[&str] =
    &["checked_in", "mandatory_actions_done", "not_yet_checked_in"];

pub(in crate::domain) const RULES: &[(&str, Rule)] = &[
    ("add_photo", photo::add_photo),
    ("answer_action", actions::answer_action),
    ("answer_question", survey::answer_question),
    ("cancel_visit", check_in::cancel_visit),
    ("check_in", check_in::check_in),
    ("check_out", check_in::check_out),
    ("log_follow_up", follow_up::log_follow_up),
    ("renew_template", renew::renew_template),
    ("skip_action", actions::skip_action),
    ("start_visit", check_in::start_visit),
];

pub(in crate::domain) const QUESTIONS: &[(&str, Question)] = &[("today", today::today)];

pub(in crate::domain) const PROOFS: &[Proof] = &[Proof {
    kind: PHOTO_ACTION,
    object: PHOTO,
    names_action: true,
    shows: |_| true,
    ends: |_| None,
}];
