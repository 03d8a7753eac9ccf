//! One tenant's open file, and its open documents. It does not know who is in, nor what is asked.

pub(crate) mod cache;
mod open;

pub use open::Tenant;
