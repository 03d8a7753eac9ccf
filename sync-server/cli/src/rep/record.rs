//! Commands that change records: what was typed, as the core's command. It does not judge values;
//! the rules do.

use outfield_core::app::Device;
use outfield_core::objects::descriptor::Field;
use serde_json::{Map, Value as Json, json};

use super::arguments::{FollowUpArguments, LinkArguments, PushRawArguments};
use super::execute::execute;
use crate::answer::{CliAnswer, CliFailure, REFUSED, SIGNED_OUT};
use crate::{fields, refer, render};

/// Commands of the core that have commands of their own here.
const OWN: &[(&str, &str)] = &[
    ("add", "create"),
    ("edit", "edit"),
    ("resolve_conflict", "resolve"),
];

/// Makes a record.
pub(crate) fn create(
    device: &mut Device,
    object: &str,
    pairs: &[String],
) -> Result<CliAnswer, CliFailure> {
    let read = read_fields(device, object, pairs)?;
    let command = json!({ "do": "add", "object": object, "fields": read });
    execute(device, command)
}

/// Changes fields of a record.
pub(crate) fn edit(
    device: &mut Device,
    object: &str,
    id: &str,
    pairs: &[String],
) -> Result<CliAnswer, CliFailure> {
    let read = read_fields(device, object, pairs)?;
    let id = refer::id(device, object, id)?;
    let command = json!({ "do": "edit", "object": object, "id": id, "fields": read });
    execute(device, command)
}

fn read_fields(
    device: &Device,
    object: &str,
    pairs: &[String],
) -> Result<Map<String, Json>, CliFailure> {
    let read = fields::read(pairs, |path| fields::of(device.registry(), object, path))?;
    refer::values(device, object, read)
}

/// Gives a contact a role at an account.
pub(crate) fn link(device: &mut Device, link: &LinkArguments) -> Result<CliAnswer, CliFailure> {
    let command = json!({
        "do": "link_contact",
        "contact": link.contact,
        "account": link.account,
        "role": link.role,
    });
    execute(device, command)
}

/// Logs what was said or done.
pub(crate) fn follow_up(
    device: &mut Device,
    follow_up: &FollowUpArguments,
) -> Result<CliAnswer, CliFailure> {
    let command = json!({
        "do": "log_follow_up",
        "note": follow_up.note,
        "account": follow_up.account,
        "contact": follow_up.contact,
        "visit": follow_up.visit,
        "kind": follow_up.kind,
    });
    execute(device, command)
}

/// Carries out a verb that an object's descriptor names.
pub(crate) fn carry_out_verb(
    device: &mut Device,
    verb: &str,
    pairs: &[String],
) -> Result<CliAnswer, CliFailure> {
    if let Some((_, own)) = OWN.iter().find(|(name, _)| *name == verb) {
        let message =
            format!("`do` carries out verbs of objects; for `{verb}` use `outfield rep {own}`");
        return Err(CliFailure::bad_input("unknown_command", message).about("do"));
    }
    let mut command = Json::Object(read_inputs(device, verb, pairs)?);
    if !command["do"].is_null() {
        let message = format!("`{verb}` takes no `do`");
        return Err(CliFailure::bad_input("unknown_input", message).about("do"));
    }
    command["do"] = verb.into();
    execute(device, command)
}

/// What is said with a question, as JSON.
pub(crate) fn said(pairs: &[String]) -> Result<String, CliFailure> {
    let mut said = Map::new();
    for pair in pairs {
        let (name, text) = fields::split(pair, "NAME=TEXT")?;
        said.insert(name.to_owned(), text.into());
    }
    Ok(Json::Object(said).to_string())
}

fn read_inputs(
    device: &Device,
    verb: &str,
    pairs: &[String],
) -> Result<Map<String, Json>, CliFailure> {
    let known = device.registry().verb(verb);
    fields::read(pairs, |name| {
        let (descriptor, verb) = known?;
        descriptor.input(verb, name)
    })
}

/// Decides a conflict. Another value than `mine` or `theirs` is read by what the conflict's field
/// holds.
pub(crate) fn resolve(
    device: &mut Device,
    conflict: &str,
    choice: &str,
) -> Result<CliAnswer, CliFailure> {
    let choose = if matches!(choice, "mine" | "theirs") {
        Json::from(choice)
    } else {
        let open = device.conflicts()?.data;
        let field = conflicting_field(device, &open, conflict);
        let text = choice.strip_prefix('=').unwrap_or(choice);
        json!({ "value": refer::value(device, field, "value", fields::typed(field, text))? })
    };
    let command = json!({ "do": "resolve_conflict", "conflict": conflict, "choose": choose });
    execute(device, command)
}

/// The field that an open conflict is about.
fn conflicting_field<'a>(device: &'a Device, open: &Json, conflict: &str) -> Option<&'a Field> {
    let mut open = open.as_array()?.iter();
    let found = open.find(|one| one["id"] == conflict)?;
    let object = found["object"].as_str()?;
    let path = found["path"].as_str()?;
    fields::of(device.registry(), object, path)
}

/// Sends the bytes of a file as one change.
pub(crate) fn push_raw(
    device: &mut Device,
    change: &PushRawArguments,
) -> Result<CliAnswer, CliFailure> {
    let bytes = std::fs::read(&change.file)
        .map_err(|error| CliFailure::unreadable(&change.file, &error))?;
    match device.push_raw(&bytes, &change.object, change.record.as_deref()) {
        Ok(receipt) => Ok(CliAnswer::receipt(receipt, render::record)),
        Err(error) => Err(by_the_server(CliFailure::from(error))),
    }
}

/// Says that it was the server that refused, where it was.
fn by_the_server(failure: CliFailure) -> CliFailure {
    if failure.exit != REFUSED || failure.code == SIGNED_OUT {
        return failure;
    }
    let message = format!("the server refused it: {}", failure.message);
    CliFailure { message, ..failure }
}
