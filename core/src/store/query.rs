//! Lists of records: by a field's value, by distance, page by page.
//! It does not know what a list is for.

use rusqlite::params_from_iter;
use rusqlite::types::Value as Sql;

use super::ddl::lines_table;
use super::tables::{read, to_sql};
use super::{Db, StoreError};
use crate::base::id::RecordId;
use crate::base::place::Position;
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

/// Records of which a field, or a field of a line that is not removed, equals a value; by id.
pub fn find(db: &Db, descriptor: &Descriptor, path: &str, value: &Value) -> Result<Vec<Record>, StoreError> {
    let kind = descriptor.field_at(path).map_or(FieldKind::Text, |field| field.kind);
    let Some(bound) = to_sql(kind, value).and_then(|mut sql| sql.pop()) else { return Ok(Vec::new()) };
    let sql = match path.split_once("/*/") {
        Some((lines, field)) => {
            let table = lines_table(&descriptor.object, lines);
            format!(
                "SELECT DISTINCT parent FROM \"{table}\" WHERE \"{field}\" = ?1 AND coalesce(removed, 0) = 0 ORDER BY parent"
            )
        }
        None => format!("SELECT id FROM \"{}\" WHERE \"{path}\" = ?1 ORDER BY id", descriptor.object),
    };
    if descriptor.field_at(path).is_none() {
        return Err(StoreError::new(format!("{} has no field `{path}`", descriptor.object)));
    }
    records(db, descriptor, &sql, vec![bound])
}

fn records(db: &Db, descriptor: &Descriptor, sql: &str, bound: Vec<Sql>) -> Result<Vec<Record>, StoreError> {
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query(params_from_iter(bound))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let id = RecordId::from_slice(&row.get::<_, Vec<u8>>(0)?)?;
        found.extend(read(db, descriptor, id)?);
    }
    Ok(found)
}

/// Records with their distance in metres, when one was asked for.
pub fn list(db: &Db, descriptor: &Descriptor, query: &Query) -> Result<Vec<(Record, Option<i64>)>, StoreError> {
    let mut conditions = vec!["1 = 1".to_owned()];
    let mut bound = Vec::new();
    for (field, value) in &query.filter {
        let kind = descriptor.fields.get(field).map(|field| field.kind);
        let Some(sql) = kind.and_then(|kind| to_sql(kind, value)).and_then(|mut sql| sql.pop()) else {
            return Ok(Vec::new());
        };
        conditions.push(format!("\"{field}\" IS ?"));
        bound.push(sql);
    }
    match query.near {
        Some(circle) => near(db, descriptor, circle, (query.limit, conditions, bound)),
        None => {
            if let Some(after) = query.after {
                conditions.push("id > ?".to_owned());
                bound.push(Sql::Blob(after.0.to_vec()));
            }
            bound.push(Sql::Integer(i64::try_from(query.limit).unwrap_or(i64::MAX)));
            let condition = conditions.join(" AND ");
            let sql = format!("SELECT id FROM \"{}\" WHERE {condition} ORDER BY id LIMIT ?", descriptor.object);
            Ok(records(db, descriptor, &sql, bound)?.into_iter().map(|record| (record, None)).collect())
        }
    }
}

fn near(
    db: &Db,
    descriptor: &Descriptor,
    (at, metres): (Position, i64),
    (limit, mut conditions, mut bound): (usize, Vec<String>, Vec<Sql>),
) -> Result<Vec<(Record, Option<i64>)>, StoreError> {
    let position = descriptor.fields.iter().find(|(_, field)| field.kind == FieldKind::Position);
    let Some((name, _)) = position else {
        return Err(StoreError::new(format!("{} has no position", descriptor.object)));
    };
    for (axis, (least, greatest)) in ["lat", "lon"].iter().zip(at.around(metres)) {
        conditions.push(format!("\"{name}_{axis}\" BETWEEN ? AND ?"));
        bound.extend([Sql::Integer(least.into()), Sql::Integer(greatest.into())]);
    }
    let condition = conditions.join(" AND ");
    let sql = format!("SELECT id, \"{name}_lat\", \"{name}_lon\" FROM \"{}\" WHERE {condition}", descriptor.object);
    let mut statement = db.prepare_cached(&sql)?;
    let mut rows = statement.query(params_from_iter(bound))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let there = Position { latitude_udeg: row.get(1)?, longitude_udeg: row.get(2)? };
        let distance = at.metres_to(there);
        if distance <= metres {
            found.push((distance, RecordId::from_slice(&row.get::<_, Vec<u8>>(0)?)?));
        }
    }
    found.sort_unstable();
    found.truncate(limit);
    let mut shown = Vec::new();
    for (distance, id) in found {
        shown.extend(read(db, descriptor, id)?.map(|record| (record, Some(distance))));
    }
    Ok(shown)
}
