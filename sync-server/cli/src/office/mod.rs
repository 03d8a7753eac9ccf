//! What the office does by itself, on the data folder, while the server runs or not.
//! It does not know how a tenant keeps what it is told.

pub(crate) mod import;
mod objects;
mod open;
mod people;
mod records;

pub(crate) use objects::object;
pub(crate) use people::{device, tenant, territory, user};
pub(crate) use records::{check, put, quarantine, trail};
