//! The one door through which rules read: each store implements it.
//! It does not know SQL.

use super::ask::OpenAsk;
use super::conflict::Conflict;
use super::pot::{Hold, PotAddress};
use super::record::Record;
use super::value::Value;
use crate::base::decimal::Decimal;
use crate::base::id::{ConflictId, RecordId};

/// The store could not answer; the text is for a log, not for a screen.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the store could not be read: {0}")]
pub struct ReadError(pub String);

/// Reads records as the screens show them: accepted and unsent work together.
pub trait Reader {
    /// The record with this id, if there is one here.
    fn record(&self, object: &str, id: RecordId) -> Result<Option<Record>, ReadError>;

    /// Whether there is a record with this id here.
    fn holds(&self, object: &str, id: RecordId) -> Result<bool, ReadError>;

    /// All records that have all of these values, in order of their ids. A line's field is named
    /// `lines/*/field`; lines that are removed do not count.
    fn find(&self, object: &str, wanted: &[(&str, Value)]) -> Result<Vec<Record>, ReadError>;

    /// The highest number of a series that was given here; 0 if none was.
    fn last_number(&self, series: &str) -> Result<u64, ReadError>;

    /// The conflict with this id, if there is one here.
    fn conflict(&self, id: ConflictId) -> Result<Option<Conflict>, ReadError>;

    /// The conflicts of a record that wait for a person.
    fn open_conflicts(&self, record: RecordId) -> Result<Vec<Conflict>, ReadError>;

    /// What is set aside for a record, by posting, line and pot. A device knows nothing of it.
    fn set_aside(&self, record: RecordId) -> Result<Vec<Hold>, ReadError>;

    /// What was asked of the server here and has no answer yet, the longest first.
    fn asks(&self) -> Result<Vec<OpenAsk>, ReadError>;

    /// By how much work that the server has not answered yet will change a pot; `except` is left
    /// out.
    fn pending(&self, pot: &PotAddress, except: RecordId) -> Result<Vec<Decimal>, ReadError>;
}
