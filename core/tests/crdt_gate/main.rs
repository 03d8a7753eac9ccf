//! The gate: what honest writers make passes as it is, all else is refused with a reason and
//! without delay.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "what helps a test may fail it"
)]

mod forged;
mod passes;
mod refused;
