//! Typed tables from descriptors: one an object, one for each of its lines; they only ever grow.
//! It does not know what is in them.

use std::collections::BTreeSet;

use super::error::StoreError;
use super::schema::Db;
use crate::objects::path::{POSITION, REMOVED};
use crate::objects::{Descriptor, Field, FieldKind};

/// One column of a field: the field's name, and how its value lies there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Column<'a> {
    pub name: &'a str,
    pub kind: FieldKind,
}

/// The name of the table of an object's lines.
pub(super) fn lines_table(object: &str, lines: &str) -> String {
    format!("{object}__{lines}")
}

/// The columns of an object's own fields, in order of their names.
pub(super) fn columns(descriptor: &Descriptor) -> Vec<Column<'_>> {
    let own = descriptor.fields.iter();
    let own = own.filter(|(_, field)| field.by.is_none());
    own.map(|(name, field)| column(name, field)).collect()
}

/// The columns of the fields that the server alone writes, which lie in the table beside.
pub(super) fn beside_columns(descriptor: &Descriptor) -> Vec<Column<'_>> {
    let beside = descriptor.fields.iter();
    let beside = beside.filter(|(_, field)| field.by.is_some());
    beside.map(|(name, field)| column(name, field)).collect()
}

/// The columns of lines: `position`, `removed`, then their fields in order of the names.
pub(super) fn line_columns<'a>(descriptor: &'a Descriptor, lines: &str) -> Vec<Column<'a>> {
    let own = [
        Column {
            name: POSITION,
            kind: FieldKind::Integer,
        },
        Column {
            name: REMOVED,
            kind: FieldKind::Boolean,
        },
    ];
    let fields = descriptor
        .lines
        .get(lines)
        .map(|lines| lines.fields.iter().map(|(name, field)| column(name, field)));
    own.into_iter()
        .chain(fields.into_iter().flatten())
        .collect()
}

fn column<'a>(name: &'a str, field: &Field) -> Column<'a> {
    Column {
        name,
        kind: field.kind,
    }
}

/// How the tables of an object were before they fitted it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Before {
    /// As they are now.
    Same,
    /// Without some column, or some lines.
    Smaller,
    /// Not there.
    Missing,
}

/// Makes the tables of an object, or adds the columns that they lack; answers how they were before.
pub(super) fn ensure(db: &Db, descriptor: &Descriptor) -> Result<Before, StoreError> {
    let object = &descriptor.object;
    let is_missing = existing(db, object)?.is_empty();
    let mut grown = add(db, object, RECORD, &columns(descriptor))?;
    for lines in descriptor.lines.keys() {
        let table = lines_table(object, lines);
        grown |= add(db, &table, LINE, &line_columns(descriptor, lines))?;
    }
    for fields in descriptor
        .indexes
        .iter()
        .filter(|fields| !fields.iter().any(|field| field.contains('/')))
        .filter(|fields| !fields.iter().any(|field| descriptor.is_beside(field)))
    {
        index(db, object, fields)?;
    }
    // Of lines there are many: only what the descriptor looks up has an index.
    for (lines, field) in descriptor.looked_up() {
        index(db, &lines_table(object, lines), &[field.to_owned()])?;
    }
    for (name, field) in descriptor
        .fields
        .iter()
        .filter(|(_, field)| field.by.is_none())
    {
        match field.kind {
            FieldKind::Reference => index(db, object, std::slice::from_ref(name))?,
            FieldKind::Position => {
                index(db, object, &[format!("{name}_lat"), format!("{name}_lon")])?
            }
            FieldKind::Text
            | FieldKind::Integer
            | FieldKind::Boolean
            | FieldKind::Time
            | FieldKind::Day
            | FieldKind::Choice
            | FieldKind::Phone
            | FieldKind::Email
            | FieldKind::TimeZone
            | FieldKind::Gtin
            | FieldKind::Decimal
            | FieldKind::Blob => {}
        }
    }
    Ok(match (is_missing, grown) {
        (true, _) => Before::Missing,
        (false, true) => Before::Smaller,
        (false, false) => Before::Same,
    })
}

fn index(db: &Db, table: &str, fields: &[String]) -> Result<(), StoreError> {
    let columns: Vec<String> = fields.iter().map(|field| format!("\"{field}\"")).collect();
    // No object and no field has a colon in its name, so that no table has this name.
    let name = format!("{table}:{}", fields.join(":"));
    let sql = format!(
        "CREATE INDEX IF NOT EXISTS \"{name}\" ON \"{table}\" ({})",
        columns.join(", ")
    );
    Ok(db.execute_batch(&sql)?)
}

/// What a table has before its fields, and after them.
struct TableShape {
    before: &'static str,
    after: &'static str,
}

/// What every table of records has beside its fields.
const RECORD: TableShape = TableShape {
    before: "id BLOB PRIMARY KEY, _created_at INTEGER, _created_by BLOB, _changed_at INTEGER, \
             _changed_by BLOB, _extra TEXT",
    after: "",
};
/// The same of a table of lines.
const LINE: TableShape = TableShape {
    before: "parent BLOB NOT NULL, line TEXT NOT NULL",
    after: ", PRIMARY KEY (parent, line)",
};

/// Makes a table or adds the columns that it lacks; answers whether it lacked any.
fn add(
    db: &Db,
    table: &str,
    shape: TableShape,
    columns: &[Column<'_>],
) -> Result<bool, StoreError> {
    let TableShape { before, after } = shape;
    let existing = existing(db, table)?;
    let lacking = columns
        .iter()
        .flat_map(parts)
        .filter(|(name, _)| !existing.contains(name));
    let lacking: Vec<String> = lacking
        .map(|(name, sql_type)| format!("\"{name}\" {sql_type}"))
        .collect();
    if existing.is_empty() {
        // A table that is made at once costs a fraction of one that grows column by column.
        let fields: String = lacking.iter().map(|column| format!(", {column}")).collect();
        db.execute_batch(&format!(
            "CREATE TABLE \"{table}\" ({before}{fields}{after}) WITHOUT ROWID"
        ))?;
    } else {
        for column in &lacking {
            db.execute_batch(&format!("ALTER TABLE \"{table}\" ADD COLUMN {column}"))?;
        }
    }
    Ok(!lacking.is_empty())
}

fn existing(db: &Db, table: &str) -> Result<BTreeSet<String>, StoreError> {
    let mut statement = db.prepare("SELECT name FROM pragma_table_info(?1)")?;
    let names = statement.query_map([table], |row| row.get(0))?;
    Ok(names.collect::<Result<_, _>>()?)
}

/// The SQL columns of a field: a position has two more, in millionths of a degree, to search by.
pub(super) fn parts(column: &Column<'_>) -> Vec<(String, &'static str)> {
    let name = column.name.to_owned();
    match column.kind {
        FieldKind::Position => {
            vec![
                (format!("{name}_lat"), "INTEGER"),
                (format!("{name}_lon"), "INTEGER"),
                (name, "TEXT"),
            ]
        }
        FieldKind::Integer | FieldKind::Boolean | FieldKind::Time => vec![(name, "INTEGER")],
        FieldKind::Reference => vec![(name, "BLOB")],
        FieldKind::Text
        | FieldKind::Day
        | FieldKind::Choice
        | FieldKind::Phone
        | FieldKind::Email
        | FieldKind::TimeZone
        | FieldKind::Gtin
        | FieldKind::Decimal
        | FieldKind::Blob => vec![(name, "TEXT")],
    }
}
