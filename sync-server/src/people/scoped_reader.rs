//! What one person sees of a tenant: what the person follows, or reached as far as a device could
//! know. It does not know who the person is.

use outfield_core::base::decimal::Decimal;
use outfield_core::base::id::{ConflictId, RecordId};
use outfield_core::objects::ask::OpenAsk;
use outfield_core::objects::{Conflict, Hold, PotAddress, ReadError, Reader, Record, Value};
use outfield_core::store::{StoreReader, members};

use super::reach::Reach;

/// By what it is said which records are there for a person.
#[derive(Clone, Copy)]
pub(crate) enum Sight<'a> {
    /// Those of the buckets that the person follows now, as devices hold them.
    Follows(&'a [String]),
    /// Those that the person reaches, or did when a device wrote.
    Reaches(&'a Reach),
}

/// The store as one person sees it: what is out of sight is not there.
pub(crate) struct ScopedReader<'a> {
    /// All there is.
    pub(crate) all: StoreReader<'a>,
    /// What of it the person sees.
    pub(crate) sight: Sight<'a>,
}

impl ScopedReader<'_> {
    fn see(&self, id: RecordId) -> Result<bool, ReadError> {
        match self.sight {
            Sight::Follows(buckets) => Ok(members::is_member(self.all.db, id, buckets)?),
            Sight::Reaches(reach) => {
                let sees = reach.sees(self.all.db, id);
                sees.map_err(|error| ReadError(error.to_string()))
            }
        }
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

    fn set_aside(&self, record: RecordId) -> Result<Vec<Hold>, ReadError> {
        self.all.set_aside(record)
    }

    fn asks(&self) -> Result<Vec<OpenAsk>, ReadError> {
        self.all.asks()
    }

    fn pending(&self, pot: &PotAddress, except: RecordId) -> Result<Vec<Decimal>, ReadError> {
        self.all.pending(pot, except)
    }

    fn open_conflicts(&self, record: RecordId) -> Result<Vec<Conflict>, ReadError> {
        if self.see(record)? {
            self.all.open_conflicts(record)
        } else {
            Ok(Vec::new())
        }
    }
}
