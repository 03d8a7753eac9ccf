//! Writes rows as they are to be, with their place in the journal.
//! It does not know pots: whoever writes one has asked the ledger.

use outfield_core::base::id::RecordId;
use outfield_core::objects::{Descriptor, Record, Values, beside};
use outfield_core::store::{StoreReader, tables};

use super::apply::apply_row;
use super::journal::{self, Cause};
use crate::error::ServerError;

/// A row that was written, and the number of that in the journal.
pub(crate) struct SetRow {
    pub row: Record,
    pub number: i64,
}

/// Changes a row of which the server knows what it does to pots; none if nothing really changes.
pub(crate) fn set_row(
    store: &StoreReader<'_>,
    cause: Cause<'_>,
    descriptor: &Descriptor,
    id: RecordId,
    before: Option<Record>,
    written: &Values,
) -> Result<Option<SetRow>, ServerError> {
    let was = before.map(|record| record.values).unwrap_or_default();
    let mut values = was.clone();
    values.extend(written.clone());
    values.retain(|_, value| !value.is_null());
    let row = Record {
        object: descriptor.object.clone(),
        id,
        values,
        stamp: None,
    };
    let Some(number) = journal::append(store.db, cause, &was, &row)? else {
        return Ok(None);
    };
    apply_row(store, descriptor, &row)?;
    Ok(Some(SetRow { row, number }))
}

/// Changes fields of a record that the server alone writes, which lie beside it.
pub(crate) fn set_beside(
    store: &StoreReader<'_>,
    cause: Cause<'_>,
    object: &str,
    record: RecordId,
    mut values: Values,
) -> Result<(), ServerError> {
    let Some(side) = store.registry.beside(object) else {
        let message = format!("`{object}` has no field of the server's");
        return Err(ServerError::broken(message));
    };
    let id = beside::id_of(object, record);
    values.insert(beside::RECORD.to_owned(), record.to_string().into());
    let before = tables::read(store.db, side, id)?;
    set_row(store, cause, side, id, before, &values).map(drop)
}
