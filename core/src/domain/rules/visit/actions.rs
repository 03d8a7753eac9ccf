//! Rules of the actions of a visit: one table says what a valid answer to each kind is; answering,
//! skipping, and what stops a check-out. It does not know how questions depend on each other, nor
//! how shelves are counted.

use super::action_line::action;
use super::survey::Survey;
use crate::base::currency::Currency;
use crate::base::decimal::Decimal;
use crate::base::id::RecordId;
use crate::base::money::Money;
use crate::domain::named::unknown;
use crate::domain::proof::Proof;
use crate::domain::refusal::Refusal;
use crate::domain::rules::names::{
    ACTIONS, DONE, ORDER_ACTION, PHOTO_ACTION, PRICE_CHECK, SHELF_COUNT, SURVEY,
};
use crate::domain::situation::Situation;
use crate::objects::path::line_path;
use crate::objects::{Record, Value, Write};

/// What an action is whose template does not say its kind.
const KIND_UNSAID: &str = "task";

/// An action that a person answers.
struct Asked<'a> {
    situation: &'a Situation<'a>,
    action: &'a str,
    /// The answer in words; none where the person says only that it is done.
    said: Option<&'a str>,
    /// What would be right, for a message.
    wants: &'static str,
    /// What records can show it done, if any can.
    proof: Option<&'static Proof>,
}

/// What is kept of a valid answer.
struct Answer {
    /// The words, or the record that shows what was done.
    text: Option<String>,
    /// What else becomes true by it.
    writes: Vec<Write>,
}

/// Agrees to an answer, or refuses it.
type Form = fn(&Asked<'_>) -> Result<Answer, Refusal>;

/// A kind of action: what a valid answer is, in words and as a check.
struct ActionKind {
    name: &'static str,
    wants: &'static str,
    form: Form,
}

const fn kind(name: &'static str, wants: &'static str, form: Form) -> ActionKind {
    ActionKind { name, wants, form }
}

/// Each kind of action.
const KINDS: &[ActionKind] = &[
    kind(SURVEY, "words, where the survey has no questions", survey),
    kind(
        PHOTO_ACTION,
        "words, such as what is on the photo, or nothing once it has a photo",
        by_record,
    ),
    kind(
        SHELF_COUNT,
        "words, such as `12 facings`, or nothing once the shelf is counted",
        by_record,
    ),
    kind(
        PRICE_CHECK,
        "words, such as `as listed`, or nothing once prices are counted",
        by_record,
    ),
    kind(
        "promotion_check",
        "`present`, `absent` or `partial`",
        promotion_check,
    ),
    kind(
        ORDER_ACTION,
        "words, such as the order's number, or nothing once the visit has an order",
        by_record,
    ),
    kind(
        "collection",
        "an exact amount with its currency, such as `125.50 USD`",
        collection,
    ),
    kind("signature", "the name of who signed", signature),
    kind("task", "words, such as `done`", words),
];

/// Checks the answer by the action's kind, writes it and marks the action done.
pub fn answer_action(situation: &Situation<'_>) -> Result<Vec<Write>, Refusal> {
    let action = action(situation)?;
    let path = |field: &str| line_path(ACTIONS, action, field);
    let kind = situation.record.text(&path("kind")).unwrap_or(KIND_UNSAID);
    let known = KINDS.iter().find(|known| known.name == kind);
    let known = known.ok_or_else(|| unknown(kind))?;
    let answer = (known.form)(&Asked {
        situation,
        action,
        said: situation.words("value"),
        wants: known.wants,
        proof: (situation.proofs)(kind),
    })?;
    let mut writes = answer.writes;
    writes.push(situation.write([
        (
            path("answer").as_str(),
            answer.text.map_or(Value::Null, Value::from),
        ),
        (path("state").as_str(), Value::from(DONE)),
        (path("skip_reason").as_str(), Value::Null),
    ]));
    Ok(writes)
}

/// Leaves out an action that is not mandatory; a partial answer is kept.
pub fn skip_action(situation: &Situation<'_>) -> Result<Vec<Write>, Refusal> {
    let action = action(situation)?;
    let path = |field: &str| line_path(ACTIONS, action, field);
    if situation.record.value(&path("mandatory")).is_true() {
        let title = situation.record.text(&path("title")).unwrap_or(action);
        return Err(Refusal::rule(
            "mandatory_action",
            format!("`{title}` is mandatory; answer it"),
        )
        .about("action"));
    }
    let Some(reason) = situation.words("reason") else {
        return Err(
            Refusal::bad_input("required", "a reason is needed to skip the action").about("reason"),
        );
    };
    Ok(vec![situation.write([
        (path("state").as_str(), Value::from("skipped")),
        (path("skip_reason").as_str(), Value::from(reason)),
    ])])
}

/// No mandatory action may be left undone, and no mandatory survey without the answers that it
/// needs.
pub fn mandatory_actions_done(situation: &Situation<'_>) -> Result<(), Refusal> {
    let visit = situation.record;
    let is_undone = |line: &str| {
        let path = |field: &str| line_path(ACTIONS, line, field);
        let is_done = visit.text(&path("state")) == Some(DONE);
        let is_whole =
            visit.text(&path("kind")) != Some(SURVEY) || Survey::of(visit, line).open().is_empty();
        visit.value(&path("mandatory")).is_true() && !(is_done && is_whole)
    };
    let undone: Vec<&str> = visit
        .lines(ACTIONS)
        .into_keys()
        .filter(|line| is_undone(line))
        .collect();
    if undone.is_empty() {
        return Ok(());
    }
    let title = |line: &&str| {
        visit
            .text(&line_path(ACTIONS, line, "title"))
            .unwrap_or(line)
            .to_owned()
    };
    let titles: Vec<String> = undone.iter().map(title).collect();
    let message = format!(
        "mandatory and not done: {}; do them before checking out",
        titles.join(", ")
    );
    let refusal = Refusal::rule("mandatory_undone", message).with("actions", titles);
    Err(undone.iter().fold(refusal, |refusal, line| {
        refusal.about(line_path(ACTIONS, line, "state"))
    }))
}

impl Asked<'_> {
    fn needed(&self) -> Result<&str, Refusal> {
        self.said.ok_or_else(|| {
            let message = format!(
                "an answer is needed: {}; to leave the action out, use `skip_action` with a reason",
                self.wants
            );
            Refusal::bad_input("answer_missing", message).about("value")
        })
    }

    /// The words as they were said, if they are what is wanted.
    fn if_fits(&self, fits: impl Fn(&str) -> bool) -> Result<Answer, Refusal> {
        let said = self.needed()?;
        if fits(said) {
            return Ok(Answer {
                text: Some(said.to_owned()),
                writes: Vec::new(),
            });
        }
        let message = format!("`value`: `{said}` is not {}", self.wants);
        Err(Refusal::bad_input("bad_value", message).about("value"))
    }

    /// The record of this visit that shows what was done: the one that the answer names, else the
    /// newest.
    fn shown_by(&self, proof: &Proof) -> Result<Option<Record>, Refusal> {
        let named: Option<RecordId> = self.said.and_then(|said| said.parse().ok());
        let Situation {
            registry, reader, ..
        } = self.situation;
        let object = registry.get(proof.object);
        let has_visit = object.is_some_and(|of| of.fields.contains_key("visit"));
        if !has_visit || self.said.is_some() != named.is_some() {
            return Ok(None);
        }
        let visit = Value::from(self.situation.id.to_string());
        let mut found = reader.find(proof.object, &[("visit", visit)])?;
        found.retain(|record| {
            let is_of_action = !proof.names_action || record.text("action") == Some(self.action);
            named.is_none_or(|named| record.id == named) && is_of_action && (proof.shows)(record)
        });
        match (found.pop(), named) {
            (None, Some(named)) => {
                let message = format!(
                    "`value`: this visit has no `{}` {named} that shows it; wanted is {}",
                    proof.object, self.wants
                );
                Err(Refusal::not_found("unknown_reference", message).about("value"))
            }
            (found, _) => Ok(found),
        }
    }
}

fn words(asked: &Asked<'_>) -> Result<Answer, Refusal> {
    asked.if_fits(|_| true)
}

fn survey(asked: &Asked<'_>) -> Result<Answer, Refusal> {
    let survey = Survey::of(asked.situation.record, asked.action);
    if survey.is_empty() {
        return words(asked);
    }
    let open = survey.open();
    if open.is_empty() {
        return Ok(Answer {
            text: asked.said.map(str::to_owned),
            writes: Vec::new(),
        });
    }
    let texts: Vec<&str> = open.iter().map(|question| question.text).collect();
    let message = format!(
        "not answered yet: {}; answer them by `answer_question`",
        texts.join(", ")
    );
    let refusal = Refusal::rule("questions_open", message).with("questions", texts);
    Err(open.iter().fold(refusal, |refusal, question| {
        refusal.about(line_path("questions", question.id, "text"))
    }))
}

/// Words, or the record that shows what was done.
fn by_record(asked: &Asked<'_>) -> Result<Answer, Refusal> {
    let Some(proof) = asked.proof else {
        return words(asked);
    };
    match asked.shown_by(proof)? {
        Some(record) => Ok(Answer {
            text: Some(record.id.to_string()),
            writes: (proof.ends)(&record).into_iter().collect(),
        }),
        None => words(asked),
    }
}

fn promotion_check(asked: &Asked<'_>) -> Result<Answer, Refusal> {
    asked.if_fits(|said| ["present", "absent", "partial"].contains(&said))
}

fn collection(asked: &Asked<'_>) -> Result<Answer, Refusal> {
    asked.if_fits(|said| {
        let Some((amount, currency)) = said.split_once(' ') else {
            return false;
        };
        let (amount, currency) = (Decimal::typed(amount), Currency::named(currency));
        amount.is_some_and(|amount| {
            let fits = currency.is_ok_and(|currency| Money::exact(amount, currency).is_ok());
            amount.is_positive() && fits
        })
    })
}

fn signature(asked: &Asked<'_>) -> Result<Answer, Refusal> {
    asked.if_fits(|said| said.chars().any(char::is_alphabetic))
}
