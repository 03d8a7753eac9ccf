//! Unsent work that comes to the office by hand: read from a file and taken in, or shown. It does
//! not know how a file is opened.

use std::path::Path;
use std::sync::Arc;

use outfield_core::base::context::Surroundings;

use super::open::open_tenant;
use crate::answer::{CliAnswer, CliFailure, REFUSED};
use crate::arguments::ParcelCommand;
use crate::render;

/// Takes in what a device packed; what was refused of it is named.
pub(crate) fn outbox(
    command: ParcelCommand,
    surroundings: Arc<dyn Surroundings>,
) -> Result<CliAnswer, CliFailure> {
    let ParcelCommand::Import { file, show, place } = command;
    let bytes = read(&file)?;
    let mut tenant = open_tenant(&place, surroundings)?;
    if show {
        let mut parcel = tenant.opened_parcel(&bytes)?;
        // A token is nobody's to see.
        parcel.token = String::new();
        let data = serde_json::to_value(parcel).map_err(CliFailure::broken)?;
        return Ok(CliAnswer::of(data, render::json));
    }
    let data = tenant.take_parcel(&bytes)?;
    let left = |key: &str| data[key].as_array().map_or(0, Vec::len);
    let (refused, waiting) = (left("refused"), left("waiting"));
    let answer = CliAnswer::of(data, render::record);
    if refused + waiting == 0 {
        return Ok(answer);
    }
    let message = format!(
        "{refused} pieces of work were refused, and {waiting} have to wait for what they build on"
    );
    Err(CliFailure {
        partial: Some(Box::new(answer)),
        ..CliFailure::new(REFUSED, "not_all_taken", message, Vec::new())
    })
}

fn read(file: &Path) -> Result<Vec<u8>, CliFailure> {
    std::fs::read(file).map_err(|error| CliFailure::unreadable(file, &error))
}
