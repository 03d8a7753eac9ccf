//! What stands on a shelf and what should: counts, their arithmetic, assortments.
//! It does not know who visits, nor what is sold.

pub mod arithmetic;
pub mod assortment;
pub mod counting;
pub mod inventory;

use crate::domain::named::Rule;
use crate::domain::proof::Proof;
use crate::domain::rules::names::{INVENTORY_CHECK, PRICE_CHECK, SHELF_COUNT};

pub(in crate::domain) const RULES: &[(&str, Rule)] = &[
    ("count", inventory::count),
    ("finish_count", inventory::finish_count),
    ("start_count", inventory::start_count),
];

pub(in crate::domain) const PROOFS: &[Proof] = &[
    Proof {
        kind: SHELF_COUNT,
        object: INVENTORY_CHECK,
        names_action: true,
        shows: counting::is_counted,
        ends: inventory::finished,
    },
    Proof {
        kind: PRICE_CHECK,
        object: INVENTORY_CHECK,
        names_action: false,
        shows: counting::has_prices,
        ends: |_| None,
    },
];
