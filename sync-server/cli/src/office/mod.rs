//! What the office does by itself, on the data folder, while the server runs or not.
//! It does not know how a tenant keeps what it is told.

mod columns;
mod csv;
pub(crate) mod import;
mod product_import;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use outfield_core::base::context::{Role, Surroundings};
use outfield_core::base::id::RecordId;
use outfield_core::objects::{Value, Values};
use serde_json::{Value as Json, json};

use crate::answer::{Answer, Failure};
use crate::arguments::{Device, Object, Place, Put, Tenant as Tenants, Territory, User};
use crate::{fields, render};
use outfield_server::data_dir::DataDir;
use outfield_server::tenant::Tenant;

/// Where time and randomness come from.
type World = Arc<dyn Surroundings>;

/// Adds or lists tenants.
pub(crate) fn tenant(command: Tenants, world: World) -> Result<Answer, Failure> {
    match command {
        Tenants::Add {
            name,
            time_zone,
            data,
        } => {
            DataDir::check_tenant(&name, &time_zone)?;
            let id = DataDir::open(&data, world)?.add_tenant(&name, &time_zone)?;
            Ok(Answer::about(
                id,
                json!({ "name": name, "time_zone": time_zone }),
                render::record,
            ))
        }
        Tenants::List { data } => {
            let tenants = folder(&data, world)?.tenants()?;
            let shown = tenants
                .iter()
                .map(|(name, id)| json!({ "id": id, "name": name }))
                .collect();
            Ok(Answer::of(shown, render::list))
        }
    }
}

/// Adds or lists territories.
pub(crate) fn territory(command: Territory, world: World) -> Result<Answer, Failure> {
    match command {
        Territory::Add {
            name,
            parent,
            place,
        } => {
            let id = open(&place, world)?.add_territory(&name, parent.as_deref())?;
            Ok(Answer::about(
                id,
                json!({ "name": name, "parent": parent }),
                render::record,
            ))
        }
        Territory::List { place } => all("territory", &place, world),
    }
}

/// Adds, lists or changes users, and makes their codes.
pub(crate) fn user(command: User, world: World) -> Result<Answer, Failure> {
    match command {
        User::Add {
            name,
            role,
            territory,
            place,
        } => {
            let territories = named(territory);
            let (id, code) = open(&place, world)?.add_user(&name, role_of(&role)?, &territories)?;
            let data = json!({ "name": name, "role": role, "territories": territories, "enrolment_code": code });
            Ok(Answer::about(id, data, render::record))
        }
        User::Code { name, place } => {
            let mut tenant = open(&place, world)?;
            let (id, code) = (tenant.user_named(&name)?, tenant.user_code(&name)?);
            let data = json!({ "name": name, "enrolment_code": code });
            Ok(Answer::about(id, data, render::record).brief("enrolment_code"))
        }
        User::List { place } => all("user", &place, world),
        User::Set {
            name,
            role,
            territory,
            active,
            place,
        } => {
            if role.is_none() && territory.is_none() && active.is_none() {
                let message = "nothing is to be changed; give --role, --territory or --active";
                return Err(Failure::bad_input("usage", message));
            }
            let role = role.map(|role| role_of(&role)).transpose()?;
            let territories = territory.map(named);
            let mut tenant = open(&place, world)?;
            let id = tenant.set_user(&name, role, territories.as_deref(), active)?;
            one(&tenant, "user", id.into())
        }
    }
}

/// Lists devices, or ends one's access.
pub(crate) fn device(command: Device, world: World) -> Result<Answer, Failure> {
    match command {
        Device::List { place } => all("device", &place, world),
        Device::Revoke { device, place } => {
            let mut tenant = open(&place, world)?;
            let id = tenant.revoke(&device)?;
            one(&tenant, "device", id.into())
        }
    }
}

/// Lists what devices handed in and was refused.
pub(crate) fn quarantine(place: &Place, world: World) -> Result<Answer, Failure> {
    Ok(Answer::of(
        open(place, world)?.quarantined()?.into(),
        render::list,
    ))
}

/// Publishes an object of the tenant's own.
pub(crate) fn object(command: Object, world: World) -> Result<Answer, Failure> {
    let Object::Publish { file, place } = command;
    let mut tenant = open(&place, world)?;
    let object = tenant.publish(&file.display().to_string(), &text_of(&file)?)?;
    let version = tenant
        .registry()
        .get(&object)
        .map(|published| published.version);
    Ok(Answer::about(
        &object,
        json!({ "object": object, "version": version }),
        render::record,
    ))
}

/// Writes one record as the office.
pub(crate) fn put(put: &Put, world: World) -> Result<Answer, Failure> {
    let mut tenant = open(&put.place, world)?;
    let id = put.id.as_deref().map(record_id).transpose()?;
    let read = fields::read(&put.fields, |path| {
        fields::of(tenant.registry(), &put.object, path)
    })?;
    let values: Values = read
        .iter()
        .map(|(path, json)| (path.clone(), Value::from_json(json).unwrap_or_default()))
        .collect();
    let id = tenant.put(&put.object, id, values)?;
    Ok(Answer::about(
        id,
        json!({ "object": put.object, "fields": read }),
        render::record,
    ))
}

/// The tenant that the arguments name.
pub(crate) fn open(place: &Place, world: World) -> Result<Tenant, Failure> {
    Ok(folder(&place.data, world)?.tenant(place.tenant.as_deref())?)
}

/// The text of a file.
pub(crate) fn text_of(file: &Path) -> Result<String, Failure> {
    let bytes = std::fs::read(file).map_err(|error| Failure::unreadable(file, &error))?;
    String::from_utf8(bytes).map_err(|error| {
        let good = error
            .as_bytes()
            .get(..error.utf8_error().valid_up_to())
            .unwrap_or_default();
        let line = good.split(|byte| *byte == b'\n').count();
        let message = format!(
            "`{}`: line {line} is not UTF-8; save the file as UTF-8",
            file.display()
        );
        Failure::bad_input("bad_file", message).about("file")
    })
}

/// A data folder that is there; only `tenant add` and `serve` make one, so that a misspelt name
/// makes nothing.
fn folder(data: &Path, world: World) -> Result<DataDir, Failure> {
    if data.join("outfield.db").is_file() {
        return Ok(DataDir::open(data, world)?);
    }
    let shown = data.display();
    let message = format!(
        "there is no data of Outfield in `{shown}`; begin it by `outfield tenant add NAME --data {shown}`"
    );
    Err(Failure::bad_input("bad_folder", message).about("data"))
}

/// All records of an object that the office keeps.
fn all(object: &str, place: &Place, world: World) -> Result<Answer, Failure> {
    Ok(Answer::of(
        shown(&open(place, world)?, object)?.into(),
        render::list,
    ))
}

/// One record of such an object, as it is now.
fn one(tenant: &Tenant, object: &str, id: RecordId) -> Result<Answer, Failure> {
    let text = id.to_string();
    let found = shown(tenant, object)?
        .into_iter()
        .find(|record| record["id"] == text.as_str());
    Ok(Answer::about(id, found.unwrap_or_default(), render::record))
}

/// The records with the names of the users and territories that they refer to.
fn shown(tenant: &Tenant, object: &str) -> Result<Vec<Json>, Failure> {
    let (mut records, mut names) = (tenant.all(object)?, BTreeMap::new());
    for named in [tenant.all("territory")?, tenant.all("user")?].concat() {
        names.insert(
            named["id"].as_str().unwrap_or_default().to_owned(),
            named["name"].clone(),
        );
    }
    for record in &mut records {
        if let Some(held) = record["territories"].as_object() {
            record["territory_names"] = held
                .keys()
                .filter_map(|id| names.get(id).cloned())
                .collect();
        }
        if let Some(name) = record["user"].as_str().and_then(|id| names.get(id)) {
            record["user_name"] = name.clone();
        }
    }
    Ok(records)
}

fn role_of(name: &str) -> Result<Role, Failure> {
    Role::named(name).ok_or_else(|| {
        Failure::bad_input("bad_role", format!("`{name}` is not rep, manager or admin"))
    })
}

fn record_id(text: &str) -> Result<RecordId, Failure> {
    text.parse()
        .map_err(|error: outfield_core::base::id::IdError| {
            Failure::bad_input("bad_id", format!("--id: {error}")).about("id")
        })
}

/// Names without spaces around them; an empty one stands for none.
fn named(names: Vec<String>) -> Vec<String> {
    names
        .iter()
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty())
        .collect()
}
