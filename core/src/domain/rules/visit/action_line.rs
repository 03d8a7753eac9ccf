//! Which action of a visit an input names. It does not know what is done with it.

use crate::domain::refusal::Refusal;
use crate::domain::rules::names::ACTIONS;
use crate::domain::situation::Situation;
use crate::objects::Value;

/// The id of the action that the input names.
pub(super) fn action<'a>(situation: &Situation<'a>) -> Result<&'a str, Refusal> {
    let wanted = situation
        .input
        .get("action")
        .and_then(Value::text)
        .unwrap_or_default();
    let lines = situation.record.lines(ACTIONS);
    if let Some((line, _)) = lines.get_key_value(wanted) {
        return Ok(line);
    }
    let known = lines.iter().map(|(line, action)| {
        let title = action
            .get("title")
            .and_then(|title| title.text())
            .unwrap_or_default();
        format!("{line} ({title})")
    });
    let known: Vec<String> = known.collect();
    let message = format!(
        "the visit has no action `{wanted}`; it has: {}",
        known.join(", ")
    );
    Err(Refusal::not_found("unknown_action", message).about("action"))
}
