//! What one person sees of a tenant: the records of the buckets that the person follows.
//! It does not know who the person is.

use outfield_core::base::id::{ConflictId, RecordId};
use outfield_core::objects::{Conflict, ReadError, Reader, Record, Value};
use outfield_core::store::{StoreReader, members};

use super::reach::Reach;

/// The store as a device could know it when it wrote: what its person never reached is not there.
pub(crate) struct ReachReader<'a> {
    /// All there is.
    pub(crate) all: StoreReader<'a>,
    /// What the person reaches.
    pub(crate) reach: &'a Reach,
}

impl ReachReader<'_> {
    fn see(&self, id: RecordId) -> Result<bool, ReadError> {
        let sees = self.reach.sees(self.all.db, id);
        sees.map_err(|error| ReadError(error.to_string()))
    }
}

impl Reader for ReachReader<'_> {
    fn record(&self, object: &str, id: RecordId) -> Result<Option<Record>, ReadError> {
        if self.see(id)? {
            self.all.record(object, id)
        } else {
            Ok(None)
        }
    }

    fn holds(&self, object: &str, id: RecordId) -> Result<bool, ReadError> {
        Ok(self.see(id)? && self.all.holds(object, id)?)
    }

    fn find(&self, object: &str, wanted: &[(&str, Value)]) -> Result<Vec<Record>, ReadError> {
        let mut seen = Vec::new();
        for record in self.all.find(object, wanted)? {
            if self.see(record.id)? {
                seen.push(record);
            }
        }
        Ok(seen)
    }

    fn last_number(&self, series: &str) -> Result<u64, ReadError> {
        self.all.last_number(series)
    }

    fn conflict(&self, id: ConflictId) -> Result<Option<Conflict>, ReadError> {
        self.all.conflict(id)
    }

    fn open_conflicts(&self, record: RecordId) -> Result<Vec<Conflict>, ReadError> {
        self.all.open_conflicts(record)
    }
}

/// The store as the devices of one person hold it: what is in none of the person's buckets is not
/// there.
pub(crate) struct ScopedReader<'a> {
    /// All there is.
    pub(crate) all: StoreReader<'a>,
    /// The buckets that the person follows.
    pub(crate) buckets: &'a [String],
}

impl ScopedReader<'_> {
    fn see(&self, id: RecordId) -> Result<bool, ReadError> {
        Ok(members::is_member(self.all.db, id, self.buckets)?)
    }
}

impl Reader for ScopedReader<'_> {
    fn record(&self, object: &str, id: RecordId) -> Result<Option<Record>, ReadError> {
        if self.see(id)? {
            self.all.record(object, id)
        } else {
            Ok(None)
        }
    }

    fn holds(&self, object: &str, id: RecordId) -> Result<bool, ReadError> {
        Ok(self.see(id)? && self.all.holds(object, id)?)
    }

    fn find(&self, object: &str, wanted: &[(&str, Value)]) -> Result<Vec<Record>, ReadError> {
        let mut seen = Vec::new();
        for record in self.all.find(object, wanted)? {
            if self.see(record.id)? {
                seen.push(record);
            }
        }
        Ok(seen)
    }

    fn last_number(&self, series: &str) -> Result<u64, ReadError> {
        self.all.last_number(series)
    }

    fn conflict(&self, id: ConflictId) -> Result<Option<Conflict>, ReadError> {
        let conflict = self.all.conflict(id)?;
        let sees = conflict
            .as_ref()
            .map_or(Ok(false), |conflict| self.see(conflict.record))?;
        Ok(conflict.filter(|_| sees))
    }

    fn open_conflicts(&self, record: RecordId) -> Result<Vec<Conflict>, ReadError> {
        if self.see(record)? {
            self.all.open_conflicts(record)
        } else {
            Ok(Vec::new())
        }
    }
}
