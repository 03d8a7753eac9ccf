//! Takes the rows of a file in, so many at a time: each batch is parted, completed and written
//! before the next is read, so that a file of any length takes the same room. It does not know
//! files.

use std::collections::{BTreeMap, BTreeSet};

use outfield_core::objects::{Descriptor, Values};
use outfield_server::office::{Imported, ImportedTable, imported_id};
use outfield_server::tenant::Tenant;
use serde_json::{Value as Json, json};

use super::cells::CellForms;
use super::columns::{self, ColumnPlan};
use super::failed_rows::FailedRows;
use super::file_rows::{FileRow, RowSink, unnamed};
use super::product_import::ProductDefaults;
use super::rows::{FittingRow, RejectedRow, RowSorter, SortedRows};
use super::target::{ImportTarget, TERRITORY};
use super::territories::TerritoryColumn;
use crate::answer::CliFailure;
use crate::arguments::ImportFile;
use crate::print;

/// Rows that are written at once.
const BATCH_ROWS: usize = 1_000;
/// Rejected rows that the answer names; a file of failed rows has them all.
const REJECTED_SHOWN_MAX: usize = 1_000;

/// An import under way.
pub(super) struct Batches<'a> {
    pub(super) tenant: &'a mut Tenant,
    pub(super) target: &'a ImportTarget,
    pub(super) descriptor: &'a Descriptor,
    pub(super) arguments: &'a ImportFile,
    pub(super) forms: CellForms,
    /// How many rows the file has.
    pub(super) expected: u64,
    /// What is known since the columns have names.
    pub(super) began: Option<BegunImport>,
}

/// What an import knows of its file and has done so far.
pub(super) struct BegunImport {
    names: Vec<String>,
    plan: ColumnPlan,
    territories: Option<TerritoryColumn>,
    defaults: Option<ProductDefaults>,
    failed: Option<FailedRows>,
    /// The line of each key that was seen.
    seen: BTreeMap<String, u64>,
    /// Columns without a name that hold something all the same.
    filled: BTreeSet<usize>,
    batch: Vec<FileRow>,
    totals: ImportTotals,
}

/// What an import came to.
#[derive(Default)]
pub(super) struct ImportTotals {
    pub(super) rows: u64,
    pub(super) imported: ImportCounts,
    pub(super) prices: ImportCounts,
    pub(super) rejected_rows: u64,
    /// The first rejected rows, as the answer shows them.
    pub(super) rejected_shown: Vec<Json>,
    /// The first of them, in words.
    pub(super) first_rejected: Option<String>,
    /// Records that belong to no territory, where the object has territories.
    pub(super) without_territory: Option<u64>,
    pub(super) territories_added: Vec<String>,
    pub(super) columns: Json,
    pub(super) ignored_columns: Vec<String>,
}

/// Records by what became of them.
#[derive(Default)]
pub(super) struct ImportCounts {
    created: u64,
    changed: u64,
    unchanged: u64,
    clashed: u64,
}

impl ImportCounts {
    fn add(&mut self, imported: &Imported) {
        self.created += imported.created;
        self.changed += imported.changed;
        self.unchanged += imported.unchanged;
        self.clashed += imported.clashed;
    }

    /// Puts the counts into an answer.
    pub(super) fn tell(&self, data: &mut Json) {
        data["created"] = self.created.into();
        data["changed"] = self.changed.into();
        data["unchanged"] = self.unchanged.into();
        data["clashed"] = self.clashed.into();
    }
}

impl RowSink for Batches<'_> {
    fn columns(&mut self, names: Vec<String>) -> Result<(), CliFailure> {
        let arguments = self.arguments;
        let plan = columns::plan(self.target, self.descriptor, &names, &arguments.map)?;
        let territories = self.territory_column(&names)?.map(TerritoryColumn::of);
        let failed = match &arguments.failed {
            Some(file) => Some(FailedRows::begin(file, &arguments.file, &names)?),
            None => None,
        };
        let mut defaults = None;
        if self.target.is_sold {
            if !arguments.dry_run {
                self.tenant.standardise()?;
            }
            defaults = Some(ProductDefaults::of(self.tenant)?);
        }
        self.began = Some(BegunImport {
            names,
            plan,
            territories,
            defaults,
            failed,
            seen: BTreeMap::new(),
            filled: BTreeSet::new(),
            batch: Vec::new(),
            totals: ImportTotals::default(),
        });
        Ok(())
    }

    fn row(&mut self, row: FileRow) -> Result<(), CliFailure> {
        let Some(began) = &mut self.began else {
            return Ok(());
        };
        began.see(&row);
        began.batch.push(row);
        if began.batch.len() < BATCH_ROWS {
            return Ok(());
        }
        self.write_batch()
    }
}

impl Batches<'_> {
    /// The column that names each record's territory, where the arguments name one.
    fn territory_column(&self, names: &[String]) -> Result<Option<usize>, CliFailure> {
        let Some(name) = self.arguments.territory_column.as_deref() else {
            return Ok(None);
        };
        if self.descriptor.fields.contains_key(TERRITORY) {
            return columns::column(names, name).map(Some);
        }
        let message = format!(
            "a {} belongs to no territory; leave --territory-column out",
            self.target.object
        );
        Err(CliFailure::bad_input("bad_map", message))
    }

    /// Writes what was read and not written.
    fn write_batch(&mut self) -> Result<(), CliFailure> {
        let Some(began) = &mut self.began else {
            return Ok(());
        };
        let rows = std::mem::take(&mut began.batch);
        let dry_run = self.arguments.dry_run;
        began.totals.rows += rows.len() as u64;
        let mut sorter = RowSorter {
            target: self.target,
            descriptor: self.descriptor,
            plan: &began.plan,
            names: &began.names,
            forms: &self.forms,
            seen: &mut began.seen,
        };
        let mut sorted = sorter.sorted(rows);
        if let Some(territories) = &mut began.territories {
            territories.assign(self.tenant, &mut sorted, dry_run)?;
        }
        let mut entries = Vec::new();
        if let Some(defaults) = &began.defaults {
            entries = completed(defaults, &mut sorted, &began.plan, &self.forms);
        }
        let mut written = self.import(sorted, entries)?;
        written.sort_by_key(|rejected| rejected.row.line);
        if let Some(began) = &mut self.began {
            began.leave_out(written)?;
            print::progress(began.totals.rows, self.expected);
        }
        Ok(())
    }

    /// Has the tenant take the rows that fit; answers those that were rejected.
    fn import(
        &mut self,
        mut sorted: SortedRows,
        entries: Vec<(String, Values)>,
    ) -> Result<Vec<RejectedRow>, CliFailure> {
        let (mut records, mut sources) = (Vec::new(), BTreeMap::new());
        for FittingRow { row, key, values } in sorted.fitting {
            sources.insert(key.clone(), row);
            records.push((key, values));
        }
        let homeless = self.maybe_without_territory(&records);
        let mut tables = vec![ImportedTable {
            object: self.target.object.to_owned(),
            rows: records,
        }];
        if self.target.is_sold {
            tables.push(ImportedTable {
                object: "price_entry".to_owned(),
                rows: entries,
            });
        }
        let imported = self
            .tenant
            .import_together(tables, self.arguments.dry_run)?;
        let mut counted = imported.into_iter();
        let mut imported = counted.next().unwrap_or_default();
        for refused in std::mem::take(&mut imported.refused) {
            if let Some(row) = sources.remove(&refused.key) {
                sorted.rejected.push(RejectedRow {
                    row,
                    key: refused.key,
                    reason: refused.reason,
                });
            }
        }
        let homeless = homeless.into_iter().filter(|key| sources.contains_key(key));
        let without = self.without_territory(homeless)?;
        if let Some(BegunImport { totals, .. }) = &mut self.began {
            totals.imported.add(&imported);
            totals.prices.add(&counted.next().unwrap_or_default());
            if self.descriptor.fields.contains_key(TERRITORY) {
                *totals.without_territory.get_or_insert(0) += without;
            }
        }
        Ok(sorted.rejected)
    }

    /// The keys of records of which the file says no territory.
    fn maybe_without_territory(&self, records: &[(String, Values)]) -> Vec<String> {
        if !self.descriptor.fields.contains_key(TERRITORY) {
            return Vec::new();
        }
        let is_unsaid = |values: &Values| values.get(TERRITORY).is_none_or(|value| value.is_null());
        let unsaid = records.iter().filter(|(_, values)| is_unsaid(values));
        unsaid.map(|(key, _)| key.clone()).collect()
    }

    /// How many of these records belong to no territory.
    fn without_territory(&self, keys: impl Iterator<Item = String>) -> Result<u64, CliFailure> {
        let mut count = 0;
        for key in keys {
            let id = imported_id(self.target.object, &key);
            let has = self.tenant.has_value(self.target.object, id, TERRITORY)?;
            count += u64::from(!has);
        }
        Ok(count)
    }

    /// Writes the last rows, and says what the import came to.
    pub(super) fn end(mut self) -> Result<ImportTotals, CliFailure> {
        if self
            .began
            .as_ref()
            .is_some_and(|began| !began.batch.is_empty())
        {
            self.write_batch()?;
        }
        print::progress_over();
        let Some(began) = self.began else {
            return Ok(ImportTotals::default());
        };
        let column = began.territories.as_ref().map(|of| of.column);
        let ignored = began.plan.ignored(&began.names, column, &began.filled);
        let ignored_columns = ignored.into_iter().map(str::to_owned).collect();
        if let Some(failed) = began.failed {
            failed.end()?;
        }
        Ok(ImportTotals {
            columns: began.plan.shown(&began.names),
            ignored_columns,
            territories_added: began.territories.map(|of| of.added()).unwrap_or_default(),
            ..began.totals
        })
    }
}

impl BegunImport {
    /// Notes which columns without a name hold something.
    fn see(&mut self, row: &FileRow) {
        for (at, name) in self.names.iter().enumerate() {
            let cell = row.cells.get(at).map_or("", String::as_str);
            if *name == unnamed(at) && !cell.trim().is_empty() {
                self.filled.insert(at);
            }
        }
    }

    fn leave_out(&mut self, rejected: Vec<RejectedRow>) -> Result<(), CliFailure> {
        for row in rejected {
            if let Some(failed) = &mut self.failed {
                failed.write(&row)?;
            }
            let totals = &mut self.totals;
            totals.rejected_rows += 1;
            let RejectedRow { row, key, reason } = row;
            let line = row.line;
            if totals.first_rejected.is_none() {
                totals.first_rejected = Some(format!("line {line} ({key}): {reason}"));
            }
            if totals.rejected_shown.len() < REJECTED_SHOWN_MAX {
                let shown = json!({ "line": line, "key": key, "reason": reason });
                totals.rejected_shown.push(shown);
            }
        }
        Ok(())
    }
}

/// Completes each product, so that it can be sold; answers the price entries by the products' keys.
fn completed(
    defaults: &ProductDefaults,
    rows: &mut SortedRows,
    plan: &ColumnPlan,
    forms: &CellForms,
) -> Vec<(String, Values)> {
    let mut entries = Vec::new();
    for mut product in std::mem::take(&mut rows.fitting) {
        match defaults.complete(&mut product, plan, forms) {
            Ok(entry) => {
                entries.push((product.key.clone(), entry));
                rows.fitting.push(product);
            }
            Err(reason) => rows.reject(product, reason),
        }
    }
    entries
}
