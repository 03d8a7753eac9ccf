//! Reads what stands in a place, be it a SQLite file or the answers of the REST API. It imports
//! nothing of the core and knows the layout of tables by itself, so that a fault in the core cannot
//! hide itself here. It does not know what must stand there.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};
use serde_json::Value as Json;

use super::processes::said;

/// Objects that the reps write, with those of their lines that are looked at.
const OBJECTS: &[(&str, &[&str])] = &[
    ("contact", &["roles"]),
    ("visit", &["actions"]),
    ("follow_up", &[]),
    ("photo", &[]),
];
/// How long the server or another holder of a file may be silent.
const SILENCE: Duration = Duration::from_secs(30);
/// Records of one page of a REST list.
const PAGE: usize = 1_000;

/// A record: its id, and path to value for all that is text.
pub(super) struct PlaceRecord {
    /// The id.
    pub(super) id: String,
    /// The texts.
    pub(super) values: BTreeMap<String, String>,
}

/// All records that stand in one place.
pub(super) struct PlaceContents {
    /// What people call it.
    pub(super) name: String,
    /// Object to records, as often as they stand there.
    pub(super) records: BTreeMap<&'static str, Vec<PlaceRecord>>,
}

/// Opens a file for reading: a server's as it is, a phone's by the key that lies beside it.
pub(super) fn open(file: &Path) -> Result<Connection, String> {
    let db = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(said)?;
    db.busy_timeout(SILENCE).map_err(said)?;
    unlock(&db, file)?;
    Ok(db)
}

/// Says the key that lies beside a phone's database.
pub(super) fn unlock(db: &Connection, file: &Path) -> Result<(), String> {
    let mut key = file.as_os_str().to_owned();
    key.push(".key");
    let Ok(letters) = std::fs::read_to_string(key) else {
        return Ok(());
    };
    let letters = letters.trim();
    db.execute_batch(&format!("PRAGMA key = \"x'{letters}'\""))
        .map_err(said)
}

/// What stands in a file.
pub(super) fn in_file(name: &str, db: &Connection) -> Result<PlaceContents, String> {
    let mut records = BTreeMap::new();
    for (object, lines) in OBJECTS {
        let mut found: Vec<PlaceRecord> = Vec::new();
        for mut values in rows(db, object)? {
            let id = values.remove("id").unwrap_or_default();
            found.push(PlaceRecord { id, values });
        }
        for lines in *lines {
            for mut row in rows(db, &format!("{object}__{lines}"))? {
                let (Some(parent), Some(line)) = (row.remove("parent"), row.remove("line")) else {
                    continue;
                };
                for record in found.iter_mut().filter(|record| record.id == parent) {
                    let fields = row
                        .iter()
                        .map(|(field, value)| (format!("{lines}/{line}/{field}"), value.clone()));
                    record.values.extend(fields);
                }
            }
        }
        records.insert(*object, found);
    }
    Ok(PlaceContents {
        name: name.to_owned(),
        records,
    })
}

/// All rows of a table, column to text; ids are written as UUIDs, and what is neither text nor an
/// id is left out.
fn rows(db: &Connection, table: &str) -> Result<Vec<BTreeMap<String, String>>, String> {
    let mut statement = db
        .prepare(&format!("SELECT * FROM \"{table}\""))
        .map_err(said)?;
    let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let mut rows = statement.query([]).map_err(said)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next().map_err(said)? {
        let mut values = BTreeMap::new();
        for (index, column) in columns.iter().enumerate() {
            let text = match row.get_ref(index).map_err(said)? {
                ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
                ValueRef::Blob(bytes) => uuid(bytes),
                ValueRef::Null | ValueRef::Integer(_) | ValueRef::Real(_) => continue,
            };
            values.insert(column.clone(), text);
        }
        found.push(values);
    }
    Ok(found)
}

/// How many rows a table has.
pub(super) fn count(db: &Connection, table: &str) -> Result<i64, String> {
    db.query_row(&format!("SELECT count(*) FROM \"{table}\""), [], |row| {
        row.get(0)
    })
    .map_err(said)
}

/// Whether SQLite finds the file whole; else what it finds.
pub(super) fn whole(db: &Connection) -> Result<(), String> {
    let found: String = db
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .map_err(said)?;
    if found == "ok" { Ok(()) } else { Err(found) }
}

/// 16 bytes as a UUID is written.
fn uuid(bytes: &[u8]) -> String {
    let mut text = String::new();
    for (index, byte) in bytes.iter().enumerate() {
        if [4, 6, 8, 10].contains(&index) {
            text.push('-');
        }
        text.push_str(&format!("{byte:02x}"));
    }
    text
}

/// What the REST API shows to whoever has this token.
pub(super) fn at_server(name: &str, address: &str, token: &str) -> Result<PlaceContents, String> {
    let mut records = BTreeMap::new();
    for (object, _) in OBJECTS {
        let mut found: Vec<PlaceRecord> = Vec::new();
        let mut next: Option<String> = None;
        loop {
            let after = next.map(|next| format!("&after={next}"));
            let after = after.unwrap_or_default();
            let page = get(
                address,
                token,
                &format!("/api/v1/{object}?limit={PAGE}{after}"),
            )?;
            let records = page["records"].as_array().cloned().unwrap_or_default();
            for record in &records {
                let mut values = BTreeMap::new();
                flatten("", record, &mut values);
                let id = values.remove("id").unwrap_or_default();
                found.push(PlaceRecord { id, values });
            }
            next = page["next"].as_str().map(str::to_owned);
            if next.is_none() {
                break;
            }
        }
        records.insert(*object, found);
    }
    Ok(PlaceContents {
        name: name.to_owned(),
        records,
    })
}

/// All texts in a value, by path.
fn flatten(path: &str, value: &Json, values: &mut BTreeMap<String, String>) {
    match value {
        Json::String(text) => drop(values.insert(path.to_owned(), text.clone())),
        Json::Object(members) => {
            for (name, member) in members {
                let path = if path.is_empty() {
                    name.clone()
                } else {
                    format!("{path}/{name}")
                };
                flatten(&path, member, values);
            }
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::Array(_) => {}
    }
}

/// What the REST API answers; the `data` of it.
pub(super) fn get(address: &str, token: &str, path: &str) -> Result<Json, String> {
    let mut stream = TcpStream::connect(address).map_err(said)?;
    stream.set_read_timeout(Some(SILENCE)).map_err(said)?;
    let head =
        format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n");
    stream
        .write_all(format!("{head}Connection: close\r\n\r\n").as_bytes())
        .map_err(said)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).map_err(said)?;
    let answer = String::from_utf8(answer).map_err(said)?;
    let (head, body) = answer
        .split_once("\r\n\r\n")
        .ok_or_else(|| format!("GET {path}: no answer"))?;
    let json: Json = serde_json::from_str(body).map_err(|error| format!("GET {path}: {error}"))?;
    let is_ok = head.split(' ').nth(1) == Some("200") && json["ok"] == Json::Bool(true);
    if is_ok {
        Ok(json["data"].clone())
    } else {
        Err(format!("GET {path}: {json}"))
    }
}
