//! What the office did, each entry bound by its hash to the one before it, so that whoever changes,
//! drops or moves one later is found. Values of records stand in the journal; here stands who did
//! what. It does not know what the acts mean.

use outfield_core::base::hex;
use outfield_core::base::id::{RecordId, UserId};
use outfield_core::base::time::Timestamp;
use outfield_core::objects::{Kind, Value, Write};
use outfield_core::store::Db;
use rusqlite::{Row, params};
use serde_json::{Map, Value as Json, json};
use sha2::{Digest as _, Sha256};

use super::execute::Seat;
use crate::error::ServerError;
use crate::tenant::Tenant;

/// Bytes of a text that an entry quotes; of a longer one it says that it was written.
const QUOTED_MAX: usize = 64;
/// Fields of a record that an entry names.
const FIELDS_MAX: usize = 50;
/// What the first entry is bound to.
const BEGINNING: [u8; 32] = [0; 32];

/// Who did something of the office's.
#[derive(Clone, Copy)]
pub(crate) struct OfficeAct<'a> {
    /// The person; [`UserId::NOBODY`] is whoever runs the server.
    pub(crate) by: UserId,
    /// When.
    pub(crate) at: Timestamp,
    /// What, in a word.
    pub(crate) act: &'a str,
}

/// An entry as it lies in the file.
struct AuditEntry {
    number: i64,
    at: i64,
    by: Option<Vec<u8>>,
    act: String,
    about: String,
    hash: Vec<u8>,
}

impl AuditEntry {
    fn read(row: &Row<'_>) -> Result<AuditEntry, rusqlite::Error> {
        Ok(AuditEntry {
            number: row.get(0)?,
            at: row.get(1)?,
            by: row.get(2)?,
            act: row.get(3)?,
            about: row.get(4)?,
            hash: row.get(5)?,
        })
    }

    /// What it is bound by, behind an entry of this hash. Each part says first how long it is, so
    /// that no two entries read alike.
    fn bound_to(&self, before: &[u8]) -> Vec<u8> {
        let mut hasher = Sha256::new();
        let (number, at) = (self.number.to_be_bytes(), self.at.to_be_bytes());
        let by = self.by.as_deref().unwrap_or_default();
        let parts: [&[u8]; 6] = [
            before,
            &number,
            &at,
            by,
            self.act.as_bytes(),
            self.about.as_bytes(),
        ];
        for part in parts {
            hasher.update((part.len() as u64).to_be_bytes());
            hasher.update(part);
        }
        hasher.finalize().to_vec()
    }
}

/// Notes what the office did, in the transaction in which it becomes true.
pub(crate) fn note(db: &Db, act: OfficeAct<'_>, about: &Json) -> Result<(), ServerError> {
    let last = "SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1";
    let mut statement = db.prepare_cached(last)?;
    let mut rows = statement.query([])?;
    let (number, before) = match rows.next()? {
        Some(row) => (row.get(0)?, row.get(1)?),
        None => (0_i64, BEGINNING.to_vec()),
    };
    let mut entry = AuditEntry {
        number: number + 1,
        at: act.at.0,
        by: (act.by != UserId::NOBODY).then(|| act.by.as_bytes().to_vec()),
        act: act.act.to_owned(),
        about: about.to_string(),
        hash: Vec::new(),
    };
    entry.hash = entry.bound_to(&before);
    let sql =
        "INSERT INTO audit (number, at, by, act, about, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    db.prepare_cached(sql)?.execute(params![
        entry.number,
        entry.at,
        entry.by,
        entry.act,
        entry.about,
        entry.hash
    ])?;
    Ok(())
}

impl Tenant {
    /// Notes an act of whoever runs the server.
    pub(crate) fn note_office(&self, db: &Db, act: &str, about: &Json) -> Result<(), ServerError> {
        let act = OfficeAct {
            by: UserId::NOBODY,
            at: self.surroundings.now(),
            act,
        };
        note(db, act, about)
    }

    /// Notes what somebody's command wrote that is the office's: all that whoever runs the server
    /// writes, and of a person's work the rows.
    pub(crate) fn note_writes(
        &self,
        db: &Db,
        seat: Seat<'_>,
        writes: &[Write],
    ) -> Result<(), ServerError> {
        for write in writes {
            let is_row = self.descriptor(&write.object)?.kind == Kind::Row;
            let by = match seat {
                Seat::Operator => UserId::NOBODY,
                Seat::Person(session) if is_row => session.user,
                Seat::Person(_) => continue,
            };
            let added = if write.new { "added" } else { "changed" };
            let act = OfficeAct {
                by,
                at: self.surroundings.now(),
                act: write.verb.as_deref().unwrap_or(added),
            };
            let mut fields = Map::new();
            for (path, value) in write.values.iter().take(FIELDS_MAX) {
                fields.insert(path.clone(), quoted(value));
            }
            let unnamed = write.values.len().saturating_sub(FIELDS_MAX);
            let mut about = json!({ "object": write.object, "record": write.id, "fields": fields });
            if unnamed > 0 {
                about["more_fields"] = unnamed.into();
            }
            note(db, act, &about)?;
        }
        Ok(())
    }

    /// What the office did, oldest first: number, at, by, act, about, hash.
    pub fn audit(&self) -> Result<Vec<Json>, ServerError> {
        let mut told = Vec::new();
        for entry in entries(&self.db)? {
            let by = entry.by.map(|by| RecordId::from_slice(&by)).transpose();
            told.push(json!({
                "number": entry.number,
                "at": Timestamp(entry.at).rfc3339(),
                "by": by.ok().flatten(),
                "act": entry.act,
                "about": serde_json::from_str::<Json>(&entry.about).unwrap_or(entry.about.into()),
                "hash": hex::letters(&entry.hash),
            }));
        }
        Ok(told)
    }

    /// Every place where the entries are not those that were written: number and what is wrong.
    /// The hash of the last entry, noted elsewhere, shows that none was taken away at the end.
    pub fn check_audit(&self, known: Option<&str>) -> Result<Vec<Json>, ServerError> {
        let mut wrong = Vec::new();
        let mut fault = |number: i64, how: &str| {
            wrong.push(json!({
                "object": "audit", "name": number.to_string(), "code": "audit_broken",
                "message": format!("entry {number} {how}"), "fields": [],
            }));
        };
        let (mut next, mut before) = (1, BEGINNING.to_vec());
        let mut is_known = false;
        for entry in entries(&self.db)? {
            while next < entry.number {
                fault(next, "is gone");
                next += 1;
                // What follows cannot show what it was bound to.
                before.clear();
            }
            if !before.is_empty() && entry.bound_to(&before) != entry.hash {
                fault(entry.number, "is not as it was written, or not where");
            }
            is_known |= known.is_some_and(|known| known == hex::letters(&entry.hash));
            next = entry.number + 1;
            before = entry.hash;
        }
        let given = "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'audit'";
        let given: i64 = self.db.query_row(given, [], |row| row.get(0))?;
        for number in next..=given {
            fault(number, "is gone");
        }
        if known.is_some() && !is_known {
            fault(
                next - 1,
                "is the last one, and none has the hash that was noted",
            );
        }
        Ok(wrong)
    }
}

fn entries(db: &Db) -> Result<Vec<AuditEntry>, ServerError> {
    let sql = "SELECT number, at, by, act, about, hash FROM audit ORDER BY number";
    let mut statement = db.prepare_cached(sql)?;
    let entries = statement.query_map([], AuditEntry::read)?;
    Ok(entries.collect::<Result<_, _>>()?)
}

/// A value as an entry quotes it.
fn quoted(value: &Value) -> Json {
    match value.text() {
        Some(text) if text.len() > QUOTED_MAX => format!("{} bytes", text.len()).into(),
        Some(_) | None => value.to_json(),
    }
}
