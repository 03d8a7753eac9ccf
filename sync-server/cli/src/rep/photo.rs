//! Photos and papers on a device: lists them with where each stands, fetches those that others
//! took, and sends those that wait. It does not know how files are kept nor sent.

use std::path::Path;

use outfield_core::app::{Device, LineCost};
use outfield_core::objects::{Descriptor, FieldKind};
use serde_json::{Value as Json, json};

use super::arguments::PhotoCommand;
use super::execute::answered;
use super::visit::of_visit;
use crate::answer::{CliAnswer, CliFailure};
use crate::listing::{Listing, one_more};
use crate::print::OutputForm;
use crate::{refer, render};

/// The verb that makes a record of a photo.
const ADD: &str = "add_photo";
/// What a list shows beside the columns of its object.
const OF_FILE: &[&str] = &["file_state"];

/// Sends what is unsent and fetches what is new; then files go, if any wait.
pub(crate) fn sync(device: &mut Device, cost: LineCost) -> Result<CliAnswer, CliFailure> {
    let mut receipt = device.sync()?;
    let files = device.sync_files(cost)?.data;
    if ["sent", "waiting", "refused"]
        .iter()
        .any(|of| files[*of] != 0)
    {
        receipt.data["files"] = files;
    }
    answered(Ok(receipt), render::record)
}

/// Lists photos, fetches one, or says over which lines files travel.
pub(crate) fn photo(
    device: &mut Device,
    form: OutputForm,
    command: &PhotoCommand,
) -> Result<CliAnswer, CliFailure> {
    match command {
        PhotoCommand::List { visit, limit } => list(device, form, visit.as_deref(), *limit),
        PhotoCommand::Get { id, to } => get(device, id, to.as_deref()),
        PhotoCommand::Over { lines } => answered(device.set_files_over(lines), render::record),
    }
}

fn list(
    device: &mut Device,
    form: OutputForm,
    visit: Option<&str>,
    limit: u32,
) -> Result<CliAnswer, CliFailure> {
    let descriptor = described(device)?;
    let mut receipt = match visit {
        None => device.list(&descriptor.object, None, one_more(limit))?,
        Some(visit) => {
            let query = json!({
                "object": descriptor.object,
                "where": of_visit(visit),
                "limit": one_more(limit),
            });
            let mut found = device.query(&query.to_string())?;
            found.data = found.data["records"].take();
            found
        }
    };
    for record in receipt.data.as_array_mut().into_iter().flatten() {
        if let Some(name) = file_of(&descriptor, record) {
            record["file_state"] = device.file(&name)?.data["state"].take();
        }
    }
    let shown = Listing {
        object: Some(&descriptor.object),
        limit: Some(limit),
        extras: OF_FILE,
        ..Listing::default()
    };
    shown.answer(device, form, receipt)
}

fn get(device: &mut Device, typed: &str, to: Option<&Path>) -> Result<CliAnswer, CliFailure> {
    let descriptor = described(device)?;
    let id = refer::id(device, &descriptor.object, typed)?;
    let record = device.get(&descriptor.object, &id)?.data;
    let name = file_of(&descriptor, &record)
        .ok_or_else(|| CliFailure::bad_input("unknown_file", format!("`{typed}` names no file")))?;
    let mut file = device.file(&name)?.data;
    if file["state"] == "absent" {
        file = device.fetch_file(&name)?.data;
    }
    if let Some(to) = to.filter(|_| file["state"] != "absent") {
        std::fs::write(to, device.file_bytes(&name)?).map_err(|error| {
            let message = format!(
                "`{}`: {error}; name a file that can be written",
                to.display()
            );
            CliFailure::bad_input("bad_file", message).about("to")
        })?;
    }
    Ok(CliAnswer::about(id, file, render::record))
}

/// The object whose records photos are.
fn described(device: &Device) -> Result<Descriptor, CliFailure> {
    let found = device.registry().verb(ADD);
    found
        .map(|(descriptor, _)| descriptor.as_ref().clone())
        .ok_or_else(|| {
            let message = format!("nothing here knows `{ADD}`; update the app");
            CliFailure::bad_input("unknown_command", message)
        })
}

/// The name of the file of a record.
fn file_of(descriptor: &Descriptor, record: &Json) -> Option<String> {
    let mut fields = descriptor.fields.iter();
    let (field, _) = fields.find(|(_, field)| field.kind == FieldKind::Blob)?;
    record[field].as_str().map(str::to_owned)
}
