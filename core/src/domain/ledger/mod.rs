//! The one ledger: which movements between pots follow from a record that posts, and whether they
//! take a pot beyond its bound. It is pure: it reads through `Reader` and answers what is to be
//! written. It names no object, and knows neither tables nor who may post.

mod holding;
mod movement;
mod open_pots;
mod post;
mod run;
mod short;
mod view;

pub use movement::{HeldLine, Movement, Posted, PotChange};
pub use post::post;
pub use view::Ledger;
