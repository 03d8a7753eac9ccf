//! What the business rules promise, sentence by sentence, over records in memory.
//! It knows no store, no merge and no wire.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a broken promise is to fail its test"
)]

mod actions;
mod commands;
mod condition_problems;
mod condition_properties;
mod conditions;
mod conflicts;
mod descriptors;
mod edits;
mod figures;
mod follow_ups;
mod ledger;
mod ledger_problems;
mod order_money;
mod orders;
mod perfect;
mod requirements;
mod rights;
mod shelf;
mod shelf_arithmetic;
mod shelf_checks;
mod shop;
mod standings;
mod support;
mod surveys;
mod verdicts;
mod visits;
