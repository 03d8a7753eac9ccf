//! Names in place of ids, where somebody of the office types or reads a reference.
//! It does not know how names are matched: the core does, as for a phone.

use outfield_core::app::{Reference, refer, title};
use outfield_core::base::id::RecordId;

use crate::error::ServerError;
use crate::tenant::Tenant;

impl Tenant {
    /// The id of the record that somebody of the office means by an id or a unique name.
    pub fn refer(&self, reference: Reference<'_>) -> Result<String, ServerError> {
        Ok(refer(&self.store(&self.db), reference)?)
    }

    /// What people call a record, if it is there and has a name.
    pub fn title(&self, object: &str, id: RecordId) -> Result<Option<String>, ServerError> {
        Ok(title(&self.store(&self.db), object, id)?)
    }
}
