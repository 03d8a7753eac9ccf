//! What queries promise: the answer of a naive reading, page by page, and nothing for those who ask
//! for what cannot be. It knows no wire.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a broken promise is to fail its test"
)]

mod attacks;
mod pages;
mod world;
