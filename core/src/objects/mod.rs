//! What an object is: descriptors as data, records as flat paths to scalars, conflicts, scope.
//! It names no object and knows neither storage, Automerge nor the wire.

pub mod check;
pub mod condition;
pub mod conflict;
pub mod descriptor;
pub mod edit;
pub mod extension;
pub mod number;
pub mod path;
pub mod publish;
pub mod reader;
pub mod record;
pub mod registry;
pub mod requirement;
pub mod right;
pub mod scalar;
pub mod scope;
pub mod value;

pub use condition::Condition;
pub use conflict::{Conflict, ConflictState, Side};
pub use descriptor::{Descriptor, Field, FieldKind, Kind, Verb};
pub use edit::Write;
pub use path::Path;
pub use publish::Publication;
pub use reader::{ReadError, Reader};
pub use record::{Record, Stamp, Values};
pub use registry::{FoundVerb, Registry};
pub use requirement::Requirement;
pub use right::Right;
pub use scope::Bucket;
pub use value::Value;
