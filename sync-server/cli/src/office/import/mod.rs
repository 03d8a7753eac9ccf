//! Imports accounts and products from a file of rows: text with commas or other signs between its
//! cells, or a sheet of a workbook. It does not know what a tenant does with a row that it has; the
//! tenant compares by key.

mod batches;
mod cells;
mod columns;
mod csv;
mod days;
mod delimiter;
mod encoding;
mod failed_rows;
mod file_rows;
mod numbers;
mod product_import;
mod rows;
mod run;
mod source;
mod target;
mod territories;
mod workbook_bounds;
mod xlsx;

pub(crate) use run::import;
pub use run::import_bytes;
