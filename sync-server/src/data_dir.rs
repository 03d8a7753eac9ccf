//! The data folder: which tenants there are, and each one's file.
//! It does not know what a tenant holds.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use outfield_core::base::context::Surroundings;
use outfield_core::base::id::{RecordId, TenantId};
use outfield_core::base::planted::{self, Planted};
use outfield_core::base::time::{Timestamp, check_zone};
use outfield_core::store::{self, Db, Schema, StoreError, StoreFault};
use rusqlite::params;
use serde_json::{Value as Json, json};

use crate::data_disk::{make_private_file, make_private_folder};
use crate::error::ServerError;
use crate::files::{self, FileBucket, TenantFiles};
use crate::people::enrolment_code;
use crate::tenant::gauges::TenantGauges;
use crate::tenant::{Tenant, files_of};

/// The file with the list of tenants.
pub(crate) const LIST: &str = "outfield.db";
/// The folder of a restore that is under way.
pub(crate) const RESTORE: &str = ".restore";

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
    /// Where finished files lie, if not in the folder.
    bucket: Option<Arc<FileBucket>>,
    surroundings: Arc<dyn Surroundings>,
}

impl DataDir {
    /// Opens a data folder, and makes it when it is not there.
    pub fn open(dir: &Path, surroundings: Arc<dyn Surroundings>) -> Result<DataDir, ServerError> {
        if dir.join(RESTORE).exists() {
            let message = format!(
                "a restore into `{}` was not finished; give the same command again",
                dir.display()
            );
            return Err(ServerError::refused("restore_unfinished", message));
        }
        make_private_folder(dir)?;
        make_private_folder(&dir.join("tenants"))?;
        let db = if tenant_files(dir)?.is_empty() {
            make_private_file(&dir.join(LIST))?;
            store::open::open(&dir.join(LIST), DATA_DIR)?
        } else {
            let db = store::open::open_made(&dir.join(LIST), DATA_DIR).map_err(list_missing)?;
            make_private_file(&dir.join(LIST))?;
            db
        };
        store::open::durable(&db, true)?;
        Ok(DataDir {
            dir: dir.to_owned(),
            db,
            bucket: files::noted(dir)?.map(FileBucket::at),
            surroundings,
        })
    }

    /// The bucket in which finished files lie, if they do not lie in the folder.
    #[must_use]
    pub fn bucket(&self) -> Option<&Arc<FileBucket>> {
        self.bucket.as_ref()
    }

    /// Where it lies.
    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// The moment.
    pub(crate) fn now(&self) -> Timestamp {
        self.surroundings.now()
    }

    /// Random bytes.
    pub(crate) fn entropy(&self) -> [u8; 32] {
        self.surroundings.entropy()
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
        self.file_of(id)?.make()?.found(name, time_zone)?;
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

    /// The tenant that a token names, if it is here.
    pub fn tenant_id_of(&self, secret: &str) -> Result<TenantId, ServerError> {
        let id = secret
            .split_once('-')
            .and_then(|(tenant, _)| tenant.parse::<TenantId>().ok());
        match id {
            Some(id) if self.tenants()?.iter().any(|(_, known)| *known == id) => Ok(id),
            Some(_) | None => Err(Self::unknown_secret()),
        }
    }

    /// The file of a tenant.
    #[must_use]
    pub fn file(&self, id: TenantId) -> PathBuf {
        self.dir.join("tenants").join(format!("{id}.db"))
    }

    /// Files of no tenant: what is wrong with each.
    pub fn check_files(&self) -> Result<Vec<Json>, ServerError> {
        let mut wrong = Vec::new();
        let tenants = self.tenants()?.into_iter();
        let known: BTreeSet<PathBuf> = tenants.map(|(_, id)| self.file(id)).collect();
        for path in tenant_files(&self.dir)? {
            if !known.contains(&path) {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                let message = "no tenant has this file; the list of tenants is older than it";
                wrong.push(json!({
                    "object": "tenant", "name": name, "code": "file_of_nobody",
                    "message": message, "fields": [],
                }));
            }
        }
        Ok(wrong)
    }

    /// The tenants that an enrolment code may be of: at least one, and now and then others whose
    /// codes begin alike.
    pub fn tenants_of_code(&self, code: &str) -> Result<Vec<TenantId>, ServerError> {
        let Some(code) = enrolment_code::normal(code) else {
            return Ok(vec![self.tenant_id_of(code)?]);
        };
        let tenants = self.tenants()?.into_iter().map(|(_, id)| id);
        let may_be: Vec<TenantId> = tenants
            .filter(|id| enrolment_code::may_be_of(&code, *id))
            .collect();
        if may_be.is_empty() {
            return Err(Self::unknown_secret());
        }
        Ok(may_be)
    }

    fn unknown_secret() -> ServerError {
        ServerError::signed_out("this token or code is not known; enrol with a code")
    }

    /// Where a tenant's file lies.
    pub fn file_of(&self, id: TenantId) -> Result<TenantFile, ServerError> {
        let first = if planted::is(Planted::MissingTenantFilter) {
            self.tenants()?.pop()
        } else {
            None
        };
        Ok(TenantFile {
            id,
            path: self.file(first.map_or(id, |(_, first)| first)),
            bucket: self.bucket.clone(),
            surroundings: Arc::clone(&self.surroundings),
        })
    }

    /// Opens a tenant's file.
    pub fn open_tenant(&self, id: TenantId) -> Result<Tenant, ServerError> {
        self.file_of(id)?.open()
    }
}

/// Where a tenant's file lies: it is opened without asking the list again.
#[derive(Clone)]
pub struct TenantFile {
    id: TenantId,
    path: PathBuf,
    bucket: Option<Arc<FileBucket>>,
    surroundings: Arc<dyn Surroundings>,
}

impl TenantFile {
    /// Whose file it is.
    #[must_use]
    pub fn id(&self) -> TenantId {
        self.id
    }

    /// What it says of itself; none if an older version left it.
    pub(crate) fn gauges(&self, now: Timestamp) -> Result<Option<TenantGauges>, ServerError> {
        TenantGauges::read(&self.path, now)
    }

    /// Where its files lie.
    pub(crate) fn files(&self) -> TenantFiles {
        files_of(&self.path, self.id).up_in(self.bucket.clone())
    }

    /// Opens it; where it is gone, that is an error.
    pub fn open(&self) -> Result<Tenant, ServerError> {
        self.ready(Tenant::open(
            &self.path,
            self.id,
            Arc::clone(&self.surroundings),
        )?)
    }

    /// Makes it, for a new tenant.
    fn make(&self) -> Result<Tenant, ServerError> {
        self.ready(Tenant::begin(
            &self.path,
            self.id,
            Arc::clone(&self.surroundings),
        )?)
    }

    fn ready(&self, mut tenant: Tenant) -> Result<Tenant, ServerError> {
        tenant.files = self.files();
        tenant.keep_epoch()?;
        tenant.open_books()?;
        Ok(tenant)
    }
}

/// The files of tenants in a data folder, in no order.
fn tenant_files(dir: &Path) -> Result<Vec<PathBuf>, ServerError> {
    let unreadable = |error| ServerError::broken(format!("{}: {error}", dir.display()));
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir.join("tenants")).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|ending| ending == "db") {
            files.push(path);
        }
    }
    Ok(files)
}

/// What is said of a folder with tenants of which the list cannot be opened.
fn list_missing(error: StoreError) -> ServerError {
    if error.fault != StoreFault::Missing {
        return error.into();
    }
    let message = format!(
        "the list of tenants, `{LIST}`, is gone or empty, though there are files of tenants: put \
         it back from a backup; nothing is made in its place"
    );
    ServerError::broken(message).coded("list_missing")
}
