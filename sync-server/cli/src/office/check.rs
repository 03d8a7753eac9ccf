//! Looks for what is not right, in a data folder or in one of backups. It changes nothing, and does
//! not know what is looked at.

use std::sync::Arc;

use outfield_core::base::context::Surroundings;
use outfield_server::backup;
use serde_json::{Value as Json, json};

use super::open::open_folder;
use crate::answer::{BROKEN, CliAnswer, CliFailure};
use crate::arguments::OfficePlace;
use crate::render::table_of;

/// What is told of something that is not right.
const WRONG: &[&str] = &["tenant", "object", "name", "code", "message", "id"];

/// Lists what is not right, one line each; if there is anything, the exit code says so.
pub(crate) fn check(
    place: &OfficePlace,
    surroundings: Arc<dyn Surroundings>,
) -> Result<CliAnswer, CliFailure> {
    let wrong = if backup::is_backup(&place.data) {
        let faults = backup::check(&place.data)?;
        faults.iter().map(backup::BackupFault::to_json).collect()
    } else {
        of_folder(place, surroundings)?
    };
    let (count, table) = (wrong.len(), table_of(WRONG, &wrong));
    let answer = CliAnswer::listed(wrong, table);
    if count == 0 {
        return Ok(answer);
    }
    let message = match count {
        1 => "one thing is not right".to_owned(),
        _ => format!("{count} things are not right"),
    };
    Err(CliFailure {
        partial: Some(Box::new(answer)),
        ..CliFailure::new(BROKEN, "unsound", message, Vec::new())
    })
}

/// What is not right in a data folder: of the tenant that is named, or of all.
fn of_folder(
    place: &OfficePlace,
    surroundings: Arc<dyn Surroundings>,
) -> Result<Vec<Json>, CliFailure> {
    let folder = open_folder(&place.data, surroundings)?;
    let mut wrong = folder.check_files()?;
    if place.tenant.is_some() {
        let mut tenant = folder.tenant(place.tenant.as_deref())?;
        wrong.extend(tenant.check()?);
        return Ok(wrong);
    }
    let tenants = folder.tenants()?;
    let are_several = tenants.len() > 1;
    for (name, id) in tenants {
        let mut found = match folder.open_tenant(id) {
            Ok(mut tenant) => tenant.check()?,
            Err(why) => vec![json!({
                "object": "tenant", "id": id, "name": name, "code": why.code,
                "message": why.message, "fields": [],
            })],
        };
        if are_several {
            found
                .iter_mut()
                .for_each(|it| it["tenant"] = name.as_str().into());
        }
        wrong.extend(found);
    }
    Ok(wrong)
}
