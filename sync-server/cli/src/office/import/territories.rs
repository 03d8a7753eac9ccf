//! Puts imported rows into the territories that their cells name. It does not know who sees a
//! territory.

use std::collections::BTreeMap;

use outfield_core::base::id::RecordId;
use outfield_core::objects::Value;
use outfield_server::tenant::Tenant;

use super::cells;
use super::rows::SortedRows;
use super::target::TERRITORY;
use crate::answer::CliFailure;

/// The longest name of a territory.
const NAME_BYTES_MAX: usize = 100;

/// The column of a file that names territories, and those that it named.
pub(crate) struct TerritoryColumn {
    /// Which column it is.
    pub(crate) column: usize,
    /// Territories by each spelling that was met.
    known: BTreeMap<String, RecordId>,
    /// The names of those that were added.
    added: Vec<String>,
}

impl TerritoryColumn {
    /// A column of which no row was read.
    pub(crate) fn of(column: usize) -> TerritoryColumn {
        TerritoryColumn {
            column,
            known: BTreeMap::new(),
            added: Vec::new(),
        }
    }

    /// The names of the territories that were added, sorted.
    pub(crate) fn added(&self) -> Vec<String> {
        let mut added = self.added.clone();
        added.sort();
        added
    }

    /// Puts each row into the territory that its cell names, and adds those that are missing; an
    /// empty cell means none. A dry run adds nothing.
    pub(crate) fn assign(
        &mut self,
        tenant: &mut Tenant,
        rows: &mut SortedRows,
        dry_run: bool,
    ) -> Result<(), CliFailure> {
        for mut fitting in std::mem::take(&mut rows.fitting) {
            let cell = fitting.row.cells.get(self.column);
            let name = cells::legible(cell.map_or("", String::as_str));
            let name = name.map(|name| name.split_whitespace().collect::<Vec<_>>().join(" "));
            let id = match name {
                Err(why) => {
                    rows.reject(fitting, format!("{TERRITORY}: {why}"));
                    continue;
                }
                Ok(name) if name.len() > NAME_BYTES_MAX => {
                    let why = format!("`{name}` is longer than {NAME_BYTES_MAX} bytes");
                    rows.reject(fitting, format!("{TERRITORY}: {why}"));
                    continue;
                }
                Ok(name) if name.is_empty() => Value::Null,
                Ok(name) => Value::from(self.meant(tenant, name, dry_run)?.to_string()),
            };
            fitting.values.insert(TERRITORY.to_owned(), id);
            rows.fitting.push(fitting);
        }
        Ok(())
    }

    fn meant(
        &mut self,
        tenant: &mut Tenant,
        name: String,
        dry_run: bool,
    ) -> Result<RecordId, CliFailure> {
        let folded = outfield_server::office::folded(&name);
        if let Some(id) = self.known.get(&name).or_else(|| self.known.get(&folded)) {
            return Ok(*id);
        }
        let id = match tenant.territory_named(&name)? {
            Some(id) => id,
            None => {
                let id = if dry_run {
                    // An id that nothing else has.
                    RecordId::derived(&[name.as_bytes()])
                } else {
                    tenant.add_territory(&name, None)?
                };
                self.added.push(name.clone());
                self.known.insert(folded, id);
                id
            }
        };
        self.known.insert(name, id);
        Ok(id)
    }
}
