//! Spoils a phone's file on purpose, so that a test can see the proof fail. It works behind the back of all rules.

use std::path::Path;

use outfield_core::base::id::RecordId;
use outfield_core::domain;
use outfield_core::objects::{Value, Values};
use outfield_core::store::{self, tables};

use crate::error::ServerError;

/// A way to spoil a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Defect {
    /// A visit is not there.
    LoseVisit,
    /// A visit is there twice.
    DoubleVisit,
    /// An edit of an e-mail address was lost.
    ForgetEmail,
}

impl Defect {
    /// The names by which defects are asked for.
    pub const NAMES: [&'static str; 3] = ["lose-visit", "double-visit", "forget-email"];

    /// The defect of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Defect> {
        match name {
            "lose-visit" => Some(Defect::LoseVisit),
            "double-visit" => Some(Defect::DoubleVisit),
            "forget-email" => Some(Defect::ForgetEmail),
            _ => None,
        }
    }
}

/// Spoils the file of a phone on which this visit and this contact are.
pub(super) fn forge(db: &Path, defect: Defect, (visit, contact): (&str, &str)) -> Result<(), ServerError> {
    let db = store::open::open(db, store::PHONE)?;
    let registry = domain::registry().map_err(|_| ServerError::broken("the objects do not load"))?;
    let object = |name: &str| registry.get(name).ok_or_else(|| ServerError::broken(format!("no object `{name}`")));
    let id = |text: &str| text.parse::<RecordId>().map_err(ServerError::broken);
    match defect {
        Defect::LoseVisit => tables::remove(&db, object("visit")?, id(visit)?)?,
        Defect::DoubleVisit => {
            if let Some(mut twin) = tables::read(&db, object("visit")?, id(visit)?)? {
                twin.id = RecordId::derived(&[visit.as_bytes()]);
                tables::put(&db, object("visit")?, &twin)?;
            }
        }
        Defect::ForgetEmail => {
            let values = Values::from([("email".to_owned(), Value::Null)]);
            tables::patch(&db, object("contact")?, id(contact)?, &values, None)?;
        }
    }
    Ok(())
}
