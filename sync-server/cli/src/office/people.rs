//! Tenants, territories, users and devices, as the office adds, lists and changes them. It does not
//! know how a tenant keeps them.

use std::fs;
use std::sync::Arc;

use outfield_core::app::Invitation;
use outfield_core::base::context::{Role, Surroundings};
use outfield_core::base::id::UserId;
use outfield_server::data_dir::DataDir;
use outfield_server::work::FileQuota;
use serde_json::{Value as Json, json};

use super::open::{open_folder, open_tenant};
use super::records::{list_all, show_one};
use crate::answer::{CliAnswer, CliFailure};
use crate::arguments::{
    DeviceCommand, InvitationArguments, TenantCommand, TerritoryCommand, UserAddArguments,
    UserCommand, UserSetArguments,
};
use crate::render;

/// Adds or lists tenants.
pub(crate) fn tenant(
    command: TenantCommand,
    surroundings: Arc<dyn Surroundings>,
) -> Result<CliAnswer, CliFailure> {
    match command {
        TenantCommand::Add {
            name,
            time_zone,
            data,
        } => {
            DataDir::check_tenant(&name, &time_zone)?;
            let id = DataDir::open(&data, surroundings)?.add_tenant(&name, &time_zone)?;
            let added = json!({ "name": name, "time_zone": time_zone });
            Ok(CliAnswer::about(id, added, render::record))
        }
        TenantCommand::Set {
            offline_days,
            place,
        } => {
            let mut tenant = open_tenant(&place, surroundings)?;
            tenant.set_lease_days(Some(offline_days).filter(|days| *days > 0))?;
            let set = json!({ "offline_days": tenant.lease_days()? });
            Ok(CliAnswer::about(tenant.id, set, render::record))
        }
        TenantCommand::List { data } => {
            let tenants = open_folder(&data, surroundings)?.tenants()?;
            let listed: Vec<Json> = tenants
                .iter()
                .map(|(name, id)| json!({ "id": id, "name": name }))
                .collect();
            let table = render::table_of(&["name", "id"], &listed);
            Ok(CliAnswer::listed(listed, table))
        }
        TenantCommand::Files { person, all, place } => {
            let mut tenant = open_tenant(&place, surroundings)?;
            let before = tenant.file_quota()?;
            let quota = FileQuota {
                person_bytes: person.map_or(before.person_bytes, in_bytes),
                tenant_bytes: all.map_or(before.tenant_bytes, in_bytes),
            };
            if quota != before {
                tenant.set_file_quota(quota)?;
            }
            let told = json!({
                "person_mib": quota.person_bytes / MIB,
                "all_mib": quota.tenant_bytes / MIB,
            });
            Ok(CliAnswer::of(told, render::record))
        }
    }
}

/// Bytes of a MiB.
const MIB: u64 = 1024 * 1024;

fn in_bytes(mib: u64) -> u64 {
    mib.saturating_mul(MIB)
}

/// Adds or lists territories.
pub(crate) fn territory(
    command: TerritoryCommand,
    surroundings: Arc<dyn Surroundings>,
) -> Result<CliAnswer, CliFailure> {
    match command {
        TerritoryCommand::Add {
            name,
            parent,
            place,
        } => {
            let mut tenant = open_tenant(&place, surroundings)?;
            let id = tenant.add_territory(&name, parent.as_deref())?;
            let added = json!({ "name": name, "parent": parent });
            Ok(CliAnswer::about(id, added, render::record))
        }
        TerritoryCommand::List { place } => list_all("territory", &place, surroundings),
    }
}

/// Adds, lists or changes users, and makes their codes.
pub(crate) fn user(
    command: UserCommand,
    surroundings: Arc<dyn Surroundings>,
) -> Result<CliAnswer, CliFailure> {
    match command {
        UserCommand::Add(user) => add_user(user, surroundings),
        UserCommand::Code {
            name,
            invitation,
            place,
        } => {
            let mut tenant = open_tenant(&place, surroundings)?;
            let id = tenant.user_named(&name)?;
            let code = tenant.user_code(&name)?;
            let made = json!({ "name": name, "enrolment_code": code });
            Ok(invited(id, made, &invitation)?.brief("enrolment_code"))
        }
        UserCommand::List { place } => list_all("user", &place, surroundings),
        UserCommand::Set(user) => set_user(user, surroundings),
    }
}

fn add_user(
    user: UserAddArguments,
    surroundings: Arc<dyn Surroundings>,
) -> Result<CliAnswer, CliFailure> {
    let territories = without_empty(&user.territory);
    let mut tenant = open_tenant(&user.place, surroundings)?;
    let role = Role::named(&user.role);
    let (id, code) = tenant.add_user(&user.name, role, &territories)?;
    let added = json!({
        "name": user.name,
        "role": user.role,
        "territories": territories,
        "enrolment_code": code,
    });
    invited(id, added, &user.invitation)
}

/// A user with a new code, and the invitation that it makes where it is said to where.
fn invited(
    id: UserId,
    mut data: Json,
    asked: &InvitationArguments,
) -> Result<CliAnswer, CliFailure> {
    if let (Some(server), Some(code)) = (&asked.server, data["enrolment_code"].as_str()) {
        let invitation = Invitation {
            server: server.clone(),
            code: code.to_owned(),
        };
        data["invitation"] = invitation.to_string().into();
    }
    if let Some(file) = &asked.svg {
        let picture = render::invitation_svg(&data).unwrap_or_default();
        fs::write(file, picture).map_err(|error| {
            let message = format!(
                "{}: {error}; the code is {}",
                file.display(),
                data["enrolment_code"]
            );
            CliFailure::bad_input("bad_file", message).about("svg")
        })?;
    }
    Ok(CliAnswer::about(id, data, render::invited))
}

fn set_user(
    user: UserSetArguments,
    surroundings: Arc<dyn Surroundings>,
) -> Result<CliAnswer, CliFailure> {
    if user.role.is_none() && user.territory.is_none() && user.active.is_none() {
        let message = "nothing is to be changed; give --role, --territory or --active";
        return Err(CliFailure::bad_input("usage", message));
    }
    let role = user.role.as_deref().map(Role::named);
    let territories = user.territory.as_deref().map(without_empty);
    let mut tenant = open_tenant(&user.place, surroundings)?;
    let id = tenant.set_user(&user.name, role, territories.as_deref(), user.active)?;
    show_one(&tenant, "user", id.into())
}

/// Lists devices, or ends one's access.
pub(crate) fn device(
    command: DeviceCommand,
    surroundings: Arc<dyn Surroundings>,
) -> Result<CliAnswer, CliFailure> {
    match command {
        DeviceCommand::List { place } => list_all("device", &place, surroundings),
        DeviceCommand::Wipe { device, place } => {
            let mut tenant = open_tenant(&place, surroundings)?;
            let id = tenant.wipe(&device)?;
            show_one(&tenant, "device", id.into())
        }
        DeviceCommand::Revoke { device, place } => {
            let mut tenant = open_tenant(&place, surroundings)?;
            let id = tenant.revoke(&device)?;
            show_one(&tenant, "device", id.into())
        }
    }
}

/// Names without spaces around them; an empty one stands for none.
fn without_empty(names: &[String]) -> Vec<String> {
    names
        .iter()
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty())
        .collect()
}
