//! Puts a generation back. Nothing that is in the data folder moves before all that comes has been
//! read, compared with its hashes and opened; and nothing that was there is deleted. It does not
//! know what phones do afterwards.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use outfield_core::base::context::Surroundings;
use serde::Serialize;

use super::archive;
use super::blobs;
use super::disk;
use super::generation::{BackedTenant, Generation, damaged};
use super::place::BackupPlace;
use crate::data_dir::{DataDir, LIST, RESTORE};
use crate::data_disk::{FolderClaim, LOCK};
use crate::error::ServerError;
use crate::office::faults_of_file;

/// What a data folder holds at its top, in the order in which it is put back: without the list of
/// tenants it is none.
const TOP: [&str; 3] = [blobs::FOLDER, "tenants", LIST];
/// Below the folder of a restore: what comes.
const COMING: &str = "coming";
/// Below the folder of a restore: that all of it is there, and where what was there goes.
const WHOLE: &str = "whole";

/// What is put back where.
#[derive(Debug, Clone, Copy)]
pub struct RestoreTerms<'a> {
    /// The folder of backups, or one backup in a file.
    pub from: &'a Path,
    /// The generation; the newest one if none is named.
    pub at: Option<&'a str>,
    /// The data folder.
    pub data: &'a Path,
    /// Whether what is there is put aside.
    pub replace: bool,
}

/// What a restore came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RestoreReport {
    /// The generation.
    pub generation: String,
    /// When it was taken.
    pub at: String,
    /// Its tenants, in the lives that have begun now.
    pub tenants: Vec<BackedTenant>,
    /// Bytes of all databases.
    pub bytes: u64,
    /// Contents of files that were put back.
    pub blobs: usize,
    /// Where lies what was there.
    pub aside: Option<PathBuf>,
}

/// Puts a generation back. Killed at any moment, it goes on when it is called again.
pub fn restore(
    terms: RestoreTerms<'_>,
    surroundings: &Arc<dyn Surroundings>,
) -> Result<RestoreReport, ServerError> {
    let _nobody_serves = claim(terms.data)?;
    let unpacked = archive::unpacked(terms.from, terms.data)?;
    let from = unpacked.as_ref().map_or(terms.from, |folder| folder.path());
    let place = BackupPlace::reading(from)?;
    let generation = place.generation(terms.at)?;
    let own = terms.data.join(RESTORE);
    let plan = own.join(WHOLE);
    let name = &generation.manifest.generation;
    let is_whole = fs::read_to_string(&plan).is_ok_and(|planned| planned.trim_end() == name);
    if !is_whole {
        check_room(terms)?;
        disk::remove_folder(&own)?;
        disk::make_folder(&own.join(COMING))?;
        unpack(&place, &generation, &own.join(COMING))?;
        disk::write(&plan, format!("{name}\n").as_bytes())?;
        disk::sync(&own)?;
    }
    let aside = put_aside(terms.data, &own.join(COMING), surroundings)?;
    for top in TOP {
        let coming = own.join(COMING).join(top);
        if coming.exists() {
            disk::rename(&coming, &terms.data.join(top))?;
        }
    }
    disk::remove_folder(&own)?;
    disk::sync(terms.data)?;
    let databases = &generation.manifest.databases;
    Ok(RestoreReport {
        generation: name.clone(),
        at: generation.manifest.at.clone(),
        tenants: reborn(terms.data, &generation, surroundings)?,
        bytes: databases.iter().map(|database| database.bytes).sum(),
        blobs: generation.blobs.len(),
        aside,
    })
}

/// Keeps servers out of a folder that one may serve, until it is dropped.
fn claim(data: &Path) -> Result<Option<FolderClaim>, ServerError> {
    let may_be_served = [LOCK, LIST].iter().any(|name| data.join(name).exists());
    may_be_served.then(|| FolderClaim::on(data)).transpose()
}

/// Whether there is nothing in the way, or it may be put aside.
fn check_room(terms: RestoreTerms<'_>) -> Result<(), ServerError> {
    let names = disk::names(terms.data)?;
    if terms.replace || names.iter().all(|name| is_ours(name)) {
        return Ok(());
    }
    let message = format!(
        "`{}` is not empty; name another folder, or have what is there put aside by --replace",
        terms.data.display()
    );
    Err(ServerError::bad_input("not_empty", message))
}

/// What may lie in a data folder before a restore and stays there.
fn is_ours(name: &str) -> bool {
    [RESTORE, LOCK, archive::UNPACKED].contains(&name) || name.starts_with(ASIDE)
}

/// How the folder begins in which lies what was there before a restore.
const ASIDE: &str = "before-";

/// Writes all that comes, compared with its hashes, and opens it.
fn unpack(place: &BackupPlace, generation: &Generation, to: &Path) -> Result<(), ServerError> {
    for folder in [blobs::FOLDER, "tenants"] {
        disk::make_folder(&to.join(folder))?;
    }
    let databases = &generation.manifest.databases;
    for (database, chunks) in databases.iter().zip(&generation.chunks) {
        let path = to.join(&database.file);
        let missing = place.unpack(database, chunks, &path)?;
        if !missing.is_empty() {
            let how = format!("lacks {} pieces of `{}`", missing.len(), database.file);
            return Err(damaged(&place.folder, &how));
        }
        let faults = faults_of_file(&path, database.tenant.is_some())?;
        if let Some(fault) = faults.first() {
            return Err(damaged(&path, fault));
        }
    }
    for blob in &generation.blobs {
        let (from, path) = (
            place.blobs().join(&blob.path),
            to.join(blobs::FOLDER).join(&blob.path),
        );
        if let Some(folder) = path.parent() {
            disk::make_folder(folder)?;
        }
        let sha256 = blobs::copy(&from, &path).map_err(|_| damaged(&from, "is missing"))?;
        if sha256 != blob.sha256 {
            return Err(damaged(&from, "is not what it was"));
        }
    }
    disk::sync(&to.join("tenants"))?;
    disk::sync(to)
}

/// Moves what was there into a folder of its own, unless that was done before: then some of what
/// comes has been moved already.
fn put_aside(
    data: &Path,
    coming: &Path,
    surroundings: &Arc<dyn Surroundings>,
) -> Result<Option<PathBuf>, ServerError> {
    let was_begun = TOP.iter().any(|top| !coming.join(top).exists());
    let there = disk::names(data)?;
    let there: Vec<&String> = there.iter().filter(|name| !is_ours(name)).collect();
    if was_begun || there.is_empty() {
        return Ok(None);
    }
    let at = surroundings.now().rfc3339().replace(':', "-");
    let aside = data.join(format!("{ASIDE}{at}"));
    disk::make_folder(&aside)?;
    for name in there {
        disk::rename(&data.join(name), &aside.join(name))?;
    }
    Ok(Some(aside))
}

/// The tenants in their new lives, which begin as each is opened.
fn reborn(
    data: &Path,
    generation: &Generation,
    surroundings: &Arc<dyn Surroundings>,
) -> Result<Vec<BackedTenant>, ServerError> {
    let folder = DataDir::open(data, Arc::clone(surroundings))?;
    let mut tenants = Vec::new();
    for database in &generation.manifest.databases {
        let Some(before) = &database.tenant else {
            continue;
        };
        let tenant = folder.open_tenant(before.id)?;
        tenants.push(BackedTenant {
            epoch: tenant.epoch()?,
            ..before.clone()
        });
    }
    Ok(tenants)
}
