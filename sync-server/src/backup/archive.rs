//! One backup in one file: a folder of backups with one generation, as `tar` packs it. It does not
//! know what the folder holds.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use outfield_core::base::context::Surroundings;

use super::disk;
use super::take::{BackupReport, BackupTerms, take};
use crate::error::ServerError;

/// How the name of such a file ends.
const ENDING: &str = "tar";
/// Where in a data folder a file is unpacked that is put back.
pub(super) const UNPACKED: &str = ".restore-archive";

/// A folder that goes with the value.
pub(super) struct UnpackedArchive(PathBuf);

impl UnpackedArchive {
    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for UnpackedArchive {
    fn drop(&mut self) {
        // What stays goes before the next one.
        fs::remove_dir_all(&self.0).ok();
    }
}

/// Takes a backup: into a folder of backups or, where the name ends in `.tar`, into one file.
pub fn back_up(
    terms: BackupTerms<'_>,
    surroundings: &Arc<dyn Surroundings>,
) -> Result<BackupReport, ServerError> {
    if terms.to.extension().is_none_or(|ending| ending != ENDING) || terms.to.is_dir() {
        return take(terms, surroundings);
    }
    let folder = terms.to.with_extension("tar.unfinished");
    let part = terms.to.with_extension("tar.part");
    disk::remove_folder(&folder)?;
    let to = folder.as_path();
    let report = take(BackupTerms { to, ..terms }, surroundings)?;
    let file = disk::make_file(&part)?;
    let mut archive = tar::Builder::new(&file);
    archive
        .append_dir_all(".", &folder)
        .and_then(|()| archive.into_inner().map(drop))
        .and_then(|()| file.sync_all())
        .map_err(disk::said(&part))?;
    disk::rename(&part, terms.to)?;
    disk::remove_folder(&folder)?;
    Ok(report)
}

/// What is in a file, in a folder below the data folder; none if it is no file.
pub(super) fn unpacked(from: &Path, data: &Path) -> Result<Option<UnpackedArchive>, ServerError> {
    if !from.is_file() {
        return Ok(None);
    }
    let folder = data.join(UNPACKED);
    disk::remove_folder(&folder)?;
    disk::make_folder(&folder)?;
    let unpacked = UnpackedArchive(folder);
    let file = File::open(from).map_err(disk::said(from))?;
    // It unpacks nothing outside the folder.
    tar::Archive::new(file)
        .unpack(unpacked.path())
        .map_err(disk::said(from))?;
    Ok(Some(unpacked))
}
