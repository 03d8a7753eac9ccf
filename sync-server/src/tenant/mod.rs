//! One tenant's open file, and its open documents. It does not know who is in, nor what is asked.

pub(crate) mod cache;
pub(crate) mod gauges;
pub(crate) mod height;
mod open;
pub(crate) mod seal;
pub(crate) mod witness;

pub use open::Tenant;
pub(crate) use open::files_of;
