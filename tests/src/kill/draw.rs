//! Draws what people do next, by weight and seed. It knows the words of commands and which effects
//! they are to have; it does not know what becomes of them.

use std::collections::BTreeMap;

use super::ledger::{Fate, WriteAttempt};

/// SplitMix64: the same seed makes the same choices on every machine.
pub(super) struct KillDice {
    state: u64,
    written: u64,
}

/// A command about to be given.
pub(super) struct DrawnCommand {
    /// Its words after `rep --db FILE`.
    pub(super) words: Vec<String>,
    /// What it is to write; none for a sync.
    pub(super) attempt: Option<WriteAttempt>,
    /// What else its answer tells about the rep.
    pub(super) effect: VisitEffect,
}

/// What a command means for the visit that a rep has open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum VisitEffect {
    /// Nothing.
    None,
    /// It opens a visit.
    Opens,
    /// It works in the open visit.
    Works,
    /// It closes the visit.
    Closes,
}

/// What a rep can work on.
pub(super) struct WorkAtHand<'a> {
    /// Which rep.
    pub(super) rep: usize,
    /// Accounts of all.
    pub(super) accounts: &'a [String],
    /// Papers that lie in the folder.
    pub(super) papers: &'a [String],
    /// Contacts that all reps have.
    pub(super) shared: &'a [String],
    /// Contacts that this rep has made.
    pub(super) own: Vec<String>,
    /// The visit that the rep has open, as far as answers told.
    pub(super) visit: Option<&'a str>,
}

/// Actions of a visit that take any words.
const ACTIONS: &[&str] = &["shelf", "prices", "storefront"];

impl KillDice {
    /// The luck of a seed.
    pub(super) fn of(seed: u64) -> KillDice {
        KillDice {
            state: seed,
            written: 0,
        }
    }

    /// A number below `end`.
    pub(super) fn below(&mut self, end: usize) -> usize {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % (end.max(1) as u64)).unwrap_or(0)
    }

    fn one<'a>(&mut self, of: &'a [String]) -> &'a str {
        &of[self.below(of.len())]
    }

    /// A number that no other text has.
    fn fresh(&mut self) -> u64 {
        self.written += 1;
        self.written
    }

    /// Any command, by weight.
    pub(super) fn command(&mut self, work: &WorkAtHand<'_>) -> DrawnCommand {
        match self.below(100) {
            0..15 => self.create(work),
            15..48 => self.edit(work),
            48..70 => self.visit(work),
            70..84 => self.follow_up(work),
            _ => sync(),
        }
    }

    /// A contact at one of the accounts, made by one command.
    pub(super) fn create(&mut self, work: &WorkAtHand<'_>) -> DrawnCommand {
        let number = self.fresh();
        let account = self.one(work.accounts);
        let name = format!("Contact {number}");
        let role = format!("Role {number}");
        let attempt = WriteAttempt {
            makes: Some("name"),
            ..attempt(work.rep, "contact", None)
        };
        let attempt = attempt
            .writes("name", &name)
            .writes(&format!("roles/{account}/role"), &role);
        let set_name = format!("name={name}");
        let set_account = format!("roles/{account}/account={account}");
        let set_role = format!("roles/{account}/role={role}");
        let words = ["create", "contact", &set_name, &set_account, &set_role];
        drawn(&words, attempt, VisitEffect::None)
    }

    /// One field of a contact, mostly of one that all reps edit.
    fn edit(&mut self, work: &WorkAtHand<'_>) -> DrawnCommand {
        let is_own = !work.own.is_empty() && self.below(100) < 20;
        let contacts = if is_own { &work.own } else { work.shared };
        let contact = self.one(contacts).to_owned();
        let number = self.fresh();
        let account = &work.accounts[0];
        let (path, value) = match self.below(4) {
            0 => ("job_title".to_owned(), format!("Title {number}")),
            1 => ("email".to_owned(), format!("person{number}@example.com")),
            2 => ("mobile".to_owned(), format!("+1479{number:07}")),
            _ => (format!("roles/{account}/role"), format!("Role {number}")),
        };
        let set = format!("{path}={value}");
        let mut words = vec!["edit", "contact", &contact, &set];
        // A role at an account that the contact has none at would lack its account.
        let set_account = format!("roles/{account}/account={account}");
        if path.starts_with("roles") {
            words.push(&set_account);
        }
        let attempt = attempt(work.rep, "contact", Some(&contact)).writes(&path, &value);
        drawn(&words, attempt, VisitEffect::None)
    }

    /// Opens a visit, or works in the open one.
    fn visit(&mut self, work: &WorkAtHand<'_>) -> DrawnCommand {
        let number = self.fresh();
        let Some(visit) = work.visit else {
            return self.start_visit(work, number);
        };
        let attempt = attempt(work.rep, "visit", Some(visit));
        if self.below(100) < 35 {
            let reason = format!("Reason {number}");
            let attempt = attempt
                .writes("cancel_reason", &reason)
                .writes("state", "cancelled");
            let words = ["visit", "cancel", visit, "--reason", &reason];
            return drawn(&words, attempt, VisitEffect::Closes);
        }
        if self.below(100) < 40 {
            return self.photo(work, visit);
        }
        let action = ACTIONS[self.below(ACTIONS.len())];
        let answer = format!("Answer {number}");
        let attempt = attempt.writes(&format!("actions/{action}/answer"), &answer);
        let words = ["visit", "answer", visit, action, &answer];
        drawn(&words, attempt, VisitEffect::Works)
    }

    /// A paper of the open visit. Two of one paper are one file.
    fn photo(&mut self, work: &WorkAtHand<'_>, visit: &str) -> DrawnCommand {
        let caption = format!("Paper {}", self.fresh());
        let attempt = WriteAttempt {
            makes: Some("caption"),
            ..attempt(work.rep, "photo", None)
        };
        let attempt = attempt.writes("caption", &caption);
        let paper = self.one(work.papers);
        let words = ["visit", "photo", visit, paper, "--caption", &caption];
        drawn(&words, attempt, VisitEffect::None)
    }

    fn start_visit(&mut self, work: &WorkAtHand<'_>, number: u64) -> DrawnCommand {
        let purpose = format!("Purpose {number}");
        let attempt = WriteAttempt {
            makes: Some("purpose"),
            ..attempt(work.rep, "visit", None)
        };
        let attempt = attempt
            .writes("purpose", &purpose)
            .writes("state", "in_progress");
        let account = self.one(work.accounts);
        let words = ["visit", "start", account, "--purpose", &purpose];
        drawn(&words, attempt, VisitEffect::Opens)
    }

    /// A note about one of the accounts.
    pub(super) fn follow_up(&mut self, work: &WorkAtHand<'_>) -> DrawnCommand {
        let note = format!("Note {}", self.fresh());
        let attempt = WriteAttempt {
            makes: Some("note"),
            ..attempt(work.rep, "follow_up", None)
        };
        let attempt = attempt.writes("note", &note);
        let account = self.one(work.accounts);
        let words = ["follow-up", &note, "--account", account];
        drawn(&words, attempt, VisitEffect::None)
    }
}

/// Sends what is unsent and fetches what is new.
pub(super) fn sync() -> DrawnCommand {
    DrawnCommand {
        words: vec!["sync".to_owned()],
        attempt: None,
        effect: VisitEffect::None,
    }
}

fn drawn(words: &[&str], attempt: WriteAttempt, effect: VisitEffect) -> DrawnCommand {
    DrawnCommand {
        words: words.iter().map(|word| (*word).to_owned()).collect(),
        attempt: Some(attempt),
        effect,
    }
}

/// A command of a rep that will write this record, or make one; it writes nothing yet.
fn attempt(rep: usize, object: &'static str, record: Option<&str>) -> WriteAttempt {
    WriteAttempt {
        rep,
        object,
        record: record.map(str::to_owned),
        values: BTreeMap::new(),
        makes: None,
        began: 0,
        fate: Fate::Possible,
    }
}

impl WriteAttempt {
    fn writes(mut self, path: &str, value: &str) -> WriteAttempt {
        self.values.insert(path.to_owned(), value.to_owned());
        self
    }
}
