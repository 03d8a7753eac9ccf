//! The one room that knows Automerge: one document per record, each key a path, each value a
//! scalar. It knows no business object, no storage and no wire.

mod ancestry;
pub mod competing;
mod continues;
pub mod document;
mod effort;
pub mod error;
pub mod gate;
mod past;
mod weight;
mod whole;

pub use document::{Applied, DOCUMENT_FULL, Document, touched};
pub use effort::{Effort, TOO_COSTLY};
pub use error::{CrdtError, GateError};
pub use gate::Vetted;
pub use weight::HistoryRoom;
