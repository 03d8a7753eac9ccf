//! A run that is taped, with the books as they stood after each step: what has been answered by
//! then must outlive any power cut from then on. It does not know where power is cut.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::Path;
use std::rc::Rc;

use outfield_core::base::id::{ChangeHash, TenantId};
use outfield_core::base::planted::{Planted, plant};
use outfield_core::store::Db;
use outfield_core::store::attention::Attention;
use outfield_core::store::outbox::OutboxEntry;
use outfield_core::sync::frames::Ruling;

use super::{journal, shim};
use crate::behind;
use crate::simulate::ledger::{WireLog, WordLedger};
use crate::simulate::model::Model;
use crate::simulate::profile::Profile;
use crate::simulate::stage::{self, SimStage, Trace};

/// Steps of a run.
const STEPS: usize = 40;
/// After one of so many steps an app or the server is closed and started, so that logs are written
/// into their databases.
const RESTARTS_ONE_OF: usize = 5;

/// What a phone has been told and not handed over.
#[derive(Debug, Clone)]
pub(crate) struct Promise {
    /// Its name.
    pub(crate) phone: String,
    pub(crate) person: &'static str,
    pub(crate) is_old: bool,
    pub(crate) outbox: Vec<OutboxEntry>,
    pub(crate) attention: Vec<Attention>,
    /// What a person has taken off the list or done again.
    pub(crate) gone: BTreeSet<ChangeHash>,
    /// The mark beside the database.
    pub(crate) mark: Vec<u8>,
}

/// The books after a step.
#[derive(Debug, Clone)]
pub(crate) struct StepBooks {
    /// Entries of the tape by then.
    pub(crate) after: usize,
    pub(crate) promises: Vec<Promise>,
    pub(crate) ledger: WordLedger,
    pub(crate) model: Model,
    pub(crate) heard: WireLog,
    /// The newest tick of the server's logs.
    pub(crate) tick: i64,
}

/// One verdict that left the server.
#[derive(Debug, Clone)]
pub(crate) struct ToldVerdict {
    /// Entries of the tape by then.
    pub(crate) after: usize,
    pub(crate) hash: ChangeHash,
    pub(crate) ruling: Ruling,
}

/// A run that is over.
pub(crate) struct Lived {
    pub(crate) profile: Profile,
    pub(crate) tape: Vec<journal::TapeEntry>,
    pub(crate) books: Vec<StepBooks>,
    pub(crate) told: Vec<ToldVerdict>,
    /// The tenant that most things happen in, and the other one.
    pub(crate) tenants: [TenantId; 2],
    pub(crate) shops: Vec<String>,
}

/// Lives a seed, with an error planted or none.
pub(crate) fn live(seed: u64, planted: Option<Planted>) -> Lived {
    shim::install();
    plant(planted);
    let (folder, profile) = (stage::folder(), Profile::short(seed, STEPS));
    journal::begin(folder.path());
    let mut stage = SimStage::new(folder, profile.clone(), Trace::default());
    journal::timed_by(&stage.world.clock);
    let told = listen(&stage);
    let mut books = vec![books_after(&mut stage, None)];
    let mut dice = profile.dice("restarts");
    for _ in 0..profile.steps {
        stage.step();
        books.push(books_after(&mut stage, books.last()));
        match dice.roll(RESTARTS_ONE_OF * 2) {
            0 => stage.world.server.restart(),
            1 => {
                let at = dice.roll(stage.carried.len());
                stage.phone(at).reopen();
            }
            _ => {}
        }
    }
    let tape = journal::end();
    let tenants = [stage.world.tenant, stage.neighbour.tenant];
    let shops = stage.shops.clone();
    drop(stage);
    plant(None);
    stage::run_version(false);
    Lived {
        profile,
        tape,
        books,
        told: told.take(),
        tenants,
        shops,
    }
}

/// Hears what the server tells from now on, with its place on the tape.
fn listen(stage: &SimStage) -> Rc<RefCell<Vec<ToldVerdict>>> {
    let told: Rc<RefCell<Vec<ToldVerdict>>> = Rc::default();
    for carried in &stage.carried {
        let (heard, told, name) = (
            Rc::clone(&stage.heard),
            Rc::clone(&told),
            carried.phone.name.clone(),
        );
        carried.phone.line.heard_by(move |call, answer| {
            let before: BTreeSet<ChangeHash> = heard.borrow().verdicts.keys().copied().collect();
            heard.borrow_mut().hears(&name, call, answer);
            let after = journal::length();
            let heard = heard.borrow();
            let new = heard
                .verdicts
                .iter()
                .filter(|(hash, _)| !before.contains(hash));
            told.borrow_mut()
                .extend(new.map(|(hash, ruling)| ToldVerdict {
                    after,
                    hash: *hash,
                    ruling: ruling.clone(),
                }));
        });
    }
    told
}

fn books_after(stage: &mut SimStage, before: Option<&StepBooks>) -> StepBooks {
    let promise = |(at, carried): (usize, &stage::CarriedPhone)| {
        let file = &carried.phone.file;
        let attention = stage.held(at);
        let earlier = before.and_then(|before| before.promises.get(at));
        let mut gone = earlier
            .map(|earlier| earlier.gone.clone())
            .unwrap_or_default();
        gone.extend(
            earlier
                .into_iter()
                .flat_map(|earlier| &earlier.attention)
                .map(|held| held.hash),
        );
        gone.retain(|hash| attention.iter().all(|held| held.hash != *hash));
        Promise {
            phone: carried.phone.name.clone(),
            person: carried.person,
            is_old: carried.is_old,
            outbox: behind::unsent(file),
            attention,
            gone,
            mark: std::fs::read(mark_of(file)).unwrap_or_default(),
        }
    };
    let promises = stage.carried.iter().enumerate().map(promise).collect();
    let tick = tick(&behind::open(&stage.world.server.file(stage.world.tenant)));
    let (ledger, model, heard) = (
        stage.ledger.clone(),
        stage.model.clone(),
        stage.heard.borrow().clone(),
    );
    StepBooks {
        after: journal::length(),
        promises,
        ledger,
        model,
        heard,
        tick,
    }
}

/// The mark beside a phone's database.
pub(crate) fn mark_of(file: &Path) -> std::path::PathBuf {
    file.with_extension("db.device")
}

/// The newest tick of a server's logs.
pub(crate) fn tick(db: &Db) -> i64 {
    db.query_row("SELECT coalesce(max(tick), 0) FROM log", [], |row| {
        row.get(0)
    })
    .unwrap()
}
