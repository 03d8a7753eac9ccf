//! What people were answered: each command with its effects, when it ran, and whether it happened,
//! may have happened or was refused. It says which later command may have overwritten which; it
//! does not know what became of them.

use std::collections::BTreeMap;

/// What is known of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// It was answered: its effects must be there.
    Done,
    /// It was killed before it answered: its effects may be there, whole.
    Possible,
    /// It was refused: none of its effects may be there.
    Refused,
}

/// A command that writes one record.
#[derive(Debug, Clone)]
pub(super) struct WriteAttempt {
    /// Which rep gave it.
    pub(super) rep: usize,
    /// The record's object.
    pub(super) object: &'static str,
    /// The record's id; none for a record whose making was not answered.
    pub(super) record: Option<String>,
    /// Path to value. All values are texts that no other command writes, but for a visit's state.
    pub(super) values: BTreeMap<String, String>,
    /// The field whose text no other record has, if the command makes the record.
    pub(super) makes: Option<&'static str>,
    /// When it began, by the ledger's own clock.
    pub(super) began: u64,
    /// What is known of it.
    pub(super) fate: Fate,
}

/// One sync, whatever came of it: all that it could carry it may have carried.
#[derive(Debug, Clone, Copy)]
struct Exchange {
    rep: usize,
    began: u64,
    ended: u64,
}

/// All attempts and syncs, and a clock that moves with each.
#[derive(Debug, Default)]
pub(super) struct KillLedger {
    /// The attempts, oldest first by their beginning, those of one rep never at the same time.
    pub(super) attempts: Vec<WriteAttempt>,
    exchanges: Vec<Exchange>,
    clock: u64,
}

impl KillLedger {
    /// The next moment.
    pub(super) fn tick(&mut self) -> u64 {
        self.clock += 1;
        self.clock
    }

    /// Keeps an attempt that has ended.
    pub(super) fn note(&mut self, attempt: WriteAttempt) {
        let at = self
            .attempts
            .partition_point(|other| other.began < attempt.began);
        self.attempts.insert(at, attempt);
    }

    /// Keeps a sync that ends now.
    pub(super) fn note_exchange(&mut self, rep: usize, began: u64) {
        let ended = self.tick();
        self.exchanges.push(Exchange { rep, began, ended });
    }

    /// A record that a rep has seen is there, though the command that made it was killed.
    pub(super) fn adopt(&mut self, text: &str, field: &str, id: &str) {
        let made = self
            .attempts
            .iter_mut()
            .find(|attempt| attempt.values.get(field).is_some_and(|value| value == text));
        if let Some(attempt) = made {
            (attempt.fate, attempt.record) = (Fate::Done, Some(id.to_owned()));
        }
    }

    /// Contacts that a rep has made.
    pub(super) fn contacts(&self, rep: usize) -> Vec<String> {
        let mut contacts = Vec::new();
        for attempt in &self.attempts {
            let is_made = attempt.makes.is_some() && attempt.fate == Fate::Done;
            if attempt.rep == rep && attempt.object == "contact" && is_made {
                contacts.extend(attempt.record.clone());
            }
        }
        contacts
    }

    /// Whether who gave `later` may have known what `earlier` wrote, so that one value replaces the
    /// other without a conflict: the same rep, or a sync of the one and then a sync of the other
    /// between them.
    pub(super) fn may_replace(&self, earlier: &WriteAttempt, later: &WriteAttempt) -> bool {
        if later.began <= earlier.began || later.fate == Fate::Refused {
            return false;
        }
        if earlier.rep == later.rep {
            return true;
        }
        // The server may take in what a killed phone sent even after the phone is dead: a sync has
        // no end for it.
        let sent = self
            .exchanges_of(earlier.rep)
            .map(|exchange| exchange.began)
            .filter(|began| *began > earlier.began)
            .min();
        sent.is_some_and(|sent| {
            self.exchanges_of(later.rep)
                .any(|exchange| exchange.began < later.began && exchange.ended > sent)
        })
    }

    fn exchanges_of(&self, rep: usize) -> impl Iterator<Item = &Exchange> {
        self.exchanges
            .iter()
            .filter(move |exchange| exchange.rep == rep)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edit(ledger: &mut KillLedger, rep: usize) -> WriteAttempt {
        let (began, values) = (ledger.tick(), BTreeMap::new());
        WriteAttempt {
            rep,
            object: "contact",
            record: None,
            values,
            makes: None,
            began,
            fate: Fate::Done,
        }
    }

    fn sync(ledger: &mut KillLedger, rep: usize) {
        let began = ledger.tick();
        ledger.note_exchange(rep, began);
    }

    #[test]
    fn who_could_not_know_does_not_replace() {
        let ledger = &mut KillLedger::default();
        let first = edit(ledger, 0);
        sync(ledger, 1);
        sync(ledger, 0);
        let blind = edit(ledger, 1);
        assert!(
            !ledger.may_replace(&first, &blind),
            "Ben synced before Ana had sent anything"
        );
        let own = edit(ledger, 0);
        assert!(ledger.may_replace(&first, &own) && !ledger.may_replace(&own, &first));
        sync(ledger, 1);
        let knowing = edit(ledger, 1);
        assert!(ledger.may_replace(&first, &knowing));
        assert!(
            !ledger.may_replace(&own, &knowing),
            "Ana's later edit was never sent"
        );
    }
}
