//! How much a history holds, by path and by writer, and how much room of it one writer may take.
//! It does not know which writers are one person.

use std::collections::BTreeMap;

use crate::base::id::ActorId;
use crate::base::limits::{
    DEVICES_EIGHTHS, DOCUMENT_BYTES_MAX, DOCUMENT_INFLATED_BYTES_MAX, DOCUMENT_OPERATIONS_FULL,
    DOCUMENT_OPERATIONS_MAX, PERSON_EIGHTHS,
};
use crate::objects::Value;

/// What one operation weighs beside the bytes of its path and value.
const OPERATION_WEIGHT: u64 = 8;

/// Whose room in a history a change takes.
#[derive(Debug, Clone, Copy)]
pub enum HistoryRoom<'a> {
    /// Nobody's: it was taken in elsewhere, and what can be read is kept.
    Kept,
    /// The office's: all that there is.
    Office,
    /// A person's, for whom these actors write: others find some left.
    Person(&'a [ActorId]),
}

/// What a history holds.
#[derive(Debug, Clone, Default)]
pub(super) struct Weights {
    /// How many operations were ever made at each path.
    paths: BTreeMap<String, usize>,
    /// What each writer's operations weigh.
    writers: BTreeMap<ActorId, u64>,
}

impl Weights {
    /// One more operation.
    pub(super) fn add(&mut self, path: &str, value: &Value, writer: ActorId) {
        match self.paths.get_mut(path) {
            Some(count) => *count += 1,
            None => drop(self.paths.insert(path.to_owned(), 1)),
        }
        let text = value.text().map_or(0, str::len);
        *self.writers.entry(writer).or_default() += OPERATION_WEIGHT + (path.len() + text) as u64;
    }

    /// How many operations were ever made at a path: a look at it passes all of them.
    pub(super) fn at(&self, path: &str) -> usize {
        self.paths.get(path).copied().unwrap_or(0)
    }

    /// What these writers made of all that there is, in thousandths.
    fn part_of(&self, writers: &[ActorId]) -> u64 {
        let own = writers.iter().filter_map(|writer| self.writers.get(writer));
        let all: u64 = self.writers.values().sum();
        (own.sum::<u64>() * 1_000).checked_div(all).unwrap_or(0)
    }
}

/// Upper bounds of what a document would be when saved; measured anew only when a bound reaches
/// its cap.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Size {
    pub(super) saved: usize,
    pub(super) plain: usize,
    pub(super) operations: u64,
}

impl Size {
    /// With one more change of so many bytes and operations.
    pub(super) fn and(self, bytes: usize, operations: u64) -> Self {
        Size {
            saved: self.saved.saturating_add(bytes),
            plain: self.plain.saturating_add(bytes),
            operations: self.operations.saturating_add(operations),
        }
    }

    /// Whether a document of this size leaves the others their room.
    pub(super) fn fits(self, room: HistoryRoom<'_>, weights: &Weights) -> bool {
        let operations = match room {
            HistoryRoom::Kept => DOCUMENT_OPERATIONS_MAX,
            HistoryRoom::Office | HistoryRoom::Person(_) => DOCUMENT_OPERATIONS_FULL,
        };
        let parts = self.parts(operations);
        match room {
            HistoryRoom::Kept | HistoryRoom::Office => parts <= 8_000,
            HistoryRoom::Person(writers) => {
                let own = parts * weights.part_of(writers) / 1_000;
                parts <= DEVICES_EIGHTHS * 1_000 && own <= PERSON_EIGHTHS * 1_000
            }
        }
    }

    /// How much of the room of a history this is, in thousandths of an eighth.
    fn parts(self, operations_max: u64) -> u64 {
        let part = |size: u64, max: u64| size.saturating_mul(8_000).div_ceil(max);
        part(self.saved as u64, DOCUMENT_BYTES_MAX as u64)
            .max(part(self.plain as u64, DOCUMENT_INFLATED_BYTES_MAX as u64))
            .max(part(self.operations, operations_max))
    }
}
