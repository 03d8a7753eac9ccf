//! Files of a tenant: which records name one and who wrote that, who brought its bytes, and who may
//! have it. A file is given to whoever sees a record that names it, if the one who wrote the name
//! brought the bytes: knowing a hash opens nothing. It does not know how bytes come.

use outfield_core::base::blob::{BlobName, MediaType};
use outfield_core::base::id::{ActorId, BlobHash, RecordId, UserId};
use outfield_core::base::time::Timestamp;
use outfield_core::domain::Decision;
use outfield_core::objects::{Descriptor, Record, Registry, Values};
use outfield_core::store::{Db, meta};
use rusqlite::{OptionalExtension as _, Row, params};
use serde_json::json;

use crate::error::ServerError;
use crate::limits::{PERSON_FILES_BYTES, TENANT_FILES_BYTES};
use crate::people::Session;
use crate::tenant::Tenant;

/// The keys under which a tenant's file holds what the office said of quotas.
const PERSON_QUOTA: &str = "files_of_person";
const TENANT_QUOTA: &str = "files_of_tenant";

/// Where a file is named, by whoever brought it or by the office, in a record that somebody sees:
/// ?1 the file, ?2 nobody, ?3 whether all records are seen, ?4 the buckets that are followed. It
/// begins with who brought the bytes: a hash that others name a hundred thousand times costs
/// nothing.
const SEEN_LINKS: &str = "FROM (SELECT user FROM blob_holder WHERE hash = ?1 UNION ALL SELECT ?2) \
    h CROSS JOIN blob_link l ON l.hash = ?1 AND l.user = h.user WHERE (?3 OR EXISTS (SELECT 1 FROM \
    member m JOIN bucket b ON b.number = m.bucket WHERE m.id = l.record AND b.name IN (SELECT \
    value FROM json_each(?4))))";

/// How many bytes of files there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileQuota {
    /// That one person brings.
    pub person_bytes: u64,
    /// Of the whole tenant.
    pub tenant_bytes: u64,
}

/// Notes which files a change or a fact names, for the person who writes under this actor.
pub(super) fn note_named(
    db: &Db,
    descriptor: &Descriptor,
    id: RecordId,
    values: &Values,
    actor: ActorId,
) -> Result<(), ServerError> {
    let named = descriptor.files_in(values);
    if named.is_empty() {
        return Ok(());
    }
    let mut read = db.prepare_cached("SELECT user FROM author WHERE actor = ?1")?;
    let author = read.query_row([actor.as_bytes()], |row| row.get::<_, Option<Vec<u8>>>(0));
    let user = match author.optional()? {
        // Nobody can show to have brought what nobody wrote.
        None => return Ok(()),
        Some(None) => UserId::NOBODY,
        Some(Some(user)) => UserId::from_slice(&user).map_err(ServerError::broken)?,
    };
    for (_, name) in named {
        link(db, descriptor, id, name, user)?;
    }
    Ok(())
}

/// Notes which files a row names that a person wrote.
pub(super) fn note_written(
    db: &Db,
    descriptor: &Descriptor,
    row: &Record,
    user: UserId,
) -> Result<(), ServerError> {
    for (_, name) in descriptor.files_in(&row.values) {
        link(db, descriptor, row.id, name, user)?;
    }
    Ok(())
}

fn link(
    db: &Db,
    descriptor: &Descriptor,
    record: RecordId,
    name: BlobName,
    user: UserId,
) -> Result<(), ServerError> {
    db.prepare_cached(
        "INSERT OR IGNORE INTO blob_link (hash, record, user, object, bytes, media) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute(params![
        &name.hash.0[..],
        record.as_bytes(),
        user.as_bytes(),
        descriptor.object,
        name.bytes.cast_signed(),
        name.media.name(),
    ])?;
    Ok(())
}

/// What a person writes over HTTP names no file but one that the person brought.
pub(super) fn check_brought(
    db: &Db,
    registry: &Registry,
    session: &Session,
    decision: &Decision,
) -> Result<(), ServerError> {
    if decision.resolves.is_some() {
        return Ok(());
    }
    for write in &decision.writes {
        let Some(descriptor) = registry.get(&write.object) else {
            continue;
        };
        for (path, name) in descriptor.files_in(&write.values) {
            let held = held(db, name.hash)?.filter(|held| *held == name);
            if held.is_none() || !brought(db, name.hash, session.user)? {
                let message = format!(
                    "`{path}`: you brought no file {}; send it first, by `PUT /api/v1/blob`",
                    name.hash
                );
                return Err(ServerError::bad_input("unknown_file", message).about(path));
            }
        }
    }
    Ok(())
}

/// The file of this hash, if it is here.
pub(crate) fn held(db: &Db, hash: BlobHash) -> Result<Option<BlobName>, ServerError> {
    let mut read = db.prepare_cached("SELECT hash, bytes, media FROM blob WHERE hash = ?1")?;
    let found = read.query_row([&hash.0[..]], |row| Ok(name_in(row)));
    found.optional()?.transpose()
}

/// All files that are here.
pub(crate) fn all(db: &Db) -> Result<Vec<BlobName>, ServerError> {
    let mut read = db.prepare_cached("SELECT hash, bytes, media FROM blob ORDER BY hash")?;
    let mut rows = read.query([])?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        all.push(name_in(row)?);
    }
    Ok(all)
}

/// All files that came to this tenant.
pub(crate) fn files_known(tenant: &Tenant) -> Result<Vec<BlobName>, ServerError> {
    all(&tenant.db)
}

fn name_in(row: &Row<'_>) -> Result<BlobName, ServerError> {
    let (hash, media): (Vec<u8>, String) = (row.get(0)?, row.get(2)?);
    let unknown = || ServerError::broken(format!("a file is of no kind: `{media}`"));
    Ok(BlobName {
        hash: BlobHash::from_slice(&hash).map_err(ServerError::broken)?,
        bytes: row.get::<_, i64>(1)?.cast_unsigned(),
        media: MediaType::named(&media).ok_or_else(unknown)?,
    })
}

/// Whether this person brought all bytes of a file.
pub(crate) fn brought(db: &Db, hash: BlobHash, user: UserId) -> Result<bool, ServerError> {
    let sql = "SELECT 1 FROM blob_holder WHERE hash = ?1 AND user = ?2";
    let mut read = db.prepare_cached(sql)?;
    Ok(read.exists(params![&hash.0[..], user.as_bytes()])?)
}

/// A file is here from now on, and this person brought it.
pub(crate) fn keep(
    db: &Db,
    name: BlobName,
    user: UserId,
    at: Timestamp,
) -> Result<(), ServerError> {
    let (hash, bytes) = (&name.hash.0[..], name.bytes.cast_signed());
    // One that comes again is as new: it is not about to go because nobody named it before.
    db.prepare_cached(
        "INSERT INTO blob (hash, bytes, media, at) VALUES (?1, ?2, ?3, ?4) \
         ON CONFLICT (hash) DO UPDATE SET at = excluded.at",
    )?
    .execute(params![hash, bytes, name.media.name(), at.0])?;
    db.prepare_cached("INSERT OR IGNORE INTO blob_holder (hash, user, bytes) VALUES (?1, ?2, ?3)")?
        .execute(params![hash, user.as_bytes(), bytes])?;
    Ok(())
}

impl Tenant {
    /// How many bytes of files there may be.
    pub fn file_quota(&self) -> Result<FileQuota, ServerError> {
        let said = |key: &str| -> Result<Option<u64>, ServerError> {
            Ok(meta::get(&self.db, key)?.and_then(|bytes| bytes.parse().ok()))
        };
        Ok(FileQuota {
            person_bytes: said(PERSON_QUOTA)?.unwrap_or(PERSON_FILES_BYTES),
            tenant_bytes: said(TENANT_QUOTA)?.unwrap_or(TENANT_FILES_BYTES),
        })
    }

    /// Says how many bytes of files there may be from now on; what is here stays.
    pub fn set_file_quota(&mut self, quota: FileQuota) -> Result<(), ServerError> {
        meta::set(&self.db, PERSON_QUOTA, &quota.person_bytes.to_string())?;
        meta::set(&self.db, TENANT_QUOTA, &quota.tenant_bytes.to_string())?;
        Ok(())
    }

    /// Whether there is room for so many bytes more that this person brings.
    pub(crate) fn has_file_room(&self, user: UserId, bytes: u64) -> Result<bool, ServerError> {
        let quota = self.file_quota()?;
        let sum = |sql: &str, of: &[u8]| -> Result<u64, ServerError> {
            let mut read = self.db.prepare_cached(sql)?;
            let sum: i64 = read.query_row([of], |row| row.get(0))?;
            Ok(sum.cast_unsigned())
        };
        let of_person = sum(
            "SELECT coalesce(sum(bytes), 0) FROM blob_holder WHERE user = ?1",
            user.as_bytes(),
        )?;
        let of_all = sum(
            "SELECT coalesce(sum(bytes), 0) FROM blob WHERE ?1 IS NOT NULL",
            &[],
        )?;
        Ok(of_person.saturating_add(bytes) <= quota.person_bytes
            && of_all.saturating_add(bytes) <= quota.tenant_bytes)
    }

    /// The file of this hash as this person may bring it: a record names it that the person wrote,
    /// or else one that the person sees and whose author brought it before, so that it may have
    /// been lost here. None of any other hash.
    pub(crate) fn file_to_bring(
        &self,
        session: &Session,
        hash: BlobHash,
    ) -> Result<Option<BlobName>, ServerError> {
        let own = "SELECT hash, bytes, media FROM blob_link WHERE hash = ?1 AND user = ?2 LIMIT 1";
        let mut read = self.db.prepare_cached(own)?;
        let of_own = read.query_row(params![&hash.0[..], session.user.as_bytes()], |row| {
            Ok(name_in(row))
        });
        if let Some(own) = of_own.optional()? {
            return own.map(Some);
        }
        let sql = format!("SELECT l.hash, l.bytes, l.media {SEEN_LINKS} LIMIT 1");
        let mut read = self.db.prepare_cached(&sql)?;
        let of_others = read.query_row(
            params![
                &hash.0[..],
                UserId::NOBODY.as_bytes(),
                session.sees_all(),
                json!(session.buckets).to_string(),
            ],
            |row| Ok(name_in(row)),
        );
        of_others.optional()?.transpose()
    }

    /// The file of this hash, if it came and this person may have it: a record names it that the
    /// person sees and may read, written by whoever brought the bytes. What is not so looks as if
    /// it were not here. Whether it was lost since shows when it is read.
    pub(crate) fn file_for(
        &self,
        session: &Session,
        hash: BlobHash,
    ) -> Result<Option<BlobName>, ServerError> {
        let readable = self.registry.all().filter(|of| session.may_read(of));
        let readable: Vec<&str> = readable.map(|of| of.object.as_str()).collect();
        let sql = format!(
            "SELECT 1 {SEEN_LINKS} AND l.object IN (SELECT value FROM json_each(?5)) LIMIT 1"
        );
        let mut read = self.db.prepare_cached(&sql)?;
        let may_have = read.exists(params![
            &hash.0[..],
            UserId::NOBODY.as_bytes(),
            session.sees_all(),
            json!(session.buckets).to_string(),
            json!(readable).to_string(),
        ])?;
        if !may_have {
            return Ok(None);
        }
        held(&self.db, hash)
    }
}
