//! All parts by name, and the run through those that are wanted. It does not know how a part
//! measures.

use super::base::Bench;
use super::{cost, first_sync, growth, library, live, local, reading, restored, searching, wire};

/// Measures one part.
type BenchPart = fn(&mut Bench);

/// All parts, in the order in which they run.
pub const PARTS: &[(&str, BenchPart)] = &[
    ("first-sync", first_sync::run),
    ("write", local::write),
    ("read", reading::read),
    ("price", reading::price),
    ("search", searching::search),
    ("push", wire::push),
    ("online", wire::online),
    ("live", live::run),
    ("idle", wire::idle),
    ("cost", cost::run),
    ("restored", restored::run),
    ("library", library::run),
    ("scale", growth::scale),
    ("judging", growth::judging),
    ("devices", growth::devices),
    ("evening", growth::evening),
    ("monday", growth::monday),
];

impl Bench {
    /// Measures every part that is wanted.
    pub fn run(&mut self) {
        for (name, part) in PARTS {
            if self.plan.only.is_empty() || self.plan.only.iter().any(|only| only == name) {
                self.tell(name);
                part(self);
            }
        }
        self.tell("");
    }
}
