//! Hands a command to the core, and makes an answer of the receipt. It does not know what any
//! command does.

use outfield_core::app::{Device, FieldError, Receipt};
use serde_json::Value as Json;

use crate::answer::{CliAnswer, CliFailure, PlainLines};
use crate::{refer, render};

/// Has the core carry out a command that changes something.
pub(crate) fn execute(device: &mut Device, command: Json) -> Result<CliAnswer, CliFailure> {
    let command = typed_command(device, command)?.to_string();
    answered(device.execute(&command), render::record)
}

/// The command that was typed: with ids in place of names, and without what was not given, so that
/// a verb's defaults apply; only a line's value is cleared by its path.
pub(crate) fn typed_command(device: &Device, command: Json) -> Result<Json, CliFailure> {
    let Json::Object(mut members) = command else {
        return Ok(command);
    };
    members.retain(|name, member| !member.is_null() || name.contains('/'));
    let verb = members.get("do").and_then(Json::as_str).map(str::to_owned);
    Ok(match verb {
        Some(verb) => refer::inputs(device, &verb, members)?.into(),
        None => members.into(),
    })
}

/// What the core answered, as these lines for people.
pub(crate) fn answered(
    receipt: Result<Receipt, FieldError>,
    lines: PlainLines,
) -> Result<CliAnswer, CliFailure> {
    Ok(CliAnswer::receipt(receipt?, lines))
}
