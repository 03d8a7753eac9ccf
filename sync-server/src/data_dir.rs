//! The data folder: which tenants there are, and each one's file.
//! It does not know what a tenant holds.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use outfield_core::base::context::Surroundings;
use outfield_core::base::id::{RecordId, TenantId};
use outfield_core::base::planted::{self, Planted};
use outfield_core::base::time::check_zone;
use outfield_core::store::{self, Db, Schema};
use rusqlite::params;

use crate::error::ServerError;
use crate::tenant::Tenant;

/// The list of tenants.
const DATA_DIR: Schema = Schema {
    application: i32::from_be_bytes(*b"OFof"),
    what: "the list of tenants of a data folder",
    migrations: &[
        "CREATE TABLE tenant (id BLOB PRIMARY KEY, name TEXT NOT NULL UNIQUE) WITHOUT ROWID;",
    ],
};

/// One data folder.
pub struct DataDir {
    dir: PathBuf,
    db: Db,
    surroundings: Arc<dyn Surroundings>,
}

impl DataDir {
    /// Opens a data folder, and makes it when it is not there.
    pub fn open(dir: &Path, surroundings: Arc<dyn Surroundings>) -> Result<DataDir, ServerError> {
        std::fs::create_dir_all(dir.join("tenants")).map_err(|error| {
            ServerError::bad_input(
                "bad_folder",
                format!(
                    "{}: {error}; name a folder that can be written",
                    dir.display()
                ),
            )
        })?;
        let db = store::open::open(&dir.join("outfield.db"), DATA_DIR)?;
        store::open::durable(&db, true)?;
        Ok(DataDir {
            dir: dir.to_owned(),
            db,
            surroundings,
        })
    }

    /// All tenants by name.
    pub fn tenants(&self) -> Result<Vec<(String, TenantId)>, ServerError> {
        let mut statement = self
            .db
            .prepare_cached("SELECT name, id FROM tenant ORDER BY name")?;
        let mut rows = statement.query([])?;
        let mut tenants = Vec::new();
        while let Some(row) = rows.next()? {
            let id: Vec<u8> = row.get(1)?;
            let id = TenantId::from_slice(&id).map_err(ServerError::broken)?;
            tenants.push((row.get(0)?, id));
        }
        Ok(tenants)
    }

    /// Whether a tenant may have this name and time zone.
    pub fn check_tenant(name: &str, time_zone: &str) -> Result<(), ServerError> {
        if name.trim().is_empty() || name.len() > 100 || name.chars().any(char::is_control) {
            let message =
                format!("`{name}` is no name for a tenant: 1 to 100 printable characters are");
            return Err(ServerError::bad_input("bad_name", message));
        }
        check_zone(time_zone)
            .map_err(|error| ServerError::bad_input("bad_time_zone", error.to_string()))
    }

    /// Adds a tenant with its own file.
    pub fn add_tenant(&mut self, name: &str, time_zone: &str) -> Result<TenantId, ServerError> {
        Self::check_tenant(name, time_zone)?;
        if self.tenants()?.iter().any(|(known, _)| known == name) {
            return Err(ServerError::bad_input(
                "exists",
                format!("there is a tenant `{name}` already"),
            ));
        }
        let mut random = [0; 10];
        random.copy_from_slice(&self.surroundings.entropy()[..10]);
        let id = TenantId(RecordId::at(self.surroundings.now().0, random).0);
        self.open_tenant(id)?.found(name, time_zone)?;
        self.db.execute(
            "INSERT INTO tenant (id, name) VALUES (?1, ?2)",
            params![id.as_bytes(), name],
        )?;
        Ok(id)
    }

    /// Opens the tenant of this name, or the only one.
    pub fn tenant(&self, name: Option<&str>) -> Result<Tenant, ServerError> {
        let tenants = self.tenants()?;
        let names: Vec<&str> = tenants.iter().map(|(name, _)| name.as_str()).collect();
        let names = names.join(", ");
        let message = match (name, tenants.as_slice()) {
            (_, []) => "there is no tenant yet; `tenant add NAME` makes one".to_owned(),
            (None, [(_, id)]) => return self.open_tenant(*id),
            (None, _) => format!("there are several tenants; say which with --tenant: {names}"),
            (Some(name), all) => match all.iter().find(|(known, _)| known == name) {
                Some((_, id)) => return self.open_tenant(*id),
                None => format!("there is no tenant `{name}`; there are: {names}"),
            },
        };
        Err(ServerError::bad_input("which_tenant", message))
    }

    /// The tenant that a token or code names.
    pub fn tenant_id_of(&self, secret: &str) -> Result<TenantId, ServerError> {
        let id = secret
            .split_once('-')
            .and_then(|(tenant, _)| tenant.parse::<TenantId>().ok());
        let known = |id: &TenantId| {
            Ok::<bool, ServerError>(self.tenants()?.iter().any(|(_, known)| known == id))
        };
        match id {
            Some(id) if known(&id)? => Ok(id),
            Some(_) | None => Err(ServerError::signed_out(
                "this token or code is not known; enrol with a code",
            )),
        }
    }

    /// Opens a tenant's file.
    pub fn open_tenant(&self, id: TenantId) -> Result<Tenant, ServerError> {
        let first = if planted::is(Planted::MissingTenantFilter) {
            self.tenants()?.pop()
        } else {
            None
        };
        let path = self
            .dir
            .join("tenants")
            .join(format!("{}.db", first.map_or(id, |(_, first)| first)));
        let mut tenant = Tenant::open(&path, id, Arc::clone(&self.surroundings))?;
        tenant.open_books()?;
        Ok(tenant)
    }
}
