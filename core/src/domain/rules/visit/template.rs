//! Whether a visit by a template can be completed, asked where the template is written.
//! It does not know visits.

use std::collections::BTreeSet;

use crate::domain::refusal::Refusal;
use crate::domain::rules::names::{ACTIONS, QUESTIONS, SURVEY};
use crate::domain::situation::Situation;
use crate::domain::values;
use crate::objects::Record;
use crate::objects::path::line_path;

/// Every question belongs to a survey of the template, has choices if it asks for one, and depends
/// on another question of that survey that can be answered so, in no circle.
pub fn survey_can_be_completed(situation: &Situation<'_>) -> Result<(), Refusal> {
    let template = values::after(situation.record, situation.input);
    let mut wrong: Vec<(String, String)> = Vec::new();
    for question in template.lines(QUESTIONS).into_keys() {
        let problems = [
            belongs(&template, question),
            chooses(&template, question),
            depends(&template, question),
        ];
        for (field, why) in problems.into_iter().flatten() {
            wrong.push((line_path(QUESTIONS, question, field), why));
        }
    }
    if wrong.is_empty() {
        return Ok(());
    }
    let told: Vec<String> = wrong
        .iter()
        .map(|(path, why)| format!("`{path}`: {why}"))
        .collect();
    let refusal = Refusal::rule("survey_cannot_be_completed", told.join("; "));
    Err(wrong
        .into_iter()
        .fold(refusal, |refusal, (path, _)| refusal.about(path)))
}

/// A field of a question, and what is wrong with it.
type Wrong = (&'static str, String);

fn of<'a>(template: &'a Record, question: &str, field: &str) -> Option<&'a str> {
    template.text(&line_path(QUESTIONS, question, field))
}

fn belongs(template: &Record, question: &str) -> Option<Wrong> {
    let action = of(template, question, "action")?;
    let kind = template.text(&line_path(ACTIONS, action, "kind"));
    let is_there = template.lines(ACTIONS).contains_key(action) && kind == Some(SURVEY);
    (!is_there).then(|| {
        (
            "action",
            format!("`{action}` is no survey of this template"),
        )
    })
}

fn choices<'a>(template: &'a Record, question: &str) -> Vec<&'a str> {
    let text = of(template, question, "choices").unwrap_or_default();
    let choices = text.split('|').map(str::trim);
    choices.filter(|choice| !choice.is_empty()).collect()
}

fn chooses(template: &Record, question: &str) -> Option<Wrong> {
    let wants = of(template, question, "kind") == Some("choice");
    (wants && choices(template, question).is_empty()).then(|| {
        (
            "choices",
            "a choice needs its choices, with | between them".to_owned(),
        )
    })
}

fn depends(template: &Record, question: &str) -> Option<Wrong> {
    let when = of(template, question, "when_question")?;
    let action = of(template, question, "action");
    if !template.lines(QUESTIONS).contains_key(when) || of(template, when, "action") != action {
        return Some((
            "when_question",
            format!("`{when}` is no question of the same survey"),
        ));
    }
    let mut seen = BTreeSet::from([question]);
    let mut at = when;
    while seen.insert(at) {
        match of(template, at, "when_question") {
            Some(next) => at = next,
            None => return can_be_said(template, question, when),
        }
    }
    Some((
        "when_question",
        "questions that depend on each other are never asked".to_owned(),
    ))
}

/// Whether the answer that brings a question up is one that can be given.
fn can_be_said(template: &Record, question: &str, when: &str) -> Option<Wrong> {
    let Some(value) = of(template, question, "when_value") else {
        return Some(("when_value", "say which answer brings it up".to_owned()));
    };
    let offered = match of(template, when, "kind") {
        Some("yes_no") => vec!["yes", "no"],
        Some("choice") => choices(template, when),
        _ => return None,
    };
    let is_offered = offered.contains(&value);
    (!is_offered).then(|| {
        let offered = offered.join(", ");
        (
            "when_value",
            format!("`{value}` is none of the answers to `{when}`: {offered}"),
        )
    })
}
