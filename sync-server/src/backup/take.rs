//! Takes a backup of a data folder, while it is served or not: what changed since the last one is
//! written, and all of it is opened before it has a name. It does not know how it is put back.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use outfield_core::base::context::Surroundings;
use outfield_core::base::id::{ChangeHash, TenantId};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::blobs;
use super::chunks::{CHUNK_BYTES, ChunkHash};
use super::disk;
use super::generation::{
    BackedDatabase, BackedTenant, BackupManifest, Generation, damaged, folder_of,
};
use super::place::BackupPlace;
use super::still::StillDatabase;
use crate::data_dir::{DataDir, LIST};
use crate::error::ServerError;
use crate::office::faults_of_file;
use crate::tenant::height::Height;
use crate::work;

/// How often a database is packed: again where pieces from before turn out to be damaged.
const TRIES: usize = 2;

/// What is backed up where.
#[derive(Debug, Clone, Copy)]
pub struct BackupTerms<'a> {
    /// The data folder.
    pub data: &'a Path,
    /// The folder of backups.
    pub to: &'a Path,
    /// How many generations are kept.
    pub keep: usize,
    /// Whether files are left out that lie in a bucket.
    pub without_bucket: bool,
}

/// What a backup came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BackupReport {
    /// The generation's name.
    pub generation: String,
    /// The tenants that it holds.
    pub tenants: Vec<BackedTenant>,
    /// Bytes of all databases.
    pub bytes: u64,
    /// Bytes that were written for it, packed.
    pub written: u64,
    /// Contents of files that it holds.
    pub blobs: usize,
    /// Those that were copied for it.
    pub blobs_copied: usize,
    /// Files that a record names and that came once, and that the bucket has not.
    pub blobs_missing: usize,
    /// Older generations that were taken away.
    pub removed: Vec<String>,
}

/// A database that is in the folder of backups, and in no generation yet.
struct PackedDatabase {
    told: BackedDatabase,
    chunks: Vec<ChunkHash>,
}

/// Takes a backup into a folder of backups.
pub(super) fn take(
    terms: BackupTerms<'_>,
    surroundings: &Arc<dyn Surroundings>,
) -> Result<BackupReport, ServerError> {
    check_apart(terms)?;
    let folder = DataDir::open(terms.data, Arc::clone(surroundings))?;
    let tenants = tenants(&folder)?;
    let mut place = BackupPlace::writing(terms.to)?;
    let before = place.generation(None).ok();
    let at = surroundings.now().rfc3339();
    let mut manifest = BackupManifest::begun(new_name(&place, &at)?, at);
    let mut chunks = Vec::new();
    let mut sources = vec![(LIST.to_owned(), None)];
    for (name, id) in tenants {
        sources.push((format!("tenants/{id}.db"), Some((name, id))));
    }
    for (file, tenant) in sources {
        let packed = pack(terms.data, &file, tenant, &mut place)?;
        manifest.databases.push(packed.told);
        chunks.push(packed.chunks);
    }
    let known = before.map(|before| before.blobs).unwrap_or_default();
    let mut copied = blobs::copy_missing(&terms.data.join(blobs::FOLDER), &place.blobs(), &known)?;
    if !terms.without_bucket {
        blobs::copy_out_of_bucket(&folder, &place.blobs(), &known, &mut copied).map_err(offered)?;
    }
    manifest.blobs = copied.all.len();
    manifest.blob_bytes = copied.all.iter().map(|blob| blob.bytes).sum();
    let generation = Generation {
        manifest,
        chunks,
        blobs: copied.all,
    };
    let name = generation.manifest.generation.clone();
    let unfinished = place.unfinished().join(&name);
    disk::make_folder(&unfinished)?;
    let listed = generation.write(&unfinished)?;
    disk::rename(&unfinished, &folder_of(&place.generations(), &name))?;
    let removed = place.keep(terms.keep)?;
    let databases = &generation.manifest.databases;
    Ok(BackupReport {
        generation: name,
        tenants: databases
            .iter()
            .filter_map(|of| of.tenant.clone())
            .collect(),
        bytes: databases.iter().map(|database| database.bytes).sum(),
        written: place.chunks.written + copied.bytes_copied + listed,
        blobs: generation.manifest.blobs,
        blobs_copied: copied.copied,
        blobs_missing: copied.missing,
        removed,
    })
}

/// A folder of backups within what is backed up would go with it.
fn check_apart(terms: BackupTerms<'_>) -> Result<(), ServerError> {
    let data = fs::canonicalize(terms.data).map_err(disk::said(terms.data))?;
    let to = terms
        .to
        .ancestors()
        .find_map(|part| fs::canonicalize(part).ok());
    if to.is_some_and(|to| to.starts_with(&data)) {
        let message = format!(
            "`{}` lies within the data folder and would be lost with it; name a folder elsewhere, \
             best on another disk",
            terms.to.display()
        );
        return Err(ServerError::bad_input("bad_folder", message));
    }
    Ok(())
}

/// What to do where the bucket cannot be used.
fn offered(mut error: ServerError) -> ServerError {
    if error.code == "files_unreachable" {
        error.message += "; `--without-bucket` backs up all that does not lie there";
    }
    error
}

/// All tenants, each opened once: what an older version left is brought to this one before.
fn tenants(folder: &DataDir) -> Result<Vec<(String, TenantId)>, ServerError> {
    let tenants = folder.tenants()?;
    for (_, id) in &tenants {
        drop(folder.open_tenant(*id)?);
    }
    Ok(tenants)
}

/// The moment as a name that sorts by time, and that no generation has.
fn new_name(place: &BackupPlace, at: &str) -> Result<String, ServerError> {
    let names = place.names()?;
    let plain = at.replace(':', "-");
    let mut name = plain.clone();
    for number in 2.. {
        if !names.contains(&name) {
            break;
        }
        name = format!("{plain}.{number:03}");
    }
    Ok(name)
}

/// Packs one database, and opens what was packed.
fn pack(
    data: &Path,
    file: &str,
    tenant: Option<(String, TenantId)>,
    place: &mut BackupPlace,
) -> Result<PackedDatabase, ServerError> {
    let path = data.join(file);
    let still = StillDatabase::hold(&path)?;
    let tenant = match tenant {
        Some((name, id)) => Some(BackedTenant {
            id,
            name,
            epoch: work::epoch_of(still.db())?,
            tick: Height::of(still.db())?.tick,
        }),
        None => None,
    };
    let opened = place.unfinished().join("opened.db");
    for _ in 0..TRIES {
        let (chunks, sha256) = pack_pages(&still, &path, place)?;
        let told = BackedDatabase {
            file: file.to_owned(),
            bytes: still.bytes(),
            sha256: sha256.to_string(),
            tenant: tenant.clone(),
        };
        let unwhole = place.unpack(&told, &chunks, &opened)?;
        if unwhole.is_empty() {
            let faults = faults_of_file(&opened, tenant.is_some())?;
            if let Some(fault) = faults.first() {
                let message = format!(
                    "`{}` is damaged, so that no backup was taken; older ones are as they were: \
                     {fault}",
                    path.display()
                );
                return Err(ServerError::broken(message));
            }
            disk::remove_database(&opened)?;
            return Ok(PackedDatabase { told, chunks });
        }
        unwhole.iter().for_each(|hash| place.chunks.forget(*hash));
    }
    Err(damaged(
        &place.folder,
        "does not keep what is written to it",
    ))
}

/// The pieces of one state of a database, all of them on the disk, and the hash of the whole.
fn pack_pages(
    still: &StillDatabase,
    path: &Path,
    place: &mut BackupPlace,
) -> Result<(Vec<ChunkHash>, ChangeHash), ServerError> {
    let (mut chunks, mut whole) = (Vec::new(), Sha256::new());
    let mut from = 0;
    while from < still.bytes() {
        let piece = still.read(from, CHUNK_BYTES).map_err(disk::said(path))?;
        from += piece.len() as u64;
        whole.update(&piece);
        chunks.push(place.chunks.put(&piece)?);
    }
    place.chunks.settle()?;
    Ok((chunks, ChangeHash(whole.finalize().into())))
}
