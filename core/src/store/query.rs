//! All records that have given values, as rules look for them.
//! It does not know pages: `pages` does.

use super::ddl::lines_table;
use super::error::StoreError;
use super::pushed::SqlPart;
use super::schema::Db;
use super::tables::{Cells, select, to_sql};
use crate::objects::beside;
use crate::objects::{Descriptor, Record, Value};

/// Records that have all of these values, by id. A line's field is named `lines/*/field`; removed
/// lines do not count.
pub fn find(
    db: &Db,
    descriptor: &Descriptor,
    wanted: &[(&str, Value)],
) -> Result<Vec<Record>, StoreError> {
    let Some(matching) = conditions(descriptor, wanted)? else {
        return Ok(Vec::new());
    };
    let rest = format!("{} ORDER BY id", matching.sql);
    select(db, descriptor, &rest, matching.bound)
}

/// The condition that holds for records with all of these values, null being that of an empty
/// field; none if a value fits no record at all. A field that there is not is an error, whatever
/// else is wanted.
fn conditions(
    descriptor: &Descriptor,
    wanted: &[(&str, Value)],
) -> Result<Option<SqlPart>, StoreError> {
    let (mut conditions, mut bound, mut fits) = (vec!["1 = 1".to_owned()], Vec::new(), true);
    for (path, value) in wanted {
        let Some(field) = descriptor.field_at(path) else {
            return Err(StoreError::new(format!(
                "{} has no field `{path}`",
                descriptor.object
            )));
        };
        match to_sql(field.kind, value) {
            None => fits = false,
            Some(Cells::One(sql) | Cells::Position([_, _, sql])) => bound.push(sql),
        }
        conditions.push(match path.split_once("/*/") {
            None if descriptor.is_beside(path) => beside_condition(descriptor, path, value),
            None => format!("\"{path}\" IS ?"),
            Some((lines, field)) => {
                let table = lines_table(&descriptor.object, lines);
                format!(
                    "id IN (SELECT parent FROM \"{table}\" WHERE \"{field}\" = ? AND \
                         coalesce(removed, 0) = 0)"
                )
            }
        });
    }
    Ok(fits.then(|| SqlPart {
        sql: conditions.join(" AND "),
        bound,
    }))
}

/// The condition of a field that lies beside the record.
fn beside_condition(descriptor: &Descriptor, path: &str, value: &Value) -> String {
    let table = beside::name_of(&descriptor.object);
    let record = beside::RECORD;
    if value.is_null() {
        // The question mark stands for nothing here.
        return format!(
            "(? IS NULL AND id NOT IN (SELECT \"{record}\" FROM \"{table}\" \
             WHERE \"{path}\" IS NOT NULL))"
        );
    }
    format!("id IN (SELECT \"{record}\" FROM \"{table}\" WHERE \"{path}\" = ?)")
}
