//! Verdicts, given once and kept: an entry that comes again gets its first one.
//! It does not judge.

use outfield_core::base::id::{ChangeHash, RecordId};
use outfield_core::base::planted::{self, Planted};
use outfield_core::store::Db;
use outfield_core::sync::frames::Ruling;
use rusqlite::{OptionalExtension, params};

use super::push::Pushed;
use crate::error::ServerError;
use crate::people::Session;

/// Why something is quarantined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reason {
    pub code: String,
    pub message: String,
    pub fields: Vec<String>,
}

impl Reason {
    pub(crate) fn new(code: &str, message: impl Into<String>) -> Reason {
        Reason {
            code: code.to_owned(),
            message: message.into(),
            fields: Vec::new(),
        }
    }

    /// The reason as the answer that a device gets, short enough that a hundred of them fit one
    /// answer.
    pub(crate) fn ruling(mut self) -> Ruling {
        if self.message.len() > MESSAGE_BYTES_MAX {
            let end = (0..=MESSAGE_BYTES_MAX)
                .rev()
                .find(|end| self.message.is_char_boundary(*end))
                .unwrap_or(0);
            self.message.truncate(end);
            self.message.push('…');
        }
        self.fields.retain(|field| field.len() <= FIELD_BYTES_MAX);
        self.fields.truncate(FIELDS_NAMED_MAX);
        Ruling::Quarantined {
            code: self.code,
            message: self.message,
            fields: self.fields,
        }
    }
}

/// Bytes of a refusal's message; it quotes what was pushed.
const MESSAGE_BYTES_MAX: usize = 2_000;
/// Fields that a refusal names, and the bytes that the path of a field may have.
const FIELDS_NAMED_MAX: usize = 20;
const FIELD_BYTES_MAX: usize = 200;

const ACCEPTED: &str = "accepted";

/// The record that this hash was judged for before, and its verdict, if it got one.
pub(crate) fn earlier(
    db: &Db,
    hash: ChangeHash,
) -> Result<Option<(RecordId, Ruling)>, ServerError> {
    let found = db
        .prepare_cached(
            "SELECT number, record, code, message, fields FROM verdict WHERE hash = ?1",
        )?
        .query_row([&hash.0[..]], |row| {
            Ok((
                row.get::<_, i64>(0)?,
                row.get::<_, Vec<u8>>(1)?,
                row.get(2)?,
                row.get(3)?,
                row.get::<_, String>(4)?,
            ))
        })
        .optional()?;
    let Some((number, record, code, message, fields)) = found else {
        return Ok(None);
    };
    let record = RecordId::from_slice(&record).map_err(ServerError::broken)?;
    let reason = Reason {
        code,
        message,
        fields: serde_json::from_str(&fields).unwrap_or_default(),
    };
    let is_accepted = reason.code == ACCEPTED;
    let ruling = if is_accepted {
        Ruling::Duplicate {
            number: number.cast_unsigned(),
        }
    } else {
        reason.ruling()
    };
    Ok(Some((record, ruling)))
}

/// Keeps that an entry was accepted.
pub(crate) fn accept(
    db: &Db,
    session: &Session,
    (entry, hash): (&Pushed, ChangeHash),
) -> Result<Ruling, ServerError> {
    let number = record(db, session, (entry, hash), &Reason::new(ACCEPTED, ""))?;
    Ok(Ruling::Accepted { number })
}

/// Keeps a refused entry whole, with its reason.
pub(crate) fn quarantine(
    db: &Db,
    session: &Session,
    (entry, hash): (&Pushed, ChangeHash),
    why: Reason,
) -> Result<Ruling, ServerError> {
    record(db, session, (entry, hash), &why)?;
    db.prepare_cached(
        "INSERT OR IGNORE INTO quarantine (hash, device, object, record, bytes, code, message, at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?
    .execute(params![
        &hash.0[..],
        session.device.as_bytes(),
        entry.object,
        entry.record.as_bytes(),
        entry.bytes,
        why.code,
        why.message,
        session.now.0
    ])?;
    Ok(why.ruling())
}

fn record(
    db: &Db,
    session: &Session,
    (entry, hash): (&Pushed, ChangeHash),
    why: &Reason,
) -> Result<u64, ServerError> {
    let fields = serde_json::to_string(&why.fields).map_err(ServerError::broken)?;
    let (record, device) = (entry.record.as_bytes(), session.device.as_bytes());
    let actor = entry.actor.map(|actor| actor.0.to_vec());
    let again = if planted::is(Planted::VerdictNotIdempotent) {
        "OR REPLACE"
    } else {
        ""
    };
    db.prepare_cached(&format!(
        "INSERT {again} INTO verdict (hash, record, device, actor, code, message, fields)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
    ))?
    .execute(params![
        &hash.0[..],
        record,
        device,
        actor,
        why.code,
        why.message,
        fields
    ])?;
    Ok(db.last_insert_rowid().cast_unsigned())
}
