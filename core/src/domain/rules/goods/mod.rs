//! What is sold: products with their units and codes, and what a scanner reads of them.
//! It does not know prices.

pub mod product;
pub mod scan;
