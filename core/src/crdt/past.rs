//! What a document showed to who knew a part of its history, and writing as if one knew no more.
//! It does not know why anybody looks back.

use automerge::{ROOT, ReadDoc};

use super::ancestry::Knowledge;
use super::document::{Document, owned_value, value_of};
use super::effort::Effort;
use super::error::CrdtError;
use super::gate::Vetted;
use super::weight::HistoryRoom;
use crate::base::id::{ActorId, ChangeHash};
use crate::base::time::Timestamp;
use crate::objects::{Value, Values};

impl Document {
    /// The values that showed at each path to whoever knew these changes and what they build on;
    /// nulls are left out. All of them must be here.
    #[must_use]
    pub fn values_at(&self, known: &[ChangeHash]) -> Values {
        let mut values = Values::new();
        for item in self.automerge.map_range_at(ROOT, .., &hashes(known)) {
            let value = value_of(&item.value);
            if !value.is_null() {
                values.insert(item.key.into_owned(), value);
            }
        }
        values
    }

    /// All values that stood at a path for whoever knew these changes: several where people
    /// disagreed.
    pub fn standing_at(&self, path: &str, known: &[ChangeHash]) -> Result<Vec<Value>, CrdtError> {
        let mut standing = Vec::new();
        for (value, _) in self.automerge.get_all_at(ROOT, path, &hashes(known))? {
            standing.push(owned_value(&value));
        }
        Ok(standing)
    }

    /// Those of these changes that no other of them builds on, ascending. All must be here.
    #[must_use]
    pub fn newest(&self, changes: &[ChangeHash]) -> Vec<ChangeHash> {
        let mut effort = Effort::endless();
        let newest = Knowledge::of(&self.history, &mut effort).newest(&hashes(changes));
        let newest = newest.unwrap_or_default().into_iter();
        newest.map(|hash| ChangeHash(hash.0)).collect()
    }

    /// Writes these values as someone who knows these changes alone: what others wrote since
    /// competes with it. If one of them is not here, it is written upon all that is.
    pub fn write_upon(
        &mut self,
        known: &[ChangeHash],
        actor: ActorId,
        at: Timestamp,
        values: &Values,
    ) -> Result<Vetted, CrdtError> {
        if !known.iter().all(|hash| self.has(*hash)) {
            return self.write(actor, at, values);
        }
        let mut upon = hashes(known);
        upon.sort_unstable();
        let (_, vetted) = self.seal(actor, at, values, Some(upon))?;
        self.extend(&vetted, HistoryRoom::Office, &mut Effort::endless())?;
        Ok(vetted)
    }
}

fn hashes(known: &[ChangeHash]) -> Vec<automerge::ChangeHash> {
    known
        .iter()
        .map(|hash| automerge::ChangeHash(hash.0))
        .collect()
}
