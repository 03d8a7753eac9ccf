//! What is put back and what is backed up, from outside: a server's folder comes back in every way
//! that there is, and backups of it are taken while people work, are killed, damaged and restored.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod copies;
mod put_back;
