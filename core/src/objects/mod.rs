//! What an object is: descriptors as data, records as flat paths to scalars, conflicts, scope.
//! It names no object and knows neither storage, Automerge nor the wire.

pub mod ask;
pub mod beside;
pub mod check;
pub mod condition;
pub mod conflict;
pub mod descriptor;
pub mod edit;
pub mod extension;
pub mod number;
pub mod path;
pub mod posting;
pub mod pot;
pub mod publish;
pub mod query;
pub mod reader;
pub mod record;
pub mod registry;
pub mod requirement;
pub mod right;
pub mod scalar;
pub mod scope;
mod title;
mod typed;
pub mod value;
pub mod verdict_of;

pub use condition::Condition;
pub use conflict::{Conflict, ConflictState, Side};
pub use descriptor::{Descriptor, Field, FieldKind, Kind, TextForm, Verb};
pub use edit::Write;
pub use path::Path;
pub use posting::{Phase, Posting, PotEnd};
pub use pot::{Hold, Pot, PotAddress};
pub use publish::Publication;
pub use query::Query;
pub use reader::{ReadError, Reader};
pub use record::{Record, Stamp, Values};
pub use registry::{FoundVerb, Registry};
pub use requirement::Requirement;
pub use right::Right;
pub use scope::Bucket;
pub use value::Value;
pub use verdict_of::VerdictOf;
