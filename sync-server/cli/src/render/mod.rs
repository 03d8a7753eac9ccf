//! Answers as short lines for people.
//! It knows the shapes of answers, not what made them.

mod clean;
mod columns;
mod figures;
mod glossary;
mod import;
mod object;
mod record;
mod table;
mod trail;
mod work;

pub(crate) use clean::clean;
pub(crate) use columns::{RecordTable, table_of};
pub(crate) use figures::{figures, shelf};
pub(crate) use glossary::Glossary;
pub(crate) use import::import;
pub(crate) use object::{json, object};
pub(crate) use record::{record, text};
pub(crate) use table::PrintedTable;
pub(crate) use trail::trail;
pub(crate) use work::{conflicts, digests, refused, unsent};
