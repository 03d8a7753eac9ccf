//! Answers as short lines for people.
//! It knows the shapes of answers, not what made them.

mod figures;
mod import;
mod object;
mod record;
mod trail;
mod work;

pub(crate) use figures::{figures, shelf};
pub(crate) use import::import;
pub(crate) use object::{json, object};
pub(crate) use record::{list, record, text};
pub(crate) use trail::trail;
pub(crate) use work::{conflicts, digests, refused, unsent, waiting};
