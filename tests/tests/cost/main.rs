//! What a bad client can cost a real server: each attack that was found is refused, or bounded, and
//! honest work goes on beside it. Work, bytes and memory are counted; no test asks a clock.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "what helps a test may fail it"
)]

mod bounds;
mod calls;
mod competing;
mod shares;
