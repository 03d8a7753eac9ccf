//! Spoils a phone's file on purpose, or what a phone showed, so that a test can see the proof fail.
//! It works behind the back of all rules.

use std::path::{Path, PathBuf};
use std::{fs, io};

use outfield_core::base::id::RecordId;
use outfield_core::domain;
use outfield_core::objects::{ConflictState, Descriptor, Record, Registry, Value, Values};
use outfield_core::store::{self, DatabaseKey, Db, conflicts, query, tables};
use outfield_server::error::ServerError;
use serde_json::Value as Json;

use super::cast::Cast;
use super::evening::SeenOnPhones;
use crate::defect::PlantedDefect;

/// Ben's file.
struct SpoiledFile {
    db: Db,
    registry: Registry,
}

impl SpoiledFile {
    fn object(&self, name: &str) -> Result<&Descriptor, ServerError> {
        match self.registry.get(name) {
            Some(object) => Ok(object),
            None => Err(ServerError::broken(format!("no object `{name}`"))),
        }
    }

    fn set(&self, object: &str, id: &str, path: &str, value: Value) -> Result<(), ServerError> {
        let values = Values::from([(path.to_owned(), value)]);
        let id = record_id(id)?;
        tables::patch(&self.db, self.object(object)?, id, &values, None)?;
        Ok(())
    }

    fn remove(&self, object: &str, id: &str) -> Result<(), ServerError> {
        let id = record_id(id)?;
        tables::remove(&self.db, self.object(object)?, id)?;
        Ok(())
    }

    /// The records with this value.
    fn find(&self, object: &str, field: &str, value: &str) -> Result<Vec<Record>, ServerError> {
        let wanted = [(field, Value::from(value))];
        Ok(query::find(&self.db, self.object(object)?, &wanted)?)
    }

    /// The id of the first record with this value.
    fn first(&self, object: &str, field: &str, value: &str) -> Result<String, ServerError> {
        let found = self.find(object, field, value)?;
        Ok(found
            .first()
            .map(|record| record.id.to_string())
            .unwrap_or_default())
    }

    /// Puts a visit in a second time, under another id.
    fn double(&self, visit: &str) -> Result<(), ServerError> {
        let descriptor = self.object("visit")?;
        if let Some(mut twin) = tables::read(&self.db, descriptor, record_id(visit)?)? {
            twin.id = RecordId::derived(&[visit.as_bytes()]);
            tables::put(&self.db, descriptor, &twin)?;
        }
        Ok(())
    }

    /// Has all verdicts on an order say that it was confirmed.
    fn confirm(&self, order: &str) -> Result<(), ServerError> {
        for verdict in self.find("order_verdict", "order", order)? {
            let id = verdict.id.to_string();
            self.set("order_verdict", &id, "verdict", Value::from("confirmed"))?;
        }
        Ok(())
    }

    /// Makes a line of a confirmed order a cent dear.
    fn add_cent(&self) -> Result<(), ServerError> {
        let found = self.find("order_verdict", "verdict", "confirmed")?;
        let Some(verdict) = found.first() else {
            return Ok(());
        };
        let id = verdict.id.to_string();
        let lines = verdict.lines("lines");
        let line = lines.keys().next().copied().unwrap_or_default();
        let path = format!("lines/{line}/net");
        self.set("order_verdict", &id, &path, Value::from("0.01"))
    }

    /// Opens the conflicts about a record again, or takes a side of them away.
    fn spoil_conflict(&self, record: &str, opens: bool) -> Result<(), ServerError> {
        for mut conflict in conflicts::of_record(&self.db, record_id(record)?)? {
            if opens {
                conflict.state = ConflictState::Open;
            } else {
                conflict.sides.pop();
            }
            conflicts::put(&self.db, &conflict)?;
        }
        Ok(())
    }
}

fn record_id(text: &str) -> Result<RecordId, ServerError> {
    text.parse::<RecordId>().map_err(ServerError::broken)
}

/// Copies Ben's file into a folder of its own; answers where.
fn copied(db: &Path, defect: PlantedDefect) -> io::Result<PathBuf> {
    let (Some(from), Some(name)) = (db.parent(), db.file_name()) else {
        return Err(io::ErrorKind::NotFound.into());
    };
    let to = from.join(defect.name());
    fs::create_dir(&to)?;
    for file in fs::read_dir(from)? {
        let file = file?;
        let own = file.file_name();
        // What lies beside a database begins with its name.
        if own.as_encoded_bytes().starts_with(name.as_encoded_bytes()) {
            fs::copy(file.path(), to.join(&own))?;
        }
    }
    Ok(to.join(name))
}

/// Spoils a copy of Ben's file, or what his phone showed; answers where the copy is.
pub(crate) fn forge(
    cast: &Cast,
    seen: &mut SeenOnPhones,
    defect: PlantedDefect,
) -> Result<String, ServerError> {
    let copy = copied(Path::new(&cast.ben.db), defect).map_err(ServerError::broken)?;
    let key = fs::read_to_string(format!("{}.key", copy.display())).map_err(ServerError::broken)?;
    let key = DatabaseKey::read(key.trim()).ok_or_else(|| ServerError::broken("no key"))?;
    let registry = domain::registry();
    let file = SpoiledFile {
        db: store::locked::open(&copy, store::PHONE, &key)?,
        registry: registry.map_err(|_| ServerError::broken("the objects do not load"))?,
    };
    spoil(&file, cast, seen, defect)?;
    Ok(copy.display().to_string())
}

fn spoil(
    file: &SpoiledFile,
    cast: &Cast,
    seen: &mut SeenOnPhones,
    defect: PlantedDefect,
) -> Result<(), ServerError> {
    let found = &cast.found;
    let (visit, maria) = (&found.passed_by, &found.maria);
    match defect {
        PlantedDefect::LoseVisit => file.remove("visit", visit),
        PlantedDefect::DoubleVisit => file.double(visit),
        PlantedDefect::MoveVisit => {
            let day = Value::from("2001-01-01");
            file.set("visit", visit, "started_on", day)
        }
        PlantedDefect::ForgetEmail => file.set("contact", maria, "email", Value::Null),
        PlantedDefect::LoseCount => {
            let line = format!("counts/{}~{}/facings", cast.products[0], cast.ann.user);
            file.set("inventory_check", &found.shelf_check, &line, Value::Null)
        }
        PlantedDefect::SwapSides => {
            swap(seen);
            Ok(())
        }
        PlantedDefect::LoseSide => file.spoil_conflict(maria, false),
        PlantedDefect::ReopenConflict => file.spoil_conflict(maria, true),
        PlantedDefect::LoseChoice => {
            let choice = file.first("conflict_resolution", "record", maria)?;
            file.remove("conflict_resolution", &choice)
        }
        PlantedDefect::ForgetRefusal => file.confirm(&found.refused_order),
        PlantedDefect::AddCent => file.add_cent(),
        PlantedDefect::Overdraw => {
            let figure = file.first("credit_figure", "currency", "USD")?;
            let used = Value::from("499.99");
            file.set("credit_figure", &figure, "used", used)
        }
    }
}

/// Has Ben's phone have shown mine as theirs.
fn swap(seen: &mut SeenOnPhones) {
    for (who, shown) in &mut seen.conflicts {
        if *who != "Ben" {
            continue;
        }
        let (mine, theirs) = (shown[0]["mine"].clone(), shown[0]["theirs"].clone());
        if let Some(conflict) = shown.get_mut(0).and_then(Json::as_object_mut) {
            conflict.insert("mine".to_owned(), theirs);
            conflict.insert("theirs".to_owned(), mine);
        }
    }
}
