//! Whether replicas agree: what they show, which conflicts they list, what their buckets add up to.
//! It does not know how they came to it.

use std::collections::BTreeMap;

use crate::behind::BucketStanding;
use crate::{Phone, World, behind};

/// Rounds of syncs after which nothing new may come up.
const ROUNDS_MAX: usize = 8;

/// All meet the server in turn until a whole round brings nothing.
#[track_caller]
pub fn sync_all(phones: &mut [&mut Phone]) {
    for _ in 0..ROUNDS_MAX {
        let mut moved = 0;
        for phone in phones.iter_mut() {
            let said = phone.sync();
            moved += said["sent"].as_u64().unwrap() + said["received"].as_u64().unwrap();
        }
        if moved == 0 {
            return;
        }
    }
    panic!("after {ROUNDS_MAX} rounds there is still something to say");
}

impl World {
    /// After everybody has synced, nothing waits, and every phone shows, lists and adds up what the
    /// server does.
    #[track_caller]
    pub fn agree(&self, phones: &mut [&mut Phone]) {
        sync_all(phones);
        for phone in phones.iter_mut() {
            self.agrees(phone);
        }
    }

    /// The phone holds nothing unsent, and shows, lists and adds up what the server does.
    #[track_caller]
    pub fn agrees(&self, phone: &mut Phone) {
        let (name, token) = (phone.name.clone(), phone.token());
        assert_eq!(phone.unsent(), 0, "{name} has unsent work");
        let session = self.office(|office| office.authenticate(&token)).unwrap();
        let shown = self.office(|office| office.digest(&session, None)).unwrap();
        assert_eq!(
            phone.digest(),
            shown,
            "{name} shows something else than the server"
        );
        let (here, there) = (
            behind::open(&phone.file),
            behind::open(&self.server.file(self.tenant)),
        );
        let (mine, theirs) = (behind::standings(&here), behind::standings(&there));
        for bucket in &session.buckets {
            let of = |all: &BTreeMap<String, BucketStanding>| {
                all.get(bucket).copied().unwrap_or_default()
            };
            assert_eq!(of(&mine), of(&theirs), "{name}: {bucket} stands elsewhere");
            assert_eq!(
                of(&mine).kept,
                of(&mine).recomputed,
                "{name}: {bucket} adds up to something else"
            );
        }
        assert!(
            mine.keys().all(|bucket| session.buckets.contains(bucket)),
            "{name} follows too much: {mine:?}"
        );
        let listed = behind::conflicts(&here, &session.buckets);
        assert_eq!(
            listed,
            behind::conflicts(&there, &session.buckets),
            "{name} lists other conflicts"
        );
        assert_eq!(
            listed.len(),
            behind::conflict_rows(&here),
            "{name} keeps conflicts that are nowhere else"
        );
    }
}
