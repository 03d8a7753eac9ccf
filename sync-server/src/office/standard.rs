//! What a tenant sells by until the office says otherwise: an order policy, two tax classes and one
//! price list. It does not know what they mean; the file beside it says what they hold.

use outfield_core::base::context::Context;
use outfield_core::base::id::RecordId;
use outfield_core::domain::rules::names::ORDER_POLICY;
use outfield_core::objects::{Value, Values, Write};
use outfield_core::store::{self, Db, query, tables};
use serde::Deserialize;

use crate::error::ServerError;
use crate::tenant::Tenant;
use crate::work::execute::Seat;

/// One row to begin with.
#[derive(Deserialize)]
struct StandardRow {
    object: String,
    values: Values,
}

/// The id of the row of this name that every tenant begins with.
#[must_use]
pub fn standard_id(object: &str, name: &str) -> RecordId {
    RecordId::derived(&[b"standard", object.as_bytes(), name.as_bytes()])
}

impl Tenant {
    /// Writes what is missing of the standard rows; a policy only where the tenant has no default
    /// one.
    pub fn standardise(&mut self) -> Result<(), ServerError> {
        let context = self.context_of(Seat::Operator)?;
        let tx = store::open::begin(&self.db)?;
        self.standardise_in(&tx, &context)?;
        Ok(self.witness.commit(tx)?)
    }

    pub(crate) fn standardise_in(&self, db: &Db, context: &Context) -> Result<(), ServerError> {
        let rows: Vec<StandardRow> =
            serde_json::from_str(include_str!("standard.json")).map_err(ServerError::broken)?;
        for StandardRow { object, values } in rows {
            let descriptor = self.descriptor(&object)?;
            let name = values.get("name").and_then(Value::text).unwrap_or_default();
            let id = standard_id(&object, name);
            let has_default = object == ORDER_POLICY
                && !query::find(db, &descriptor, &[("is_default", Value::Bool(true))])?.is_empty();
            if !has_default && tables::read(db, &descriptor, id)?.is_none() {
                self.apply(
                    db,
                    context,
                    &[Write {
                        object,
                        id,
                        new: true,
                        values,
                        verb: None,
                    }],
                )?;
            }
        }
        Ok(())
    }
}
