//! A query whose answer somebody looks at: what a commit made of it, in records that came into it,
//! left it, or are otherwise than before. It does not know who looks.

use std::collections::BTreeSet;

use super::{Device, FieldError};
use crate::base::id::RecordId;
use crate::domain::query;
use crate::objects::Query;

/// A query, and what its answer held when it was last looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchedQuery {
    query: Query,
    /// Whose records decide what the answer is.
    objects: BTreeSet<String>,
    ids: Vec<RecordId>,
}

/// What commits made of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AnswerChange {
    /// Records that were not among the first, in the answer's order.
    pub entered: Vec<RecordId>,
    /// Records that are no longer among the first.
    pub left: Vec<RecordId>,
    /// Records that were and are, and were written.
    pub changed: Vec<RecordId>,
}

/// One record of an object that a commit wrote or removed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct TouchedRecord {
    /// The object.
    pub object: String,
    /// The record.
    pub id: RecordId,
}

impl Device {
    /// Looks at the first records of a query's answer, to tell later what became of them.
    pub fn watch(&mut self, json: &str) -> Result<WatchedQuery, FieldError> {
        let query = Query {
            after: None,
            ..query::read(json)?
        };
        let _still = self.still()?;
        let now = self.at_door(|door| door.ids(&query))?;
        Ok(WatchedQuery {
            query,
            objects: now.objects,
            ids: now.ids,
        })
    }

    /// What the answer to a watched query has become, after these records were written by whoever
    /// works on this file; nothing if it is as it was.
    pub fn look_again(
        &mut self,
        watched: &mut WatchedQuery,
        touched: &BTreeSet<TouchedRecord>,
    ) -> Result<Option<AnswerChange>, FieldError> {
        let mut decides = touched.iter();
        if !decides.any(|record| watched.objects.contains(&record.object)) {
            return Ok(None);
        }
        let _still = self.still()?;
        let now = self.at_door(|door| door.ids(&watched.query))?;
        let before: BTreeSet<RecordId> = watched.ids.iter().copied().collect();
        let after: BTreeSet<RecordId> = now.ids.iter().copied().collect();
        let mut change = AnswerChange::default();
        for id in &now.ids {
            let object = watched.query.object.clone();
            if !before.contains(id) {
                change.entered.push(*id);
            } else if touched.contains(&TouchedRecord { object, id: *id }) {
                change.changed.push(*id);
            }
        }
        change.left = watched.ids.clone();
        change.left.retain(|id| !after.contains(id));
        watched.ids = now.ids;
        Ok((change != AnswerChange::default()).then_some(change))
    }
}
