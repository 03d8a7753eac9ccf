//! Hands a command to the core, and makes an answer of the receipt. It does not know what any
//! command does.

use outfield_core::app::{Device, FieldError, Receipt};
use serde_json::Value as Json;

use crate::answer::{CliAnswer, CliFailure, PlainLines};
use crate::render;

/// Has the core carry out a command that changes something.
pub(crate) fn execute(device: &mut Device, command: Json) -> Result<CliAnswer, CliFailure> {
    let command = without_absent(command).to_string();
    answered(device.execute(&command), render::record)
}

/// What was not given is not said at all, so that a verb's defaults apply; only a line's value is
/// cleared by its path.
pub(crate) fn without_absent(mut command: Json) -> Json {
    if let Json::Object(members) = &mut command {
        members.retain(|name, member| !member.is_null() || name.contains('/'));
    }
    command
}

/// What the core answered, as these lines for people.
pub(crate) fn answered(
    receipt: Result<Receipt, FieldError>,
    lines: PlainLines,
) -> Result<CliAnswer, CliFailure> {
    Ok(CliAnswer::receipt(receipt?, lines))
}
