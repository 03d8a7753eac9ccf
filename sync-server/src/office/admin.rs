//! What the office does by itself: territories, users, published objects, single records.
//! It does not know who in the office asked, nor how it was typed.

use outfield_core::app::{DESCRIPTOR, descriptor_id};
use outfield_core::base::context::Role;
use outfield_core::base::id::{RecordId, UserId};
use outfield_core::base::version::Version;
use outfield_core::domain::rules::names::{TERRITORY, USER, VISIT_TEMPLATE};
use outfield_core::domain::{self, Command};
use outfield_core::objects::path::line_path;
use outfield_core::objects::{Bucket, Record, Value, Values, Write};
use outfield_core::store::{self, members, meta, tables};
use serde_json::{Value as Json, json};

use crate::error::ServerError;
use crate::tenant::Tenant;
use crate::tenant::height::Height;
use crate::work::EpochReason;
use crate::work::execute::{Seat, named};
use crate::work::log::{LogEntry, LogOp, append};

/// Names of buckets that one device may follow beside those of its territories.
const OWN_BUCKETS: usize = 2;
/// Territories of one user.
const TERRITORIES_MAX: usize = outfield_core::base::limits::BUCKETS_MAX - OWN_BUCKETS;

impl Tenant {
    /// Sets up a new tenant: its name and time zone, a visit template, and what it sells by to
    /// start with.
    pub fn found(&mut self, name: &str, time_zone: &str) -> Result<(), ServerError> {
        let template: Values = serde_json::from_str(include_str!("visit_template.json"))
            .map_err(ServerError::broken)?;
        let id = RecordId::derived(&[VISIT_TEMPLATE.as_bytes(), b"standard"]);
        let context = self.context_of(Seat::Operator)?;
        let tx = store::open::begin(&self.db)?;
        meta::set(&tx, "tenant", name)?;
        meta::set(&tx, "time_zone", time_zone)?;
        self.begin_epoch_in(&tx, EpochReason::Founded, Height::default())?;
        let about = json!({ "name": name, "time_zone": time_zone });
        self.note_office(&tx, "tenant_added", &about)?;
        self.apply(
            &tx,
            &context,
            &[Write {
                object: VISIT_TEMPLATE.to_owned(),
                id,
                new: true,
                values: template,
                verb: None,
            }],
        )?;
        self.standardise_in(&tx, &context)?;
        Ok(self.witness.commit(tx)?)
    }

    /// Adds a territory; the name must be new.
    pub fn add_territory(
        &mut self,
        name: &str,
        parent: Option<&str>,
    ) -> Result<RecordId, ServerError> {
        check_name(TERRITORY, name)?;
        if self.territory_named(name)?.is_some() {
            return Err(ServerError::bad_input(
                "exists",
                format!("there is a territory `{name}` already"),
            ));
        }
        let mut values = vec![("name", name.into())];
        if let Some(parent) = parent {
            values.push(("parent", self.territory(parent)?.to_string().into()));
        }
        self.add(TERRITORY, named(&values))
    }

    /// The territory of this name, in whatever spelling: `North`, `north` and ` NORTH ` are one.
    pub fn territory_named(&self, name: &str) -> Result<Option<RecordId>, ServerError> {
        if let Some(exact) = self.find(TERRITORY, "name", &name.into())?.first() {
            return Ok(Some(exact.id));
        }
        let (descriptor, wanted) = (self.descriptor(TERRITORY)?, folded(name));
        for id in tables::ids(&self.db, &descriptor)? {
            let record = tables::read(&self.db, &descriptor, id)?;
            let name = record.as_ref().and_then(|record| record.text("name"));
            if name.is_some_and(|name| folded(name) == wanted) {
                return Ok(Some(id));
            }
        }
        Ok(None)
    }

    /// Whether a record is there and has a value at this path.
    pub fn has_value(&self, object: &str, id: RecordId, path: &str) -> Result<bool, ServerError> {
        let record = tables::read(&self.db, &*self.descriptor(object)?, id)?;
        Ok(record.is_some_and(|record| !record.value(path).is_null()))
    }

    fn territory(&self, name: &str) -> Result<RecordId, ServerError> {
        self.territory_named(name)?.ok_or_else(|| {
            let message =
                format!("there is no territory `{name}`; `territory add {name}` makes it");
            ServerError::bad_input("unknown_territory", message)
        })
    }

    fn territories(&self, names: &[String]) -> Result<Vec<RecordId>, ServerError> {
        if names.len() > TERRITORIES_MAX {
            let message = format!(
                "a user has at most {TERRITORIES_MAX} territories; these are {}",
                names.len()
            );
            return Err(ServerError::bad_input("too_many_territories", message));
        }
        names.iter().map(|name| self.territory(name)).collect()
    }

    /// Adds a user who sees these territories, and a one-time enrolment code.
    pub fn add_user(
        &mut self,
        name: &str,
        role: Role,
        territory_names: &[String],
    ) -> Result<(UserId, String), ServerError> {
        check_name(USER, name)?;
        if !self.find(USER, "name", &name.into())?.is_empty() {
            let message =
                format!("there is a user `{name}` already; `user code {name}` makes a new code");
            return Err(ServerError::bad_input("exists", message));
        }
        let mut values = named(&[
            ("name", name.into()),
            ("role", role.name().into()),
            ("active", true.into()),
        ]);
        values.extend(territories(None, &self.territories(territory_names)?));
        let id = self.add(USER, values)?;
        let code = self.new_code(UserId(id.0))?;
        Ok((UserId(id.0), code))
    }

    /// Changes a user's role, territories, or whether the user may sign in; what is none stays.
    pub fn set_user(
        &mut self,
        name: &str,
        role: Option<Role>,
        territory_names: Option<&[String]>,
        active: Option<bool>,
    ) -> Result<UserId, ServerError> {
        let user = self.user_named(name)?;
        let before = self.person(user)?;
        let mut values = Values::new();
        if let Some(role) = role {
            values.insert("role".to_owned(), role.name().into());
        }
        if let Some(active) = active {
            values.insert("active".to_owned(), active.into());
        }
        if let Some(names) = territory_names {
            values.extend(territories(Some(&before), &self.territories(names)?));
        }
        self.execute(&Command::Edit {
            object: USER.to_owned(),
            id: user.into(),
            fields: values,
        })?;
        Ok(user)
    }

    /// A new one-time code for a user.
    pub fn user_code(&mut self, name: &str) -> Result<String, ServerError> {
        let user = self.user_named(name)?;
        self.new_code(user)
    }

    /// The user of this name or id.
    pub fn user_named(&self, name: &str) -> Result<UserId, ServerError> {
        if let Some(user) = self.find(USER, "name", &name.into())?.first() {
            return Ok(UserId(user.id.0));
        }
        let descriptor = self.descriptor(USER)?;
        if let Ok(id) = name.parse::<RecordId>()
            && tables::read(&self.db, &descriptor, id)?.is_some()
        {
            return Ok(UserId(id.0));
        }
        let message = format!("there is no user `{name}`; `user list` shows them");
        Err(ServerError::bad_input("unknown_user", message))
    }

    /// All records of an object that the office keeps, such as `device`, `user` or `territory`, as
    /// JSON.
    pub fn all(&self, object: &str) -> Result<Vec<Json>, ServerError> {
        let descriptor = self.descriptor(object)?;
        let ids = tables::ids(&self.db, &descriptor)?;
        let records = ids
            .into_iter()
            .filter_map(|id| tables::read(&self.db, &descriptor, id).transpose());
        records.map(|record| Ok(record?.to_json())).collect()
    }

    /// One record of any object, as JSON.
    pub fn record(&self, object: &str, id: RecordId) -> Result<Json, ServerError> {
        let record = tables::read(&self.db, &*self.descriptor(object)?, id)?;
        let missing = || ServerError::not_found(format!("there is no {object} `{id}`"));
        record.map(|record| record.to_json()).ok_or_else(missing)
    }

    /// Writes a record of any object as a person of the office would: makes it, or, where an id is
    /// given, changes what the values name.
    pub fn put(
        &mut self,
        object: &str,
        id: Option<RecordId>,
        values: Values,
    ) -> Result<RecordId, ServerError> {
        self.descriptor(object)?;
        let (object, fields) = (object.to_owned(), values);
        let command = match id {
            Some(id) => Command::Edit { object, id, fields },
            None => Command::Add { object, id, fields },
        };
        Ok(self.execute(&command)?.id)
    }

    fn add(&mut self, object: &str, fields: Values) -> Result<RecordId, ServerError> {
        let object = object.to_owned();
        let command = Command::Add {
            object,
            id: None,
            fields,
        };
        Ok(self.execute(&command)?.id)
    }

    /// Publishes a tenant's own object, or a newer version of it; every problem is named.
    pub fn publish(&mut self, file: &str, json: &str) -> Result<String, ServerError> {
        let mut registry = self.registry.clone();
        let descriptor = registry
            .publish(file, json, &domain::names())
            .map_err(|problems| {
                let fields = problems
                    .iter()
                    .map(|problem| problem.field.clone())
                    .collect();
                let text: Vec<String> = problems.iter().map(ToString::to_string).collect();
                ServerError {
                    fields,
                    ..ServerError::bad_input("bad_descriptor", text.join("; "))
                }
            })?;
        let id = descriptor_id(&descriptor.object);
        let tx = store::open::begin(&self.db)?;
        let version = registry.published(&descriptor.object);
        meta::put_descriptor(&tx, &descriptor.object, version, json)?;
        tables::ensure(&tx, &registry)?;
        let bucket = Bucket::Tenant.to_string();
        members::set(
            &tx,
            &bucket,
            id,
            DESCRIPTOR,
            Version::of_bytes(json.as_bytes()),
        )?;
        append(
            &tx,
            &bucket,
            LogEntry {
                object: DESCRIPTOR,
                id,
                op: LogOp::Descriptor,
                hash: None,
            },
        )?;
        let about = json!({ "object": descriptor.object, "version": version });
        self.note_office(&tx, "object_published", &about)?;
        self.witness.commit(tx)?;
        self.registry = registry;
        Ok(descriptor.object.clone())
    }
}

/// The values that give a user these territories and take all others away.
fn territories(before: Option<&Record>, now: &[RecordId]) -> Values {
    let mut values = Values::new();
    if let Some(before) = before {
        let mut held: Vec<&String> = before.values.keys().collect();
        held.retain(|path| path.starts_with("territories/"));
        values.extend(held.into_iter().map(|path| (path.clone(), Value::Null)));
    }
    for territory in now {
        let id = territory.to_string();
        let path = line_path("territories", &id, "territory");
        values.insert(path, id.into());
    }
    values
}

/// A name as it is compared with others: without blanks around it, and whether letters are capitals
/// or not.
#[must_use]
pub fn folded(name: &str) -> String {
    let words: Vec<&str> = name.split_whitespace().collect();
    words.join(" ").to_lowercase()
}

fn check_name(what: &str, name: &str) -> Result<(), ServerError> {
    if name.trim().is_empty() || name.len() > 100 || name.chars().any(char::is_control) {
        let message =
            format!("`{name}` is no name for a {what}: 1 to 100 printable characters are");
        return Err(ServerError::bad_input("bad_name", message));
    }
    Ok(())
}
