//! Rules of surveys: questions that depend on answers, typed answers, and what is still open.
//! It does not know other kinds of action, nor how an action becomes done.

use std::collections::BTreeMap;

use super::action_line::action;
use crate::base::decimal::Decimal;
use crate::domain::refusal::Refusal;
use crate::domain::rules::names::{ACTIONS, DONE, QUESTIONS, SURVEY, TO_DO};
use crate::domain::situation::Situation;
use crate::objects::path::{POSITION, line_path};
use crate::objects::{Record, Value, Write};

const ANSWERS: &str = "answers";
/// Between the choices of a question, which are one text.
const CHOICES_SEPARATOR: char = '|';

/// One question of a survey.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SurveyQuestion<'a> {
    /// Its line's id.
    pub id: &'a str,
    /// What is asked.
    pub text: &'a str,
    kind: &'a str,
    choices: &'a str,
    required: bool,
    /// The question on which it depends, and the answer that brings it up.
    when: Option<(&'a str, &'a str)>,
}

/// The questions of one action of a visit, as the template had them when the visit started, and
/// their answers.
pub struct Survey<'a> {
    visit: &'a Record,
    action: &'a str,
    questions: BTreeMap<&'a str, SurveyQuestion<'a>>,
}

impl<'a> Survey<'a> {
    /// The survey of an action; without questions where the template has none.
    #[must_use]
    pub fn of(visit: &'a Record, action: &'a str) -> Self {
        let lines = visit.lines(QUESTIONS);
        let questions = lines.into_iter().filter_map(|(id, line)| {
            let text = |name: &str| line.get(name).and_then(|value| value.text());
            let question = SurveyQuestion {
                id,
                text: text("text").unwrap_or(id),
                kind: text("kind").unwrap_or("text"),
                choices: text("choices").unwrap_or_default(),
                required: line
                    .get("required")
                    .is_some_and(|required| required.is_true()),
                when: text("when_question").zip(text("when_value")),
            };
            (text("action") == Some(action)).then_some((id, question))
        });
        Survey {
            visit,
            action,
            questions: questions.collect(),
        }
    }

    /// Whether nothing is asked at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.questions.is_empty()
    }

    /// The answer that was given, whether or not it counts now.
    #[must_use]
    pub fn answer(&self, question: &str) -> Option<&'a str> {
        self.visit.text(&answer_path(self.action, question))
    }

    /// Whether a question is asked: its condition holds, and so does that of the question which
    /// decides it.
    #[must_use]
    pub fn is_asked(&self, question: &str) -> bool {
        let mut at = question;
        // A chain that is longer than the survey runs in a circle; such questions are never asked.
        for _ in 0..=self.questions.len() {
            match self.questions.get(at).map(|question| question.when) {
                None => return false,
                Some(None) => return true,
                Some(Some((when, value))) if self.answer(when) == Some(value) => at = when,
                Some(Some(_)) => return false,
            }
        }
        false
    }

    /// The required questions that are asked and have no answer.
    #[must_use]
    pub fn open(&self) -> Vec<SurveyQuestion<'a>> {
        let is_open = |question: &&SurveyQuestion<'a>| {
            question.required && self.is_asked(question.id) && !self.is_answered(question)
        };
        let position = |question: &SurveyQuestion<'a>| {
            self.visit
                .value(&line_path(QUESTIONS, question.id, POSITION))
                .int()
                .unwrap_or(i64::MAX)
        };
        let mut open: Vec<SurveyQuestion<'a>> =
            self.questions.values().filter(is_open).copied().collect();
        open.sort_by_key(|question| (position(question), question.id));
        open
    }

    /// Whether a question has an answer that it can have: one from before the question was mended
    /// is kept, but may no longer be.
    fn is_answered(&self, question: &SurveyQuestion<'a>) -> bool {
        let answer = self.answer(question.id);
        answer.is_some_and(|answer| question.read(answer).is_ok_and(|read| read == answer))
    }

    fn question(&self, wanted: &str) -> Result<SurveyQuestion<'a>, Refusal> {
        let known = || {
            self.questions
                .values()
                .map(|question| format!("{} ({})", question.id, question.text))
        };
        self.questions.get(wanted).copied().ok_or_else(|| {
            let known = known().collect::<Vec<_>>().join(", ");
            let message = format!(
                "`{}` asks no question `{wanted}`; it asks: {known}",
                self.action
            );
            Refusal::not_found("unknown_question", message).about("question")
        })
    }

    /// Refuses a question whose condition does not hold, and says which condition that is.
    fn check_asked(&self, question: SurveyQuestion<'a>) -> Result<(), Refusal> {
        if self.is_asked(question.id) {
            return Ok(());
        }
        let (when, value) = question.when.unwrap_or_default();
        let other = self.questions.get(when).map_or(when, |other| other.text);
        let answer = self.answer(when);
        let now = match answer {
            None => "it has no answer yet".to_owned(),
            Some(answer) if self.is_asked(when) => format!("its answer is `{answer}`"),
            Some(_) => "it is not asked itself".to_owned(),
        };
        let message = format!(
            "`{}` is asked only if `{other}` is answered `{value}`; {now}",
            question.text
        );
        let refusal = Refusal::rule("not_asked", message).about("question");
        Err(refusal
            .with("when_question", when)
            .with("when_value", value)
            .with("answer", answer))
    }
}

impl SurveyQuestion<'_> {
    /// The one form of an answer, or what would be right.
    fn read(&self, said: &str) -> Result<String, Refusal> {
        let choices = || self.choices.split(CHOICES_SEPARATOR).map(str::trim);
        let (read, wants) = match self.kind {
            "yes_no" => (yes_no(said).map(str::to_owned), "`yes` or `no`".to_owned()),
            "number" => (
                Decimal::typed(said).map(|number| number.to_string()),
                "a number such as `12` or `2.5`".to_owned(),
            ),
            "choice" => {
                let wants = format!("one of: {}", choices().collect::<Vec<_>>().join(", "));
                (
                    choices().find(|choice| *choice == said).map(str::to_owned),
                    wants,
                )
            }
            _ => (Some(said.to_owned()), "text".to_owned()),
        };
        read.ok_or_else(|| {
            let message = format!(
                "`value`: `{said}` is not {wants}; the question is `{}`",
                self.text
            );
            Refusal::bad_input("bad_value", message).about("value")
        })
    }
}

/// Keeps the answer to one question of a survey; no value takes it back. Answers to questions that
/// it hides stay, and count again should they be asked again. A survey that is no longer complete
/// is to do again.
pub fn answer_question(situation: &Situation<'_>) -> Result<Vec<Write>, Refusal> {
    let action = action(situation)?;
    let survey = Survey::of(situation.record, action);
    let kind = line_path(ACTIONS, action, "kind");
    if situation.record.text(&kind) != Some(SURVEY) {
        let message = format!("`{action}` is no survey; answer it as a whole by `answer_action`");
        return Err(Refusal::bad_input("not_a_survey", message).about("action"));
    }
    let question = survey.question(situation.words("question").unwrap_or_default())?;
    survey.check_asked(question)?;
    let value = situation
        .words("value")
        .map(|said| question.read(said))
        .transpose()?;
    let (path, value) = (
        answer_path(action, question.id),
        value.map_or(Value::Null, Value::from),
    );
    let mut after = situation.record.clone();
    after.values.insert(path.clone(), value.clone());
    let mut write = situation.write([(path.as_str(), value)]);
    let state = line_path(ACTIONS, action, "state");
    if situation.record.text(&state) == Some(DONE) && !Survey::of(&after, action).open().is_empty()
    {
        write.values.insert(state, Value::from(TO_DO));
    }
    Ok(vec![write])
}

/// Two people who answer one question write to one path, so that a difference between them is a
/// conflict.
fn answer_path(action: &str, question: &str) -> String {
    line_path(ANSWERS, &format!("{action}~{question}"), "value")
}

fn yes_no(said: &str) -> Option<&'static str> {
    match said.to_lowercase().as_str() {
        "yes" | "true" => Some("yes"),
        "no" | "false" => Some("no"),
        _ => None,
    }
}
