//! The store as rules see it: `objects::Reader` over typed tables.
//! It does not know who reads.

use super::schema::Db;
use super::{asks, conflicts, holds, numbers, query, tables};
use crate::base::decimal::Decimal;
use crate::base::id::{ConflictId, RecordId};
use crate::objects::ask::OpenAsk;
use crate::objects::{Conflict, Hold, PotAddress, ReadError, Reader, Record, Registry, Value};

/// Reads a database through the objects of a registry.
#[derive(Clone, Copy)]
pub struct StoreReader<'a> {
    /// The database, or an open transaction on it.
    pub db: &'a Db,
    /// The objects that are known.
    pub registry: &'a Registry,
}

impl Reader for StoreReader<'_> {
    fn record(&self, object: &str, id: RecordId) -> Result<Option<Record>, ReadError> {
        match self.registry.get(object) {
            Some(descriptor) => Ok(tables::read(self.db, descriptor, id)?),
            None => Ok(None),
        }
    }

    fn holds(&self, object: &str, id: RecordId) -> Result<bool, ReadError> {
        match self.registry.get(object) {
            Some(descriptor) => Ok(tables::holds(self.db, descriptor, id)?),
            None => Ok(false),
        }
    }

    fn find(&self, object: &str, wanted: &[(&str, Value)]) -> Result<Vec<Record>, ReadError> {
        match self.registry.get(object) {
            Some(descriptor) => Ok(query::find(self.db, descriptor, wanted)?),
            None => Ok(Vec::new()),
        }
    }

    fn last_number(&self, series: &str) -> Result<u64, ReadError> {
        Ok(numbers::last(self.db, series)?)
    }

    fn conflict(&self, id: ConflictId) -> Result<Option<Conflict>, ReadError> {
        Ok(conflicts::get(self.db, id)?)
    }

    fn open_conflicts(&self, record: RecordId) -> Result<Vec<Conflict>, ReadError> {
        Ok(conflicts::open_of(self.db, record)?)
    }

    fn set_aside(&self, record: RecordId) -> Result<Vec<Hold>, ReadError> {
        Ok(holds::of_record(self.db, record)?)
    }

    fn asks(&self) -> Result<Vec<OpenAsk>, ReadError> {
        Ok(asks::open(self.db)?)
    }

    fn pending(&self, pot: &PotAddress, except: RecordId) -> Result<Vec<Decimal>, ReadError> {
        Ok(asks::pending(self.db, pot, except)?)
    }
}
