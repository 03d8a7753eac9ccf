//! Draws what people do next, by weight and seed. It knows the words of commands and which effects
//! they are to have; it does not know what becomes of them.

use std::collections::BTreeMap;

use super::ledger::{Deed, Fate};

/// SplitMix64: the same seed makes the same choices on every machine.
pub(super) struct Chance {
    state: u64,
    written: u64,
}

/// A command about to be given.
pub(super) struct Choice {
    /// Its words after `rep --db FILE`.
    pub(super) words: Vec<String>,
    /// What it is to write; none for a sync.
    pub(super) deed: Option<Deed>,
    /// What else its answer tells about the rep.
    pub(super) turn: Turn,
}

/// What a command means for the visit that a rep has open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
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
pub(super) struct Desk<'a> {
    /// Which rep.
    pub(super) rep: usize,
    /// Accounts of all.
    pub(super) accounts: &'a [String],
    /// Contacts that all reps have.
    pub(super) shared: &'a [String],
    /// Contacts that this rep has made.
    pub(super) own: Vec<String>,
    /// The visit that the rep has open, as far as answers told.
    pub(super) visit: Option<&'a str>,
}

/// Actions of a visit that take any words.
const ACTIONS: &[&str] = &["shelf", "prices", "storefront"];

impl Chance {
    /// The luck of a seed.
    pub(super) fn of(seed: u64) -> Chance {
        Chance {
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
    pub(super) fn command(&mut self, desk: &Desk<'_>) -> Choice {
        match self.below(100) {
            0..15 => self.create(desk),
            15..48 => self.edit(desk),
            48..70 => self.visit(desk),
            70..84 => self.follow_up(desk),
            _ => sync(),
        }
    }

    /// A contact at one of the accounts, made by one command.
    pub(super) fn create(&mut self, desk: &Desk<'_>) -> Choice {
        let (number, account) = (self.fresh(), self.one(desk.accounts));
        let (name, role) = (format!("Contact {number}"), format!("Role {number}"));
        let values = [
            ("name", name.clone()),
            (&format!("roles/{account}/role"), role.clone()),
        ];
        let deed = deed(desk.rep, ("contact", None), &values, Some("name"));
        let (link, role) = (
            format!("roles/{account}/account={account}"),
            format!("roles/{account}/role={role}"),
        );
        choice(
            &["create", "contact", &format!("name={name}"), &link, &role],
            deed,
            Turn::None,
        )
    }

    /// One field of a contact, mostly of one that all reps edit.
    fn edit(&mut self, desk: &Desk<'_>) -> Choice {
        let is_own = !desk.own.is_empty() && self.below(100) < 20;
        let contact = self
            .one(if is_own { &desk.own } else { desk.shared })
            .to_owned();
        let number = self.fresh();
        let (path, value) = match self.below(4) {
            0 => ("job_title".to_owned(), format!("Title {number}")),
            1 => ("email".to_owned(), format!("person{number}@example.com")),
            2 => ("mobile".to_owned(), format!("+1479{number:07}")),
            _ => (
                format!("roles/{}/role", desk.accounts[0]),
                format!("Role {number}"),
            ),
        };
        // A role at an account that the contact has none at would lack its account.
        let link = format!("roles/{0}/account={0}", desk.accounts[0]);
        let set = format!("{path}={value}");
        let words = ["edit", "contact", &contact, &set, &link];
        let words = if path.starts_with("roles") {
            &words[..]
        } else {
            &words[..4]
        };
        choice(
            words,
            deed(
                desk.rep,
                ("contact", Some(&contact)),
                &[(&path, value)],
                None,
            ),
            Turn::None,
        )
    }

    /// Opens a visit, or works in the open one.
    fn visit(&mut self, desk: &Desk<'_>) -> Choice {
        let number = self.fresh();
        let Some(visit) = desk.visit else {
            let purpose = format!("Purpose {number}");
            let values = [
                ("purpose", purpose.clone()),
                ("state", "in_progress".to_owned()),
            ];
            let deed = deed(desk.rep, ("visit", None), &values, Some("purpose"));
            return choice(
                &[
                    "visit",
                    "start",
                    self.one(desk.accounts),
                    "--purpose",
                    &purpose,
                ],
                deed,
                Turn::Opens,
            );
        };
        if self.below(100) < 35 {
            let reason = format!("Reason {number}");
            let values = [
                ("cancel_reason", reason.clone()),
                ("state", "cancelled".to_owned()),
            ];
            let deed = deed(desk.rep, ("visit", Some(visit)), &values, None);
            return choice(
                &["visit", "cancel", visit, "--reason", &reason],
                deed,
                Turn::Closes,
            );
        }
        let (action, answer) = (
            ACTIONS[self.below(ACTIONS.len())],
            format!("Answer {number}"),
        );
        let values = [(&*format!("actions/{action}/answer"), answer.clone())];
        let deed = deed(desk.rep, ("visit", Some(visit)), &values, None);
        choice(
            &["visit", "answer", visit, action, &answer],
            deed,
            Turn::Works,
        )
    }

    /// A note about one of the accounts.
    pub(super) fn follow_up(&mut self, desk: &Desk<'_>) -> Choice {
        let note = format!("Note {}", self.fresh());
        let deed = deed(
            desk.rep,
            ("follow_up", None),
            &[("note", note.clone())],
            Some("note"),
        );
        choice(
            &["follow-up", &note, "--account", self.one(desk.accounts)],
            deed,
            Turn::None,
        )
    }
}

/// Sends what is unsent and fetches what is new.
pub(super) fn sync() -> Choice {
    Choice {
        words: vec!["sync".to_owned()],
        deed: None,
        turn: Turn::None,
    }
}

fn choice(words: &[&str], deed: Deed, turn: Turn) -> Choice {
    Choice {
        words: words.iter().map(|word| (*word).to_owned()).collect(),
        deed: Some(deed),
        turn,
    }
}

fn deed(
    rep: usize,
    (object, record): (&'static str, Option<&str>),
    values: &[(&str, String)],
    makes: Option<&'static str>,
) -> Deed {
    let values: BTreeMap<String, String> = values
        .iter()
        .map(|(path, value)| ((*path).to_owned(), value.clone()))
        .collect();
    Deed {
        rep,
        object,
        record: record.map(str::to_owned),
        values,
        makes,
        began: 0,
        fate: Fate::Possible,
    }
}
