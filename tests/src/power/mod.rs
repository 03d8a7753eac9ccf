//! Power cuts: a run of the simulation is taped write by write, and for each write images are made
//! of what a disk may hold if power goes then; each image is opened anew, looked at, and lived on.
//! `docs/reliability.md` says what must hold.

pub mod batch;
mod disk;
mod journal;
mod live;
mod proof;
mod resume;
mod run;
mod shim;

pub use self::disk::{DiskCache, ImageKind};
pub use self::run::{PowerOutcome, WantedImages, run};
