//! A day of three reps, most of it without a network, lived by processes of their own, and the
//! proof that nothing of it was lost. It knows the commands of the binary alone: rules, merge and
//! sync happen in the processes that it starts.

mod command;
mod defect;
mod gather_evidence;
mod options;
mod page;
mod proof;
mod run;
mod stage;
mod story;
mod terminal;
mod what_to_try;

pub use command::main;
