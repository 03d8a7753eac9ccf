//! What proofs from outside share: this build's products and the generator of bindings; and a world
//! in one process: a server without a socket, phones on files of their own, a clock that a test
//! moves, and faults at will. Stories, batteries, properties and the simulation stand on it. For
//! hostile input there are crafted bytes, a real server as a child, calls by hand, and a server
//! that lies. It does not know what is proved.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

pub mod agree;
pub mod anew;
pub mod attacked;
pub mod behind;
pub mod bench;
pub mod bindings;
pub mod caller;
pub mod clock;
pub mod crafter;
pub mod dice;
pub mod files;
pub mod frail_line;
pub mod fuzz;
pub mod impostor;
pub mod keeper;
pub mod keys;
pub mod kill;
pub mod line;
pub mod phone;
pub mod pictures;
#[cfg(feature = "planted")]
pub mod power;
pub mod products;
pub mod samples;
#[cfg(feature = "planted")]
pub mod seeds;
pub mod served;
pub mod server;
#[cfg(feature = "planted")]
pub mod simulate;
pub mod small_bucket;
pub mod tidy;
pub mod world;

pub use clock::{Clock, Luck};
pub use line::{Fault, PhoneLine};
pub use phone::Phone;
pub use server::Server;
pub use world::World;
