//! Which column of a file holds which field: by the options, by its name, or by a name that is well
//! known. It does not know what stands in the rows.

use std::collections::{BTreeMap, BTreeSet};

use outfield_core::objects::{Descriptor, FieldKind};
use serde_json::Value as Json;

use super::cells::CellForms;
use super::file_rows::{FileRow, unnamed};
use super::numbers::NumberForm;
use super::target::{ImportTarget, LATITUDE, LONGITUDE, POSITION};
use crate::answer::CliFailure;
use crate::fields;

/// Which column holds which field.
pub(crate) struct ColumnPlan {
    /// Field to column.
    columns: BTreeMap<String, usize>,
    /// Names among these that are no fields for a cell to fill as it is.
    beside: &'static [&'static str],
}

/// Finds a column for each field that the file can fill, and makes sure of those that are needed.
pub(crate) fn plan(
    target: &ImportTarget,
    descriptor: &Descriptor,
    names: &[String],
    maps: &[String],
) -> Result<ColumnPlan, CliFailure> {
    let finder = ColumnFinder {
        target,
        descriptor,
        names,
    };
    let said = finder.said(maps)?;
    let mut plan = ColumnPlan {
        columns: finder.columns_said(&said)?,
        beside: target.beside,
    };
    for find in [ColumnFinder::by_name, ColumnFinder::by_alias] {
        for (at, name) in names.iter().enumerate() {
            if said.contains_key(&at) || plan.takes(at) {
                continue;
            }
            let Some(field) = find(&finder, name) else {
                continue;
            };
            let taken = *plan.columns.entry(field).or_insert(at);
            if taken != at && names[taken].eq_ignore_ascii_case(name) {
                return Err(named_twice(at, name));
            }
        }
    }
    plan.settle_position(descriptor)?;
    finder.check_needed(&plan)?;
    Ok(plan)
}

/// Whether a column of this name fills a field of the target by itself.
pub(crate) fn is_known(target: &ImportTarget, descriptor: &Descriptor, name: &str) -> bool {
    let finder = ColumnFinder {
        target,
        descriptor,
        names: &[],
    };
    finder.by_name(name).is_some() || finder.by_alias(name).is_some()
}

/// The column of this name.
pub(crate) fn column(names: &[String], name: &str) -> Result<usize, CliFailure> {
    let exact: Vec<usize> = places(names, |known| known == name);
    let alike = || places(names, |known| known.eq_ignore_ascii_case(name));
    let found = if exact.is_empty() { alike() } else { exact };
    match found[..] {
        [one] => Ok(one),
        [_, other, ..] => Err(named_twice(other, name)),
        [] => Err(bad_map(format!(
            "there is no column `{name}`; the columns are: {}",
            names.join(", ")
        ))),
    }
}

fn places(names: &[String], is_meant: impl Fn(&str) -> bool) -> Vec<usize> {
    let named = names.iter().enumerate();
    let meant = named.filter(|(_, known)| is_meant(known));
    meant.map(|(at, _)| at).collect()
}

fn named_twice(at: usize, name: &str) -> CliFailure {
    let message = format!(
        "column {} is named `{name}` like another; name it otherwise",
        at + 1
    );
    CliFailure::bad_input("bad_file", message).about("file")
}

fn bad_map(message: String) -> CliFailure {
    CliFailure::bad_input("bad_map", message)
}

fn is_half_position(name: &str) -> bool {
    name == LATITUDE || name == LONGITUDE
}

/// What is looked for in a file, and the names of the file's columns.
struct ColumnFinder<'a> {
    target: &'a ImportTarget,
    descriptor: &'a Descriptor,
    names: &'a [String],
}

impl ColumnFinder<'_> {
    /// What the options say: column to field, empty where a column is left out.
    fn said(&self, maps: &[String]) -> Result<BTreeMap<usize, String>, CliFailure> {
        let mut said = BTreeMap::new();
        for map in maps {
            let (name, field) = fields::split(map, "COLUMN=FIELD, such as store_no=code")?;
            let at = column(self.names, name.trim())?;
            let field = field.trim();
            if !field.is_empty() && !self.can_be_filled(field) {
                return Err(self.unknown_field(field));
            }
            if said.insert(at, field.to_owned()).is_some() {
                return Err(bad_map(format!(
                    "--map names the column `{name}` twice; name it once"
                )));
            }
        }
        Ok(said)
    }

    /// Field to column, as the options say it.
    fn columns_said(
        &self,
        said: &BTreeMap<usize, String>,
    ) -> Result<BTreeMap<String, usize>, CliFailure> {
        let mut columns = BTreeMap::new();
        for (at, field) in said {
            if field.is_empty() {
                continue;
            }
            if let Some(other) = columns.insert(field.clone(), *at) {
                let (one, another) = (&self.names[other], &self.names[*at]);
                return Err(bad_map(format!(
                    "--map puts both `{one}` and `{another}` into `{field}`; choose one"
                )));
            }
        }
        Ok(columns)
    }

    fn can_be_filled(&self, field: &str) -> bool {
        let fields = &self.descriptor.fields;
        fields.contains_key(field)
            || self.target.beside.contains(&field)
            || (is_half_position(field) && fields.contains_key(POSITION))
    }

    fn unknown_field(&self, field: &str) -> CliFailure {
        let fields = &self.descriptor.fields;
        let mut known: Vec<&str> = fields.keys().map(String::as_str).collect();
        let beside = self.target.beside.iter();
        known.extend(beside.filter(|name| !fields.contains_key(**name)));
        let message = format!(
            "`{}` has no field `{field}`; there are: {}",
            self.descriptor.object,
            known.join(", ")
        );
        bad_map(message).about(field)
    }

    /// The field that a column's own name says.
    fn by_name(&self, name: &str) -> Option<String> {
        let name = name.to_lowercase().replace(' ', "_");
        let field = self.descriptor.fields.get(&name);
        let is_plain = field.is_some_and(|field| field.kind != FieldKind::Reference);
        let is_known =
            is_plain || is_half_position(&name) || self.target.beside.contains(&name.as_str());
        is_known.then_some(name)
    }

    /// The field that a well-known name stands for.
    fn by_alias(&self, name: &str) -> Option<String> {
        let mut aliases = self.target.aliases.iter();
        let found = aliases.find(|(alias, _)| alias.eq_ignore_ascii_case(name));
        found.map(|(_, field)| (*field).to_owned())
    }

    /// Makes sure that the key and each required field have a column, or are made of others.
    fn check_needed(&self, plan: &ColumnPlan) -> Result<(), CliFailure> {
        let composed = self.target.composed.as_ref().map(|composed| composed.name);
        let mut needed = vec![self.target.key];
        for (name, field) in &self.descriptor.fields {
            if field.required {
                needed.push(name);
            }
        }
        for name in needed {
            if composed != Some(name) && !plan.columns.contains_key(name) {
                return Err(self.missing_column(name));
            }
        }
        Ok(())
    }

    fn missing_column(&self, name: &str) -> CliFailure {
        let message = format!(
            "no column holds `{name}`, which each {} needs; the columns are: {}; \
             say which by --map COLUMN={name}",
            self.target.object,
            self.names.join(", ")
        );
        CliFailure::bad_input("missing_column", message).about(name)
    }
}

impl ColumnPlan {
    /// Whether a field is filled from this column.
    fn takes(&self, at: usize) -> bool {
        self.columns.values().any(|taken| *taken == at)
    }

    /// A position of its own needs no halves; without one both halves are needed.
    fn settle_position(&mut self, descriptor: &Descriptor) -> Result<(), CliFailure> {
        let has = |name: &str| self.columns.contains_key(name);
        if !descriptor.fields.contains_key(POSITION) || has(POSITION) {
            self.columns.remove(LATITUDE);
            self.columns.remove(LONGITUDE);
            return Ok(());
        }
        let (there, missing) = match (has(LATITUDE), has(LONGITUDE)) {
            (true, false) => (LATITUDE, LONGITUDE),
            (false, true) => (LONGITUDE, LATITUDE),
            (true, true) | (false, false) => return Ok(()),
        };
        let message = format!(
            "a column holds the {there}, but none the {missing}; \
             say which by --map COLUMN={missing}"
        );
        Err(bad_map(message).about(missing))
    }

    /// The cell of a row that holds a field, as it stands there.
    pub(crate) fn cell<'a>(&self, row: &'a FileRow, field: &str) -> &'a str {
        let cell = self.columns.get(field).and_then(|at| row.cells.get(*at));
        cell.map_or("", String::as_str)
    }

    /// Why a row cannot be read by this plan, where it ends before a column that is needed.
    pub(crate) fn fault(&self, row: &FileRow, names: &[String]) -> Option<String> {
        if row.fault.is_some() {
            return row.fault.clone();
        }
        let (cells, columns) = (row.cells.len(), names.len());
        let is_short = self.columns.values().any(|at| *at >= cells);
        is_short.then(|| format!("the row has {cells} cells, but there are {columns} columns"))
    }

    /// The text of each field that a column holds, as the field's kind is typed; two halves make
    /// one position.
    pub(crate) fn texts(
        &self,
        row: &FileRow,
        descriptor: &Descriptor,
        forms: &CellForms,
    ) -> Result<Vec<(&str, String)>, String> {
        let mut texts = Vec::new();
        for name in self.columns.keys().map(String::as_str) {
            let Some(field) = descriptor.fields.get(name) else {
                continue;
            };
            if !is_half_position(name) && !self.beside.contains(&name) {
                let text = forms.plain(field.kind, self.cell(row, name));
                texts.push((name, text.map_err(|why| format!("{name}: {why}"))?));
            }
        }
        if !self.columns.contains_key(LATITUDE) {
            return Ok(texts);
        }
        let half = |name: &str| {
            let number = forms.number(self.cell(row, name), NumberForm::Degrees);
            number.map_err(|why| format!("{POSITION}: {why}"))
        };
        match (half(LATITUDE)?.as_str(), half(LONGITUDE)?.as_str()) {
            ("", "") => texts.push((POSITION, String::new())),
            ("", _) => return Err(format!("{POSITION}: the {LATITUDE} is missing")),
            (_, "") => return Err(format!("{POSITION}: the {LONGITUDE} is missing")),
            (latitude, longitude) => texts.push((POSITION, format!("{latitude},{longitude}"))),
        }
        Ok(texts)
    }

    /// Column to field, for the answer.
    pub(crate) fn shown(&self, names: &[String]) -> Json {
        self.columns
            .iter()
            .map(|(field, at)| (names[*at].clone(), Json::from(field.as_str())))
            .collect()
    }

    /// The columns from which nothing is taken; of those without a name, those that hold something.
    pub(crate) fn ignored<'a>(
        &self,
        names: &'a [String],
        territory: Option<usize>,
        filled: &BTreeSet<usize>,
    ) -> Vec<&'a str> {
        let mut ignored = Vec::new();
        for (at, name) in names.iter().enumerate() {
            let is_taken = territory == Some(at) || self.takes(at);
            let is_there = *name != unnamed(at) || filled.contains(&at);
            if !is_taken && is_there {
                ignored.push(name.as_str());
            }
        }
        ignored
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::office::import::target::{ACCOUNTS, PRODUCTS};

    fn planned(target: &ImportTarget, columns: &str, maps: &[&str]) -> Result<String, String> {
        let registry = outfield_core::domain::registry().unwrap();
        let names: Vec<String> = columns.split(',').map(str::to_owned).collect();
        let maps: Vec<String> = maps.iter().map(ToString::to_string).collect();
        let plan = plan(target, registry.get(target.object).unwrap(), &names, &maps);
        let shown = |plan: ColumnPlan| {
            format!(
                "{} ignored {:?}",
                plan.shown(&names),
                plan.ignored(&names, None, &BTreeSet::new())
            )
        };
        plan.map(shown).map_err(|failure| failure.message)
    }

    fn check(columns: &str, maps: &[&str], expected: &str) {
        let found = planned(&ACCOUNTS, columns, maps);
        assert!(
            found.as_ref().is_ok_and(|found| found == expected),
            "{found:?}"
        );
    }

    #[test]
    fn names_and_well_known_names_find_their_fields() {
        check(
            "store_no,State,zip",
            &[],
            r#"{"State":"region","store_no":"code","zip":"postal_code"} ignored []"#,
        );
        check(
            "code,lat,lon",
            &[],
            r#"{"code":"code","lat":"latitude","lon":"longitude"} ignored []"#,
        );
        check(
            "code,store_no,territory",
            &[],
            r#"{"code":"code"} ignored ["store_no", "territory"]"#,
        );
        check(
            "code,notes,notes,column 4",
            &[],
            r#"{"code":"code"} ignored ["notes", "notes"]"#,
        );
        check(
            "code,lat,position",
            &[],
            r#"{"code":"code","position":"position"} ignored ["lat"]"#,
        );
    }

    #[test]
    fn options_come_before_names() {
        check(
            "nr,store_no",
            &["nr=code"],
            r#"{"nr":"code"} ignored ["store_no"]"#,
        );
        check(
            "code,city",
            &["city="],
            r#"{"code":"code"} ignored ["city"]"#,
        );
        check(
            "code,b,l",
            &["b=latitude", "l=longitude"],
            r#"{"b":"latitude","code":"code","l":"longitude"} ignored []"#,
        );
    }

    #[test]
    fn what_cannot_be_is_said() {
        let refused = |target, columns, maps: &[&str]| planned(target, columns, maps).unwrap_err();
        let missing = refused(&PRODUCTS, "ean,title", &[]);
        assert!(missing.starts_with(
            "no column holds `name`, which each product needs; the columns are: ean, title"
        ));
        assert!(refused(&ACCOUNTS, "name", &[]).starts_with("no column holds `code`"));
        assert_eq!(
            refused(&ACCOUNTS, "code,city,City", &[]),
            "column 3 is named `City` like another; name it otherwise"
        );
        assert!(refused(&ACCOUNTS, "code,x,x", &["x=city"]).starts_with("column 3 is named `x`"));
        assert!(
            refused(&ACCOUNTS, "code,lat", &[])
                .starts_with("a column holds the latitude, but none the longitude")
        );
        assert!(refused(&ACCOUNTS, "code", &["cod=name"]).starts_with("there is no column `cod`"));
        assert!(
            refused(&ACCOUNTS, "code", &["code=nam"]).starts_with("`account` has no field `nam`")
        );
        assert!(
            refused(&ACCOUNTS, "a,b", &["a=code", "b=code"])
                .contains("puts both `a` and `b` into `code`")
        );
    }
}
