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
mod descriptors;
mod frames;
mod gate;
mod import;
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

/// Bytes cut into pieces, each with a kind and two bytes of length in front; the last may be
/// shorter than it says.
fn pieces(mut bytes: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    std::iter::from_fn(move || {
        let [kind, high, low, rest @ ..] = bytes else {
            return None;
        };
        let length = usize::from(u16::from_be_bytes([*high, *low])).min(rest.len());
        let (piece, rest) = rest.split_at(length);
        bytes = rest;
        Some((*kind, piece))
    })
}
