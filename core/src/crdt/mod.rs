//! The one room that knows Automerge: one document per record, each key a path, each value a
//! scalar. It knows no business object, no storage and no wire.

mod ancestry;
pub mod competing;
pub mod document;
pub mod error;
pub mod gate;
mod past;

pub use document::{Applied, Document, touched};
pub use error::{CrdtError, GateError};
pub use gate::Vetted;
