//! Carries requests to tenants and answers back; the one room that knows axum.
//! It does not know what is asked: `sync` and `office` do.

mod api;
mod attempts;
mod connection;
mod drain;
mod extract;
mod files;
mod health;
mod live;
mod lock;
mod noted;
mod pulse;
mod readiness;
mod respond;
mod router;
mod serve;
mod shares;
mod signals;
mod state;
mod sync;
mod tls;

pub use respond::status;
pub use serve::{ListenOptions, Until, serve};
pub use tls::TlsFiles;
