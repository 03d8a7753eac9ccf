//! The objects of a tenant: publishing its own, and what there is of all.
//! It does not know records.

use std::sync::Arc;

use outfield_core::base::context::Surroundings;
use outfield_core::objects::Descriptor;
use outfield_server::tenant::Tenant;
use serde_json::{Value as Json, json};

use super::open::open_tenant;
use crate::answer::{CliAnswer, CliFailure};
use crate::arguments::ObjectCommand;
use crate::{render, text_file};

/// What is told of each object.
const TOLD: &[&str] = &["label", "kind", "version", "own", "extended", "object"];

/// Publishes, lists, shows or explains objects.
pub(crate) fn object(
    command: ObjectCommand,
    surroundings: Arc<dyn Surroundings>,
) -> Result<CliAnswer, CliFailure> {
    match command {
        ObjectCommand::Publish { file, place } => {
            let mut tenant = open_tenant(&place, surroundings)?;
            let descriptor = text_file::read(&file)?;
            let object = tenant.publish(&file.display().to_string(), &descriptor)?;
            let version = tenant.registry().published(&object);
            let data = json!({ "object": object, "version": version });
            Ok(CliAnswer::about(&object, data, render::record))
        }
        ObjectCommand::List { place } => {
            let tenant = open_tenant(&place, surroundings)?;
            let all: Vec<Json> = tenant
                .registry()
                .all()
                .map(|of| line(&tenant, of))
                .collect();
            let table = render::table_of(TOLD, &all);
            Ok(CliAnswer::listed(all, table))
        }
        ObjectCommand::Show { object, place } => {
            let tenant = open_tenant(&place, surroundings)?;
            let descriptor = known(&tenant, &object)?;
            let data = serde_json::to_value(descriptor).unwrap_or_default();
            Ok(CliAnswer::about(&object, data, render::json))
        }
        ObjectCommand::Explain { object, place } => {
            let tenant = open_tenant(&place, surroundings)?;
            let descriptor = known(&tenant, &object)?;
            let data = serde_json::to_value(descriptor).unwrap_or_default();
            Ok(CliAnswer::about(&object, data, render::object))
        }
    }
}

fn line(tenant: &Tenant, of: &Descriptor) -> Json {
    let published = tenant.registry().published(&of.object);
    let own = tenant.registry().comes_along(&of.object).is_none();
    json!({
        "object": of.object,
        "label": of.label,
        "kind": of.kind,
        "version": of.version,
        "own": own,
        "extended": !own && published > 0,
    })
}

fn known<'a>(tenant: &'a Tenant, object: &str) -> Result<&'a Descriptor, CliFailure> {
    let found = tenant.registry().get(object).map(AsRef::as_ref);
    found.ok_or_else(|| {
        let known = tenant.registry().all().map(|known| known.object.as_str());
        let offer = outfield_core::domain::offer(object, known);
        let message = format!("there is no object `{object}`; {offer}");
        CliFailure::bad_input("unknown_object", message).about("object")
    })
}
