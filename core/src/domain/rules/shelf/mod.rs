//! What stands on a shelf and what should: counts, their arithmetic, assortments.
//! It does not know who visits, nor what is sold.

pub mod arithmetic;
pub mod assortment;
pub mod counting;
pub mod inventory;
