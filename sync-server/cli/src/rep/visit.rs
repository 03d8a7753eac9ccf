//! Visits on a device: the words that a rep types, and the commands of the core that they stand
//! for. It does not know what a visit needs.

use outfield_core::app::Device;
use serde_json::{Value as Json, json};

use super::arguments::{AnswerArguments, CountArguments, VisitCommand, VisitPhotoArguments};
use super::execute::{answered, execute};
use crate::answer::{CliAnswer, CliFailure};
use crate::listing::Listing;
use crate::print::OutputForm;
use crate::{fields, refer, render};

/// What today's list shows beside what a list of visits does.
const OF_TODAY: &[&str] = &["purpose", "missed", "other_visit_open", "template_is_newer"];

/// Today's visits, each with the name of its account.
pub(crate) fn today(
    device: &mut Device,
    form: OutputForm,
    columns: &[String],
) -> Result<CliAnswer, CliFailure> {
    let mut receipt = device.today()?;
    for visit in receipt.data.as_array_mut().into_iter().flatten() {
        visit["account_name"] = account_name(device, visit).unwrap_or_default();
    }
    let shown = Listing {
        columns,
        extras: OF_TODAY,
        ..Listing::default()
    };
    shown.answer(device, form, receipt)
}

fn account_name(device: &mut Device, visit: &Json) -> Option<Json> {
    let id = visit["account"].as_str()?;
    let account = device.get("account", id).ok()?;
    Some(account.data["name"].clone())
}

/// The condition of what belongs to a visit.
pub(crate) fn of_visit(visit: &str) -> Json {
    json!({ "field": "visit", "equals": visit })
}

/// Carries out what is done to a visit.
pub(crate) fn visit(device: &mut Device, command: VisitCommand) -> Result<CliAnswer, CliFailure> {
    let command = match command {
        VisitCommand::Start {
            account,
            purpose,
            template,
        } => json!({
            "do": "start_visit",
            "account": account,
            "purpose": purpose,
            "template": template,
        }),
        VisitCommand::CheckIn {
            visit,
            at,
            accuracy,
            reason,
        } => json!({
            "do": "check_in",
            "visit": visit,
            "position": at,
            "accuracy_m": accuracy,
            "reason": reason,
        }),
        VisitCommand::Photo(photo) => photo_command(device, &photo)?,
        VisitCommand::Answer(answer) => answer_command(&answer),
        VisitCommand::Count(count) => count_command(device, &count)?,
        VisitCommand::Shelf { visit } => return answered(device.shelf(&visit), render::shelf),
        VisitCommand::Skip {
            visit,
            action,
            reason,
        } => json!({ "do": "skip_action", "visit": visit, "action": action, "reason": reason }),
        VisitCommand::Renew { visit } => json!({ "do": "renew_template", "visit": visit }),
        VisitCommand::CheckOut { visit } => json!({ "do": "check_out", "visit": visit }),
        VisitCommand::Cancel { visit, reason } => {
            json!({ "do": "cancel_visit", "visit": visit, "reason": reason })
        }
    };
    execute(device, command)
}

/// The command that takes a photo or a paper into a visit; its file is kept before.
fn photo_command(device: &mut Device, photo: &VisitPhotoArguments) -> Result<Json, CliFailure> {
    let kept = device.keep_file(&photo.file)?;
    Ok(json!({
        "do": "add_photo",
        "visit": photo.visit,
        "action": photo.action,
        "caption": photo.caption,
        "position": photo.at,
        "file": kept.data["file"],
    }))
}

/// The command that answers one question of a survey, or a whole action.
fn answer_command(answer: &AnswerArguments) -> Json {
    let (visit, action, value) = (&answer.visit, &answer.action, &answer.value);
    match &answer.question {
        None => json!({ "do": "answer_action", "visit": visit, "action": action, "value": value }),
        Some(question) => json!({
            "do": "answer_question",
            "visit": visit,
            "action": action,
            "question": question,
            "value": value,
        }),
    }
}

/// The command that counts one product; the visit's only shelf count needs no name.
fn count_command(device: &mut Device, count: &CountArguments) -> Result<Json, CliFailure> {
    let product = counted_product(device, &count.product)?;
    let path_of = |name: &str| format!("counts/{product}/{name}");
    let read = fields::read(&count.fields, |name| {
        let (descriptor, verb) = device.registry().verb("count")?;
        descriptor.input(verb, &path_of(name))
    })?;
    let visit = device.get("visit", &count.visit)?.data;
    let action = match &count.action {
        Some(action) => Some(action.as_str()),
        None => only_shelf_count(&visit),
    };
    let mut command = json!({ "do": "count", "visit": count.visit, "action": action });
    for (name, value) in read {
        command[path_of(&name)] = value;
    }
    Ok(command)
}

/// The product that is counted: by the name that was typed, else as it is, for the core to read.
fn counted_product(device: &Device, typed: &str) -> Result<String, CliFailure> {
    let verb = device.registry().verb("count");
    let field = verb.and_then(|(descriptor, _)| descriptor.field_at("counts/*/product"));
    match field.and_then(|field| field.of.as_deref()) {
        Some(object) if typed.contains(char::is_alphabetic) => refer::id(device, object, typed),
        Some(_) | None => Ok(typed.to_owned()),
    }
}

/// The line id of the visit's shelf count; none where there are several.
fn only_shelf_count(visit: &Json) -> Option<&str> {
    let mut only = None;
    for (id, action) in visit["actions"].as_object()? {
        if action["kind"] == "shelf_count" && only.replace(id.as_str()).is_some() {
            return None;
        }
    }
    only
}
