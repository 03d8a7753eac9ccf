//! What proofs from outside share: this build's products, and the generator of bindings.
//! It does not know what is proved with them.

pub mod bindings;
pub mod products;
