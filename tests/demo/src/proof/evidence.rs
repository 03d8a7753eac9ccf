//! Reads what the demo is judged by: SQLite files, opened for reading only, and answers of the REST
//! API over plain HTTP. It imports nothing of the core and knows the layout of tables by itself, so
//! that a fault in the core cannot hide itself here. It does not know what is to be proven:
//! `claims` does.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::Duration;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};
use serde_json::{Map, Value as Json};

use super::ledger::PlainValues;

/// How long the server may be silent.
const SILENCE: Duration = Duration::from_secs(30);
/// What the name of a table ends in that holds what the server wrote beside records.
const BESIDE: &str = "__srv";
/// The column that the table of every object has, and no other table.
const OF_OBJECTS: &str = "_extra";
/// The field that marks a line as taken out.
const REMOVED: &str = "removed";

/// Table and column of what is yes or no: SQLite keeps it as a number like others.
pub(crate) type YesNo = BTreeSet<(String, String)>;

/// One SQLite file.
pub(crate) struct EvidenceFile<'a> {
    /// What people call it.
    pub(crate) name: String,
    db: Connection,
    yes_no: &'a YesNo,
}

/// A conflict as it lies in a file.
pub(crate) struct ConflictRow {
    /// The record's id.
    pub(crate) record: String,
    /// The field's path.
    pub(crate) path: String,
    /// Where it stands.
    pub(crate) state: String,
    /// Base and sides, in a form of the core's own in which texts and ids stand as they are.
    pub(crate) body: Vec<u8>,
}

fn said(error: impl std::fmt::Display) -> String {
    error.to_string()
}

impl<'a> EvidenceFile<'a> {
    /// Opens a file that is there, for reading.
    pub(crate) fn open(
        name: &str,
        file: &Path,
        yes_no: &'a YesNo,
    ) -> Result<EvidenceFile<'a>, String> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let db = Connection::open_with_flags(file, flags).map_err(said)?;
        db.busy_timeout(SILENCE).map_err(said)?;
        // A phone's database lies under the key beside it, the server's in plain.
        let mut key = file.as_os_str().to_owned();
        key.push(".key");
        if let Ok(letters) = std::fs::read_to_string(key) {
            let letters = letters.trim();
            db.execute_batch(&format!("PRAGMA key = \"x'{letters}'\""))
                .map_err(said)?;
        }
        Ok(EvidenceFile {
            name: name.to_owned(),
            db,
            yes_no,
        })
    }

    /// How many rows a table has, where a condition holds.
    pub(crate) fn count(&self, table: &str, condition: &str) -> Result<u64, String> {
        let sql = format!("SELECT count(*) FROM \"{table}\" WHERE {condition}");
        self.db
            .query_row(&sql, [], |row| row.get::<_, u32>(0))
            .map(u64::from)
            .map_err(said)
    }

    /// Names of all objects.
    pub(crate) fn objects(&self) -> Result<Vec<String>, String> {
        let sql = "SELECT t.name FROM sqlite_master t, pragma_table_info(t.name) c
                   WHERE t.type = 'table' AND c.name = ?1 ORDER BY t.name";
        let mut statement = self.db.prepare(sql).map_err(said)?;
        let names = statement
            .query_map([OF_OBJECTS], |row| row.get(0))
            .map_err(said)?;
        let mut names: Vec<String> = names.collect::<Result<_, _>>().map_err(said)?;
        names.retain(|name| !name.ends_with(BESIDE));
        Ok(names)
    }

    /// The fields that the server wrote beside a record, by the record's id.
    fn beside(&self, object: &str) -> Result<BTreeMap<String, PlainValues>, String> {
        let table = format!("{object}{BESIDE}");
        let sql = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?1";
        let mut statement = self.db.prepare(sql).map_err(said)?;
        let mut beside = BTreeMap::new();
        if !statement.exists([&table]).map_err(said)? {
            return Ok(beside);
        }
        for row in self.rows(&table)? {
            let record = text_of(&row, "record");
            let mut values = own_values(row)?;
            values.remove("record");
            beside.insert(record, values);
        }
        Ok(beside)
    }

    /// All records of an object by id, with the values that a person sees.
    pub(crate) fn records(&self, object: &str) -> Result<BTreeMap<String, PlainValues>, String> {
        let mut records = BTreeMap::new();
        for row in self.rows(object)? {
            let id = text_of(&row, "id");
            records.insert(id, own_values(row)?);
        }
        for (id, values) in self.beside(object)? {
            if let Some(record) = records.get_mut(&id) {
                record.extend(values);
            }
        }
        let prefix = format!("{object}__");
        for table in self.line_tables(object)? {
            let lines = table.strip_prefix(&prefix).unwrap_or_default();
            for mut row in self.rows(&table)? {
                let (parent, line) = (text_of(&row, "parent"), text_of(&row, "line"));
                row.retain(|column, _| column != "parent" && column != "line");
                if parent.is_empty() || line.is_empty() {
                    continue;
                }
                let values: &mut PlainValues = records.entry(parent).or_default();
                for (field, value) in row {
                    values.insert(format!("{lines}/{line}/{field}"), value);
                }
            }
        }
        records.values_mut().for_each(only_visible);
        Ok(records)
    }

    fn line_tables(&self, object: &str) -> Result<Vec<String>, String> {
        let sql = "SELECT t.name FROM sqlite_master t, pragma_table_info(t.name) c
                   WHERE t.type = 'table' AND c.name = 'parent'
                   AND substr(t.name, 1, length(?1)) = ?1";
        let mut statement = self.db.prepare(sql).map_err(said)?;
        let names = statement
            .query_map([format!("{object}__")], |row| row.get(0))
            .map_err(said)?;
        names.collect::<Result<_, _>>().map_err(said)
    }

    /// All rows of a table, column to value, without nulls and without the columns that positions
    /// are searched by.
    fn rows(&self, table: &str) -> Result<Vec<PlainValues>, String> {
        let mut statement = self
            .db
            .prepare(&format!("SELECT * FROM \"{table}\""))
            .map_err(said)?;
        let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
        let is_half = |name: &str| {
            let whole = name.strip_suffix("_lat").or(name.strip_suffix("_lon"));
            whole.is_some_and(|whole| columns.iter().any(|column| column == whole))
        };
        let mut rows = statement.query([]).map_err(said)?;
        let mut found = Vec::new();
        while let Some(row) = rows.next().map_err(said)? {
            let mut kept = BTreeMap::new();
            for (index, column) in columns
                .iter()
                .enumerate()
                .filter(|(_, column)| !is_half(column))
            {
                let is_yes_no =
                    column == REMOVED || self.yes_no.contains(&(table.to_owned(), column.clone()));
                let value = json(row.get_ref(index).map_err(said)?, is_yes_no)?;
                if !value.is_null() {
                    kept.insert(column.clone(), value);
                }
            }
            found.push(kept);
        }
        Ok(found)
    }

    /// All conflicts, closed ones too.
    pub(crate) fn conflicts(&self) -> Result<Vec<ConflictRow>, String> {
        let sql = "SELECT record, path, state, body FROM conflict ORDER BY id";
        let mut statement = self.db.prepare(sql).map_err(said)?;
        let rows = statement.query_map([], |row| {
            let record = uuid(&row.get::<_, Vec<u8>>(0)?);
            Ok(ConflictRow {
                record,
                path: row.get(1)?,
                state: row.get(2)?,
                body: row.get(3)?,
            })
        });
        rows.map_err(said)?.collect::<Result<_, _>>().map_err(said)
    }

    /// Ids of all records in these buckets.
    pub(crate) fn members(&self, buckets: &BTreeSet<String>) -> Result<BTreeSet<String>, String> {
        let sql = "SELECT b.name, m.id FROM member m JOIN bucket b ON b.number = m.bucket";
        let mut statement = self.db.prepare(sql).map_err(said)?;
        let mut rows = statement.query([]).map_err(said)?;
        let mut members = BTreeSet::new();
        while let Some(row) = rows.next().map_err(said)? {
            if buckets.contains(&row.get::<_, String>(0).map_err(said)?) {
                members.insert(uuid(&row.get::<_, Vec<u8>>(1).map_err(said)?));
            }
        }
        Ok(members)
    }
}

/// The text in a column of a row; empty if there is none.
fn text_of(row: &PlainValues, column: &str) -> String {
    let text = row.get(column).and_then(Json::as_str);
    text.unwrap_or_default().to_owned()
}

/// The values that a record's own row holds.
fn own_values(row: PlainValues) -> Result<PlainValues, String> {
    let mut values = PlainValues::new();
    for (column, value) in row {
        if column == OF_OBJECTS {
            let text = value.as_str().unwrap_or("{}");
            let more: Map<String, Json> = serde_json::from_str(text).map_err(said)?;
            values.extend(more);
        } else if column != "id" && !column.starts_with('_') {
            values.insert(column, value);
        }
    }
    Ok(values)
}

/// What a person sees: all but removed lines and the mark of removal itself.
fn only_visible(values: &mut PlainValues) {
    let mut removed = BTreeSet::new();
    for (path, value) in &*values {
        if let Some((line, REMOVED)) = path.rsplit_once('/')
            && *value == Json::Bool(true)
        {
            removed.insert(line.to_owned());
        }
    }
    values.retain(|path, value| match path.rsplit_once('/') {
        Some((line, field)) => field != REMOVED && !removed.contains(line) && !value.is_null(),
        None => !value.is_null(),
    });
}

/// A cell as the JSON scalar that stands for it.
fn json(cell: ValueRef<'_>, is_yes_no: bool) -> Result<Json, String> {
    Ok(match cell {
        ValueRef::Null => Json::Null,
        ValueRef::Integer(number) if is_yes_no => Json::Bool(number != 0),
        ValueRef::Integer(number) => Json::from(number),
        ValueRef::Text(text) => Json::from(std::str::from_utf8(text).map_err(said)?),
        ValueRef::Blob(bytes) => Json::from(uuid(bytes)),
        ValueRef::Real(_) => return Err("a fraction stands in a table that holds none".to_owned()),
    })
}

/// 16 bytes as a UUID is written.
pub(crate) fn uuid(bytes: &[u8]) -> String {
    let mut text = String::new();
    for (index, byte) in bytes.iter().enumerate() {
        if [4, 6, 8, 10].contains(&index) {
            text.push('-');
        }
        text.push_str(&format!("{byte:02x}"));
    }
    text
}

/// The 16 bytes of a UUID.
pub(crate) fn bytes_of(uuid: &str) -> Vec<u8> {
    let digits: Vec<u8> = uuid.bytes().filter(|digit| *digit != b'-').collect();
    let byte = |pair: &[u8]| {
        std::str::from_utf8(pair)
            .ok()
            .and_then(|pair| u8::from_str_radix(pair, 16).ok())
    };
    digits.chunks(2).filter_map(byte).collect()
}

/// What the REST API answers to one person; the `data` of it.
pub(crate) fn get(server: SocketAddr, token: &str, path: &str) -> Result<Json, String> {
    let mut stream = TcpStream::connect_timeout(&server, SILENCE).map_err(said)?;
    stream.set_read_timeout(Some(SILENCE)).map_err(said)?;
    let call = format!(
        "GET {path} HTTP/1.1\r\nHost: {server}\r\n\
         Authorization: Bearer {token}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(call.as_bytes()).map_err(said)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).map_err(said)?;
    let answer = String::from_utf8(answer).map_err(said)?;
    let Some((head, body)) = answer.split_once("\r\n\r\n") else {
        return Err(format!("GET {path}: no answer"));
    };
    let json: Json = serde_json::from_str(body).map_err(|error| format!("GET {path}: {error}"))?;
    let is_ok = head.split(' ').nth(1) == Some("200") && json["ok"] == Json::Bool(true);
    if is_ok {
        Ok(json["data"].clone())
    } else {
        Err(format!("GET {path}: {json}"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_id_reads_as_it_is_written() {
        let id = "01940c3e-5b1a-7cc0-8000-0123456789ab";
        assert_eq!(uuid(&bytes_of(id)), id);
    }

    #[test]
    fn removed_lines_are_not_seen() {
        let values = [
            ("name", json!("Joe")),
            ("roles/a/role", json!("Buyer")),
            ("roles/a/removed", json!(true)),
            ("roles/b/role", json!("Owner")),
            ("roles/b/removed", json!(false)),
        ];
        let mut values: PlainValues = values.map(|(path, value)| (path.to_owned(), value)).into();
        only_visible(&mut values);
        assert_eq!(values.keys().collect::<Vec<_>>(), ["name", "roles/b/role"]);
    }
}
