//! What must hold after a power cut: databases are whole, what was answered is there, and all goes
//! on to agree. It does not know how the image came to be.

use std::collections::BTreeSet;

use outfield_core::base::id::ChangeHash;
use outfield_core::store::Db;
use outfield_core::store::attention;
use outfield_core::store::outbox;

use super::disk::Image;
use super::live::{Lived, Promise, StepBooks, tick};
use super::resume;
use crate::dice::Dice;
use crate::simulate::stage::{self, SimStage, words, words_of_held};
use crate::{Server, World, behind};

/// The machine that the server runs on.
pub(crate) const SERVER: &str = "server";

/// A power cut and what it left.
pub(crate) struct PowerCut<'a> {
    pub(crate) lived: &'a Lived,
    /// Entries of the tape that were before it.
    pub(crate) at: usize,
    /// Whose power was cut.
    pub(crate) machine: &'a str,
    pub(crate) image: &'a Image,
}

impl PowerCut<'_> {
    /// The books after the last step that was over, and after the one that was not.
    fn books(&self) -> (Option<&StepBooks>, Option<&StepBooks>) {
        let over = self
            .lived
            .books
            .partition_point(|books| books.after <= self.at);
        (
            over.checked_sub(1)
                .and_then(|over| self.lived.books.get(over)),
            self.lived.books.get(over),
        )
    }

    /// Opens everything anew and looks; if `goes_on`, all meet the server until they agree as well.
    /// Answers whether they did. Panics with what does not hold.
    pub(crate) fn proves(&self, goes_on: bool, dice: &mut Dice) -> bool {
        let folder = resume::unpack(self.image);
        let (Some(books), next) = self.books() else {
            self.opens(folder);
            return false;
        };
        resume::marks(folder.path(), books, self.machine, dice);
        let ms = self.lived.tape[self.at - 1].ms;
        let mut stage = resume::resume(folder, self.lived, books, ms);
        self.is_whole(&stage);
        self.verdicts_are_kept(&stage);
        for (at, promise) in books.promises.iter().enumerate() {
            let later = next
                .and_then(|next| next.promises.get(at))
                .unwrap_or(promise);
            is_kept(&stage, at, promise, later);
        }
        let newest = tick(&behind::open(&stage.world.server.file(stage.world.tenant)));
        assert!(
            newest >= books.tick,
            "the server's logs end at {newest}, and were at {}",
            books.tick
        );
        // Whether what a person was just taking off the list is there is open.
        let is_settled = next.is_none_or(|next| next.ledger.dismissed == books.ledger.dismissed);
        let goes_on = goes_on && is_settled;
        if goes_on {
            stage.heard.borrow_mut().may_repair |= next.is_some_and(|next| next.heard.may_repair);
            stage.proves();
        }
        stage::run_version(false);
        goes_on
    }

    /// Before anybody was told anything: what is there opens.
    fn opens(&self, folder: tempfile::TempDir) {
        let ms = self.lived.tape[self.at - 1].ms;
        let files: Vec<_> = self
            .image
            .keys()
            .map(|name| folder.path().join(name))
            .collect();
        let seed = self.lived.profile.seed;
        let world = World::again(folder, seed, ms, self.lived.tenants[0]);
        if self.machine == SERVER {
            let known = self
                .lived
                .tenants
                .iter()
                .filter(|tenant| world.server.lists(**tenant));
            known.for_each(|tenant| world.server.with(*tenant, |_| ()));
        } else {
            drop(world.new_phone(self.machine));
        }
        for file in files
            .iter()
            .filter(|file| file.exists() && file.extension().is_some_and(|end| end == "db"))
        {
            assert_eq!(
                resume::integrity(file),
                "ok",
                "{} is not whole",
                file.display()
            );
        }
    }

    /// Both tenants open, and SQLite finds no fault in what lost its power.
    fn is_whole(&self, stage: &SimStage) {
        let server: &Server = &stage.world.server;
        let tenants = self
            .lived
            .tenants
            .map(|tenant| server.with(tenant, |_| server.file(tenant)));
        let of_phone = |phone: &crate::Phone| (phone.name.clone(), phone.file.clone());
        let mut files: Vec<_> = tenants.map(|file| (SERVER.to_owned(), file)).into();
        files.push(of_phone(&stage.stranger));
        files.extend(stage.carried.iter().map(|carried| of_phone(&carried.phone)));
        for (machine, file) in files.iter().filter(|(machine, _)| machine == self.machine) {
            assert_eq!(
                resume::integrity(file),
                "ok",
                "{machine}'s database is not whole"
            );
        }
    }

    /// Every verdict that had left the server is on its disk.
    fn verdicts_are_kept(&self, stage: &SimStage) {
        let told = self.lived.told.iter().filter(|told| told.after <= self.at);
        stage
            .heard
            .borrow_mut()
            .verdicts
            .extend(told.map(|told| (told.hash, told.ruling.clone())));
        stage.verdicts_stand();
    }
}

/// Work that was told `ok` is on the phone or judged by the server; what was refused is on the list
/// until a person takes it off, and then it is not.
fn is_kept(stage: &SimStage, at: usize, promise: &Promise, later: &Promise) {
    let phone = behind::open(&stage.carried[at].phone.file);
    let server = behind::open(&stage.world.server.file(stage.world.tenant));
    let (unsent, held) = (
        outbox::all(&phone).unwrap(),
        attention::all(&phone).unwrap(),
    );
    let hashes: BTreeSet<ChangeHash> = unsent.iter().map(|entry| entry.hash).collect();
    let listed: BTreeSet<ChangeHash> = held.iter().map(|held| held.hash).collect();
    let there: Vec<_> = words(&unsent)
        .into_iter()
        .chain(held.iter().flat_map(words_of_held))
        .collect();
    let name = &promise.phone;
    for entry in &promise.outbox {
        // Work that is signed anew has another name and the same words.
        let of_it = words(std::slice::from_ref(entry));
        let is_anew = match of_it.as_slice() {
            // A fact that is decided anew with the rest of its group is another one.
            [] => unsent.iter().any(|other| {
                other.object == entry.object
                    && (other.record == entry.record || other.command == entry.command)
            }),
            of_it => of_it.iter().all(|word| there.contains(word)),
        };
        let is_here = hashes.contains(&entry.hash) || listed.contains(&entry.hash) || is_anew;
        assert!(
            is_here || judged(&server, entry.hash),
            "{name} was told ok and forgot {} {}",
            entry.object,
            entry.hash
        );
    }
    let stays = later
        .attention
        .iter()
        .map(|held| held.hash)
        .collect::<BTreeSet<_>>();
    for refused in promise
        .attention
        .iter()
        .filter(|refused| stays.contains(&refused.hash))
    {
        assert!(
            listed.contains(&refused.hash),
            "{name} forgot that {} was refused",
            refused.hash
        );
    }
    let back: Vec<_> = listed.intersection(&promise.gone).collect();
    assert!(
        back.is_empty(),
        "{name} lists again what was taken off: {back:?}"
    );
}

fn judged(server: &Db, hash: ChangeHash) -> bool {
    server
        .query_row(
            "SELECT count(*) FROM verdict WHERE hash = ?1",
            [&hash.0[..]],
            |row| row.get::<_, i64>(0),
        )
        .unwrap()
        > 0
}
