//! The world after a power cut: everything is opened anew by the product's own code on what the
//! disks hold, and goes on. It does not know what has to hold.

use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;

use super::disk::Image;
use super::live::{Lived, StepBooks, mark_of};
use crate::dice::Dice;
use crate::simulate::Counts;
use crate::simulate::disk::Disks;
use crate::simulate::stage::{self, SimStage, Trace};
use crate::{World, behind};

/// Luck after a power cut is none that was had before.
const LATER: u64 = 1 << 63;

/// Puts an image into a new folder. Logs' indexes are not in it: SQLite makes them anew.
pub(crate) fn unpack(image: &Image) -> tempfile::TempDir {
    let folder = stage::folder();
    for (name, bytes) in image {
        let file = folder.path().join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, bytes).unwrap();
    }
    folder
}

/// Puts the marks beside the databases; that of a phone without power may be there, or empty, or
/// not there.
pub(crate) fn marks(folder: &Path, books: &StepBooks, machine: &str, dice: &mut Dice) {
    for promise in &books.promises {
        let file = mark_of(&folder.join(format!("{}.db", promise.phone)));
        match if promise.phone == machine {
            dice.roll(3)
        } else {
            0
        } {
            0 => std::fs::write(file, &promise.mark).unwrap(),
            1 => std::fs::write(file, []).unwrap(),
            _ => {}
        }
    }
}

/// Everybody starts anew, at this moment, with the books as they stood.
pub(crate) fn resume(
    folder: tempfile::TempDir,
    lived: &Lived,
    books: &StepBooks,
    ms: i64,
) -> SimStage {
    let [tenant, other] = lived.tenants;
    let seed = lived.profile.seed ^ LATER;
    let world = World::again(folder, seed, ms, tenant);
    let neighbour = world.beside(other);
    let disks = Disks::new(&world.clock);
    let stranger = world.new_phone("Eve");
    let heard = books.heard.clone();
    let mut stage = SimStage {
        neighbour,
        carried: Vec::new(),
        stranger,
        ledger: books.ledger.clone(),
        model: books.model.clone(),
        heard: Rc::new(RefCell::new(heard)),
        counts: Counts::default(),
        dice: lived.profile.dice("after"),
        profile: lived.profile.clone(),
        disks,
        shops: lived.shops.clone(),
        published: 0,
        server_copies: 0,
        trace: Trace::default(),
        number: 0,
        long_passed: true,
        world,
    };
    for promise in &books.promises {
        stage::run_version(promise.is_old);
        let phone = stage.world.new_phone(&promise.phone);
        stage.joins(phone, promise.person, promise.is_old);
    }
    stage
}

/// What SQLite says of a whole database.
pub(crate) fn integrity(file: &Path) -> String {
    behind::open(file)
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap()
}
