//! The rules of single objects by area: what guards, rules, judges and questions of these names do.
//! The one place in the core where objects are named; each area hands out its tables.
//!
//! An area reads another's records by the names in `names`. Beyond that `sell` reads packaging of
//! `goods`, `conflict` the authors of `party`, and `figures` the arithmetic of those it counts.

pub mod conflict;
pub mod figures;
pub mod flow;
pub mod goods;
pub mod names;
pub mod party;
pub mod sell;
pub mod shelf;
pub mod visit;
