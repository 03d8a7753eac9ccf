//! Carries requests to tenants and answers back; the one room that knows axum.
//! It does not know what is asked: `sync` and `office` do.

mod api;
mod extract;
mod lock;
mod pull_limit;
mod respond;
mod router;
mod serve;
mod state;
mod sync;

pub use respond::status;
pub use serve::{Until, serve};
