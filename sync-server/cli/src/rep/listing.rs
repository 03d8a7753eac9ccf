//! What was asked of the server and has no answer, as people read it. It does not know what it is.

use outfield_core::app::Device;

use crate::answer::{CliAnswer, CliFailure};
use crate::render::{Glossary, table_of};

/// What is told of what has no answer yet.
const WAITING: &[&str] = &["since", "object", "name", "verdict", "record"];

/// What was asked of the server and has no answer yet, as a table.
pub(crate) fn waiting(device: &mut Device) -> Result<CliAnswer, CliFailure> {
    let data = device.waiting()?.data;
    let told = Glossary::of(device).told(&data);
    let asks = told.as_array().map(Vec::as_slice).unwrap_or_default();
    Ok(CliAnswer::listed(data, table_of(WAITING, asks)))
}
