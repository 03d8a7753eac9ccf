//! A visit under way takes over what its template has become, because the person says so: what was
//! answered stays. It does not know how actions are answered, nor who mends templates.

use super::check_in::COPIED;
use super::survey::Survey;
use crate::domain::refusal::Refusal;
use crate::domain::rules::names::{ACTIONS, DONE, QUESTIONS, SURVEY, TO_DO, VISIT_TEMPLATE};
use crate::domain::situation::Situation;
use crate::objects::path::{REMOVED, line_path};
use crate::objects::{ReadError, Reader, Record, Value, Values, Write};

/// Brings actions and questions of a visit to what its template has now. An action that is done
/// stays done unless it is of another kind now, or a survey that asks for more; one that the
/// template no longer has stays where somebody answered it.
pub fn renew_template(situation: &Situation<'_>) -> Result<Vec<Write>, Refusal> {
    let Some(template) = template_of(situation.reader, situation.record)? else {
        let message = "the visit is by no template that is here; sync, or go on without it";
        return Err(Refusal::rule("no_template", message).about("template"));
    };
    let mut write = situation.write([]);
    write.values = renewed(situation.record, &template);
    Ok(vec![write])
}

/// The template that a visit is by.
pub(super) fn template_of(
    reader: &dyn Reader,
    visit: &Record,
) -> Result<Option<Record>, ReadError> {
    match visit.reference("template") {
        Some(id) => reader.record(VISIT_TEMPLATE, id),
        None => Ok(None),
    }
}

/// What of a visit is otherwise than its template has it now; nothing if the template is as it was.
pub(super) fn renewed(visit: &Record, template: &Record) -> Values {
    let version = template.value("template_version").clone();
    let mut values = Values::from([("template_version".to_owned(), version)]);
    for (lines, fields) in COPIED {
        let now = template.lines(lines);
        for (line, held) in &now {
            for field in *fields {
                let value = held
                    .get(field)
                    .map_or(Value::Null, |value| (*value).clone());
                values.insert(line_path(lines, line, field), value);
            }
            if visit.value(&line_path(lines, line, REMOVED)).is_true() {
                values.insert(line_path(lines, line, REMOVED), Value::Bool(false));
            }
        }
        for line in visit.lines(lines).into_keys() {
            if !now.contains_key(line) && !is_answered(visit, lines, line) {
                values.insert(line_path(lines, line, REMOVED), Value::Bool(true));
            }
        }
    }
    let mut after = visit.clone();
    after.values.extend(values.clone());
    after.values.retain(|_, value| !value.is_null());
    for line in template.lines(ACTIONS).into_keys() {
        if is_to_do(visit, &after, line) {
            values.insert(line_path(ACTIONS, line, "state"), Value::from(TO_DO));
        }
    }
    values.retain(|path, value| visit.value(path) != value);
    values
}

/// Whether somebody did, or left out, an action: then the visit keeps it.
fn is_answered(visit: &Record, lines: &str, line: &str) -> bool {
    let state = visit.text(&line_path(ACTIONS, line, "state"));
    lines != QUESTIONS && !matches!(state, None | Some(TO_DO))
}

/// Whether an action is new, is another one now, or is a survey that asks for more than it has.
fn is_to_do(visit: &Record, after: &Record, line: &str) -> bool {
    let path = |field: &str| line_path(ACTIONS, line, field);
    let (kind, state) = (after.text(&path("kind")), visit.text(&path("state")));
    let is_same = visit.text(&path("kind")) == kind;
    let is_short =
        kind == Some(SURVEY) && state == Some(DONE) && !Survey::of(after, line).open().is_empty();
    state.is_none() || !is_same || is_short
}
