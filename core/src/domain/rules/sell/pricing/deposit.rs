//! What a deposit is: the container that comes with a unit of a product. It does not know baskets;
//! `container` counts them.

use crate::base::unit::Unit;

/// What goes out with one unit of a product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deposit {
    /// The unit; the base unit where none is named.
    pub unit: Option<Unit>,
    /// The container, a product itself.
    pub container: String,
    /// How many of them.
    pub count: u32,
}
