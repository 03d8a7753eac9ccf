//! What prices, taxes and codes promise: golden cases and sentences. It knows no store, no merge and no wire.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a broken promise is to fail its test")]

mod baskets;
mod entries;
mod golden;
mod promotions;
mod scans;
mod support;
