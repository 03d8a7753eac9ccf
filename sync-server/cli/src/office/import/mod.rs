//! Imports accounts and products from a CSV file. It does not know what a tenant does with a row
//! that it has; the tenant compares by key.

mod columns;
mod csv;
mod product_import;
mod rows;
mod run;
mod target;
mod territories;

pub(crate) use run::import;
pub use run::import_text;
