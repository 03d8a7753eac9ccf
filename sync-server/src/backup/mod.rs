//! Backups of a data folder, and what is made of them again. A backup folder holds each piece of
//! all databases once, by its hash, however many generations have it. It does not know what stands
//! in a database, nor who restores.

mod archive;
mod blobs;
mod chunks;
mod disk;
mod generation;
mod place;
mod restore;
mod still;
mod take;

pub use archive::back_up;
pub use generation::{BackedDatabase, BackedTenant, BackupManifest};
pub use place::{BackupFault, check, is_backup};
pub use restore::{RestoreReport, RestoreTerms, restore};
pub use take::{BackupReport, BackupTerms};
