//! What fuzzing asserts, one function a target: bytes in, and whatever does not hold panics.
//! `tests/fuzz` feeds them with bytes that a fuzzer finds; `tests/tests/corpus.rs` with those that
//! it found. It does not know where bytes come from.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod codes;
mod conditions;
mod descriptors;
mod frames;
mod gate;
mod import;
mod pieces;
mod query;

pub use codes::codes;
pub use descriptors::descriptors;
pub use frames::frames;
pub use gate::gate;
pub use import::import;
pub use query::query;

/// What takes the bytes of a target.
pub type FuzzTarget = fn(&[u8]);

/// Every target by its name.
pub const TARGETS: &[(&str, FuzzTarget)] = &[
    ("codes", codes),
    ("descriptors", descriptors),
    ("frames", frames),
    ("gate", gate),
    ("import", import),
    ("query", query),
];
