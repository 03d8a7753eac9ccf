//! Commands that people give over HTTP: one, or a group that becomes true together or not at all,
//! each once however often it is sent. It does not know HTTP, nor what a command means.

use outfield_core::base::id::ChangeHash;
use outfield_core::base::version::Version;
use outfield_core::domain::{Command, Decision};
use outfield_core::objects::Record;
use outfield_core::store::{self, Db, documents, tables};
use rusqlite::{OptionalExtension, params};
use serde_json::{Map, Value as Json, json};

use crate::envelope;
use crate::error::{ErrorKind, ServerError};
use crate::people::Session;
use crate::tenant::Tenant;
use crate::work::execute::Seat;

/// Commands that one group may hold.
const GROUP_MAX: usize = 50;
/// Bytes of a key by which a request is known again.
const KEY_BYTES_MAX: usize = 200;
/// How long a request is known again by its key.
const KEY_MS: i64 = 24 * 3_600_000;

/// How a request is to be taken: once, and only upon what its sender saw.
#[derive(Debug, Clone, Copy, Default)]
pub struct Terms<'a> {
    /// By which the same request is known when it comes again.
    pub key: Option<&'a str>,
    /// The version of the record that the sender saw.
    pub seen: Option<&'a str>,
}

impl Tenant {
    /// Carries out `{"do": ..}`, or all commands of `{"group": [..]}` or none; answers the line of
    /// JSON that says what became true.
    pub fn perform(
        &mut self,
        session: &Session,
        body: &Json,
        terms: Terms<'_>,
    ) -> Result<String, ServerError> {
        let Some(group) = body.get("group") else {
            let command = Command::parse(&body.to_string(), &self.registry)?;
            return self.perform_all(session, &[command], false, terms);
        };
        let wrong = || {
            let message = format!("`group` is a list of 1 to {GROUP_MAX} commands");
            ServerError::bad_input("bad_group", message).about("group")
        };
        let listed = group.as_array().ok_or_else(wrong)?;
        if listed.is_empty() || listed.len() > GROUP_MAX {
            return Err(wrong());
        }
        let mut commands = Vec::new();
        for command in listed {
            commands.push(Command::parse(&command.to_string(), &self.registry)?);
        }
        self.perform_all(session, &commands, true, terms)
    }

    /// Makes a record of these fields, as [`Tenant::perform`] does with `add`.
    pub fn make(
        &mut self,
        session: &Session,
        object: &str,
        body: &Json,
        terms: Terms<'_>,
    ) -> Result<String, ServerError> {
        let mut command = json!({ "do": "add", "object": object });
        let mut fields = flat(body)?;
        if let Some(id) = fields.remove("id") {
            command["id"] = id;
        }
        command["fields"] = Json::Object(fields);
        self.perform(session, &command, terms)
    }

    /// Changes these fields of a record, as [`Tenant::perform`] does with `edit`.
    pub fn change(
        &mut self,
        session: &Session,
        object: &str,
        id: &str,
        body: &Json,
        terms: Terms<'_>,
    ) -> Result<String, ServerError> {
        self.get(session, object, id)?;
        let fields = flat(body)?;
        let command = json!({ "do": "edit", "object": object, "id": id, "fields": fields });
        self.perform(session, &command, terms)
    }

    /// Nothing is deleted: says by which verbs a record of the object ends.
    pub fn never_deleted(&self, session: &Session, object: &str) -> Result<String, ServerError> {
        let descriptor = self.readable(session, object)?;
        let closed = descriptor.lifecycle.iter().flat_map(|of| &of.closed);
        let closed: Vec<&String> = closed.collect();
        let mut ending = Vec::new();
        for (name, verb) in &descriptor.verbs {
            if verb.to.as_ref().is_some_and(|to| closed.contains(&to)) {
                ending.push(format!("`{name}`"));
            }
        }
        let how = if ending.is_empty() {
            "change what is wrong".to_owned()
        } else {
            format!("it ends by {}", ending.join(" or "))
        };
        let message = format!("a `{object}` is never deleted; {how}");
        Err(ServerError::new(
            ErrorKind::WrongMethod,
            "never_deleted",
            message,
        ))
    }

    fn perform_all(
        &mut self,
        session: &Session,
        commands: &[Command],
        as_group: bool,
        terms: Terms<'_>,
    ) -> Result<String, ServerError> {
        let context = self.context_of(Seat::Person(session))?;
        let request = request_hash(self, commands, terms);
        let tx = store::open::begin(&self.db)?;
        if let Some(answer) = answered(&tx, session, terms.key, request)? {
            return Ok(answer);
        }
        let mut done = Vec::new();
        for command in commands {
            self.check_seen(&tx, command, terms)?;
            let seat = Seat::Person(session);
            let decision = self.decide_and_apply(&tx, seat, &context, command)?;
            self.end_access(&tx, &decision.writes)?;
            self.note_writes(&tx, seat, &decision.writes)?;
            done.push(CarriedOut { command, decision });
        }
        let answer = self.told(&tx, &done, as_group)?;
        keep_answer(&tx, session, terms.key, request, &answer)?;
        self.witness.commit(tx)?;
        Ok(answer)
    }

    /// Refuses a change of what is no longer as its sender saw it, and shows what it is now.
    fn check_seen(&self, db: &Db, command: &Command, terms: Terms<'_>) -> Result<(), ServerError> {
        let (Some(seen), Command::Edit { object, id, fields }) = (terms.seen, command) else {
            return Ok(());
        };
        let Some(record) = tables::read(db, &*self.descriptor(object)?, *id)? else {
            return Ok(());
        };
        if seen == "*" || seen == etag(db, &record)? {
            return Ok(());
        }
        let message = "somebody changed the record meanwhile; look at `current` and send again \
                       what you still want, upon its version";
        let mut error = ServerError::new(ErrorKind::Changed, "changed_meanwhile", message);
        error.fields = fields.keys().cloned().collect();
        error.numbers.insert("yours".to_owned(), json!(fields));
        error.numbers.insert("current".to_owned(), record.to_json());
        Err(error)
    }

    /// What became true, record by record; of what changed nothing, the record as it is.
    fn told(
        &self,
        db: &Db,
        commands: &[CarriedOut<'_>],
        as_group: bool,
    ) -> Result<String, ServerError> {
        let mut done = Vec::new();
        for CarriedOut { command, decision } in commands {
            let shown = decision.writes.iter().find(|write| write.id == decision.id);
            let object = match shown {
                Some(write) => Some(write.object.as_str()),
                None => command.object(&self.registry),
            };
            let record = match object {
                Some(object) => tables::read(db, &*self.descriptor(object)?, decision.id)?,
                None => None,
            };
            let data =
                record.map_or_else(|| json!({ "changed": false }), |record| record.to_json());
            done.push((decision.id.to_string(), data));
        }
        if let ([(id, data)], false) = (done.as_slice(), as_group) {
            return Ok(envelope::done(Some(id), &data.to_string()));
        }
        let group = done.into_iter();
        let group: Json = group
            .map(|(id, data)| json!({ "id": id, "data": data }))
            .collect();
        Ok(envelope::done(None, &group.to_string()))
    }
}

/// A command and what it came to.
struct CarriedOut<'a> {
    command: &'a Command,
    decision: Decision,
}

/// The version of a record as a header says it: of a document that of its heads, else that of its
/// values.
pub(crate) fn etag(db: &Db, record: &Record) -> Result<String, ServerError> {
    let version = match documents::heads(db, record.id)? {
        Some(heads) => Version::of_heads(&heads),
        None => Record::row_version(&record.values),
    };
    Ok(format!("\"{:016x}\"", version.0))
}

/// Values by path, of values by name and of lines as objects by line id: the form in which records
/// are told.
fn flat(body: &Json) -> Result<Map<String, Json>, ServerError> {
    let Json::Object(members) = body else {
        let message = "the body is a JSON object of values by field";
        return Err(ServerError::bad_input("bad_json", message));
    };
    let mut fields = Map::new();
    for (name, value) in members {
        let Json::Object(lines) = value else {
            fields.insert(name.clone(), value.clone());
            continue;
        };
        for (line, values) in lines {
            let Json::Object(values) = values else {
                fields.insert(format!("{name}/{line}"), values.clone());
                continue;
            };
            for (field, value) in values {
                fields.insert(format!("{name}/{line}/{field}"), value.clone());
            }
        }
    }
    Ok(fields)
}

/// Names what was asked, so that another request under the same key is noticed.
fn request_hash(tenant: &Tenant, commands: &[Command], terms: Terms<'_>) -> ChangeHash {
    let mut asked = terms.seen.unwrap_or_default().as_bytes().to_vec();
    for command in commands {
        asked.push(0);
        asked.extend(command.to_json(&tenant.registry).into_bytes());
    }
    ChangeHash::of(&asked)
}

fn answered(
    db: &Db,
    session: &Session,
    key: Option<&str>,
    request: ChangeHash,
) -> Result<Option<String>, ServerError> {
    let Some(key) = key else { return Ok(None) };
    if key.is_empty() || key.len() > KEY_BYTES_MAX {
        let message = format!("an `Idempotency-Key` has 1 to {KEY_BYTES_MAX} bytes");
        return Err(ServerError::bad_input("bad_key", message));
    }
    let found: Option<(Vec<u8>, String)> = db
        .prepare_cached(
            "SELECT request, answer FROM answered WHERE user = ?1 AND key = ?2 AND at > ?3",
        )?
        .query_row(
            params![session.user.as_bytes(), key, session.now.0 - KEY_MS],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .optional()?;
    match found {
        None => Ok(None),
        Some((before, answer)) if before == request.0 => Ok(Some(answer)),
        Some(_) => {
            let message = "another request had this `Idempotency-Key`; take a new one";
            Err(ServerError::refused("key_reused", message))
        }
    }
}

fn keep_answer(
    db: &Db,
    session: &Session,
    key: Option<&str>,
    request: ChangeHash,
    answer: &str,
) -> Result<(), ServerError> {
    let Some(key) = key else { return Ok(()) };
    db.prepare_cached("DELETE FROM answered WHERE at <= ?1")?
        .execute([session.now.0 - KEY_MS])?;
    db.prepare_cached(
        "INSERT OR REPLACE INTO answered (user, key, request, answer, at)
         VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![
        session.user.as_bytes(),
        key,
        &request.0[..],
        answer,
        session.now.0
    ])?;
    Ok(())
}
