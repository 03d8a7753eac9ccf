//! Records of any object as the office lists and shows them. It does not know which objects there
//! are.

use std::sync::Arc;

use outfield_core::app::Receipt;
use outfield_core::base::context::Surroundings;
use serde_json::Value as Json;

use super::open::open_tenant;
use crate::answer::{CliAnswer, CliFailure};
use crate::arguments::{OfficeListArguments, OfficePlace};
use crate::listing::{Listing, query_of};
use crate::print::OutputForm;
use crate::render::Glossary;
use crate::{refer, render};

/// Lists records.
pub(crate) fn list(
    arguments: &OfficeListArguments,
    form: OutputForm,
    surroundings: Arc<dyn Surroundings>,
) -> Result<CliAnswer, CliFailure> {
    let mut tenant = open_tenant(&arguments.place, surroundings)?;
    let list = &arguments.list;
    let mut found = tenant.query_of_office(&query_of(list)?.to_string())?;
    let receipt = Receipt::of(found["records"].take());
    let shown = Listing {
        object: Some(&list.object),
        limit: Some(list.page.limit),
        columns: &list.page.columns.columns,
        ..Listing::default()
    };
    shown.answer(&tenant, form, receipt)
}

/// Shows one record, by id or name.
pub(crate) fn get(
    object: &str,
    typed: &str,
    place: &OfficePlace,
    surroundings: Arc<dyn Surroundings>,
) -> Result<CliAnswer, CliFailure> {
    let tenant = open_tenant(place, surroundings)?;
    let id = refer::id(&tenant, object, typed)?;
    let missing = || {
        let message = format!("there is no {object} `{typed}`; `list {object}` shows them");
        CliFailure::bad_input("not_found", message).about("id")
    };
    let record: Json = tenant.record(object, id.parse().map_err(|_| missing())?)?;
    let told = Glossary::of(&tenant).told(&record);
    Ok(CliAnswer::about(id, record, render::record).telling(told))
}
