//! Selling: orders, what they cost, the limits they keep to, and the taxes.
//! It does not know visits.

pub mod order;
pub mod price_book;
pub mod pricing;
pub mod tax;
