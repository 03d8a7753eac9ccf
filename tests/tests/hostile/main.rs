//! Hostile input from every side: changes, frames and requests against a real server, lies against
//! a phone. Afterwards honest work must go on. It does not know how input is checked.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "what helps a test may fail it"
)]

mod approvals;
mod bodies;
mod changes;
mod claims;
mod cursors;
mod forgers;
mod groups;
mod histories;
mod kept;
mod liars;
mod required;
mod rest;
mod victim;
