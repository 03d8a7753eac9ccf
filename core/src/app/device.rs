//! Opens a device's database and knows who is signed in on it.
//! It does not know what people do with it: `execute`, `ask` and `sync_now` do.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::json;

use super::discover::{adopt_all, discover};
use super::observe::Observer;
use super::{FieldError, Receipt};
use crate::base::context::{Context, Identity, Role, Surroundings};
use crate::base::id::{ActorId, RecordId};
use crate::domain::{self, rank};
use crate::objects::path::is_name;
use crate::objects::{Descriptor, Registry};
use crate::store::blob_folder::BlobFolder;
use crate::store::sealed::FileKey;
use crate::store::{self, DatabaseKey, Db, StoreError, StoreFault, StoreReader, meta, tables};

/// One device's local world: its database, the objects it knows, and who uses it.
pub struct Device {
    pub(super) db: Db,
    pub(super) registry: Registry,
    pub(super) surroundings: Arc<dyn Surroundings>,
    pub(super) identity: Option<Identity>,
    pub(super) observers: Vec<Arc<dyn Observer>>,
    path: PathBuf,
    /// Under which files lie beside the database.
    file_key: FileKey,
    /// What others had written when this house last looked.
    seen: i64,
}

impl Device {
    /// Opens the database at `path`, and makes it when it is not there. A file which was copied
    /// from another device, or restored beside a newer one, gets a new actor; unsent work stays.
    /// It lies on the disk under `key`; a database of before that has none is taken over.
    pub fn open(
        path: &Path,
        key: &DatabaseKey,
        surroundings: Arc<dyn Surroundings>,
    ) -> Result<Device, FieldError> {
        let db = store::locked::open(path, store::PHONE, key).map_err(not_opened)?;
        let registry = objects(&db)?;
        fit(&db, &registry)?;
        let (path, seen) = (path.to_owned(), store::open::others_wrote(&db)?);
        let mut house = Device {
            db,
            registry,
            surroundings,
            identity: None,
            observers: Vec::new(),
            path,
            file_key: FileKey::of(key),
            seen,
        };
        house.identity = house.stored_identity()?;
        if house.identity.is_some() {
            house.seal_files()?;
            if house.is_copied()? {
                house.renew_actor()?;
                house.mark_installation()?;
            }
        }
        Ok(house)
    }

    /// Copies this database in plain into a new file, for tools that know no key. What is in the
    /// copy nothing protects.
    pub fn copy_plain(&self, to: &Path) -> Result<Receipt, FieldError> {
        store::locked::copy_out(&self.db, to, None)
            .map_err(|error| FieldError::bad_input("bad_file", error.message, &["file"]))?;
        Ok(Receipt::of(json!({ "file": to.display().to_string() })))
    }

    /// Takes in what another house on the same file has written meanwhile: who is signed in, and
    /// published objects. Costs nothing where nobody wrote.
    pub fn refresh(&mut self) -> Result<(), FieldError> {
        let seen = store::open::others_wrote(&self.db)?;
        if seen == self.seen {
            return Ok(());
        }
        self.registry = objects(&self.db)?;
        self.identity = self.stored_identity()?;
        self.seen = seen;
        Ok(())
    }

    /// The objects that this device knows, a tenant's own included.
    #[must_use]
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// From now on tells this observer of every change.
    pub fn observe(&mut self, observer: Arc<dyn Observer>) {
        self.observers.push(observer);
    }

    pub(super) fn tell(&self, mut changed: Vec<(String, RecordId)>) {
        changed.sort();
        changed.dedup();
        for group in changed.chunk_by(|a, b| a.0 == b.0) {
            let ids: Vec<RecordId> = group.iter().map(|(_, id)| *id).collect();
            self.observers
                .iter()
                .for_each(|observer| observer.changed(&group[0].0, &ids));
        }
    }

    pub(super) fn reader(&self) -> StoreReader<'_> {
        StoreReader {
            db: &self.db,
            registry: &self.registry,
        }
    }

    pub(super) fn descriptor(&self, object: &str) -> Result<Arc<Descriptor>, FieldError> {
        self.registry.get(object).cloned().ok_or_else(|| {
            let known = self.registry.all().map(|known| known.object.as_str());
            let offer = domain::offer(object, known);
            let message = format!("there is no object `{object}`; {offer}");
            FieldError::bad_input("unknown_object", message, &["object"])
        })
    }

    /// Where the files of this device lie.
    pub(super) fn blobs(&self) -> BlobFolder {
        BlobFolder::beside(&self.path, self.file_key.clone())
    }

    pub(super) fn signed_in(&self) -> Result<&Identity, FieldError> {
        self.identity.as_ref().ok_or_else(|| FieldError::SignIn {
            message: "this device is not enrolled; enrol it with the address of the server and a \
                      code from the office"
                .to_owned(),
        })
    }

    pub(super) fn context(&self) -> Result<Context, FieldError> {
        let identity = self.signed_in()?.clone();
        let rank = rank(&self.reader(), &identity.role)?;
        Ok(Context::new(self.surroundings.as_ref(), identity).ranked(rank))
    }

    /// Takes a new actor for all changes to come; the server learns of it at the next hello.
    pub(super) fn renew_actor(&mut self) -> Result<(), FieldError> {
        let actor = self.new_actor();
        meta::set(&self.db, "actor", &actor.to_string())?;
        if let Some(identity) = &mut self.identity {
            identity.actor = actor;
        }
        Ok(())
    }

    pub(super) fn new_actor(&self) -> ActorId {
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&self.surroundings.entropy()[..16]);
        ActorId::random(bytes)
    }

    pub(super) fn stored_identity(&self) -> Result<Option<Identity>, FieldError> {
        let Some(user) = meta::get(&self.db, "user")? else {
            return Ok(None);
        };
        let need = |key: &'static str| {
            meta::get(&self.db, key)?
                .ok_or_else(|| FieldError::broken(format!("the database lacks its `{key}`")))
        };
        let role = need("role")?;
        if !is_name(&role) {
            return Err(FieldError::broken(format!("`{role}` is no name of a role")));
        }
        Ok(Some(Identity {
            user: user.parse().map_err(FieldError::broken)?,
            role: Role::named(&role),
            device: need("device")?.parse().map_err(FieldError::broken)?,
            actor: need("actor")?.parse().map_err(FieldError::broken)?,
            time_zone: need("time_zone")?,
        }))
    }

    /// The mark beside the database which says that file and installation belong together.
    pub(super) fn mark_path(&self) -> PathBuf {
        self.beside(".device")
    }

    /// The file beside the database whose name ends in this as well.
    pub(super) fn beside(&self, ending: &str) -> PathBuf {
        let mut name = self.path.as_os_str().to_owned();
        name.push(ending);
        PathBuf::from(name)
    }

    /// Knows nobody and nothing any more, for nothing is here.
    pub(super) fn forget(&mut self) -> Result<(), FieldError> {
        store::wipe::shrink(&self.db)?;
        self.registry = objects(&self.db)?;
        self.identity = None;
        Ok(())
    }

    /// One state of the database, for whoever may still look at it.
    pub(super) fn still(&self) -> Result<store::Still<'_>, FieldError> {
        self.check_open()?;
        Ok(store::open::snapshot(&self.db)?)
    }

    fn is_copied(&self) -> Result<bool, FieldError> {
        let beside = std::fs::read_to_string(self.mark_path()).unwrap_or_default();
        Ok(meta::get(&self.db, "installation")?.is_none_or(|mark| mark != beside.trim()))
    }

    /// Writes a new mark into the database and beside it.
    pub(super) fn mark_installation(&self) -> Result<(), FieldError> {
        let mut random = [0; 10];
        random.copy_from_slice(&self.surroundings.entropy()[..10]);
        let mark = RecordId::at(self.surroundings.now().0, random).to_string();
        let path = self.mark_path();
        let wrong = |error| FieldError::broken(format!("{}: {error}", path.display()));
        store::locked::make_private(&path).map_err(wrong)?;
        std::fs::write(&path, &mark).map_err(wrong)?;
        Ok(meta::set(&self.db, "installation", &mark)?)
    }
}

/// The key that a host's key store handed in.
pub fn key_of(bytes: &[u8]) -> Result<DatabaseKey, FieldError> {
    DatabaseKey::from_bytes(bytes).ok_or_else(|| {
        let message = format!("a key is 32 bytes, and these are {}", bytes.len());
        FieldError::bad_input("bad_database_key", message, &["key"])
    })
}

/// Why a file is not opened; nothing of it was changed.
pub(super) fn not_opened(error: StoreError) -> FieldError {
    let StoreError {
        message: cause,
        fault,
    } = error;
    match fault {
        StoreFault::Full => StoreError {
            message: cause,
            fault,
        }
        .into(),
        StoreFault::WrongKey => FieldError::bad_input("wrong_key", cause, &["key"]),
        StoreFault::Newer => FieldError::bad_input("newer_database", cause, &["db"]),
        StoreFault::Damaged => FieldError::bad_input("damaged_database", cause, &["db"]),
        StoreFault::Missing | StoreFault::Other => {
            FieldError::bad_input("bad_database", cause, &["db"])
        }
    }
}

/// The objects that this version brings.
pub(super) fn built_in() -> Result<Registry, FieldError> {
    let registry = domain::registry().map_err(|problems| {
        FieldError::broken(
            problems
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join("; "),
        )
    })?;
    #[cfg(feature = "planted")]
    let registry = super::older::of(registry);
    Ok(registry)
}

/// The objects that this version brings, and those that the tenant published.
pub(super) fn objects(db: &Db) -> Result<Registry, FieldError> {
    let mut registry = built_in()?;
    adopt_all(db, &mut registry)?;
    Ok(registry)
}

/// Brings the tables to the shape that the objects have, unless they have it already.
pub(super) fn fit(db: &Db, registry: &Registry) -> Result<(), FieldError> {
    if tables::fits(db, registry)? {
        return Ok(());
    }
    let tx = store::open::begin(db)?;
    discover(&tx, registry)?;
    Ok(store::open::commit(tx)?)
}
