//! Which changes build on which, as positions in the history: read once when a document is opened,
//! and grown with each change. What several changes knew in common is found by joining sets of
//! bits. It does not know what the changes write.

use std::collections::{BTreeMap, BTreeSet};

use automerge::{Automerge, ChangeHash, ChangeMetadata};

use super::effort::Effort;
use super::error::CrdtError;
use crate::base::id::ActorId;

/// A set of positions.
pub(super) type Places = Vec<u64>;

/// The history of one document.
#[derive(Debug, Clone, Default)]
pub(super) struct Ancestry {
    nodes: Vec<ChangeNode>,
    places: BTreeMap<ChangeHash, usize>,
    /// The changes of each writer, in their order.
    writers: BTreeMap<ActorId, Vec<usize>>,
}

/// One change of a history.
#[derive(Debug, Clone)]
pub(super) struct ChangeNode {
    pub(super) hash: ChangeHash,
    /// Those it builds on directly; all of them come before it.
    deps: Vec<usize>,
    /// The counter of its last operation.
    pub(super) last: u64,
    /// When, by the writer's clock.
    pub(super) at_ms: i64,
}

impl Ancestry {
    pub(super) fn of(document: &Automerge) -> Self {
        let mut history = Ancestry::default();
        for meta in document.get_changes_meta(&[]) {
            history.add(&meta);
        }
        history
    }

    /// The next change; all that it builds on is here.
    pub(super) fn add(&mut self, meta: &ChangeMetadata<'_>) {
        let deps = meta.deps.iter();
        let node = ChangeNode {
            hash: meta.hash,
            deps: deps.filter_map(|dep| self.place(dep)).collect(),
            last: meta.max_op,
            at_ms: meta.timestamp,
        };
        let place = self.nodes.len();
        self.places.insert(meta.hash, place);
        self.writers
            .entry(actor_of(&meta.actor))
            .or_default()
            .push(place);
        self.nodes.push(node);
    }

    /// How many changes there are.
    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// How many writers there are.
    pub(super) fn writers(&self) -> usize {
        self.writers.len()
    }

    /// How many changes a writer made.
    pub(super) fn own(&self, actor: ActorId) -> usize {
        self.writers.get(&actor).map_or(0, Vec::len)
    }

    pub(super) fn place(&self, hash: &ChangeHash) -> Option<usize> {
        self.places.get(hash).copied()
    }

    /// Where a writer's change of this number is.
    pub(super) fn place_of(&self, actor: ActorId, seq: u64) -> Option<usize> {
        let number = usize::try_from(seq).ok()?.checked_sub(1)?;
        self.writers.get(&actor)?.get(number).copied()
    }

    /// The change that made an operation.
    pub(super) fn change_of(&self, counter: u64, actor: ActorId) -> Option<(usize, &ChangeNode)> {
        let own = self.writers.get(&actor)?;
        let before = own.partition_point(|place| {
            let node = self.nodes.get(*place);
            node.is_some_and(|node| node.last < counter)
        });
        let place = *own.get(before)?;
        Some((place, self.nodes.get(place)?))
    }

    fn deps(&self, place: usize) -> &[usize] {
        self.nodes.get(place).map_or(&[], |node| &node.deps)
    }
}

/// What changes of one history knew, each found once, within one call's effort.
pub(super) struct Knowledge<'a> {
    history: &'a Ancestry,
    /// All that a change builds on, itself not among them, for the changes that were asked about.
    known: BTreeMap<usize, Places>,
    effort: &'a mut Effort,
}

impl<'a> Knowledge<'a> {
    pub(super) fn of(history: &'a Ancestry, effort: &'a mut Effort) -> Self {
        Knowledge {
            history,
            known: BTreeMap::new(),
            effort,
        }
    }

    /// Makes steps of the call.
    pub(super) fn spend(&mut self, steps: usize) -> Result<(), CrdtError> {
        self.effort.spend(steps as u64)
    }

    /// The newest changes that all of these built on.
    pub(super) fn common(&mut self, changes: &[usize]) -> Result<Vec<ChangeHash>, CrdtError> {
        let Some((first, others)) = changes.split_first() else {
            return Ok(Vec::new());
        };
        let mut common = self.known(*first)?.clone();
        for change in others {
            self.spend(1 + common.len() / 16)?;
            let known = self.known(*change)?;
            for (common, known) in common.iter_mut().zip(known) {
                *common &= known;
            }
        }
        // The last of what is left is built on by none of it.
        let mut newest = Vec::new();
        while let Some(place) = last(&common) {
            newest.extend(self.history.nodes.get(place).map(|node| node.hash));
            self.spend(1 + common.len() / 16)?;
            take(&mut common, place);
            let known = self.known(place)?;
            for (common, known) in common.iter_mut().zip(known) {
                *common &= !known;
            }
        }
        Ok(newest)
    }

    /// Those of these changes that no other of them builds on; ascending, each once.
    pub(super) fn newest(&mut self, changes: &[ChangeHash]) -> Result<Vec<ChangeHash>, CrdtError> {
        let places = changes.iter().map(|change| self.history.place(change));
        let places: Vec<usize> = places.flatten().collect();
        let mut below = self.none();
        for place in places {
            join(&mut below, self.known(place)?);
        }
        let is_newest = |change: &&ChangeHash| {
            let place = self.history.place(change);
            !place.is_some_and(|place| holds(&below, place))
        };
        let newest: BTreeSet<ChangeHash> = changes.iter().filter(is_newest).copied().collect();
        Ok(newest.into_iter().collect())
    }

    /// Whether two changes were made without either knowing of the other.
    pub(super) fn are_apart(&mut self, one: usize, other: usize) -> Result<bool, CrdtError> {
        Ok(one != other && !holds(self.known(one)?, other) && !holds(self.known(other)?, one))
    }

    /// These changes and all that they build on.
    pub(super) fn up_to(&mut self, changes: &[ChangeHash]) -> Result<Places, CrdtError> {
        let places = changes.iter().map(|change| self.history.place(change));
        self.walk(places.flatten().collect())
    }

    /// All that a change builds on, itself not among them.
    fn known(&mut self, place: usize) -> Result<&Places, CrdtError> {
        if !self.known.contains_key(&place) {
            let deps = self.history.deps(place).to_vec();
            if let [one] = deps.as_slice()
                && !self.known.contains_key(one)
            {
                // What competes was often written upon the same.
                let below = self.walk(self.history.deps(*one).to_vec())?;
                self.known.insert(*one, below);
            }
            let known = self.walk(deps)?;
            self.known.insert(place, known);
        }
        Ok(self.known.entry(place).or_default())
    }

    /// These positions and all below them.
    fn walk(&mut self, mut waiting: Vec<usize>) -> Result<Places, CrdtError> {
        let mut reached = self.none();
        let mut steps = 1 + reached.len() / 4;
        while let Some(place) = waiting.pop() {
            steps += 1;
            if holds(&reached, place) {
                continue;
            }
            put(&mut reached, place);
            match self.known.get(&place) {
                Some(known) => join(&mut reached, known),
                None => waiting.extend(self.history.deps(place)),
            }
        }
        self.spend(steps.div_ceil(8))?;
        Ok(reached)
    }

    fn none(&self) -> Places {
        vec![0; self.history.len().div_ceil(64)]
    }
}

/// Whether a set holds a position.
pub(super) fn holds(places: &Places, place: usize) -> bool {
    let word = places.get(place / 64);
    word.is_some_and(|word| word >> (place % 64) & 1 == 1)
}

fn put(places: &mut Places, place: usize) {
    if let Some(word) = places.get_mut(place / 64) {
        *word |= 1 << (place % 64);
    }
}

fn take(places: &mut Places, place: usize) {
    if let Some(word) = places.get_mut(place / 64) {
        *word &= !(1 << (place % 64));
    }
}

fn join(places: &mut Places, others: &Places) {
    for (word, other) in places.iter_mut().zip(others) {
        *word |= other;
    }
}

/// The highest position in a set.
fn last(places: &Places) -> Option<usize> {
    let (word, bits) = places.iter().enumerate().rfind(|(_, bits)| **bits != 0)?;
    Some(word * 64 + bits.ilog2() as usize)
}

/// A writer's id as our own type; the gate let only ids of 16 bytes in.
pub(super) fn actor_of(actor: &automerge::ActorId) -> ActorId {
    ActorId::from_slice(actor.to_bytes()).unwrap_or(ActorId([0; 16]))
}
