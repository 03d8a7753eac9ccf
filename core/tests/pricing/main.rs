//! What prices, taxes and codes promise: golden cases, sentences, properties, and a second, naive
//! pricing that must agree. It knows no store, no merge and no wire.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a broken promise is to fail its test"
)]

mod baskets;
mod differential;
mod entries;
mod golden;
mod naive;
mod promotions;
mod properties;
mod scans;
mod several_taxes;
mod strategies;
mod support;
