//! The business rules: a command and what is known become writes or a refusal.
//! It knows no storage, no Automerge and no wire; it reads through `objects::Reader` alone.

pub mod admit;
mod amounts;
pub mod command;
pub mod condition;
pub mod decide;
pub mod decision;
pub mod ledger;
pub mod named;
mod phones;
pub mod proof;
pub mod query;
pub mod reference;
pub mod refusal;
mod require;
pub mod rights;
pub mod rules;
mod shape;
pub mod situation;
mod spelling;
pub mod table;
mod values;
pub mod verdict;
mod waiting;

pub use command::{Choice, Command};
pub use decide::{decide, derives};
pub use decision::{AskedVerdict, Decision, PendingChange};
pub use refusal::{Refusal, RefusalKind};
pub use spelling::offer;
pub use table::{names, rank, registry};
pub use values::UNKNOWN_REFERENCE;
