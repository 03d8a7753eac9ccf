//! One tenant's open file: its objects, records, logs and people. Nothing here can reach another
//! tenant. It does not know HTTP, nor the folder the file lies in.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use outfield_core::app::descriptor_id;
use outfield_core::base::context::Surroundings;
use outfield_core::base::id::{ActorId, RecordId, TenantId, UserId};
use outfield_core::domain;
use outfield_core::objects::{Descriptor, Publication, Record, Registry, Value};
use outfield_core::store::{self, Db, Schema, StoreReader, meta, query, tables};

use super::cache::DocumentCache;
use crate::error::ServerError;

/// A tenant's database.
const TENANT: Schema = Schema {
    application: i32::from_be_bytes(*b"OFtn"),
    what: "a tenant's database",
    migrations: &[
        store::SHARED,
        include_str!("tenant.sql"),
        include_str!("compaction.sql"),
        include_str!("claims.sql"),
        store::LEDGER,
        include_str!("ledger.sql"),
        include_str!("groups.sql"),
    ],
};

/// One open tenant.
pub struct Tenant {
    /// The tenant's id.
    pub id: TenantId,
    pub(crate) db: Db,
    pub(crate) registry: Registry,
    pub(crate) cache: DocumentCache,
    pub(crate) surroundings: Arc<dyn Surroundings>,
    /// The writer of the server's own changes, new each time the file is opened.
    pub(crate) actor: ActorId,
    /// The actors under which it writes for people.
    pub(crate) person_actors: BTreeMap<UserId, ActorId>,
}

impl Tenant {
    /// Opens a tenant's file, and makes it when it is not there.
    pub fn open(
        path: &Path,
        id: TenantId,
        surroundings: Arc<dyn Surroundings>,
    ) -> Result<Tenant, ServerError> {
        let db = store::open::open(path, TENANT)?;
        let registry = domain::registry().map_err(|problems| {
            ServerError::broken(
                problems
                    .iter()
                    .map(ToString::to_string)
                    .collect::<Vec<_>>()
                    .join("; "),
            )
        })?;
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&surroundings.entropy()[..16]);
        let mut tenant = Tenant {
            id,
            db,
            registry,
            cache: DocumentCache::default(),
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
            let known: Vec<&str> = self
                .registry
                .all()
                .map(|known| known.object.as_str())
                .collect();
            let message = format!(
                "there is no object `{object}`; there are: {}",
                known.join(", ")
            );
            ServerError::bad_input("unknown_object", message)
        })
    }

    /// The life of this server; a restored one begins another.
    pub(crate) fn epoch(&self) -> Result<u64, ServerError> {
        Ok(meta::get(&self.db, "epoch")?
            .and_then(|epoch| epoch.parse().ok())
            .unwrap_or(0))
    }

    /// The time zone that decides what day it is for the people of this tenant.
    pub fn time_zone(&self) -> Result<String, ServerError> {
        Ok(meta::get(&self.db, "time_zone")?.unwrap_or_else(|| "UTC".to_owned()))
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
