//! What the business rules promise, sentence by sentence, over records in memory.
//! It knows no store, no merge and no wire.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a broken promise is to fail its test"
)]

mod actions;
mod charges;
mod commands;
mod condition_problems;
mod condition_properties;
mod conditions;
mod conflicts;
mod descriptors;
mod edits;
mod figure_ranges;
mod figures;
mod follow_ups;
mod forms;
mod golden_taxes;
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
mod tax_classes;
mod templates;
mod verdicts;
mod visits;
