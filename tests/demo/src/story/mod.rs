//! The story: who takes part, what the office wants of the day, and what happens. It does not know
//! what is proven of it.

pub(crate) mod cast;
mod day;
pub(crate) mod evening;
pub(crate) mod figures;
mod first_visit;
pub(crate) mod forge;
mod gather;
pub(crate) mod home;
pub(crate) mod office;
pub(crate) mod road;
mod trouble;
mod visit;
