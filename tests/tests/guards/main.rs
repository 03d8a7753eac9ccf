//! Work that nobody else has yet is named before anything ends it, and comes to the office in
//! another way. Real processes, a real server, files.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod ending;
mod hand;
mod parcels;
