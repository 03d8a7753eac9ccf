//! Lists of records: by a field's value, by distance, page by page.
//! It does not know what a list is for.

use rusqlite::params_from_iter;
use rusqlite::types::Value as Sql;

use super::ddl::lines_table;
use super::error::StoreError;
use super::schema::Db;
use super::tables::{Cells, read, select, to_sql};
use crate::base::id::RecordId;
use crate::base::place::Position;
use crate::objects::beside;
use crate::objects::{Descriptor, FieldKind, Record, Value};

/// What a list is to hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    /// Fields and the values they must have.
    pub filter: Vec<(String, Value)>,
    /// Only records within so many metres of a position, nearest first.
    pub near: Option<(Position, i64)>,
    /// At most so many.
    pub limit: usize,
    /// Only records with a greater id; for the next page of a list by id.
    pub after: Option<RecordId>,
}

/// A condition of SQL and what its question marks stand for.
struct ListFilter {
    sql: String,
    bound: Vec<Sql>,
}

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
) -> Result<Option<ListFilter>, StoreError> {
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
    Ok(fits.then(|| ListFilter {
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

/// Records with their distance in metres, when one was asked for.
pub fn list(
    db: &Db,
    descriptor: &Descriptor,
    query: &Query,
) -> Result<Vec<(Record, Option<i64>)>, StoreError> {
    let wanted: Vec<(&str, Value)> = query
        .filter
        .iter()
        .map(|(path, value)| (path.as_str(), value.clone()))
        .collect();
    let Some(mut matching) = conditions(descriptor, &wanted)? else {
        return Ok(Vec::new());
    };
    if query.near.is_some() {
        return near(db, descriptor, query, matching);
    }
    if let Some(after) = query.after {
        matching.sql.push_str(" AND id > ?");
        matching.bound.push(Sql::Blob(after.0.to_vec()));
    }
    let limit = i64::try_from(query.limit).unwrap_or(i64::MAX);
    matching.bound.push(Sql::Integer(limit));
    let rest = format!("{} ORDER BY id LIMIT ?", matching.sql);
    let found = select(db, descriptor, &rest, matching.bound)?;
    Ok(found.into_iter().map(|record| (record, None)).collect())
}

fn near(
    db: &Db,
    descriptor: &Descriptor,
    query: &Query,
    mut matching: ListFilter,
) -> Result<Vec<(Record, Option<i64>)>, StoreError> {
    let Some((at, metres)) = query.near else {
        return Ok(Vec::new());
    };
    let position = descriptor
        .fields
        .iter()
        .find(|(_, field)| field.kind == FieldKind::Position);
    let Some((name, _)) = position else {
        return Err(StoreError::new(format!(
            "{} has no position",
            descriptor.object
        )));
    };
    for (axis, (least, greatest)) in ["lat", "lon"].iter().zip(at.around(metres)) {
        let between = format!(" AND \"{name}_{axis}\" BETWEEN ? AND ?");
        matching.sql.push_str(&between);
        matching
            .bound
            .extend([Sql::Integer(least.into()), Sql::Integer(greatest.into())]);
    }
    let sql = format!(
        "SELECT id, \"{name}_lat\", \"{name}_lon\" FROM \"{}\" WHERE {}",
        descriptor.object, matching.sql
    );
    let mut statement = db.prepare_cached(&sql)?;
    let mut rows = statement.query(params_from_iter(matching.bound))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let there = Position {
            latitude_udeg: row.get(1)?,
            longitude_udeg: row.get(2)?,
        };
        let distance = at.metres_to(there);
        if distance <= metres {
            found.push((distance, RecordId::from_slice(&row.get::<_, Vec<u8>>(0)?)?));
        }
    }
    found.sort_unstable();
    found.truncate(query.limit);
    let mut shown = Vec::new();
    for (distance, id) in found {
        shown.extend(read(db, descriptor, id)?.map(|record| (record, Some(distance))));
    }
    Ok(shown)
}
