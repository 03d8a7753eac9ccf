//! Who is who: codes, tokens and sessions, what a person follows, and what a person sees.
//! It does not know what they push, nor what the office does.

pub(crate) mod enrolment_code;
pub(crate) mod reach;
pub(crate) mod scoped_reader;
mod session;
mod token;
pub(crate) mod tokens;

pub use session::{Door, Session};
