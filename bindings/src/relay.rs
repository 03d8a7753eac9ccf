//! Collects what changed while a call has the device, and tells observers when the device is free
//! again: an observer's first wish is to ask for what changed, which would wait for ever for the
//! call that tells it. It does not know what a change means.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use outfield_core::app;
use outfield_core::base::id::RecordId;

/// Learns which records changed, after they are durable.
#[uniffi::export(with_foreign)]
pub trait Observer: Send + Sync {
    /// Records of `object` were written or removed by one call; each call tells of an object once.
    /// It comes on the thread that made the call, before that call answers, and may itself use the
    /// `Outfield` that it observes.
    fn changed(&self, object: String, ids: Vec<String>);
}

/// Stands between the device and all observers.
#[derive(Default)]
pub(crate) struct Relay {
    heard: Mutex<BTreeMap<String, BTreeSet<RecordId>>>,
    observers: Mutex<Vec<Arc<dyn Observer>>>,
}

impl Relay {
    /// One more to tell.
    pub(crate) fn add(&self, observer: Arc<dyn Observer>) {
        hold(&self.observers).push(observer);
    }

    /// Tells every observer what was heard since the last time.
    pub(crate) fn pass_on(&self) {
        let heard = std::mem::take(&mut *hold(&self.heard));
        let observers = if heard.is_empty() {
            Vec::new()
        } else {
            hold(&self.observers).clone()
        };
        for (object, ids) in heard {
            let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
            for observer in &observers {
                // What an observer throws must not make durable work look as if it had failed.
                catch_unwind(AssertUnwindSafe(|| {
                    observer.changed(object.clone(), ids.clone())
                }))
                .ok();
            }
        }
    }
}

impl app::Observer for Relay {
    fn changed(&self, object: &str, ids: &[RecordId]) {
        hold(&self.heard)
            .entry(object.to_owned())
            .or_default()
            .extend(ids);
    }
}

/// Takes a mutex also after a panic: an open transaction was rolled back by it, and what is durable
/// is whole.
pub(crate) fn hold<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes down what it hears, and throws at an object of a given name.
    struct Diary(Mutex<Vec<String>>, &'static str);

    impl Observer for Diary {
        fn changed(&self, object: String, ids: Vec<String>) {
            assert_ne!(object, self.1);
            hold(&self.0).push(format!("{object} {}", ids.len()));
        }
    }

    fn heard(changes: &[(&str, &[u8])]) -> Vec<String> {
        let (relay, diary) = (
            Relay::default(),
            Arc::new(Diary(Mutex::default(), "poison")),
        );
        relay.add(diary.clone());
        for (object, ids) in changes {
            let ids: Vec<RecordId> = ids.iter().map(|id| RecordId::at(0, [*id; 10])).collect();
            app::Observer::changed(&relay, object, &ids);
        }
        relay.pass_on();
        relay.pass_on();
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
