//! Which rows of a file fit, with the values of their records, and what is wrong with the others.
//! It does not know what a tenant has.

use std::collections::BTreeMap;

use outfield_core::objects::{Descriptor, Value, Values};

use super::columns::ColumnPlan;
use super::csv::{CsvFile, CsvRow};
use super::target::ImportTarget;

/// A row that fits.
pub(crate) struct FittingRow<'a> {
    /// The row itself.
    pub(crate) row: &'a CsvRow,
    /// The key of its record.
    pub(crate) key: String,
    /// The fields of its record.
    pub(crate) values: Values,
}

/// A row that is not imported.
pub(crate) struct RejectedRow {
    /// The line it begins on.
    pub(crate) line: u64,
    /// Its key, as far as there is one.
    pub(crate) key: String,
    /// What is wrong with it.
    pub(crate) reason: String,
}

/// The rows of a file, parted.
pub(crate) struct SortedRows<'a> {
    /// Those that fit.
    pub(crate) fitting: Vec<FittingRow<'a>>,
    /// Those that do not.
    pub(crate) rejected: Vec<RejectedRow>,
}

impl<'a> SortedRows<'a> {
    /// Parts the rows that fit from those that do not.
    pub(crate) fn of(
        file: &'a CsvFile,
        target: &ImportTarget,
        descriptor: &Descriptor,
        plan: &ColumnPlan,
    ) -> SortedRows<'a> {
        let mut sorted = SortedRows {
            fitting: Vec::new(),
            rejected: Vec::new(),
        };
        let mut lines: BTreeMap<String, u64> = BTreeMap::new();
        for row in &file.rows {
            let typed = plan.cell(row, target.key).unwrap_or_default();
            let values = match values(target, descriptor, row, plan) {
                Ok(values) => values,
                Err(reason) => {
                    sorted.reject(row, typed, reason);
                    continue;
                }
            };
            let key = text(&values, target.key).to_owned();
            if let Some(line) = lines.get(&key) {
                let reason = format!("line {line} has this {} already", target.key);
                sorted.reject(row, typed, reason);
                continue;
            }
            lines.insert(key.clone(), row.line);
            sorted.fitting.push(FittingRow { row, key, values });
        }
        sorted
    }

    /// Leaves a row out.
    pub(crate) fn reject(&mut self, row: &CsvRow, key: &str, reason: String) {
        self.rejected.push(RejectedRow {
            line: row.line,
            key: key.to_owned(),
            reason,
        });
    }
}

/// The values of a row by field; an empty cell is null, so that a later import clears the field.
fn values(
    target: &ImportTarget,
    descriptor: &Descriptor,
    row: &CsvRow,
    plan: &ColumnPlan,
) -> Result<Values, String> {
    if let Some(fault) = &row.fault {
        return Err(fault.clone());
    }
    let mut values = Values::new();
    for (name, text) in plan.texts(row)? {
        let Some(field) = descriptor.fields.get(name) else {
            continue;
        };
        let value = field.kind.parse(&text);
        let value = value.map_err(|why| format!("{name}: {why}"))?;
        let checked = field.check(&value);
        checked.map_err(|why| format!("{name}: {why}"))?;
        values.insert(name.to_owned(), value);
    }
    compose(target, &mut values);
    for (name, value) in &values {
        let is_required = descriptor
            .fields
            .get(name)
            .is_some_and(|field| field.required);
        if value.is_null() && (name == target.key || is_required) {
            return Err(format!(
                "{name}: the cell is empty, but each {} needs one",
                target.object
            ));
        }
    }
    Ok(values)
}

/// Makes the field that is made of others, where no column holds it.
fn compose(target: &ImportTarget, values: &mut Values) {
    let Some(composed) = &target.composed else {
        return;
    };
    if values.contains_key(composed.name) {
        return;
    }
    let mut words = String::new();
    for part in composed.parts {
        let part = text(values, part);
        if !part.is_empty() {
            words.push_str(part);
            words.push(' ');
        }
    }
    let made = format!("{words}#{}", text(values, target.key));
    values.insert(composed.name.to_owned(), Value::from(made));
}

fn text<'a>(values: &'a Values, name: &str) -> &'a str {
    values.get(name).and_then(Value::text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::columns;
    use super::super::target::ACCOUNTS;
    use super::*;

    fn check(cells: [&str; 3], expected: &str) {
        let registry = outfield_core::domain::registry().unwrap();
        let descriptor = registry.get("account").unwrap();
        let names = ["store_no", "type", "city"].map(str::to_owned);
        let plan = columns::plan(&ACCOUNTS, descriptor, &names, &[]);
        let row = CsvRow {
            line: 2,
            cells: cells.map(str::to_owned).to_vec(),
            fault: None,
        };
        let values = values(&ACCOUNTS, descriptor, &row, &plan.ok().unwrap()).unwrap();
        assert_eq!(values["name"].text(), Some(expected));
    }

    #[test]
    fn a_name_is_made_where_no_column_holds_one() {
        check(["1", "Supercenter", "Rogers"], "Supercenter Rogers #1");
        check(["1", "", ""], "#1");
    }
}
