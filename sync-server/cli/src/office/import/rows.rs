//! Which rows of a file fit, with the values of their records, and what is wrong with the others.
//! It does not know what a tenant has.

use std::collections::BTreeMap;

use outfield_core::base::country::Country;
use outfield_core::base::phone;
use outfield_core::objects::{Descriptor, FieldKind, Value, Values};

use super::cells::{self, CellForms};
use super::columns::ColumnPlan;
use super::file_rows::FileRow;
use super::target::ImportTarget;

/// A row that fits.
pub(crate) struct FittingRow {
    /// The row itself.
    pub(crate) row: FileRow,
    /// The key of its record.
    pub(crate) key: String,
    /// The fields of its record.
    pub(crate) values: Values,
}

/// A row that is not imported.
pub(crate) struct RejectedRow {
    /// The row itself.
    pub(crate) row: FileRow,
    /// Its key, as far as there is one.
    pub(crate) key: String,
    /// What is wrong with it.
    pub(crate) reason: String,
}

/// Some rows of a file, parted.
#[derive(Default)]
pub(crate) struct SortedRows {
    /// Those that fit.
    pub(crate) fitting: Vec<FittingRow>,
    /// Those that do not.
    pub(crate) rejected: Vec<RejectedRow>,
}

impl SortedRows {
    /// Leaves a row out.
    pub(crate) fn reject(&mut self, fitting: FittingRow, reason: String) {
        self.rejected.push(RejectedRow {
            row: fitting.row,
            key: fitting.key,
            reason,
        });
    }
}

/// Parts the rows of a file, some at a time, and knows each key again.
pub(crate) struct RowSorter<'a> {
    pub(crate) target: &'a ImportTarget,
    pub(crate) descriptor: &'a Descriptor,
    pub(crate) plan: &'a ColumnPlan,
    /// The names of the columns.
    pub(crate) names: &'a [String],
    pub(crate) forms: &'a CellForms,
    /// The line of each key that was seen.
    pub(crate) seen: &'a mut BTreeMap<String, u64>,
}

impl RowSorter<'_> {
    /// Parts the rows that fit from those that do not.
    pub(crate) fn sorted(&mut self, rows: Vec<FileRow>) -> SortedRows {
        let mut sorted = SortedRows::default();
        for row in rows {
            match self.fitting(&row) {
                Ok((key, values)) => sorted.fitting.push(FittingRow { row, key, values }),
                Err(reason) => {
                    let key = cells::one_line(self.plan.cell(&row, self.target.key));
                    sorted.rejected.push(RejectedRow { row, key, reason });
                }
            }
        }
        sorted
    }

    fn fitting(&mut self, row: &FileRow) -> Result<(String, Values), String> {
        let values = self.values(row)?;
        let key = text(&values, self.target.key).to_owned();
        if let Some(line) = self.seen.get(&key) {
            let field = self.target.key;
            return Err(format!("line {line} has this {field} already"));
        }
        self.seen.insert(key.clone(), row.line);
        Ok((key, values))
    }

    /// A phone number as it is dialled from abroad: by the country of its row, else by the
    /// company's. What is none stays, for the check to refuse.
    fn dialled(&self, row: &FileRow, kind: FieldKind, text: String) -> String {
        if kind != FieldKind::Phone {
            return text;
        }
        let own = Country::named(self.plan.cell(row, "country"));
        phone::e164(&text, own.or(self.forms.country)).unwrap_or(text)
    }

    /// The values of a row by field; an empty cell is null, so that a later import clears the
    /// field.
    fn values(&self, row: &FileRow) -> Result<Values, String> {
        if let Some(fault) = self.plan.fault(row, self.names) {
            return Err(fault);
        }
        let mut values = Values::new();
        for (name, text) in self.plan.texts(row, self.descriptor, self.forms)? {
            let Some(field) = self.descriptor.fields.get(name) else {
                continue;
            };
            // A record is known again by its key: each digit of it counts.
            if name == self.target.key
                && field.kind == FieldKind::Text
                && let Some(why) = cells::shortened(&text)
            {
                return Err(format!("{name}: {why}"));
            }
            let text = self.dialled(row, field.kind, text);
            let value = field.kind.parse(&text);
            let value = value.map_err(|why| format!("{name}: {why}"))?;
            let checked = field.check(&value);
            checked.map_err(|why| format!("{name}: {why}"))?;
            values.insert(name.to_owned(), value);
        }
        compose(self.target, &mut values);
        for (name, value) in &values {
            let field = self.descriptor.fields.get(name);
            let is_required = field.is_some_and(|field| field.required);
            if value.is_null() && (name == self.target.key || is_required) {
                return Err(format!(
                    "{name}: the cell is empty, but each {} needs one",
                    self.target.object
                ));
            }
        }
        Ok(values)
    }
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

    #[track_caller]
    fn check(cells: [&str; 3], expected: &str) {
        let registry = outfield_core::domain::registry().unwrap();
        let descriptor = registry.get("account").unwrap();
        let names = ["store_no", "type", "city"].map(str::to_owned);
        let plan = columns::plan(&ACCOUNTS, descriptor, &names, &[])
            .ok()
            .unwrap();
        let mut sorter = RowSorter {
            target: &ACCOUNTS,
            descriptor,
            plan: &plan,
            names: &names,
            forms: &CellForms::default(),
            seen: &mut BTreeMap::new(),
        };
        let row = FileRow {
            line: 2,
            cells: cells.map(str::to_owned).to_vec(),
            fault: None,
        };
        let sorted = sorter.sorted(vec![row]);
        let name = sorted
            .fitting
            .first()
            .and_then(|row| row.values["name"].text());
        let reason = sorted.rejected.first().map(|row| row.reason.as_str());
        assert!(
            name.or(reason)
                .is_some_and(|told| told.starts_with(expected)),
            "{name:?}{reason:?}"
        );
    }

    #[test]
    fn a_name_is_made_where_no_column_holds_one() {
        check(["1", "Supercenter", "Rogers"], "Supercenter Rogers #1");
        check(["1", "", ""], "#1");
    }

    #[test]
    fn a_key_that_a_spreadsheet_shortened_is_none() {
        check(
            ["4.00638E+12", "Market", "Rogers"],
            "code: `4.00638E+12` is a long number",
        );
        check(["E7", "Market", "Rogers"], "Market Rogers #E7");
    }
}
