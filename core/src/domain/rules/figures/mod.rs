//! What a manager looks at: figures of a day, of a shelf, of a perfect store.
//! They read what other areas keep and write nothing.

pub mod compute;
pub mod gather;
pub mod perfect;
pub mod shelf;
pub mod team;

use crate::domain::named::Question;

pub(in crate::domain) const QUESTIONS: &[(&str, Question)] = &[
    ("figures", gather::asked),
    ("shelf", shelf::asked),
    ("team", team::asked),
];
