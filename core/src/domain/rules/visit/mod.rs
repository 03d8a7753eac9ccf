//! Visits: checking in and out, their actions and surveys, and what follows up on them.
//! It does not know prices nor stock.

pub mod actions;
pub mod check_in;
pub mod follow_up;
pub mod survey;
