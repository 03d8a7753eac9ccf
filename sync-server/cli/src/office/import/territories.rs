//! Puts imported rows into the territories that their cells name. It does not know who sees a
//! territory.

use std::collections::BTreeMap;

use outfield_core::base::id::RecordId;
use outfield_core::objects::Value;
use outfield_server::tenant::Tenant;

use super::rows::SortedRows;
use super::target::TERRITORY;
use crate::answer::CliFailure;

/// The longest name of a territory.
const NAME_BYTES_MAX: usize = 100;

/// Puts each row into the territory that its cell names, and adds those that are missing. A dry run
/// only names them. Answers the names of those added, sorted.
pub(crate) fn assign(
    tenant: &mut Tenant,
    rows: &mut SortedRows<'_>,
    column: usize,
    dry_run: bool,
) -> Result<Vec<String>, CliFailure> {
    let mut known: BTreeMap<String, RecordId> = BTreeMap::new();
    let mut added = Vec::new();
    for mut fitting in std::mem::take(&mut rows.fitting) {
        let name = fitting.row.cells.get(column);
        let name = name.map(String::as_str).unwrap_or_default();
        if name.is_empty() || name.len() > NAME_BYTES_MAX {
            let reason =
                format!("the territory `{name}` is no name: 1 to {NAME_BYTES_MAX} bytes are");
            rows.reject(fitting.row, &fitting.key, reason);
            continue;
        }
        let found = match known.get(name) {
            Some(id) => Some(*id),
            None => tenant.territory_named(name)?,
        };
        let id = match found {
            Some(id) => id,
            None => {
                added.push(name.to_owned());
                add(tenant, name, dry_run)?
            }
        };
        known.insert(name.to_owned(), id);
        let id = Value::from(id.to_string());
        fitting.values.insert(TERRITORY.to_owned(), id);
        rows.fitting.push(fitting);
    }
    added.sort();
    Ok(added)
}

/// Adds a territory; a dry run gives it an id that nothing else has.
fn add(tenant: &mut Tenant, name: &str, dry_run: bool) -> Result<RecordId, CliFailure> {
    if dry_run {
        return Ok(RecordId::derived(&[name.as_bytes()]));
    }
    Ok(tenant.add_territory(name, None)?)
}
