//! What is sold: products with their units and codes, and what a scanner reads of them.
//! It does not know prices.

mod carried;
pub mod deposit;
pub mod product;
pub mod scan;
mod store_label;

use crate::domain::named::{Guard, Question};

pub(in crate::domain) const GUARDS: &[(&str, Guard)] =
    &[("product_is_sound", product::product_is_sound)];

pub(in crate::domain) const QUESTIONS: &[(&str, Question)] = &[("scan", scan::asked)];
