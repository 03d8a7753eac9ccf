//! One tenant's open file: its objects, records, logs and people. Nothing here can reach another
//! tenant. It does not know HTTP, nor the folder the file lies in.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use outfield_core::app::descriptor_id;
use outfield_core::base::context::Surroundings;
use outfield_core::base::country::Country;
use outfield_core::base::hex;
use outfield_core::base::id::{ActorId, RecordId, TenantId, UserId};
use outfield_core::base::parcel::PARCEL_KEY_BYTES;
use outfield_core::domain;
use outfield_core::objects::{Descriptor, Publication, Record, Registry, Value};
use outfield_core::store::blob_folder::BlobFolder;
use outfield_core::store::{
    self, Db, Schema, StoreError, StoreFault, StoreReader, meta, query, tables,
};

use super::cache::DocumentCache;
use super::seal::SealKey;
use super::witness::PutBackWitness;
use crate::data_disk::make_private_file;
use crate::error::ServerError;
use crate::files::TenantFiles;
use crate::limits::LEASE_DAYS_MAX;

/// What a tenant's database is made by; the position is the version.
const MIGRATIONS: &[&str] = &[
    store::SHARED,
    include_str!("tenant.sql"),
    include_str!("compaction.sql"),
    include_str!("claims.sql"),
    store::LEDGER,
    include_str!("ledger.sql"),
    include_str!("groups.sql"),
    include_str!("epoch.sql"),
    include_str!("doors.sql"),
    include_str!("regained.sql"),
    include_str!("seen.sql"),
    include_str!("bounds.sql"),
    include_str!("files.sql"),
    include_str!("guards.sql"),
    store::WORDS,
    include_str!("clocks.sql"),
];
/// The version of a tenant's database that is up to date.
pub(super) const VERSION: usize = MIGRATIONS.len();

/// A tenant's database.
const TENANT: Schema = Schema {
    application: i32::from_be_bytes(*b"OFtn"),
    what: "a tenant's database",
    migrations: MIGRATIONS,
};

/// The key under which a tenant keeps for how many days devices may be silent.
const LEASE_DAYS: &str = "lease_days";
/// The key under which a tenant keeps the secret of its parcels.
const PARCEL_SECRET: &str = "parcel_secret";

/// One open tenant.
pub struct Tenant {
    /// The tenant's id.
    pub id: TenantId,
    pub(crate) db: Db,
    pub(crate) witness: PutBackWitness,
    /// Where its files lie.
    pub(crate) files: TenantFiles,
    pub(crate) registry: Registry,
    pub(crate) cache: DocumentCache,
    /// What devices are told is sealed with it.
    pub(crate) seals: SealKey,
    pub(crate) surroundings: Arc<dyn Surroundings>,
    /// The writer of the server's own changes, new each time the file is opened.
    pub(crate) actor: ActorId,
    /// The actors under which it writes for people.
    pub(crate) person_actors: BTreeMap<UserId, ActorId>,
}

impl Tenant {
    /// Makes the file of a new tenant.
    pub fn begin(
        path: &Path,
        id: TenantId,
        surroundings: Arc<dyn Surroundings>,
    ) -> Result<Tenant, ServerError> {
        make_private_file(path)?;
        Tenant::of(store::open::open(path, TENANT)?, path, id, surroundings)
    }

    /// Opens the file of a tenant that was made; one that is gone is an error.
    pub fn open(
        path: &Path,
        id: TenantId,
        surroundings: Arc<dyn Surroundings>,
    ) -> Result<Tenant, ServerError> {
        let db = store::open::open_made(path, TENANT).map_err(|error| missing(error, id))?;
        make_private_file(path)?;
        Tenant::of(db, path, id, surroundings)
    }

    fn of(
        db: Db,
        path: &Path,
        id: TenantId,
        surroundings: Arc<dyn Surroundings>,
    ) -> Result<Tenant, ServerError> {
        let registry = domain::registry().map_err(|problems| {
            ServerError::broken(
                problems
                    .iter()
                    .map(ToString::to_string)
                    .collect::<Vec<_>>()
                    .join("; "),
            )
        })?;
        let seals = match SealKey::read(&db)? {
            Some(seals) => seals,
            None => SealKey::make(&db, surroundings.entropy())?,
        };
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&surroundings.entropy()[..16]);
        let mut tenant = Tenant {
            id,
            db,
            witness: PutBackWitness::beside(path),
            files: files_of(path, id),
            registry,
            cache: DocumentCache::default(),
            seals,
            surroundings,
            actor: ActorId::random(bytes),
            person_actors: BTreeMap::new(),
        };
        tenant.refresh()?;
        if !tables::fits(&tenant.db, &tenant.registry)? {
            let tx = store::open::begin(&tenant.db)?;
            tables::ensure(&tx, &tenant.registry)?;
            store::open::commit(tx)?;
        }
        Ok(tenant)
    }

    /// The secret that opens parcels, made when it is first needed; it stays in the tenant's file.
    pub(crate) fn parcel_secret(&self) -> Result<[u8; PARCEL_KEY_BYTES], ServerError> {
        if meta::get(&self.db, PARCEL_SECRET)?.is_none() {
            self.db.execute(
                "INSERT OR IGNORE INTO meta (key, value) VALUES (?1, ?2)",
                [PARCEL_SECRET, &hex::letters(&self.surroundings.entropy())],
            )?;
        }
        let kept = meta::get(&self.db, PARCEL_SECRET)?.unwrap_or_default();
        let secret = hex::bytes(&kept).and_then(|secret| secret.try_into().ok());
        secret.ok_or_else(|| ServerError::broken("the secret of the parcels is spoilt"))
    }

    /// The objects of this tenant, published ones included.
    #[must_use]
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Takes in descriptors that another process has published meanwhile.
    pub fn refresh(&mut self) -> Result<(), ServerError> {
        for (object, version) in meta::descriptor_versions(&self.db)? {
            if self.registry.published(&object) >= version {
                continue;
            }
            if let Some(json) = meta::descriptor(&self.db, &object)? {
                let said = Publication::read(&json).map_err(ServerError::broken)?;
                self.registry.take_in(said).map_err(ServerError::broken)?;
            }
        }
        Ok(())
    }

    pub(crate) fn descriptor(&self, object: &str) -> Result<Arc<Descriptor>, ServerError> {
        self.registry.get(object).cloned().ok_or_else(|| {
            let known = self.registry.all().map(|known| known.object.as_str());
            let offer = outfield_core::domain::offer(object, known);
            let message = format!("there is no object `{object}`; {offer}");
            ServerError::bad_input("unknown_object", message)
        })
    }

    /// The time zone that decides what day it is for the people of this tenant.
    pub fn time_zone(&self) -> Result<String, ServerError> {
        Ok(meta::get(&self.db, "time_zone")?.unwrap_or_else(|| "UTC".to_owned()))
    }

    /// The country in which the company dials; none until it says so.
    pub fn country(&self) -> Result<Option<Country>, ServerError> {
        Ok(domain::table::country(&self.store(&self.db))?)
    }

    /// For how many days devices may be silent before they lock; none if for ever.
    pub fn lease_days(&self) -> Result<Option<u32>, ServerError> {
        Ok(meta::get(&self.db, LEASE_DAYS)?.and_then(|days| days.parse().ok()))
    }

    /// Lets devices be silent for so many days; none for ever. Each hears it at its next meeting.
    pub fn set_lease_days(&mut self, days: Option<u32>) -> Result<(), ServerError> {
        if days.is_some_and(|days| days == 0 || days > LEASE_DAYS_MAX) {
            let message = format!("a lease has 1 to {LEASE_DAYS_MAX} days");
            return Err(ServerError::bad_input("bad_value", message).about("offline-days"));
        }
        match days {
            Some(days) => meta::set(&self.db, LEASE_DAYS, &days.to_string())?,
            None => meta::remove(&self.db, LEASE_DAYS)?,
        }
        Ok(())
    }

    /// The published descriptor that is logged under this id.
    pub(crate) fn descriptor_json(&self, id: RecordId) -> Result<Option<String>, ServerError> {
        for (object, _) in meta::descriptor_versions(&self.db)? {
            if descriptor_id(&object) == id {
                return Ok(meta::descriptor(&self.db, &object)?);
            }
        }
        Ok(None)
    }

    /// Records of which a field equals a value.
    pub fn find(
        &self,
        object: &str,
        path: &str,
        value: &Value,
    ) -> Result<Vec<Record>, ServerError> {
        Ok(query::find(
            &self.db,
            &*self.descriptor(object)?,
            &[(path, value.clone())],
        )?)
    }

    /// This tenant's objects in its file, or in an open transaction on it.
    pub(crate) fn store<'a>(&'a self, db: &'a Db) -> StoreReader<'a> {
        StoreReader {
            db,
            registry: &self.registry,
        }
    }

    pub(crate) fn new_id(&self) -> RecordId {
        let mut random = [0; 10];
        random.copy_from_slice(&self.surroundings.entropy()[..10]);
        RecordId::at(self.surroundings.now().0, random)
    }
}

/// Where the files of a tenant lie whose database this is: a backup of the data folder takes those
/// that are whole, and not what is still coming.
pub(crate) fn files_of(database: &Path, id: TenantId) -> TenantFiles {
    let data = database.ancestors().nth(2).unwrap_or(database);
    let of = |folder: &str| data.join(folder).join(id.to_string());
    TenantFiles::in_folder(BlobFolder::new(of("blobs"), of("uploads")), id)
}

/// What is said of a tenant whose file cannot be opened.
fn missing(error: StoreError, id: TenantId) -> ServerError {
    if error.fault != StoreFault::Missing {
        return error.into();
    }
    let message = format!(
        "the file of the tenant {id} is gone or empty: stop the server and put it back from a \
         backup; nothing is made in its place"
    );
    ServerError::broken(message).coded("file_missing")
}
