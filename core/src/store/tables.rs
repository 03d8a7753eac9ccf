//! Records in typed tables: put whole, patched by path, read, removed.
//! A value that no column fits stays in `_extra`, so nothing of a newer version is lost.

use std::borrow::Cow;
use std::collections::BTreeMap;

use rusqlite::types::{Value as Sql, ValueRef};
use rusqlite::{OptionalExtension, Row, params_from_iter};

use super::ddl::{self, Before, Column, columns, line_columns, lines_table, parts};
use super::error::StoreError;
use super::schema::Db;
use super::{meta, search, words};
use crate::base::id::{ActorId, RecordId};
use crate::base::place::Position;
use crate::base::planted::{self, Planted};
use crate::base::time::Timestamp;
use crate::objects::beside;
use crate::objects::path::line_path;
use crate::objects::{Descriptor, FieldKind, Path, Record, Registry, Stamp, Value, Values};

/// The key under which the shape of the tables and of the index of words lies.
const SHAPE: &str = "shape";

/// Whether the tables, and the index of words, have the shape that the objects have.
pub fn fits(db: &Db, registry: &Registry) -> Result<bool, StoreError> {
    Ok(meta::get(db, SHAPE)? == Some(shape(registry)))
}

/// The shape of the tables, and behind a blank that of the index of words.
fn shape(registry: &Registry) -> String {
    format!("{} {}", registry.fingerprint(), search::version(registry))
}

/// Makes or grows the tables of all objects; values that waited in `_extra` move into new columns.
/// Words are entered anew if other fields are searched now, or text is folded otherwise.
/// Answers the objects that had no table before.
pub fn ensure(db: &Db, registry: &Registry) -> Result<Vec<String>, StoreError> {
    let mut new = Vec::new();
    for descriptor in registry.kept() {
        match ddl::ensure(db, descriptor)? {
            Before::Same => {}
            Before::Missing => new.push(descriptor.object.clone()),
            Before::Smaller => {
                for id in ids_where(db, descriptor, "WHERE _extra IS NOT NULL")? {
                    if let Some(record) = read(db, descriptor, id)? {
                        put(db, descriptor, &record)?;
                    }
                }
            }
        }
    }
    let before = meta::get(db, SHAPE)?.unwrap_or_default();
    if !before.ends_with(&search::version(registry)) {
        enter_anew(db, registry)?;
    }
    meta::set(db, SHAPE, &shape(registry))?;
    Ok(new)
}

/// Enters the words of all records anew.
fn enter_anew(db: &Db, registry: &Registry) -> Result<(), StoreError> {
    search::clear(db)?;
    for descriptor in registry.kept().filter(|of| !of.search.is_empty()) {
        for id in ids(db, descriptor)? {
            index(db, descriptor, id)?;
        }
    }
    Ok(())
}

/// Writes a whole record in the place of what was there: one row for it and one for each of its
/// lines.
pub fn put(db: &Db, descriptor: &Descriptor, record: &Record) -> Result<(), StoreError> {
    let (object, id) = (&descriptor.object, record.id);
    let sorted = Sorted::of(descriptor, &record.values);
    let sql = format!("DELETE FROM \"{object}\" WHERE id = ?1");
    // A record that is not here has no lines.
    if db.prepare_cached(&sql)?.execute([id.as_bytes()])? > 0 {
        for lines in descriptor.lines.keys() {
            let sql = format!(
                "DELETE FROM \"{}\" WHERE parent = ?1",
                lines_table(object, lines)
            );
            db.prepare_cached(&sql)?.execute([id.as_bytes()])?;
        }
    }
    let mut own = sorted.own;
    own.extend(record.stamp.iter().flat_map(stamped));
    if !sorted.extra.is_empty() {
        own.push(("_extra".into(), merged(Values::new(), &sorted.extra)?));
    }
    write(db, descriptor, id, own, sorted.by_line)?;
    search::forget(db, id)?;
    search::enter(db, descriptor, record)
}

/// Enters a record's words anew.
fn index(db: &Db, descriptor: &Descriptor, id: RecordId) -> Result<(), StoreError> {
    search::forget(db, id)?;
    match read(db, descriptor, id)? {
        Some(record) => search::enter(db, descriptor, &record),
        None => Ok(()),
    }
}

/// TableColumns with their values.
type TableColumns<'a> = Vec<(Cow<'a, str>, Sql)>;

/// Values as columns hold them: those of the record, those of each line, and those that no column
/// fits.
struct Sorted<'a> {
    own: TableColumns<'a>,
    by_line: BTreeMap<(&'a str, &'a str), TableColumns<'a>>,
    extra: Vec<(&'a str, &'a Value)>,
}

impl<'a> Sorted<'a> {
    fn of(descriptor: &Descriptor, values: &'a Values) -> Sorted<'a> {
        let mut sorted = Sorted {
            own: Vec::new(),
            by_line: BTreeMap::new(),
            extra: Vec::new(),
        };
        for (path, value) in values {
            let parsed = Path::parse(path);
            // What lies beside the record is written there alone.
            if descriptor.is_beside(path) {
                continue;
            }
            let kind = parsed
                .and_then(|path| descriptor.field(path))
                .map(|field| field.kind);
            if planted::is(Planted::UnpatchedKind) && kind == Some(FieldKind::Phone) {
                continue;
            }
            let fits = match (parsed, kind) {
                (Some(Path::Field(name)), Some(kind)) => {
                    to_columns(&mut sorted.own, name, kind, value)
                }
                (
                    Some(Path::Line {
                        lines,
                        line,
                        field: name,
                    }),
                    Some(kind),
                ) => to_columns(
                    sorted.by_line.entry((lines, line)).or_default(),
                    name,
                    kind,
                    value,
                ),
                (_, None) | (None, _) => false,
            };
            if !fits {
                sorted.extra.push((path, value));
            }
        }
        sorted
    }
}

/// Appends the columns of a value; false if none fits it.
fn to_columns<'a>(
    columns: &mut TableColumns<'a>,
    name: &'a str,
    kind: FieldKind,
    value: &Value,
) -> bool {
    match to_sql(kind, value) {
        None => return false,
        Some(Cells::One(sql)) => columns.push((name.into(), sql)),
        Some(Cells::Position(cells)) => {
            let names = parts(&Column { name, kind })
                .into_iter()
                .map(|(name, _)| Cow::Owned(name));
            columns.extend(names.zip(cells));
        }
    }
    true
}

/// Writes columns of a record and of its lines, each row with one statement, whether or not it is
/// there.
fn write(
    db: &Db,
    descriptor: &Descriptor,
    id: RecordId,
    own: TableColumns<'_>,
    by_line: BTreeMap<(&str, &str), TableColumns<'_>>,
) -> Result<(), StoreError> {
    let object = &descriptor.object;
    upsert(db, object, vec![("id", Sql::Blob(id.0.to_vec()))], own)?;
    for ((lines, line), columns) in by_line {
        let key = vec![
            ("parent", Sql::Blob(id.0.to_vec())),
            ("line", Sql::Text(line.to_owned())),
        ];
        upsert(db, &lines_table(object, lines), key, columns)?;
    }
    Ok(())
}

fn upsert(
    db: &Db,
    table: &str,
    key: Vec<(&str, Sql)>,
    columns: TableColumns<'_>,
) -> Result<(), StoreError> {
    let keys = key
        .iter()
        .map(|(name, _)| *name)
        .collect::<Vec<_>>()
        .join(", ");
    let mut sql = format!("INSERT INTO \"{table}\" ({keys}");
    for (name, _) in &columns {
        sql.extend([", \"", name, "\""]);
    }
    sql.push_str(") VALUES (?");
    sql.extend(std::iter::repeat_n(", ?", key.len() + columns.len() - 1));
    sql.extend([") ON CONFLICT (", &keys, ") DO "]);
    sql.push_str(if columns.is_empty() {
        "NOTHING"
    } else {
        "UPDATE SET "
    });
    for (n, (name, _)) in columns.iter().enumerate() {
        sql.extend([
            if n > 0 { ", \"" } else { "\"" },
            name,
            "\" = excluded.\"",
            name,
            "\"",
        ]);
    }
    let values = key
        .into_iter()
        .map(|(_, value)| value)
        .chain(columns.into_iter().map(|(_, value)| value));
    db.prepare_cached(&sql)?.execute(params_from_iter(values))?;
    Ok(())
}

/// Writes only these values; the record is made when it is not there. `Null` clears.
pub fn patch(
    db: &Db,
    descriptor: &Descriptor,
    id: RecordId,
    values: &Values,
    stamp: Option<Stamp>,
) -> Result<(), StoreError> {
    let Sorted {
        own: written,
        by_line,
        extra,
    } = Sorted::of(descriptor, values);
    let mut own: TableColumns<'_> = stamp.iter().flat_map(stamped).collect();
    own.extend(written);
    if !extra.is_empty() {
        own.push((
            "_extra".into(),
            merge_extra(db, &descriptor.object, id, &extra)?,
        ));
    }
    write(db, descriptor, id, own, by_line)?;
    if words::are_touched(descriptor, values) {
        index(db, descriptor, id)?;
    }
    Ok(())
}

fn stamped<'a>(stamp: &Stamp) -> [(Cow<'a, str>, Sql); 4] {
    [
        ("_created_at".into(), Sql::Integer(stamp.created_at.0)),
        ("_created_by".into(), Sql::Blob(stamp.created_by.0.to_vec())),
        ("_changed_at".into(), Sql::Integer(stamp.changed_at.0)),
        ("_changed_by".into(), Sql::Blob(stamp.changed_by.0.to_vec())),
    ]
}

fn merge_extra(
    db: &Db,
    object: &str,
    id: RecordId,
    extra: &[(&str, &Value)],
) -> Result<Sql, StoreError> {
    let sql = format!("SELECT _extra FROM \"{object}\" WHERE id = ?1");
    let before: Option<String> = db
        .prepare_cached(&sql)?
        .query_row([id.as_bytes()], |row| row.get(0))
        .optional()?
        .flatten();
    let values: Values = match before {
        Some(json) => serde_json::from_str(&json).map_err(StoreError::new)?,
        None => Values::new(),
    };
    merged(values, extra)
}

fn merged(mut values: Values, extra: &[(&str, &Value)]) -> Result<Sql, StoreError> {
    values.extend(
        extra
            .iter()
            .map(|(path, value)| ((*path).to_owned(), (*value).clone())),
    );
    values.retain(|_, value| !value.is_null());
    if values.is_empty() {
        return Ok(Sql::Null);
    }
    Ok(Sql::Text(
        serde_json::to_string(&values).map_err(StoreError::new)?,
    ))
}

/// A value as its columns hold it.
pub(super) enum Cells {
    /// In one column.
    One(Sql),
    /// In three: latitude, longitude, and as it is written.
    Position([Sql; 3]),
}

/// A value as its columns hold it, in the order of [`parts`]; none if no column fits it.
pub(super) fn to_sql(kind: FieldKind, value: &Value) -> Option<Cells> {
    Some(Cells::One(match (kind, value) {
        (FieldKind::Position, Value::Null) => {
            return Some(Cells::Position([Sql::Null, Sql::Null, Sql::Null]));
        }
        (FieldKind::Position, Value::Text(text)) => {
            let at: Position = text.parse().ok()?;
            let (latitude, longitude) = (
                Sql::Integer(at.latitude_udeg.into()),
                Sql::Integer(at.longitude_udeg.into()),
            );
            return Some(Cells::Position([
                latitude,
                longitude,
                Sql::Text(text.clone()),
            ]));
        }
        (_, Value::Null) => Sql::Null,
        (FieldKind::Boolean, Value::Bool(yes)) => Sql::Integer(i64::from(*yes)),
        (FieldKind::Integer | FieldKind::Time, Value::Int(int)) => Sql::Integer(*int),
        (FieldKind::Reference, Value::Text(text)) => {
            let id: RecordId = text.parse().ok()?;
            // Only the canonical form comes back as it was.
            (id.to_string() == *text).then(|| Sql::Blob(id.0.to_vec()))?
        }
        (
            FieldKind::Text
            | FieldKind::Day
            | FieldKind::Choice
            | FieldKind::Phone
            | FieldKind::Email
            | FieldKind::TimeZone
            | FieldKind::Gtin
            | FieldKind::Decimal
            | FieldKind::Blob,
            Value::Text(text),
        ) => Sql::Text(text.clone()),
        (_, Value::Bool(_) | Value::Int(_) | Value::Text(_)) => return None,
    }))
}

fn from_sql(kind: FieldKind, sql: ValueRef<'_>) -> Result<Value, StoreError> {
    Ok(match sql {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(int) if kind == FieldKind::Boolean => Value::Bool(int != 0),
        ValueRef::Integer(int) => Value::Int(int),
        ValueRef::Text(text) => Value::Text(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Blob(bytes) => Value::Text(RecordId::from_slice(bytes)?.to_string()),
        ValueRef::Real(_) => {
            return Err(StoreError::new(
                "a fraction stands in a table that holds none",
            ));
        }
    })
}

/// Names of columns, quoted, for a SELECT.
fn selected(columns: &[Column<'_>]) -> String {
    columns
        .iter()
        .map(|column| format!(", \"{}\"", column.name))
        .collect()
}

/// Reads a record with its lines.
pub fn read(db: &Db, descriptor: &Descriptor, id: RecordId) -> Result<Option<Record>, StoreError> {
    Ok(select(db, descriptor, "id = ?1", [Sql::Blob(id.0.to_vec())])?.pop())
}

/// Reads the records that a condition holds for, with their lines; what orders or limits them may
/// follow it.
pub(super) fn select(
    db: &Db,
    descriptor: &Descriptor,
    condition: &str,
    bound: impl IntoIterator<Item = Sql>,
) -> Result<Vec<Record>, StoreError> {
    let (own, object) = (columns(descriptor), &descriptor.object);
    let sql = format!(
        "SELECT id, _created_at, _created_by, _changed_at, _changed_by, _extra{} FROM \
         \"{object}\" WHERE {condition}",
        selected(&own)
    );
    let mut statement = db.prepare_cached(&sql)?;
    let mut rows = statement.query(params_from_iter(bound))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let id = RecordId::from_slice(row.get_ref(0)?.as_blob().map_err(StoreError::new)?)?;
        let mut values: Values = match row.get_ref(5)?.as_str_or_null().map_err(StoreError::new)? {
            Some(json) => serde_json::from_str(json).map_err(StoreError::new)?,
            None => Values::new(),
        };
        for (index, column) in own.iter().enumerate() {
            let value = from_sql(column.kind, row.get_ref(index + 6)?)?;
            if !value.is_null() {
                values.insert(column.name.to_owned(), value);
            }
        }
        for lines in descriptor.lines.keys() {
            read_lines(db, descriptor, lines, id, &mut values)?;
        }
        if descriptor.has_beside() {
            read_beside(db, descriptor, id, &mut values)?;
        }
        found.push(Record {
            object: object.clone(),
            id,
            values,
            stamp: stamp(row)?,
        });
    }
    Ok(found)
}

/// The text in one of a record's own fields.
pub fn text(
    db: &Db,
    descriptor: &Descriptor,
    id: RecordId,
    field: &str,
) -> Result<Option<String>, StoreError> {
    let sql = format!(
        "SELECT \"{field}\" FROM \"{}\" WHERE id = ?1",
        descriptor.object
    );
    Ok(db
        .prepare_cached(&sql)?
        .query_row([id.as_bytes()], |row| row.get(0))
        .optional()?
        .flatten())
}

fn read_lines(
    db: &Db,
    descriptor: &Descriptor,
    lines: &str,
    id: RecordId,
    values: &mut Values,
) -> Result<(), StoreError> {
    let columns = line_columns(descriptor, lines);
    let table = lines_table(&descriptor.object, lines);
    let sql = format!(
        "SELECT line{} FROM \"{table}\" WHERE parent = ?1",
        selected(&columns)
    );
    let mut statement = db.prepare_cached(&sql)?;
    let mut rows = statement.query([id.as_bytes()])?;
    while let Some(row) = rows.next()? {
        let line: String = row.get(0)?;
        for (index, column) in columns.iter().enumerate() {
            let value = from_sql(column.kind, row.get_ref(index + 1)?)?;
            if !value.is_null() {
                values.insert(line_path(lines, &line, column.name), value);
            }
        }
    }
    Ok(())
}

/// The values that the server wrote beside a record.
fn read_beside(
    db: &Db,
    descriptor: &Descriptor,
    id: RecordId,
    values: &mut Values,
) -> Result<(), StoreError> {
    let columns = ddl::beside_columns(descriptor);
    let table = beside::name_of(&descriptor.object);
    let sql = format!(
        "SELECT id{} FROM \"{table}\" WHERE id = ?1",
        selected(&columns)
    );
    let beside = beside::id_of(&descriptor.object, id);
    let mut statement = db.prepare_cached(&sql)?;
    let mut rows = statement.query([beside.as_bytes()])?;
    if let Some(row) = rows.next()? {
        for (index, column) in columns.iter().enumerate() {
            let value = from_sql(column.kind, row.get_ref(index + 1)?)?;
            if !value.is_null() {
                values.insert(column.name.to_owned(), value);
            }
        }
    }
    Ok(())
}

/// The stamp in a row of `select`.
fn stamp(row: &Row<'_>) -> Result<Option<Stamp>, StoreError> {
    let Some(created_at) = row.get::<_, Option<i64>>(1)? else {
        return Ok(None);
    };
    let actor = |index: usize| -> Result<ActorId, StoreError> {
        Ok(ActorId::from_slice(&row.get::<_, Vec<u8>>(index)?)?)
    };
    Ok(Some(Stamp {
        created_at: Timestamp(created_at),
        created_by: actor(2)?,
        changed_at: Timestamp(row.get(3)?),
        changed_by: actor(4)?,
    }))
}

/// Takes a record's rows away.
pub fn remove(db: &Db, descriptor: &Descriptor, id: RecordId) -> Result<(), StoreError> {
    for lines in descriptor.lines.keys() {
        let sql = format!(
            "DELETE FROM \"{}\" WHERE parent = ?1",
            lines_table(&descriptor.object, lines)
        );
        db.prepare_cached(&sql)?.execute([id.as_bytes()])?;
    }
    db.prepare_cached(&format!(
        "DELETE FROM \"{}\" WHERE id = ?1",
        descriptor.object
    ))?
    .execute([id.as_bytes()])?;
    search::forget(db, id)
}

/// Ids of all records of an object, ascending.
pub fn ids(db: &Db, descriptor: &Descriptor) -> Result<Vec<RecordId>, StoreError> {
    ids_where(db, descriptor, "")
}

/// Ids of the records that no bucket holds as records of this object.
pub fn strays(db: &Db, descriptor: &Descriptor) -> Result<Vec<RecordId>, StoreError> {
    let table = &descriptor.object;
    let held =
        format!("SELECT 1 FROM member m WHERE m.id = \"{table}\".id AND m.object = '{table}'");
    ids_where(db, descriptor, &format!("WHERE NOT EXISTS ({held})"))
}

/// Whether there is a record with this id.
pub fn holds(db: &Db, descriptor: &Descriptor, id: RecordId) -> Result<bool, StoreError> {
    let sql = format!("SELECT 1 FROM \"{}\" WHERE id = ?1", descriptor.object);
    Ok(db.prepare_cached(&sql)?.exists([id.as_bytes()])?)
}

fn ids_where(
    db: &Db,
    descriptor: &Descriptor,
    condition: &str,
) -> Result<Vec<RecordId>, StoreError> {
    let sql = format!(
        "SELECT id FROM \"{}\" {condition} ORDER BY id",
        descriptor.object
    );
    let mut statement = db.prepare_cached(&sql)?;
    let mut rows = statement.query([])?;
    let mut ids = Vec::new();
    while let Some(row) = rows.next()? {
        ids.push(RecordId::from_slice(&row.get::<_, Vec<u8>>(0)?)?);
    }
    Ok(ids)
}
