//! Whether a visit by a template can be completed, asked where the template is written.
//! It does not know visits.

use std::collections::{BTreeMap, BTreeSet};

use super::check_in::COPIED;
use crate::base::decimal::Decimal;
use crate::base::limits::{CHANGE_BYTES_MAX, CHANGE_OPERATIONS_MAX, LINE_ID_BYTES_MAX};
use crate::domain::refusal::Refusal;
use crate::domain::rules::names::{ACTIONS, QUESTIONS, SURVEY};
use crate::domain::situation::Situation;
use crate::domain::values;
use crate::objects::path::line_path;
use crate::objects::{Record, Value};

/// Bytes that a visit's other values take, beside what it takes over of its template.
const VISIT_BYTES: usize = 8 * 1024;

/// Every question belongs to a survey of the template, has choices if it asks for one, and depends
/// on another question of that survey that can be answered so, in no circle; each answer has a
/// place of its own; and a visit can hold all of it.
pub fn survey_can_be_completed(situation: &Situation<'_>) -> Result<(), Refusal> {
    let template = values::after(situation.record, situation.input);
    check_size(&template)?;
    let mut wrong: Vec<(String, String)> = Vec::new();
    let mut places = BTreeMap::new();
    for question in template.lines(QUESTIONS).into_keys() {
        let problems = [
            belongs(&template, question),
            chooses(&template, question),
            depends(&template, question),
            has_place(&template, question, &mut places),
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
        .map(|(path, why)| format!("`{path}`{}: {why}", called(&template, path)))
        .collect();
    let refusal = Refusal::rule("survey_cannot_be_completed", told.join("; "));
    Err(wrong
        .into_iter()
        .fold(refusal, |refusal, (path, _)| refusal.about(path)))
}

/// What the question of a path asks, for whoever does not know lines.
fn called(template: &Record, path: &str) -> String {
    let question = path.split('/').nth(1).unwrap_or_default();
    let text = of(template, question, "text");
    text.map_or_else(String::new, |text| format!(" ({text})"))
}

/// A visit takes over all lines in the one change that starts it.
fn check_size(template: &Record) -> Result<(), Refusal> {
    let (mut bytes, mut values) = (0, 0);
    for (lines, _) in COPIED {
        for fields in template.lines(lines).into_values() {
            values += fields.len() as u64;
            let texts = fields.into_values().filter_map(Value::text);
            bytes += texts.map(str::len).sum::<usize>();
        }
    }
    let (bytes_max, values_max) = (CHANGE_BYTES_MAX - VISIT_BYTES, CHANGE_OPERATIONS_MAX / 2);
    if bytes <= bytes_max && values <= values_max {
        return Ok(());
    }
    let message = format!(
        "no visit can hold {values} values with {bytes} bytes of text; at most {values_max} and \
         {bytes_max} are taken over; make two templates of it"
    );
    Err(Refusal::rule("template_too_large", message).about(QUESTIONS))
}

/// The line of an answer is named by action and question together: it must be a name that a line
/// can have, and no other question's.
fn has_place<'a>(
    template: &'a Record,
    question: &'a str,
    places: &mut BTreeMap<String, &'a str>,
) -> Option<Wrong> {
    let action = of(template, question, "action")?;
    let place = format!("{action}~{question}");
    if place.len() > LINE_ID_BYTES_MAX {
        let most = LINE_ID_BYTES_MAX - 1;
        let why = format!(
            "`{action}` and `{question}` have more than {most} letters together, so that no answer \
             has a place; shorten them"
        );
        return Some(("action", why));
    }
    let other = places.insert(place, question)?;
    let why = format!("its answer would have the place of that to `{other}`; name it otherwise");
    Some(("action", why))
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
    let Some(when) = of(template, question, "when_question") else {
        let is_half = of(template, question, "when_value").is_some();
        return is_half.then(|| ("when_question", "say which question decides it".to_owned()));
    };
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
        Some("number") => return is_number(value, when),
        // Any text may be the answer to another.
        Some(_) | None => return None,
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

/// Whether an answer to a question for a number can be this one; `2.50` is kept as `2.5`.
fn is_number(value: &str, when: &str) -> Option<Wrong> {
    let why = match Decimal::typed(value).map(|number| number.to_string()) {
        Some(kept) if kept == value => return None,
        Some(kept) => format!("an answer is kept as `{kept}`; write it so"),
        None => format!("`{value}` is no number, as answers to `{when}` are"),
    };
    Some(("when_value", why))
}
