//! The bodies of the targets, which are those of `outfield-tests`; taken as files, so that nothing
//! else of it is built.

#[path = "../../src/clock.rs"]
pub mod clock;
#[path = "../../src/crafter.rs"]
pub mod crafter;
#[path = "../../src/fuzz/mod.rs"]
pub mod fuzz;
