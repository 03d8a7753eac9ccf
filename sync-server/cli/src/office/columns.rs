//! Which column of a file holds which field: by the options, by its name, or by a name that is well
//! known. It does not know what stands in the rows.

use std::collections::BTreeMap;

use outfield_core::objects::{Descriptor, FieldKind};
use serde_json::Value as Json;

use super::csv::Row;
use super::import::Target;
use crate::answer::Failure;
use crate::fields;

/// The first half of a position.
pub(crate) const LATITUDE: &str = "latitude";
/// The second half of a position.
pub(crate) const LONGITUDE: &str = "longitude";
/// What the halves make.
const POSITION: &str = "position";

/// Field to column.
pub(crate) struct Plan {
    columns: BTreeMap<String, usize>,
    /// Names among these that are no fields for a cell to fill as it is.
    beside: &'static [&'static str],
}

/// Finds a column for each field that the file can fill, and makes sure of those that are needed.
pub(crate) fn plan(
    target: &Target,
    descriptor: &Descriptor,
    names: &[String],
    maps: &[String],
) -> Result<Plan, Failure> {
    let mut plan = Plan {
        columns: BTreeMap::new(),
        beside: target.beside,
    };
    let said = said((target, descriptor), names, maps)?;
    for (at, field) in said.iter().filter(|(_, field)| !field.is_empty()) {
        if let Some(other) = plan.columns.insert(field.clone(), *at) {
            let message = format!(
                "--map puts both `{}` and `{}` into `{field}`; choose one",
                names[other], names[*at]
            );
            return Err(bad_map(message));
        }
    }
    let by_name = |name: &str| {
        let name = name.to_lowercase().replace(' ', "_");
        if target.beside.contains(&name.as_str()) {
            return Some(name);
        }
        let plain = descriptor
            .fields
            .get(&name)
            .filter(|field| field.kind != FieldKind::Reference);
        plain.map(|_| name.clone()).or_else(|| {
            [LATITUDE, LONGITUDE]
                .contains(&name.as_str())
                .then_some(name)
        })
    };
    let by_alias = |name: &str| {
        let known = target
            .aliases
            .iter()
            .find(|(alias, _)| alias.eq_ignore_ascii_case(name));
        known.map(|(_, field)| (*field).to_owned())
    };
    for find in [&by_name as &dyn Fn(&str) -> Option<String>, &by_alias] {
        for (at, name) in names
            .iter()
            .enumerate()
            .filter(|(at, _)| !said.contains_key(at))
        {
            if let Some(field) =
                find(name).filter(|_| !plan.columns.values().any(|taken| *taken == at))
            {
                plan.columns.entry(field).or_insert(at);
            }
        }
    }
    plan.settle_position(descriptor)?;
    plan.needs(target, descriptor, names)?;
    Ok(plan)
}

/// The column of this name.
pub(crate) fn column(names: &[String], name: &str) -> Result<usize, Failure> {
    let found = names.iter().position(|known| known == name);
    let found = found.or_else(|| {
        names
            .iter()
            .position(|known| known.eq_ignore_ascii_case(name))
    });
    found.ok_or_else(|| {
        bad_map(format!(
            "there is no column `{name}`; the columns are: {}",
            names.join(", ")
        ))
    })
}

/// What the options say: column to field, empty where a column is left out.
fn said(
    (target, descriptor): (&Target, &Descriptor),
    names: &[String],
    maps: &[String],
) -> Result<BTreeMap<usize, String>, Failure> {
    let mut said = BTreeMap::new();
    for map in maps {
        let (name, field) = fields::split(map, "COLUMN=FIELD, such as store_no=code")?;
        let (at, field) = (column(names, name.trim())?, field.trim());
        let is_half =
            [LATITUDE, LONGITUDE].contains(&field) && descriptor.fields.contains_key(POSITION);
        let is_beside = target.beside.contains(&field);
        if !(field.is_empty() || is_half || is_beside || descriptor.fields.contains_key(field)) {
            let fields = descriptor.fields.keys().map(String::as_str);
            let beside = target
                .beside
                .iter()
                .copied()
                .filter(|name| !descriptor.fields.contains_key(*name));
            let known: Vec<&str> = fields.chain(beside).collect();
            let message = format!(
                "`{}` has no field `{field}`; there are: {}",
                descriptor.object,
                known.join(", ")
            );
            return Err(bad_map(message).about(field));
        }
        if said.insert(at, field.to_owned()).is_some() {
            return Err(bad_map(format!(
                "--map names the column `{name}` twice; name it once"
            )));
        }
    }
    Ok(said)
}

fn bad_map(message: String) -> Failure {
    Failure::bad_input("bad_map", message)
}

impl Plan {
    /// A position of its own needs no halves; without one both halves are needed.
    fn settle_position(&mut self, descriptor: &Descriptor) -> Result<(), Failure> {
        let has = |name: &str| self.columns.contains_key(name);
        if !descriptor.fields.contains_key(POSITION) || has(POSITION) {
            self.columns.remove(LATITUDE);
            self.columns.remove(LONGITUDE);
        } else if has(LATITUDE) != has(LONGITUDE) {
            let (there, missing) = if has(LATITUDE) {
                (LATITUDE, LONGITUDE)
            } else {
                (LONGITUDE, LATITUDE)
            };
            let message = format!(
                "a column holds the {there}, but none the {missing}; say which by --map COLUMN={missing}"
            );
            return Err(bad_map(message).about(missing));
        }
        Ok(())
    }

    fn needs(
        &self,
        target: &Target,
        descriptor: &Descriptor,
        names: &[String],
    ) -> Result<(), Failure> {
        let required = descriptor
            .fields
            .iter()
            .filter(|(_, field)| field.required)
            .map(|(name, _)| name.as_str());
        for name in [target.key].into_iter().chain(required) {
            let is_composed = target
                .composed
                .is_some_and(|(composed, _)| composed == name);
            if !is_composed && !self.columns.contains_key(name) {
                let (object, columns) = (target.object, names.join(", "));
                let message = format!(
                    "no column holds `{name}`, which each {object} needs; the columns are: {columns}; say which by \
                     --map COLUMN={name}"
                );
                return Err(Failure::bad_input("missing_column", message).about(name));
            }
        }
        Ok(())
    }

    /// The cell of a row that holds a field.
    pub(crate) fn cell<'a>(&self, row: &'a Row, field: &str) -> Option<&'a str> {
        row.cells.get(*self.columns.get(field)?).map(String::as_str)
    }

    /// The text of each field that a column holds; two halves make one position.
    pub(crate) fn texts(&self, row: &Row) -> Result<Vec<(&str, String)>, String> {
        let mut texts = Vec::new();
        let is_plain = |field: &&String| {
            ![LATITUDE, LONGITUDE].contains(&field.as_str())
                && !self.beside.contains(&field.as_str())
        };
        for field in self.columns.keys().filter(is_plain) {
            texts.push((
                field.as_str(),
                self.cell(row, field).unwrap_or_default().to_owned(),
            ));
        }
        match (self.cell(row, LATITUDE), self.cell(row, LONGITUDE)) {
            (None, _) | (_, None) => {}
            (Some(""), Some("")) => texts.push((POSITION, String::new())),
            (Some(""), Some(_)) => return Err(format!("{POSITION}: the {LATITUDE} is missing")),
            (Some(_), Some("")) => return Err(format!("{POSITION}: the {LONGITUDE} is missing")),
            (Some(latitude), Some(longitude)) => {
                texts.push((POSITION, format!("{latitude},{longitude}")))
            }
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

    /// The columns from which nothing is taken.
    pub(crate) fn ignored<'a>(
        &self,
        names: &'a [String],
        territory: Option<usize>,
    ) -> Vec<&'a str> {
        let is_taken =
            |at: usize| territory == Some(at) || self.columns.values().any(|taken| *taken == at);
        names
            .iter()
            .enumerate()
            .filter(|(at, _)| !is_taken(*at))
            .map(|(_, name)| name.as_str())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::office::import::{ACCOUNTS, PRODUCTS};

    fn planned(target: &Target, columns: &str, maps: &[&str]) -> Result<String, String> {
        let registry = outfield_core::domain::registry().unwrap();
        let names: Vec<String> = columns.split(',').map(str::to_owned).collect();
        let maps: Vec<String> = maps.iter().map(ToString::to_string).collect();
        let plan = plan(target, registry.get(target.object).unwrap(), &names, &maps);
        let shown = |plan: Plan| {
            format!(
                "{} ignored {:?}",
                plan.shown(&names),
                plan.ignored(&names, None)
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
