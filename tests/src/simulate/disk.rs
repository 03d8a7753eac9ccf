//! The disks of a run: somebody is killed between two steps of a transaction, a disk is full, all
//! disks are slow. It does not know what is written.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use outfield_core::store::disk::{self, Moment, Room};

use crate::files::copy_database;
use crate::{Clock, PhoneLine, Server};

/// Whom a disk belongs to.
pub(crate) enum Owner {
    Phone(Rc<PhoneLine>),
    Server(Rc<Server>),
}

/// What is to go wrong.
pub(crate) enum Spell {
    /// The owner of this database is killed at the step after so many others.
    Kill {
        file: PathBuf,
        after: usize,
        owner: Owner,
    },
    /// The disk under this database is full, from the step after so many others on.
    Full { file: PathBuf, after: usize },
    /// Each step takes so many milliseconds.
    Slow(i64),
}

#[derive(Default)]
struct DisksState {
    spell: Option<Spell>,
    steps: usize,
    /// What was on the disk when somebody was killed.
    image: Option<PathBuf>,
    fired: bool,
}

/// The disks of one run.
pub(crate) struct Disks(Rc<RefCell<DisksState>>);

impl Disks {
    /// From now on this thread's disks are these.
    pub(crate) fn new(clock: &Arc<Clock>) -> Disks {
        let state = Rc::new(RefCell::new(DisksState::default()));
        let (seen, clock) = (Rc::clone(&state), Arc::clone(clock));
        disk::watched_by(Some(Box::new(move |file, moment| {
            seen.borrow_mut().step(Path::new(file), moment, &clock)
        })));
        Disks(state)
    }

    /// From now on this is to go wrong.
    pub(crate) fn bewitch(&self, spell: Spell) {
        self.0.replace(DisksState {
            spell: Some(spell),
            ..DisksState::default()
        });
    }

    /// From now on nothing goes wrong. Answers whether something did, and what was on the disk if
    /// somebody was killed.
    pub(crate) fn mend(&self) -> (bool, Option<PathBuf>) {
        let state = self.0.take();
        (state.fired, state.image)
    }
}

impl Drop for Disks {
    fn drop(&mut self) {
        disk::watched_by(None);
    }
}

impl DisksState {
    fn step(&mut self, at: &Path, moment: Moment, clock: &Clock) -> Room {
        let is_due = |file: &Path, after: usize, steps: &mut usize| {
            let is_there = at.file_name() == file.file_name();
            *steps += usize::from(is_there);
            is_there && *steps > after
        };
        match &self.spell {
            None => Room::Enough,
            Some(Spell::Slow(ms)) => {
                clock.advance(*ms);
                self.fired = true;
                Room::Enough
            }
            Some(Spell::Full { file, after }) => {
                if !is_due(file, *after, &mut self.steps) || moment == Moment::Committed {
                    return Room::Enough;
                }
                self.fired = true;
                Room::None
            }
            Some(Spell::Kill { file, after, owner }) => {
                if !self.fired && is_due(file, *after, &mut self.steps) {
                    let image = file.with_extension("killed");
                    copy_database(file, &image);
                    match owner {
                        Owner::Phone(line) => line.cut(),
                        Owner::Server(server) => server.is_killed(file.clone(), image.clone()),
                    }
                    self.fired = true;
                    self.image = Some(image);
                }
                Room::Enough
            }
        }
    }
}
