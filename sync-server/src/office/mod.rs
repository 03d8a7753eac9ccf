//! What the office does by itself: people and devices, published objects, imports, questions.
//! It does not know how it was asked.

mod admin;
mod check;
mod check_blobs;
mod check_file;
mod check_ledger;
mod commands;
mod devices;
mod files;
mod import;
mod queries;
mod questions;
mod refer;
mod standard;
mod trail;

pub use admin::folded;
pub(crate) use check_file::faults_of_file;
pub use commands::Terms;
pub use devices::Applicant;
pub use import::{Imported, ImportedTable, RefusedImport, imported_id};
pub(crate) use questions::basket_too_large;
pub use standard::standard_id;
