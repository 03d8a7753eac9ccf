//! The beginning of a tenant's ledger.
//! It does not know what figures mean.

use outfield_core::store::{self, meta, tables};

use super::execute::Seat;
use super::journal::Cause;
use super::ledger::{Adjusted, adjust};
use crate::error::ServerError;
use crate::tenant::Tenant;

impl Tenant {
    /// Pots from before there was a ledger enter it as they stand, once.
    pub(crate) fn open_books(&mut self) -> Result<(), ServerError> {
        if meta::get(&self.db, BOOKS)?.is_some() {
            return Ok(());
        }
        let context = self.context_of(Seat::Operator)?;
        let cause = Cause {
            context: &context,
            why: "opening",
        };
        let tx = store::open::begin(&self.db)?;
        let store = self.store(&tx);
        for descriptor in self.registry.kept() {
            if descriptor.fields.values().all(|field| field.pot.is_none()) {
                continue;
            }
            for id in tables::ids(&tx, descriptor)? {
                if let Some(row) = tables::read(&tx, descriptor, id)? {
                    let adjusted = Adjusted {
                        row: &row,
                        before: None,
                        number: 0,
                    };
                    adjust(&store, cause, descriptor, &adjusted)?;
                }
            }
        }
        meta::set(&tx, BOOKS, "open")?;
        Ok(self.witness.commit(tx)?)
    }
}

/// The key under which a tenant remembers that its ledger was begun.
const BOOKS: &str = "books";
