//! What must be, as far as people and the wire tell: every word that somebody was told is kept, and
//! every verdict as it was given first. It does not look into a database.

use std::collections::{BTreeMap, BTreeSet};

use outfield_core::base::id::{BlobHash, ChangeHash, GroupId, RecordId};
use outfield_core::base::limits::REQUEST_BYTES_MAX;
use outfield_core::sync::frames::{Frame, Ruling};
use outfield_core::sync::{Call, wire};

use super::file_log::FileLog;
use crate::server::ServerAnswer;

/// A record and a text that was written into it.
pub(crate) type Word = (String, String);

/// The books of one run.
#[derive(Debug, Clone, Default)]
pub(crate) struct WordLedger {
    /// How often each word was written.
    pub(crate) words: BTreeMap<Word, usize>,
    /// Words that were refused and are known to the server alone, for the phone that was told is an
    /// older one again.
    pub(crate) forgotten: BTreeSet<Word>,
    /// Words that were accepted and are known to the server alone, for the phone that wrote them is
    /// an older one again: they go with the server's folder.
    pub(crate) server_has: BTreeSet<Word>,
    /// Refused words that a person took off the list.
    pub(crate) dismissed: BTreeMap<Word, usize>,
    /// Records of which a server that was put back would not have what was given back to it, once a
    /// person took that off the list.
    pub(crate) given_up: BTreeSet<RecordId>,
    /// Files of which the phone that held them knows no more, for it is an older one again.
    pub(crate) forgotten_files: BTreeSet<BlobHash>,
}

impl WordLedger {
    pub(crate) fn wrote(&mut self, words: impl IntoIterator<Item = Word>) {
        words
            .into_iter()
            .for_each(|word| *self.words.entry(word).or_default() += 1);
    }

    /// These words went with an older database, before anybody else had them.
    pub(crate) fn lost(&mut self, words: impl IntoIterator<Item = Word>) {
        for word in words {
            if let Some(times) = self.words.get_mut(&word) {
                *times = times.saturating_sub(1);
            }
        }
        self.words.retain(|_, times| *times > 0);
    }

    pub(crate) fn dismissed(&mut self, words: impl IntoIterator<Item = Word>) {
        words
            .into_iter()
            .for_each(|word| *self.dismissed.entry(word).or_default() += 1);
    }
}

/// What was heard where it left the server.
#[derive(Debug, Clone, Default)]
pub(crate) struct WireLog {
    /// The first verdict of each entry.
    pub(crate) verdicts: BTreeMap<ChangeHash, Ruling>,
    /// Those that the server may have lost: each may be given once more, with another number.
    lost: BTreeSet<ChangeHash>,
    /// Where each phone's buckets stood when it asked last, in its present meeting.
    asked: BTreeMap<(String, String), u64>,
    /// Whether a bucket may have to come anew: then state sums repair what is meant to differ.
    pub(crate) may_repair: bool,
    /// What was heard of files.
    pub(crate) files: FileLog,
}

impl WireLog {
    /// The server's folder was put back.
    pub(crate) fn put_back(&mut self) {
        self.lost = self.verdicts.keys().copied().collect();
    }

    /// One call of a phone and its answer.
    pub(crate) fn hears(&mut self, phone: &str, call: &Call, answer: &ServerAnswer) {
        if answer.status != 200 {
            return;
        }
        match call.path {
            "/sync/v1/hello" => {
                self.asked.retain(|(of, _), _| of != phone);
                self.files.meets(phone);
            }
            "/sync/v1/push" => {
                let mut rulings = Vec::new();
                for frame in wire::decode(&answer.body, usize::MAX).unwrap() {
                    let Frame::Verdict(verdict) = frame else {
                        continue;
                    };
                    rulings.push(verdict.ruling.clone());
                    self.verdict(verdict.hash, verdict.ruling);
                }
                let entries = wire::decode(&call.body, REQUEST_BYTES_MAX).unwrap();
                Self::groups_are_whole(&entries, &rulings);
            }
            "/sync/v1/upload" => self.files.hears(phone, call, answer),
            "/sync/v1/pull" => {
                self.wants(phone, call);
                self.tells_anew(phone, answer);
            }
            _ => {}
        }
    }

    /// Where the buckets of a phone stand when it asks.
    fn wants(&mut self, phone: &str, call: &Call) {
        for frame in wire::decode(&call.body, REQUEST_BYTES_MAX).unwrap() {
            let Frame::Want(want) = frame else { continue };
            let before = self
                .asked
                .insert((phone.to_owned(), want.bucket.clone()), want.cursor);
            let anew = want.cursor == 0 && before.is_some_and(|before| before > 0);
            assert!(
                !anew || self.may_repair,
                "{phone}: {} differs from the server's and comes anew",
                want.bucket
            );
        }
    }

    /// To a phone that was away for so long that its log forgot what left meanwhile, the server
    /// tells a bucket from its beginning; where that breaks off, the phone asks for it so.
    fn tells_anew(&mut self, phone: &str, answer: &ServerAnswer) {
        let mut anew = BTreeSet::new();
        for frame in wire::decode(&answer.body, usize::MAX).unwrap() {
            if let Frame::Start(start) = frame {
                if start.from == 0 {
                    anew.insert(start.bucket);
                }
            } else if let Frame::Checkpoint(end) = frame
                && anew.contains(&end.bucket)
                && let Some(asked) = self.asked.get_mut(&(phone.to_owned(), end.bucket))
                && *asked <= end.seq
            {
                *asked = 0;
            }
        }
    }

    /// All of a group is taken in, all of it is refused, or all of it waits.
    pub(crate) fn groups_are_whole(entries: &[Frame], rulings: &[Ruling]) {
        let mut said: BTreeMap<GroupId, BTreeSet<&str>> = BTreeMap::new();
        for (entry, ruling) in entries.iter().zip(rulings) {
            let Frame::Entry(entry) = entry else { continue };
            let word = match ruling {
                Ruling::Accepted { .. } | Ruling::Duplicate { .. } => "taken",
                Ruling::Quarantined { .. } => "refused",
                Ruling::Needs { .. } | Ruling::RetryLater | Ruling::Rewrite => "waits",
            };
            if let Some(group) = entry.group {
                said.entry(group).or_default().insert(word);
            }
        }
        for (group, said) in said {
            assert!(said.len() == 1, "group {group} is halved: {said:?}");
        }
    }

    fn verdict(&mut self, hash: ChangeHash, ruling: Ruling) {
        let settled = match &ruling {
            Ruling::Accepted { number } | Ruling::Duplicate { number } => {
                Ruling::Duplicate { number: *number }
            }
            Ruling::Quarantined { .. } => ruling.clone(),
            Ruling::Needs { .. } | Ruling::RetryLater | Ruling::Rewrite => return,
        };
        if self.lost.remove(&hash) {
            self.verdicts.insert(hash, settled);
            return;
        }
        let is_again = self.verdicts.contains_key(&hash);
        assert!(
            !is_again || !matches!(ruling, Ruling::Accepted { .. }),
            "{hash} is accepted a second time"
        );
        let first = self.verdicts.entry(hash).or_insert_with(|| settled.clone());
        assert_eq!(*first, settled, "{hash} gets another verdict");
    }
}
