//! Which entries of a batch are judged at once: each alone, or a group, which is taken in whole or
//! not at all. It looks at how they came and not at what they write.

use std::collections::BTreeSet;

use outfield_core::base::id::{ActorId, GroupId};
use outfield_core::base::limits::{GROUP_ENTRIES_MAX, PUSH_OPERATIONS_MAX};
use outfield_core::sync::frames;

use super::entry::{PushedContent, PushedEntry};
use super::rejection::Rejection;

/// Entries that are judged at once.
pub(super) struct EntryBundle {
    entries: Vec<frames::PushEntry>,
    /// Whether another group of the batch had the same id before.
    is_again: bool,
}

/// A batch as it came: entries of one group that follow each other are one bundle.
pub(super) fn bundles(entries: Vec<frames::PushEntry>) -> Vec<EntryBundle> {
    let mut bundles: Vec<EntryBundle> = Vec::new();
    let mut seen: BTreeSet<GroupId> = BTreeSet::new();
    for entry in entries {
        let last = bundles.last_mut();
        match last.filter(|last| entry.group.is_some() && last.group() == entry.group) {
            Some(last) => last.entries.push(entry),
            None => bundles.push(EntryBundle {
                is_again: entry.group.is_some_and(|group| !seen.insert(group)),
                entries: vec![entry],
            }),
        }
    }
    bundles
}

impl EntryBundle {
    fn group(&self) -> Option<GroupId> {
        self.entries.first().and_then(|entry| entry.group)
    }

    /// Reads the entries; what is wrong with them as a group, if anything is. None if they inflate
    /// to more than what is left of a push, which is the less for it.
    pub(super) fn read(self, left: &mut usize) -> Option<(Vec<PushedEntry>, Option<Rejection>)> {
        let is_alone = self.group().is_none();
        let size = self.entries.len() as u64;
        let counts_lie = |count: Option<u64>| count != (!is_alone).then_some(size);
        let fault = if self.entries.iter().any(|entry| counts_lie(entry.count)) {
            Some("its count is not how many came one behind the other in this push")
        } else if is_alone {
            None
        } else if self.entries.len() > GROUP_ENTRIES_MAX || self.entries.len() < 2 {
            Some("a group has 2 to 50 entries")
        } else if self.is_again {
            Some("another group of this push has the same id")
        } else {
            None
        };
        let mut entries = Vec::new();
        for entry in self.entries {
            let entry = PushedEntry::read(entry);
            *left = left.checked_sub(entry.plain_bytes())?;
            entries.push(entry);
        }
        let fault = fault.or_else(|| if is_alone { None } else { unlike(&entries) });
        Some((entries, fault.map(broken_group)))
    }
}

/// What does not fit among the entries of a group: it is what one person did once.
fn unlike(entries: &[PushedEntry]) -> Option<&'static str> {
    let hashes: BTreeSet<_> = entries.iter().map(|entry| entry.hash).collect();
    let actors: BTreeSet<ActorId> = entries.iter().filter_map(|entry| entry.actor).collect();
    let operations = |entry: &PushedEntry| match &entry.content {
        PushedContent::Change(change) => change.operations,
        PushedContent::Fact | PushedContent::Unreadable(_) => 0,
    };
    if hashes.len() < entries.len() {
        return Some("an entry stands in it twice");
    }
    if actors.len() > 1 {
        return Some("its entries are of several actors");
    }
    let total: u64 = entries.iter().map(operations).sum();
    (total > PUSH_OPERATIONS_MAX).then_some("it holds more operations than a push may")
}

/// Why nothing of a group is taken in that is none.
pub(super) fn broken_group(why: &str) -> Rejection {
    Rejection::new(
        "broken_group",
        format!("this is no whole group: {why}; send all of a group in one push, in a row"),
    )
}

/// Why an entry is refused that nothing else is wrong with.
pub(super) fn with_refused(refused: &PushedEntry, code: &str) -> Rejection {
    let message = format!(
        "{} {} belongs to its group and was refused as `{code}`: all of a group is taken in, or \
         nothing",
        refused.object, refused.record
    );
    Rejection::new("group_refused", message)
}
