//! Outfield's core: what a field-sales app needs on a phone, offline, and what the server shares
//! with it.
//!
//! Rooms: `domain` (rules), `crdt` (Automerge), `media` (pictures), `store` (SQLite) and `sync`
//! (bytes) never import each other; all may use `base` and `objects`; `app` alone joins them.
//! `ARCHITECTURE.md` is the map.

pub mod app;
pub mod base;
pub mod crdt;
pub mod domain;
pub mod media;
pub mod objects;
pub mod store;
pub mod sync;
