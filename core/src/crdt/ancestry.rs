//! Which changes build on which, as positions in the history: what several changes knew in common
//! is found by joining sets of bits. It does not know what the changes write.

use std::collections::BTreeMap;

use automerge::{Automerge, ChangeHash};

/// A set of positions.
type Places = Vec<u64>;

/// The history of one document.
pub(super) struct Ancestry {
    hashes: Vec<ChangeHash>,
    places: BTreeMap<ChangeHash, usize>,
    /// For every change those it builds on directly; all of them come before it.
    deps: Vec<Vec<usize>>,
    /// All that a change builds on, for the changes that were asked about.
    known: BTreeMap<usize, Places>,
}

impl Ancestry {
    pub(super) fn of(document: &Automerge) -> Self {
        let (mut hashes, mut places, mut deps) = (Vec::new(), BTreeMap::new(), Vec::new());
        for meta in document.get_changes_meta(&[]) {
            deps.push(
                meta.deps
                    .iter()
                    .filter_map(|dep| places.get(dep).copied())
                    .collect(),
            );
            places.insert(meta.hash, hashes.len());
            hashes.push(meta.hash);
        }
        Ancestry {
            hashes,
            places,
            deps,
            known: BTreeMap::new(),
        }
    }

    /// The newest changes that all of these built on.
    pub(super) fn common(&mut self, changes: &[ChangeHash]) -> Vec<ChangeHash> {
        let Some(mut common) = changes.first().map(|first| self.known(first).clone()) else {
            return Vec::new();
        };
        for change in &changes[1..] {
            let known = self.known(change);
            common
                .iter_mut()
                .zip(known)
                .for_each(|(common, known)| *common &= known);
        }
        let mut newest = common.clone();
        for place in held(&common) {
            self.deps[place]
                .iter()
                .for_each(|dep| newest[dep / 64] &= !(1 << (dep % 64)));
        }
        held(&newest).map(|place| self.hashes[place]).collect()
    }

    /// Whether two changes were made without either knowing of the other.
    pub(super) fn are_apart(&mut self, one: ChangeHash, other: ChangeHash) -> bool {
        let (Some(&here), Some(&there)) = (self.places.get(&one), self.places.get(&other)) else {
            return false;
        };
        let knows = |places: &Places, place: usize| places[place / 64] >> (place % 64) & 1 == 1;
        here != there && !knows(self.known(&one), there) && !knows(self.known(&other), here)
    }

    /// All that a change builds on, itself not among them.
    fn known(&mut self, change: &ChangeHash) -> &Places {
        let place = self
            .places
            .get(change)
            .copied()
            .unwrap_or(self.hashes.len());
        let deps = &self.deps;
        self.known.entry(place).or_insert_with(|| {
            let mut known = vec![0; deps.len().div_ceil(64)];
            let mut waiting = deps.get(place).cloned().unwrap_or_default();
            while let Some(dep) = waiting.pop() {
                let (word, bit) = (dep / 64, 1 << (dep % 64));
                if known[word] & bit == 0 {
                    known[word] |= bit;
                    waiting.extend(&deps[dep]);
                }
            }
            known
        })
    }
}

/// The positions in a set, ascending.
fn held(places: &Places) -> impl Iterator<Item = usize> {
    let bits = |(word, bits): (usize, &u64)| {
        let bits = *bits;
        (0..64)
            .filter(move |bit| bits >> bit & 1 == 1)
            .map(move |bit| word * 64 + bit)
    };
    places.iter().enumerate().flat_map(bits)
}
