//! What the office does by itself, on the data folder, while the server runs or not.
//! It does not know how a tenant keeps what it is told.

mod audit;
mod backup;
mod check;
mod csv_writer;
mod export;
pub(crate) mod import;
mod objects;
mod open;
mod parcels;
mod people;
mod reassign;
mod records;
mod shown;

pub(crate) use audit::audit;
pub(crate) use backup::{back_up, restore};
pub(crate) use check::check;
pub(crate) use export::export;
pub(crate) use objects::object;
pub(crate) use parcels::outbox;
pub(crate) use people::{device, tenant, territory, user};
pub(crate) use reassign::reassign;
pub(crate) use records::{clear_quarantine, put, quarantine, trail};
pub(crate) use shown::{get, list};
