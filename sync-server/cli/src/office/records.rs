//! Records as the office writes, lists and shows them, and the objects that they are of. It does
//! not know how a tenant keeps them.

use std::collections::BTreeMap;
use std::sync::Arc;

use outfield_core::base::context::Surroundings;
use outfield_core::base::id::{IdError, RecordId};
use outfield_core::objects::{Value, Values};
use outfield_server::tenant::Tenant;
use serde_json::{Value as Json, json};

use super::open::open_tenant;
use crate::answer::{CliAnswer, CliFailure};
use crate::arguments::{OfficePlace, PutArguments};
use crate::render::{Glossary, RecordTable, table_of};
use crate::{fields, refer, render};

/// What is told of refused work.
const QUARANTINED: &[&str] = &[
    "at", "object", "name", "code", "message", "device", "record",
];
/// What is told of a record beside its fields.
const TOLD_BESIDE: &[&str] = &["territory_names"];

/// Lists what devices handed in and was refused.
pub(crate) fn quarantine(
    place: &OfficePlace,
    surroundings: Arc<dyn Surroundings>,
) -> Result<CliAnswer, CliFailure> {
    let tenant = open_tenant(place, surroundings)?;
    let held = tenant.quarantined()?;
    let glossary = Glossary::of(&tenant);
    let mut told = held.clone();
    for entry in &mut told {
        let of = |member: &str| entry[member].as_str().unwrap_or_default();
        let name = glossary.title(of("object"), of("record"));
        let device = glossary.title("device", of("device"));
        entry["at"] = glossary.moment(&entry["at"]).into();
        entry["name"] = name.into();
        entry["device"] = device.map_or_else(|| entry["device"].take(), Json::from);
    }
    let table = table_of(QUARANTINED, &told);
    Ok(CliAnswer::listed(held, table))
}

/// Forgets what was refused of one device.
pub(crate) fn clear_quarantine(
    device: &str,
    place: &OfficePlace,
    surroundings: Arc<dyn Surroundings>,
) -> Result<CliAnswer, CliFailure> {
    let cleared = open_tenant(place, surroundings)?.clear_quarantine(device)?;
    let lines = |told: &Json| vec![format!("cleared: {}", told["cleared"])];
    Ok(CliAnswer::of(json!({ "cleared": cleared }), lines))
}

/// What the server wrote of a record, and what moved because of it.
pub(crate) fn trail(
    record: &str,
    place: &OfficePlace,
    surroundings: Arc<dyn Surroundings>,
) -> Result<CliAnswer, CliFailure> {
    let tenant = open_tenant(place, surroundings)?;
    let trail = tenant.trail(record)?;
    let id = record_id(record)?;
    let told = Glossary::of(&tenant).told(&trail);
    Ok(CliAnswer::about(id, trail, render::trail).telling(told))
}

/// Writes one record as the office.
pub(crate) fn put(
    put: &PutArguments,
    surroundings: Arc<dyn Surroundings>,
) -> Result<CliAnswer, CliFailure> {
    let mut tenant = open_tenant(&put.place, surroundings)?;
    let id = put.id.as_deref().map(record_id).transpose()?;
    let read = fields::read(&put.fields, |path| {
        fields::of(tenant.registry(), &put.object, path)
    })?;
    let read = refer::values(&tenant, &put.object, read)?;
    let mut values = Values::new();
    for (path, json) in &read {
        values.insert(path.clone(), Value::from_json(json).unwrap_or_default());
    }
    let id = tenant.put(&put.object, id, values)?;
    let told = Glossary::of(&tenant).told_values(&put.object, &read);
    let told = json!({ "object": put.object, "fields": told });
    let data = json!({ "object": put.object, "fields": read });
    Ok(CliAnswer::about(id, data, render::record).telling(told))
}

fn record_id(text: &str) -> Result<RecordId, CliFailure> {
    text.parse().map_err(|error: IdError| {
        CliFailure::bad_input("bad_id", format!("--id: {error}")).about("id")
    })
}

/// All records of an object that the office keeps.
pub(crate) fn list_all(
    object: &str,
    place: &OfficePlace,
    surroundings: Arc<dyn Surroundings>,
) -> Result<CliAnswer, CliFailure> {
    let tenant = open_tenant(place, surroundings)?;
    let records = records_with_names(&tenant, object)?;
    let shown = RecordTable {
        extras: TOLD_BESIDE,
        ..RecordTable::default()
    };
    let table = shown.of(&Glossary::of(&tenant), &records)?;
    Ok(CliAnswer::listed(records, table))
}

/// One record of such an object, as it is now.
pub(crate) fn show_one(
    tenant: &Tenant,
    object: &str,
    id: RecordId,
) -> Result<CliAnswer, CliFailure> {
    let text = id.to_string();
    let records = records_with_names(tenant, object)?;
    let found = records
        .into_iter()
        .find(|record| record["id"] == text.as_str());
    let found = found.unwrap_or_default();
    let told = Glossary::of(tenant).told(&found);
    Ok(CliAnswer::about(id, found, render::record).telling(told))
}

/// The records with the names of the users and territories that they refer to.
fn records_with_names(tenant: &Tenant, object: &str) -> Result<Vec<Json>, CliFailure> {
    let mut records = tenant.all(object)?;
    let mut names = BTreeMap::new();
    for named in [tenant.all("territory")?, tenant.all("user")?].concat() {
        let id = named["id"].as_str().unwrap_or_default();
        names.insert(id.to_owned(), named["name"].clone());
    }
    for record in &mut records {
        if let Some(held) = record["territories"].as_object() {
            let held = held.keys().filter_map(|id| names.get(id).cloned());
            record["territory_names"] = held.collect();
        }
        if let Some(name) = record["user"].as_str().and_then(|id| names.get(id)) {
            record["user_name"] = name.clone();
        }
    }
    Ok(records)
}
