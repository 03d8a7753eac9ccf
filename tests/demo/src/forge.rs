//! Spoils a phone's file on purpose, or what a phone showed, so that a test can see the proof fail.
//! It works behind the back of all rules.

use std::path::{Path, PathBuf};
use std::{fs, io};

use outfield_core::base::id::RecordId;
use outfield_core::domain;
use outfield_core::objects::{ConflictState, Descriptor, Value, Values};
use outfield_core::store::{self, Db, conflicts, query, tables};
use serde_json::Value as Json;

use super::cast::Cast;
use super::evening::Seen;
use outfield_server::error::ServerError;

/// A way to spoil Ben's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Defect {
    /// A visit is not there.
    LoseVisit,
    /// A visit is there twice.
    DoubleVisit,
    /// An edit of an e-mail address was lost.
    ForgetEmail,
    /// Ann's count of the shelf that both counted is not there.
    LoseCount,
    /// One of the competing values of a conflict is not there.
    LoseSide,
    /// Ben was shown the other's value as his own.
    SwapSides,
    /// A conflict that was decided is open again.
    ReopenConflict,
    /// What somebody chose is not written down.
    LoseChoice,
    /// The refused order was confirmed at once.
    ForgetRefusal,
    /// A confirmed order has a line that is a cent dearer.
    AddCent,
    /// More of the credit is used than was sold.
    Overdraw,
    /// A visit counts as made by another day.
    MoveVisit,
}

/// The names by which defects are asked for.
const NAMED: [(&str, Defect); 12] = [
    ("lose-visit", Defect::LoseVisit),
    ("double-visit", Defect::DoubleVisit),
    ("forget-email", Defect::ForgetEmail),
    ("lose-count", Defect::LoseCount),
    ("lose-side", Defect::LoseSide),
    ("swap-sides", Defect::SwapSides),
    ("reopen-conflict", Defect::ReopenConflict),
    ("lose-choice", Defect::LoseChoice),
    ("forget-refusal", Defect::ForgetRefusal),
    ("add-cent", Defect::AddCent),
    ("overdraw", Defect::Overdraw),
    ("move-visit", Defect::MoveVisit),
];

impl Defect {
    /// The names by which defects are asked for.
    #[must_use]
    pub fn names() -> [&'static str; 12] {
        NAMED.map(|(name, _)| name)
    }

    /// The name by which it is asked for.
    #[must_use]
    pub fn name(self) -> &'static str {
        NAMED
            .iter()
            .find(|(_, defect)| *defect == self)
            .map_or("", |(name, _)| *name)
    }

    /// The defect of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Defect> {
        NAMED
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, defect)| *defect)
    }
}

/// Ben's file.
struct File {
    db: Db,
    registry: outfield_core::objects::Registry,
}

impl File {
    fn object(&self, name: &str) -> Result<&Descriptor, ServerError> {
        let known = self.registry.get(name);
        known
            .map(|object| &**object)
            .ok_or_else(|| ServerError::broken(format!("no object `{name}`")))
    }

    fn set(&self, object: &str, id: &str, (path, value): (&str, Value)) -> Result<(), ServerError> {
        let values = Values::from([(path.to_owned(), value)]);
        tables::patch(&self.db, self.object(object)?, of(id)?, &values, None)?;
        Ok(())
    }

    /// The id of the first record with this value.
    fn find(&self, object: &str, (field, value): (&str, &str)) -> Result<String, ServerError> {
        let found = query::find(
            &self.db,
            self.object(object)?,
            &[(field, Value::from(value))],
        )?;
        Ok(found
            .first()
            .map(|record| record.id.to_string())
            .unwrap_or_default())
    }
}

fn of(text: &str) -> Result<RecordId, ServerError> {
    text.parse::<RecordId>().map_err(ServerError::broken)
}

/// Copies Ben's file into a folder of its own; answers where.
fn copied(db: &Path, defect: Defect) -> io::Result<PathBuf> {
    let (Some(from), Some(name)) = (db.parent(), db.file_name()) else {
        return Err(io::ErrorKind::NotFound.into());
    };
    let to = from.join(defect.name());
    fs::create_dir(&to)?;
    for file in fs::read_dir(from)? {
        let file = file?;
        // What lies beside a database begins with its name.
        if file
            .file_name()
            .as_encoded_bytes()
            .starts_with(name.as_encoded_bytes())
        {
            fs::copy(file.path(), to.join(file.file_name()))?;
        }
    }
    Ok(to.join(name))
}

/// Spoils a copy of Ben's file, or what his phone showed; answers where the copy is.
pub(crate) fn forge(cast: &Cast, seen: &mut Seen, defect: Defect) -> Result<String, ServerError> {
    let copy = copied(Path::new(&cast.ben.db), defect).map_err(ServerError::broken)?;
    let db = store::open::open(&copy, store::PHONE)?;
    let file = File {
        db,
        registry: domain::registry().map_err(|_| ServerError::broken("the objects do not load"))?,
    };
    let (visit, maria, order) = (
        &cast.found.passed_by,
        &cast.found.maria,
        &cast.found.refused.0,
    );
    match defect {
        Defect::LoseVisit => tables::remove(&file.db, file.object("visit")?, of(visit)?)?,
        Defect::DoubleVisit => {
            if let Some(mut twin) = tables::read(&file.db, file.object("visit")?, of(visit)?)? {
                twin.id = RecordId::derived(&[visit.as_bytes()]);
                tables::put(&file.db, file.object("visit")?, &twin)?;
            }
        }
        Defect::MoveVisit => file.set("visit", visit, ("started_on", Value::from("2001-01-01")))?,
        Defect::ForgetEmail => file.set("contact", maria, ("email", Value::Null))?,
        Defect::LoseCount => {
            let line = format!("counts/{}~{}/facings", cast.products[0], cast.ann.user);
            file.set("inventory_check", &cast.found.shelf.1, (&line, Value::Null))?;
        }
        Defect::SwapSides => swap(seen),
        Defect::LoseSide | Defect::ReopenConflict => spoil_conflict(&file, of(maria)?, defect)?,
        Defect::LoseChoice => {
            let choice = file.find("conflict_resolution", ("record", maria))?;
            tables::remove(&file.db, file.object("conflict_resolution")?, of(&choice)?)?;
        }
        Defect::ForgetRefusal => {
            for verdict in query::find(
                &file.db,
                file.object("order_verdict")?,
                &[("order", Value::from(order.as_str()))],
            )? {
                file.set(
                    "order_verdict",
                    &verdict.id.to_string(),
                    ("verdict", Value::from("confirmed")),
                )?;
            }
        }
        Defect::AddCent => {
            let found = query::find(
                &file.db,
                file.object("order_verdict")?,
                &[("verdict", Value::from("confirmed"))],
            )?;
            if let Some(verdict) = found.first() {
                let line = verdict
                    .lines("lines")
                    .keys()
                    .next()
                    .map(|line| (*line).to_owned())
                    .unwrap_or_default();
                file.set(
                    "order_verdict",
                    &verdict.id.to_string(),
                    (&format!("lines/{line}/net"), Value::from("0.01")),
                )?;
            }
        }
        Defect::Overdraw => {
            let figure = file.find("credit_figure", ("currency", "USD"))?;
            file.set("credit_figure", &figure, ("used", Value::from("499.99")))?;
        }
    }
    Ok(copy.display().to_string())
}

fn spoil_conflict(file: &File, record: RecordId, defect: Defect) -> Result<(), ServerError> {
    for mut conflict in conflicts::of_record(&file.db, record)? {
        if defect == Defect::ReopenConflict {
            conflict.state = ConflictState::Open;
        } else {
            conflict.sides.pop();
        }
        conflicts::put(&file.db, &conflict)?;
    }
    Ok(())
}

fn swap(seen: &mut Seen) {
    for (_, shown) in seen.conflicts.iter_mut().filter(|(who, _)| *who == "Ben") {
        let (mine, theirs) = (shown[0]["mine"].clone(), shown[0]["theirs"].clone());
        if let Some(conflict) = shown.get_mut(0).and_then(Json::as_object_mut) {
            conflict.extend([("mine".to_owned(), theirs), ("theirs".to_owned(), mine)]);
        }
    }
}
