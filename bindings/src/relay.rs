//! Collects what changed while a call has the device, and tells observers when the device is free
//! again: an observer's first wish is to ask for what changed, which would wait for ever for the
//! call that tells it. It does not know what a change means.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use outfield_core::app::{self, Device, TouchedRecord, WatchedQuery};
use outfield_core::base::id::RecordId;

/// Learns which records changed, after they are durable.
#[uniffi::export(with_foreign)]
pub trait Observer: Send + Sync {
    /// Records of `object` were written or removed by one call; each call tells of an object once.
    /// It comes on the thread that made the call, before that call answers, and may itself use the
    /// `Outfield` that it observes.
    fn changed(&self, object: String, ids: Vec<String>);
}

/// What became of an answer, by the ids of its records.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct ChangedAnswer {
    /// Records that came into it, in its order.
    pub entered: Vec<String>,
    /// Records that left it.
    pub left: Vec<String>,
    /// Records that were written and are still in it.
    pub changed: Vec<String>,
}

/// Learns what became of the answer to a query.
#[uniffi::export(with_foreign)]
pub trait AnswerObserver: Send + Sync {
    /// The first records of the answer are others, or otherwise, than when this was told last. It
    /// comes on the thread of the call that made them so, before that call answers, and may itself
    /// use the `Outfield` that it observes.
    fn answer_changed(&self, change: ChangedAnswer);
}

/// A query that somebody observes.
pub(crate) struct ObservedQuery {
    number: u64,
    watched: Mutex<WatchedQuery>,
    observer: Arc<dyn AnswerObserver>,
}

/// Stands between the device and all observers.
#[derive(Default)]
pub(crate) struct Relay {
    heard: Mutex<BTreeSet<TouchedRecord>>,
    observers: Mutex<Vec<Arc<dyn Observer>>>,
    queries: Mutex<Vec<Arc<ObservedQuery>>>,
    numbers: AtomicU64,
}

impl Relay {
    /// One more to tell.
    pub(crate) fn add(&self, observer: Arc<dyn Observer>) {
        hold(&self.observers).push(observer);
    }

    /// One more query to observe; answers the number by which it is taken off.
    pub(crate) fn add_query(
        &self,
        watched: WatchedQuery,
        observer: Arc<dyn AnswerObserver>,
    ) -> u64 {
        let number = self.numbers.fetch_add(1, Ordering::Relaxed);
        hold(&self.queries).push(Arc::new(ObservedQuery {
            number,
            watched: Mutex::new(watched),
            observer,
        }));
        number
    }

    /// Lets go of a query and of who observes it; answers whether it was observed.
    pub(crate) fn take_off(&self, number: u64) -> bool {
        let mut queries = hold(&self.queries);
        let before = queries.len();
        queries.retain(|query| query.number != number);
        queries.len() < before
    }

    /// Tells every observer what was heard since the last time. The device is free meanwhile, but
    /// while it looks again at an answer.
    pub(crate) fn pass_on(&self, device: &Mutex<Device>) {
        let heard = std::mem::take(&mut *hold(&self.heard));
        if heard.is_empty() {
            return;
        }
        let mut by_object: BTreeMap<&str, Vec<RecordId>> = BTreeMap::new();
        for TouchedRecord { object, id } in &heard {
            by_object.entry(object).or_default().push(*id);
        }
        let observers = hold(&self.observers).clone();
        for (object, ids) in by_object {
            for observer in &observers {
                undisturbed(|| observer.changed(object.to_owned(), spelt(&ids)));
            }
        }
        let queries = hold(&self.queries).clone();
        for query in queries {
            if let Some(change) = query.look_again(device, &heard) {
                undisturbed(|| query.observer.answer_changed(change));
            }
        }
    }
}

impl ObservedQuery {
    /// What cannot be asked now, for nobody is signed in, is compared when it can be again.
    fn look_again(
        &self,
        device: &Mutex<Device>,
        heard: &BTreeSet<TouchedRecord>,
    ) -> Option<ChangedAnswer> {
        let mut watched = hold(&self.watched);
        let mut device = hold(device);
        device.refresh().ok()?;
        let change = device.look_again(&mut watched, heard).ok().flatten()?;
        Some(ChangedAnswer {
            entered: spelt(&change.entered),
            left: spelt(&change.left),
            changed: spelt(&change.changed),
        })
    }
}

fn spelt(ids: &[RecordId]) -> Vec<String> {
    ids.iter().map(ToString::to_string).collect()
}

/// What an observer throws must not make durable work look as if it had failed.
fn undisturbed(tell: impl FnOnce()) {
    catch_unwind(AssertUnwindSafe(tell)).ok();
}

impl app::Observer for Relay {
    fn changed(&self, object: &str, ids: &[RecordId]) {
        let touched = ids.iter().map(|id| TouchedRecord {
            object: object.to_owned(),
            id: *id,
        });
        hold(&self.heard).extend(touched);
    }
}

/// Takes a mutex also after a panic: an open transaction was rolled back by it, and what is durable
/// is whole.
pub(crate) fn hold<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use outfield_core::app::DatabaseKey;

    use super::*;

    /// Writes down what it hears, and throws at an object of a given name.
    struct Diary(Mutex<Vec<String>>, &'static str);

    impl Observer for Diary {
        fn changed(&self, object: String, ids: Vec<String>) {
            assert_ne!(object, self.1);
            hold(&self.0).push(format!("{object} {}", ids.len()));
        }
    }

    fn new_device() -> Device {
        let system = Arc::new(app::System::open().unwrap());
        Device::open(Path::new(":memory:"), &DatabaseKey::of([7; 32]), system).unwrap()
    }

    fn heard(changes: &[(&str, &[u8])]) -> Vec<String> {
        let device = Mutex::new(new_device());
        let (relay, diary) = (
            Relay::default(),
            Arc::new(Diary(Mutex::default(), "poison")),
        );
        relay.add(diary.clone());
        for (object, ids) in changes {
            let ids: Vec<RecordId> = ids.iter().map(|id| RecordId::at(0, [*id; 10])).collect();
            app::Observer::changed(&relay, object, &ids);
        }
        relay.pass_on(&device);
        relay.pass_on(&device);
        hold(&diary.0).clone()
    }

    #[test]
    fn each_object_is_told_once_with_all_its_records() {
        assert_eq!(
            heard(&[("visit", &[1, 2]), ("account", &[3]), ("visit", &[2, 4])]),
            ["account 1", "visit 3"]
        );
        assert!(heard(&[]).is_empty());
    }

    #[test]
    fn what_an_observer_throws_keeps_nobody_from_hearing_the_rest() {
        assert_eq!(heard(&[("poison", &[1]), ("visit", &[2])]), ["visit 1"]);
    }

    #[test]
    fn a_poisoned_mutex_is_taken_all_the_same() {
        let mutex = Mutex::new(1);
        catch_unwind(AssertUnwindSafe(|| {
            let _guard = mutex.lock().unwrap();
            panic!("while it is held");
        }))
        .unwrap_err();
        assert!(mutex.is_poisoned());
        assert_eq!(*hold(&mutex), 1);
    }
}
