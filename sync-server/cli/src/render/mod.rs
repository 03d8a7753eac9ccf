//! Answers as short lines for people.
//! It knows the shapes of answers, not what made them.

mod columns;
mod figures;
mod glossary;
mod import;
mod invitation;
mod object;
mod record;
mod table;
mod trail;
mod work;

pub(crate) use columns::{RecordTable, table_of};
pub(crate) use figures::{figures, shelf};
pub(crate) use glossary::{Glossary, NamePlace};
pub(crate) use import::import;
pub(crate) use invitation::{invitation_svg, invited};
pub(crate) use object::{json, object};
pub(crate) use record::{record, text};
pub(crate) use table::PrintedTable;
pub(crate) use trail::trail;
pub(crate) use work::{conflicts, digests, refused, unsent};
