//! Who listens in one tenant, and what is told to whom: which of the buckets that they follow have
//! moved, and nothing else. Nothing is kept for a listener but a bit for each bucket, so that
//! whoever does not listen costs nothing more. It does not know what moved a bucket.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use outfield_core::base::id::{DeviceId, UserId};
use outfield_core::base::limits::BUCKETS_MAX;
use tokio::sync::Notify;

use super::lock::locked;
use crate::error::ServerError;
use crate::people::Session;
use crate::tenant::Tenant;
use crate::work::log::LogMovement;

const _: () = assert!(BUCKETS_MAX <= u64::BITS as usize);

/// One who listens.
pub(super) struct LiveListener {
    device: DeviceId,
    user: UserId,
    /// The buckets it follows; bit by bit as in `moved`.
    buckets: Vec<String>,
    /// The buckets that moved since it was told.
    moved: AtomicU64,
    /// How many others follow one of them.
    crowd: AtomicUsize,
    /// Whether something was said of its person or its device.
    is_spoken_of: AtomicBool,
    is_over: AtomicBool,
    /// Something of all this changed.
    pub(super) woken: Notify,
}

/// What a listener is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct MovedBuckets {
    pub(super) buckets: Vec<String>,
    /// How many listen for the one of them that most listen for.
    pub(super) crowd: usize,
}

impl LiveListener {
    /// What moved since this was asked last; none if nothing did.
    pub(super) fn take_moved(&self) -> Option<MovedBuckets> {
        let moved = self.moved.swap(0, Ordering::AcqRel);
        let of_bit = |(at, name): (usize, &String)| (moved >> at & 1 == 1).then(|| name.clone());
        let buckets: Vec<String> = self.buckets.iter().enumerate().filter_map(of_bit).collect();
        let crowd = self.crowd.swap(0, Ordering::AcqRel);
        (!buckets.is_empty()).then_some(MovedBuckets { buckets, crowd })
    }

    /// Whether its person or device was spoken of since this was asked last: what it may hear can
    /// be another now.
    pub(super) fn take_spoken_of(&self) -> bool {
        self.is_spoken_of.swap(false, Ordering::AcqRel)
    }

    /// Whether it is to hear no more.
    pub(super) fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Acquire)
    }

    /// Whether it follows just these buckets.
    pub(super) fn follows(&self, buckets: &[String]) -> bool {
        self.buckets == buckets
    }

    fn end(&self) {
        self.is_over.store(true, Ordering::Release);
        self.woken.notify_one();
    }

    fn speak_of(&self) {
        self.is_spoken_of.store(true, Ordering::Release);
        self.woken.notify_one();
    }
}

/// Where a listener stands among those of a bucket.
struct FollowedBit {
    listener: Arc<LiveListener>,
    bit: usize,
}

/// All who listen.
#[derive(Default)]
struct LiveListeners {
    by_device: BTreeMap<DeviceId, Arc<LiveListener>>,
    by_bucket: BTreeMap<String, BTreeMap<DeviceId, FollowedBit>>,
    by_user: BTreeMap<UserId, BTreeSet<DeviceId>>,
    /// Whether somebody looks for what other processes write.
    is_watched: bool,
    /// Nobody may listen any more: the server ends.
    is_closed: bool,
}

/// What is told in one tenant, and to whom.
#[derive(Default)]
pub(super) struct TenantPulse {
    listeners: Mutex<LiveListeners>,
    /// Up to which tick it was told.
    told: Mutex<u64>,
    count: AtomicUsize,
}

/// Whether whoever began to listen is the first, so that somebody has to look from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ListenerOrder {
    First,
    Later,
}

impl TenantPulse {
    /// One more listens, to what moves from now on. The same device listens once: the newest wins.
    pub(super) fn join(
        &self,
        tenant: &Tenant,
        session: &Session,
    ) -> Result<Option<(Arc<LiveListener>, ListenerOrder)>, ServerError> {
        let listener = Arc::new(LiveListener {
            device: session.device,
            user: session.user,
            buckets: session.buckets.clone(),
            moved: AtomicU64::new(0),
            crowd: AtomicUsize::new(0),
            is_spoken_of: AtomicBool::new(false),
            is_over: AtomicBool::new(false),
            woken: Notify::new(),
        });
        let mut told = locked(&self.told);
        let mut listeners = locked(&self.listeners);
        if listeners.is_closed {
            return Ok(None);
        }
        if listeners.by_device.is_empty() {
            *told = tenant.moved_up_to()?;
        }
        let device = session.device;
        if let Some(before) = listeners.by_device.insert(device, Arc::clone(&listener)) {
            listeners.forget(&before);
            before.end();
        } else {
            self.count.fetch_add(1, Ordering::AcqRel);
        }
        for (bit, bucket) in listener.buckets.iter().enumerate() {
            let followed = FollowedBit {
                listener: Arc::clone(&listener),
                bit,
            };
            let of_bucket = listeners.by_bucket.entry(bucket.clone()).or_default();
            of_bucket.insert(device, followed);
        }
        let of_user = listeners.by_user.entry(session.user).or_default();
        of_user.insert(device);
        let order = if std::mem::replace(&mut listeners.is_watched, true) {
            ListenerOrder::Later
        } else {
            ListenerOrder::First
        };
        Ok(Some((listener, order)))
    }

    /// A listener went away.
    pub(super) fn leave(&self, listener: &Arc<LiveListener>) {
        let mut listeners = locked(&self.listeners);
        let held = listeners.by_device.get(&listener.device);
        // One that a newer one of its device has replaced is forgotten already.
        if held.is_some_and(|held| Arc::ptr_eq(held, listener)) {
            listeners.by_device.remove(&listener.device);
            listeners.forget(listener);
            self.count.fetch_sub(1, Ordering::AcqRel);
        }
    }

    /// How many listen.
    pub(super) fn count(&self) -> usize {
        self.count.load(Ordering::Acquire)
    }

    /// Whether nobody listens any more, so that whoever looks may stop.
    pub(super) fn may_rest(&self) -> bool {
        let mut listeners = locked(&self.listeners);
        listeners.is_watched = !listeners.by_device.is_empty();
        !listeners.is_watched
    }

    /// Tells what moved since it was told last, by whomever.
    pub(super) fn catch_up(&self, tenant: &Tenant) -> Result<(), ServerError> {
        if self.count() == 0 {
            return Ok(());
        }
        let mut told = locked(&self.told);
        let movement = tenant.moved_since(*told)?;
        if movement.tick == *told {
            return Ok(());
        }
        *told = movement.tick;
        locked(&self.listeners).tell(&movement);
        Ok(())
    }

    /// Nobody listens any more.
    pub(super) fn close(&self) {
        let mut listeners = locked(&self.listeners);
        listeners.is_closed = true;
        listeners.by_device.values().for_each(|it| it.end());
    }
}

impl LiveListeners {
    fn tell(&self, movement: &LogMovement) {
        for bucket in &movement.buckets {
            let Some(of_bucket) = self.by_bucket.get(bucket) else {
                continue;
            };
            for followed in of_bucket.values() {
                let listener = &followed.listener;
                listener.moved.fetch_or(1 << followed.bit, Ordering::AcqRel);
                listener.crowd.fetch_max(of_bucket.len(), Ordering::AcqRel);
                listener.woken.notify_one();
            }
        }
        for record in &movement.records {
            let device = DeviceId(record.0);
            let of_user = self.by_user.get(&UserId(record.0)).into_iter().flatten();
            for device in of_user.chain([&device]) {
                if let Some(listener) = self.by_device.get(device) {
                    listener.speak_of();
                }
            }
        }
    }

    /// A listener stands among those of no bucket and no person any more.
    fn forget(&mut self, listener: &LiveListener) {
        for bucket in &listener.buckets {
            if let Some(of_bucket) = self.by_bucket.get_mut(bucket) {
                of_bucket.remove(&listener.device);
                if of_bucket.is_empty() {
                    self.by_bucket.remove(bucket);
                }
            }
        }
        if let Some(of_user) = self.by_user.get_mut(&listener.user) {
            of_user.remove(&listener.device);
            if of_user.is_empty() {
                self.by_user.remove(&listener.user);
            }
        }
    }
}
