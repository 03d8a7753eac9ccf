//! Photos and papers in a run: people take them, look at what others took, and send them in
//! meetings that break off; the server's disk loses some; and in the end each is where it must be.
//! It does not know what records that name them say.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use outfield_core::app::FieldError;
use outfield_core::base::blob::BlobName;
use outfield_core::base::id::{BlobHash, UserId};
use outfield_core::objects::FieldKind;
use outfield_core::store::Db;
use outfield_core::store::blob_queue::{self, BlobState, QueuedBlob};
use serde_json::{Value as Json, json};

use super::commands::Hand;
use super::disk::{Owner, Spell};
use super::file_log::{lying, read};
use super::stage::SimStage;
use super::trouble::Trouble;
use crate::{Fault, behind, pictures};

/// Of so many files one is a paper, which goes in more than one piece.
const PAPER_ONE_OF: usize = 2;
/// How many bytes a paper has.
const PAPER_BYTES_MIN: usize = 140_000;
const PAPER_BYTES_MORE: usize = 160_000;
/// How wide and high photos are.
const PHOTO_DOTS: (u32, u32) = (24, 16);
/// Calls in a row that bring nothing, after which a meeting gives files up.
const CALL_TRIES: usize = 6;
/// Pieces after which something may go wrong.
const PIECES: usize = 2;
/// Steps of the server's transactions after which its disk or its process may fail.
const STEPS: usize = 6;
/// Rounds in which all files that can be sent are.
const ROUNDS: usize = 3;
/// Records of files that somebody looks through.
const SHOWN: usize = 1_000;

impl Hand<'_> {
    /// Takes a photo or a paper; answers the name of its file.
    pub(super) fn keeps_file(&mut self) -> Option<String> {
        if self.profile.leaves_files {
            return None;
        }
        let number = u64::from(self.number);
        let taken = if self.dice.roll(PAPER_ONE_OF) == 0 {
            let bytes = PAPER_BYTES_MIN + self.dice.roll(PAPER_BYTES_MORE);
            pictures::paper(number, bytes)
        } else {
            pictures::photo(number, PHOTO_DOTS.0, PHOTO_DOTS.1)
        };
        let camera = self.phone.file.with_extension("camera");
        std::fs::write(&camera, taken).unwrap();
        let kept = self.phone.device().keep_file(&camera).unwrap().data;
        Some(kept["file"].as_str().unwrap().to_owned())
    }
}

/// A file as a record on the server names it.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct NamedFile {
    hash: BlobHash,
    /// Who wrote the record.
    author: UserId,
    /// Whether the author is known to have brought its bytes.
    is_brought: bool,
}

impl SimStage {
    /// Meets the server about records, and then about files.
    pub(super) fn meeting(&mut self, at: usize) -> Result<Json, FieldError> {
        let mut told = self.phone(at).syncs()?;
        let files = self.phone(at).sends_files()?;
        if files["sent"] != json!(0) || files["waiting"] != json!(0) {
            told["files"] = files;
        }
        self.counts_files();
        Ok(told)
    }

    /// Enters how many files arrived, and how many went on from where a meeting had broken off.
    fn counts_files(&mut self) {
        let (arrived, resumed) = {
            let files = &mut self.heard.borrow_mut().files;
            let heard = (files.arrived, files.resumed);
            (files.arrived, files.resumed) = (0, 0);
            heard
        };
        for (trouble, times) in [
            (Trouble::FileArrived, arrived),
            (Trouble::FileResumed, resumed),
        ] {
            if times > 0 {
                *self.counts.entry(trouble).or_default() += times;
            }
        }
    }

    /// The files that a phone knows.
    pub(super) fn files_of(&self, at: usize) -> BTreeMap<BlobHash, QueuedBlob> {
        known_files(&behind::open(&self.carried[at].phone.file))
    }

    /// Somebody takes a file, and the meeting about it breaks off after a part of it went: the line
    /// does, or the phone or the server is killed, or has no room.
    pub(super) fn sends_in_parts(&mut self, at: usize) {
        self.gives(at, None, |hand| hand.photographs());
        let line = Rc::clone(&self.carried[at].phone.line);
        let pieces = 1 + self.dice.roll(PIECES);
        (0..pieces).for_each(|_| line.fault("/upload", Fault::None));
        let way = self.dice.roll(4);
        self.note(format!(
            "{} sends {pieces} pieces, then it breaks off in way {way}",
            self.carried[at].phone.name
        ));
        match way {
            0 | 1 => {
                let fault = [Fault::RequestLost, Fault::AnswerLost][way];
                (0..CALL_TRIES).for_each(|_| line.fault("/upload", fault));
                self.meets(at);
            }
            2 => {
                self.meets_until_killed(at);
            }
            _ => self.server_is_killed_by_a_file(at),
        }
    }

    /// The phone is killed while pieces of files are under way, and may have come.
    fn meets_until_killed(&mut self, at: usize) {
        if self.phone(at).syncs().is_err() {
            return;
        }
        let (line, file) = {
            let phone = &self.carried[at].phone;
            (Rc::clone(&phone.line), phone.file.clone())
        };
        let image = file.with_extension("killed");
        let was_killed = Rc::new(Cell::new(false));
        let (cut, seen, to) = (Rc::clone(&line), was_killed.clone(), image.clone());
        line.before("/upload", move || {
            crate::files::copy_database(&file, &to);
            seen.set(true);
            cut.cut();
        });
        drop(self.phone(at).sends_files());
        self.counts_files();
        line.mend();
        if was_killed.get() {
            self.phone(at).reopen_on(&image);
            self.count(Trouble::PhoneKilled);
        }
    }

    /// The server is killed while it takes files in.
    fn server_is_killed_by_a_file(&mut self, at: usize) {
        if self.phone(at).syncs().is_err() {
            return;
        }
        let server = Rc::clone(&self.world.server);
        let (file, after) = (server.file(self.world.tenant), self.dice.roll(STEPS));
        let is_full = self.dice.roll(2) == 0 && self.profile.suffers(Trouble::ServerFull);
        self.disks.bewitch(if is_full {
            server.is_full(true);
            Spell::Full { file, after }
        } else {
            let owner = Owner::Server(Rc::clone(&server));
            Spell::Kill { file, after, owner }
        });
        drop(self.phone(at).sends_files());
        self.counts_files();
        let trouble = if is_full {
            Trouble::ServerFull
        } else {
            Trouble::ServerKilled
        };
        if self.disks.mend().0 {
            self.count(trouble);
        }
        server.is_full(false);
        self.carried[at].phone.line.mend();
    }

    /// Somebody looks at a file that may be another's.
    pub(super) fn looks_at_a_file(&mut self, at: usize) {
        let listed = self.listed_files(at);
        let chosen = self.dice.roll(listed.len());
        let Some(name) = listed.iter().nth(chosen).copied() else {
            return;
        };
        let line = Rc::clone(&self.carried[at].phone.line);
        let said = self
            .phone(at)
            .device()
            .fetch_file_over(line.as_ref(), &name.to_string());
        let said = match said {
            Ok(receipt) => receipt.data["state"].as_str().unwrap().to_owned(),
            Err(FieldError::Refused { code, .. }) if code == "not_found" => code,
            Err(FieldError::SignIn { .. }) => "signed out".to_owned(),
            Err(other) => panic!("{name} cannot be looked at: {other:?}"),
        };
        let phone = &self.carried[at].phone.name;
        self.note(format!("{phone} looks at {}: {said}", name.hash));
    }

    /// The files that records on a phone name.
    fn listed_files(&mut self, at: usize) -> BTreeSet<BlobName> {
        let registry = self.phone(at).device().registry().clone();
        let mut found = BTreeSet::new();
        for of in registry.all() {
            if of
                .fields
                .values()
                .all(|field| field.kind != FieldKind::Blob)
            {
                continue;
            }
            let listed = self.phone(at).device().list(&of.object, None, SHOWN);
            let listed = listed.map(|receipt| receipt.data).unwrap_or_default();
            for record in listed.as_array().into_iter().flatten() {
                for name in of.fields.keys() {
                    let file = record[name].as_str().unwrap_or_default();
                    found.extend(file.parse::<BlobName>());
                }
            }
        }
        found
    }

    /// The disk of the server loses files, all of them or some; records stay.
    pub(super) fn server_loses_files(&mut self) {
        let folder = self.world.server.photos(self.world.tenant);
        let is_all = self.dice.roll(3) == 0;
        let mut lost = 0;
        for hash in lying(&folder) {
            if is_all || self.dice.roll(2) == 0 {
                let name = hash.to_string();
                std::fs::remove_file(folder.join(&name[..2]).join(&name)).unwrap();
                lost += 1;
            }
        }
        self.note(format!("the disk of the server loses {lost} files"));
        if lost > 0 {
            self.count(Trouble::FilesLost);
        }
        if self.dice.roll(2) == 0 {
            self.asks_for_lost_files();
        }
    }

    /// The office looks whether each file is there. Of what is not, phones are asked: the server
    /// takes its files for such as were put back.
    pub(super) fn asks_for_lost_files(&mut self) {
        let lying = lying(&self.world.server.photos(self.world.tenant));
        let db = behind::open(&self.world.server.file(self.world.tenant));
        let mut missing = files_in(&db);
        missing.retain(|hash| !lying.contains(hash));
        let named = self.world.office(|office| office.check_blobs()).unwrap();
        let named = named.iter().map(|wrong| {
            assert_eq!(wrong["code"], "blob_missing", "{wrong}");
            wrong["id"].as_str().unwrap().parse().unwrap()
        });
        let named: BTreeSet<BlobHash> = named.collect();
        assert_eq!(
            named, missing,
            "the check names other files than are missing"
        );
        if missing.is_empty() {
            return;
        }
        self.note(format!(
            "{} files are missing, phones are asked",
            missing.len()
        ));
        self.heard.borrow_mut().put_back();
        self.world.server.loses_witness(self.world.tenant);
    }
}

/// The files that a phone's database knows.
fn known_files(db: &Db) -> BTreeMap<BlobHash, QueuedBlob> {
    let hashes = files_in(db).into_iter();
    let known = hashes.map(|hash| (hash, blob_queue::get(db, hash).unwrap().unwrap()));
    known.collect()
}

/// The files that a database knows: a phone's, or the server's of those that are here.
fn files_in(db: &Db) -> BTreeSet<BlobHash> {
    let mut statement = db.prepare("SELECT hash FROM blob").unwrap();
    let hashes = statement.query_map([], |row| row.get::<_, Vec<u8>>(0));
    let hashes = hashes
        .unwrap()
        .map(|hash| BlobHash::from_slice(&hash.unwrap()).unwrap());
    hashes.collect()
}

/// The files that records on the server name.
fn named_files(db: &Db) -> BTreeSet<NamedFile> {
    let sql = "SELECT hash, user, EXISTS (SELECT 1 FROM blob_holder h WHERE h.hash = l.hash \
               AND h.user = l.user) FROM blob_link l";
    let mut statement = db.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| {
        Ok(NamedFile {
            hash: BlobHash::from_slice(&row.get::<_, Vec<u8>>(0)?).unwrap(),
            author: UserId::from_slice(&row.get::<_, Vec<u8>>(1)?).unwrap(),
            is_brought: row.get(2)?,
        })
    });
    rows.unwrap().map(Result::unwrap).collect()
}

impl SimStage {
    /// All files that can be sent are, and each is where it must be: whole on the server, if a
    /// record there names it and a phone of the one who wrote that has it; and nobody is told that
    /// it is there unless it is.
    pub(super) fn files_stand(&mut self) {
        for _ in 0..ROUNDS {
            for at in 0..self.carried.len() {
                self.phone(at).sync();
                let said = self.phone(at).sends_files().unwrap();
                self.note(format!("{} sends {said}", self.carried[at].phone.name));
            }
        }
        self.counts_files();
        let folder = self.world.server.photos(self.world.tenant);
        let lying = lying(&folder);
        for hash in &lying {
            assert!(
                read(&folder, *hash).is_some(),
                "{hash} is not what it is called"
            );
        }
        let named = named_files(&behind::open(&self.world.server.file(self.world.tenant)));
        let mut held: BTreeMap<BlobHash, BTreeSet<UserId>> = BTreeMap::new();
        for at in 0..self.carried.len() {
            let user = self.world.user(self.carried[at].person).parse().unwrap();
            for hash in self.files_stand_on(at, &lying, &named) {
                held.entry(hash).or_default().insert(user);
            }
        }
        for NamedFile { hash, author, .. } in &named {
            let holders = held.get(hash);
            let is_with_author = holders.is_some_and(|users| users.contains(author));
            let is_there = lying.contains(hash);
            assert!(
                is_there || !is_with_author,
                "{hash} is lost although its author holds it"
            );
            let is_forgotten = self.ledger.forgotten_files.contains(hash);
            assert!(is_there || is_forgotten, "{hash} is lost");
        }
        self.files_can_be_looked_at(&lying, &named);
        self.note(format!("{} files are on the server", lying.len()));
    }

    /// What a phone says of each file holds; answers those whose bytes it has.
    fn files_stand_on(
        &mut self,
        at: usize,
        lying: &BTreeSet<BlobHash>,
        named: &BTreeSet<NamedFile>,
    ) -> Vec<BlobHash> {
        let user: UserId = self.world.user(self.carried[at].person).parse().unwrap();
        let wrote = named.iter().filter(|of| of.author == user);
        let mut may_come: BTreeSet<BlobHash> = wrote.map(|of| of.hash).collect();
        may_come.extend(self.listed_files(at).into_iter().map(|of| of.hash));
        may_come.retain(|hash| named.iter().any(|of| of.hash == *hash));
        let phone = &self.carried[at].phone;
        let (name, blobs) = (&phone.name, phone.blobs());
        let mut held = Vec::new();
        for (hash, file) in self.files_of(at) {
            let is_here = blobs.is_sound(file.name);
            match file.state {
                BlobState::Present => {
                    assert!(
                        lying.contains(&hash),
                        "{name} says that {hash} is on the server"
                    );
                }
                BlobState::Waiting => {
                    assert!(
                        !may_come.contains(&hash),
                        "{hash} waits on {name}: {file:?}"
                    );
                }
                BlobState::Refused => assert!(!is_here, "{hash} is refused on {name}: {file:?}"),
                BlobState::Kept => {}
            }
            if is_here {
                held.push(hash);
            }
        }
        held
    }

    /// Whoever sees a record can look at its file, if it is on the server and whoever wrote that
    /// brought it.
    fn files_can_be_looked_at(&mut self, lying: &BTreeSet<BlobHash>, named: &BTreeSet<NamedFile>) {
        for at in 0..self.carried.len() {
            let known = self.files_of(at);
            let mut absent = self.listed_files(at);
            absent.retain(|name| !known.contains_key(&name.hash) && lying.contains(&name.hash));
            absent.retain(|name| {
                let mut of = named.iter().filter(|of| of.hash == name.hash);
                of.any(|of| of.is_brought)
            });
            let Some(name) = absent.pop_first() else {
                continue;
            };
            let line = Rc::clone(&self.carried[at].phone.line);
            let device = self.phone(at).device();
            let told = device.fetch_file_over(line.as_ref(), &name.to_string());
            assert_eq!(told.unwrap().data["state"], "present", "{name}");
        }
    }
}
