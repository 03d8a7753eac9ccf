//! Counts what each holder has under way, so that none takes what others need: an address its
//! connections, a device its calls, a tenant its long answers. It does not know what is held.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use super::lock::locked;

/// So many of a kind at a time. One holder has at most its own limit, and at most as many as are
/// still free for others: whoever comes alone gets a half, and there is always some left.
pub(super) struct ShareLimit<K: Ord + Copy> {
    total: usize,
    each: usize,
    held: Arc<Mutex<HeldShares<K>>>,
}

/// Who holds how many.
struct HeldShares<K> {
    all: usize,
    by: BTreeMap<K, usize>,
}

/// One of them; it counts until it is dropped.
pub(super) struct HeldShare<K: Ord + Copy> {
    holder: K,
    held: Arc<Mutex<HeldShares<K>>>,
}

impl<K: Ord + Copy> ShareLimit<K> {
    /// So many in all.
    pub(super) fn of(total: usize) -> Self {
        let held = HeldShares {
            all: 0,
            by: BTreeMap::new(),
        };
        ShareLimit {
            total,
            each: total,
            held: Arc::new(Mutex::new(held)),
        }
    }

    /// So many each, however many hold some.
    pub(super) fn each(each: usize) -> Self {
        ShareLimit {
            each,
            ..ShareLimit::of(usize::MAX)
        }
    }

    /// One more for this holder; none if it has its share.
    pub(super) fn take(&self, holder: K) -> Option<HeldShare<K>> {
        let mut held = locked(&self.held);
        let free = self.total - held.all;
        let has = held.by.get(&holder).copied().unwrap_or(0);
        if has >= self.each || has >= free {
            return None;
        }
        held.all += 1;
        held.by.insert(holder, has + 1);
        Some(HeldShare {
            holder,
            held: Arc::clone(&self.held),
        })
    }
}

impl<K: Ord + Copy> Drop for HeldShare<K> {
    fn drop(&mut self) {
        let mut held = locked(&self.held);
        held.all -= 1;
        let left = held.by.get(&self.holder).copied().unwrap_or(0);
        if left > 1 {
            held.by.insert(self.holder, left - 1);
        } else {
            held.by.remove(&self.holder);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_comes_alone_gets_a_half_and_a_newcomer_still_gets_some() {
        let limit = ShareLimit::of(8);
        let one: Vec<_> = (0..8).filter_map(|_| limit.take("one")).collect();
        let other: Vec<_> = (0..8).filter_map(|_| limit.take("other")).collect();
        let third = limit.take("third");
        assert_eq!((one.len(), other.len(), third.is_some()), (4, 2, true));
        drop(one);
        assert!(limit.take("other").is_some());
    }

    #[test]
    fn what_is_dropped_is_free_again() {
        let limit = ShareLimit::each(1);
        let held = limit.take(7);
        assert!(held.is_some() && limit.take(7).is_none() && limit.take(8).is_some());
        drop(held);
        assert!(limit.take(7).is_some());
    }
}
