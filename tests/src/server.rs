//! The server behind a carrier without a socket: bytes of a request in, status and bytes of the
//! answer out. It decodes, lets in and maps errors as `outfield_server::http` does; a fault of the
//! server itself ends the test. It knows nothing else of HTTP.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use outfield_core::base::id::TenantId;
use outfield_core::base::limits::REQUEST_BYTES_MAX;
use outfield_core::sync::frames::Frame;
use outfield_core::sync::{Call, wire};
use outfield_server::data_dir::DataDir;
use outfield_server::envelope;
use outfield_server::error::{ErrorKind, ServerError};
use outfield_server::http::status;
use outfield_server::{office::Applicant, people::Session, tenant::Tenant};
use serde_json::Value as Json;

use crate::files::{copy_database, copy_folder, move_database, witness_of};
use crate::{Clock, Luck};

/// Where photos and papers lie in a data folder.
const PHOTOS: &str = "blobs";

/// A data folder with its tenants open.
pub struct Server {
    folder: PathBuf,
    clock: Arc<Clock>,
    seed: u64,
    office: RefCell<DataDir>,
    tenants: RefCell<BTreeMap<TenantId, Tenant>>,
    starts: RefCell<u64>,
    /// Whether its disk is full, so that calls may fail.
    full: Cell<bool>,
    /// What was on the disk when somebody killed the server.
    killed: RefCell<Option<KilledFile>>,
}

/// What of a folder is put back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PutBack {
    /// All tenants, with all that stands beside their files, and their photos.
    Folder,
    /// The file of one tenant alone.
    Tenant(TenantId),
}

/// A tenant's file as it was at a moment.
struct KilledFile {
    file: PathBuf,
    image: PathBuf,
    witness: Option<PathBuf>,
}

/// Status and body of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

impl Server {
    /// A server on a folder.
    #[must_use]
    pub fn open(folder: &Path, clock: &Arc<Clock>, seed: u64) -> Server {
        let office =
            RefCell::new(DataDir::open(folder, Luck::of(clock, seed, "server 0")).unwrap());
        let (folder, clock) = (folder.to_owned(), Arc::clone(clock));
        let (tenants, starts) = (RefCell::default(), RefCell::new(0));
        Server {
            folder,
            clock,
            seed,
            office,
            tenants,
            starts,
            full: Cell::new(false),
            killed: RefCell::default(),
        }
    }

    /// The clock of the world.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Whether the disk is full from now on: then a call may fail as a whole.
    pub fn is_full(&self, yes: bool) {
        self.full.set(yes);
    }

    /// Somebody killed the server in the midst of a call: this file was then as its copy is.
    pub fn is_killed(&self, file: PathBuf, image: PathBuf) {
        let witness = witness_of(&file);
        self.killed.replace(Some(KilledFile {
            file,
            image,
            witness,
        }));
    }

    /// Stops and starts: what was only in memory is gone.
    pub fn restart(&self) {
        self.tenants.borrow_mut().clear();
        let start = self.starts.replace_with(|starts| *starts + 1) + 1;
        let luck = Luck::of(&self.clock, self.seed, &format!("server {start}"));
        self.office
            .replace(DataDir::open(&self.folder, luck).unwrap());
    }

    /// Somebody copies the tenants' files and their photos, as they are on the disk at this moment.
    pub fn copy_folder(&self, to: &Path) {
        std::fs::create_dir(to).unwrap();
        copy_photos(&self.folder, to);
        for file in databases_in(&self.folder.join("tenants")) {
            put_copy(&file, &to.join(file.file_name().unwrap()));
            copy_witness(&file, &to.join(file.file_name().unwrap()));
        }
    }

    /// The server stops, somebody puts such a copy back, and it starts.
    pub fn is_put_back(&self, copy: &Path, extent: PutBack) {
        self.tenants.borrow_mut().clear();
        if extent == PutBack::Folder {
            drop(std::fs::remove_dir_all(self.folder.join(PHOTOS)));
            copy_photos(copy, &self.folder);
        }
        for file in databases_in(copy) {
            let target = self.folder.join("tenants").join(file.file_name().unwrap());
            match extent {
                PutBack::Folder => {
                    put_copy(&file, &target);
                    copy_witness(&file, &target);
                }
                PutBack::Tenant(tenant) if target == self.file(tenant) => put_copy(&file, &target),
                PutBack::Tenant(_) => {}
            }
        }
        self.restart();
    }

    /// Adds a tenant.
    pub fn found(&self, name: &str) -> TenantId {
        self.office
            .borrow_mut()
            .add_tenant(name, "America/Chicago")
            .unwrap()
    }

    /// The file of a tenant.
    #[must_use]
    pub fn file(&self, tenant: TenantId) -> PathBuf {
        self.folder.join("tenants").join(format!("{tenant}.db"))
    }

    /// Where photos and papers of a tenant lie.
    #[must_use]
    pub fn photos(&self, tenant: TenantId) -> PathBuf {
        self.folder.join(PHOTOS).join(tenant.to_string())
    }

    /// Somebody takes away what stands beside a tenant's file, and the server starts: it takes the
    /// file for one that was put back.
    pub fn loses_witness(&self, tenant: TenantId) {
        self.tenants.borrow_mut().clear();
        std::fs::remove_dir_all(self.file(tenant).with_extension("witness")).unwrap();
        self.restart();
    }

    /// Works on a tenant's open file.
    pub fn with<T>(&self, id: TenantId, work: impl FnOnce(&mut Tenant) -> T) -> T {
        self.tries(id, |tenant| Ok(work(tenant))).unwrap()
    }

    /// Whether the list has this tenant: until then nobody was told of it.
    #[must_use]
    pub fn lists(&self, id: TenantId) -> bool {
        let tenants = self.office.borrow().tenants().unwrap();
        tenants.iter().any(|(_, known)| *known == id)
    }

    /// The same where the file may not open, for its disk may be full.
    fn tries<T>(
        &self,
        id: TenantId,
        work: impl FnOnce(&mut Tenant) -> Result<T, ServerError>,
    ) -> Result<T, ServerError> {
        let mut tenants = self.tenants.borrow_mut();
        let tenant = match tenants.entry(id) {
            Entry::Occupied(open) => open.into_mut(),
            Entry::Vacant(closed) => closed.insert(self.office.borrow().open_tenant(id)?),
        };
        tenant.refresh()?;
        work(tenant)
    }

    /// Answers one call; not if the server was killed meanwhile, which runs anew then.
    pub fn answer(&self, call: &Call) -> Option<ServerAnswer> {
        let answer = match self.carry_out(call) {
            Ok(body) => ServerAnswer { status: 200, body },
            Err(error)
                if matches!(error.kind, ErrorKind::Broken | ErrorKind::DiskFull)
                    && !self.full.get() =>
            {
                panic!("{} broke the server: {}", call.path, error.message)
            }
            Err(error) => refusal(&error),
        };
        let Some(killed) = self.killed.take() else {
            return Some(answer);
        };
        self.tenants.borrow_mut().clear();
        move_database(&killed.image, &killed.file);
        if let (Some(before), Some(now)) = (killed.witness, witness_of(&killed.file)) {
            std::fs::rename(now, before).unwrap();
        }
        self.restart();
        None
    }

    fn carry_out(&self, call: &Call) -> Result<Vec<u8>, ServerError> {
        match call.path {
            "/sync/v1/enrol" => {
                let json: Json =
                    serde_json::from_slice(&call.body).map_err(|error| bad("bad_json", error))?;
                let code = text(&json, "code")?;
                let optional = |key: &str| json[key].as_str().map(str::to_owned);
                let (install, name) = (text(&json, "install")?, text(&json, "name")?);
                let applicant = Applicant {
                    install,
                    name,
                    tenant: optional("tenant"),
                    user: optional("user"),
                };
                let may_be = self.office.borrow().tenants_of_code(&code)?;
                let knows = |id: &&TenantId| self.tries(**id, |tenant| tenant.knows_code(&code));
                let id = may_be.iter().find(|id| matches!(knows(id), Ok(true)));
                let enrol = |tenant: &mut Tenant| tenant.enrol(&code, &applicant);
                let enrolled = self.tries(*id.unwrap_or(&may_be[0]), enrol)?;
                Ok(enrolled.to_string().into_bytes())
            }
            "/sync/v1/refresh" => {
                let json: Json =
                    serde_json::from_slice(&call.body).map_err(|error| bad("bad_json", error))?;
                let token = text(&json, "refresh_token")?;
                Ok(self
                    .at_door(&token, |tenant| tenant.renew(&token))?
                    .to_string()
                    .into_bytes())
            }
            "/sync/v1/hello" => self.framed(call, |tenant, session, frames| {
                let first = frames
                    .first()
                    .ok_or_else(|| bad("bad_frame", "the body holds no frame"))?;
                tenant.hello(session, first)
            }),
            "/sync/v1/push" => self.framed(call, Tenant::push),
            "/sync/v1/offer" => self.framed(call, |tenant, _, frames| tenant.lacking(frames)),
            "/sync/v1/return" => self.framed(call, Tenant::take_back),
            "/sync/v1/upload" => self.framed(call, Tenant::upload),
            "/sync/v1/download" => self.framed(call, |tenant, session, frames| {
                tenant.download(session, &frames)
            }),
            "/sync/v1/pull" => self.pull(call),
            _ => Err(bad("not_found", "there is nothing at this path")),
        }
    }

    /// Works for the tenant that a token or code names.
    fn at_door<T>(
        &self,
        secret: &str,
        work: impl FnOnce(&mut Tenant) -> Result<T, ServerError>,
    ) -> Result<T, ServerError> {
        let id = self.office.borrow().tenant_id_of(secret)?;
        self.tries(id, work)
    }

    fn framed(
        &self,
        call: &Call,
        work: impl FnOnce(&mut Tenant, &Session, Vec<Frame>) -> Result<Vec<Frame>, ServerError>,
    ) -> Result<Vec<u8>, ServerError> {
        let frames = frames(call)?;
        let token = bearer(call)?;
        let answer = self.at_door(&token, |tenant| {
            let session = tenant.authenticate(&token)?;
            work(tenant, &session, frames)
        })?;
        wire::encode(&answer).map_err(ServerError::broken)
    }

    /// The body is flushed after every frame, so that it can be cut between any two of them.
    fn pull(&self, call: &Call) -> Result<Vec<u8>, ServerError> {
        let asked = frames(call)?;
        let token = bearer(call)?;
        self.at_door(&token, |tenant| {
            let session = tenant.authenticate(&token)?;
            let mut encoder = wire::Encoder::new().map_err(ServerError::broken)?;
            if tenant.is_to_note(&session)? {
                tenant.tells(&session)?;
            }
            for bucket in tenant.due(&session, &asked)? {
                tenant.compact(&bucket)?;
            }
            tenant.pull(&session, &asked, &mut |piece| {
                piece.write(&mut encoder)?;
                encoder.flush().map_err(ServerError::broken)
            })?;
            encoder.finish().map_err(ServerError::broken)
        })
    }
}

/// Copies the photos of a data folder, if somebody took any.
fn copy_photos(from: &Path, to: &Path) {
    let from = from.join(PHOTOS);
    if from.exists() {
        copy_folder(&from, &to.join(PHOTOS));
    }
}

/// The databases that lie in a folder.
fn databases_in(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|end| end == "db"));
    files.sort();
    files
}

/// A database is as another one is, which may be in use.
fn put_copy(from: &Path, to: &Path) {
    let image = to.with_extension("image");
    copy_database(from, &image);
    move_database(&image, to);
}

/// What stands beside a tenant's file is as it is beside another one.
fn copy_witness(from: &Path, to: &Path) {
    let folder = to.with_extension("witness");
    drop(std::fs::remove_dir_all(&folder));
    std::fs::create_dir(&folder).unwrap();
    if let Some(witness) = witness_of(from) {
        std::fs::write(folder.join(witness.file_name().unwrap()), "").unwrap();
    }
}

fn frames(call: &Call) -> Result<Vec<Frame>, ServerError> {
    let packing = wire::Packing::named(Some(call.media_type));
    wire::decode_as(packing, &call.body, REQUEST_BYTES_MAX)
        .map_err(|error| bad("bad_frames", error))
}

fn bearer(call: &Call) -> Result<String, ServerError> {
    call.token
        .clone()
        .ok_or_else(|| ServerError::signed_out("enrolling gives the token"))
}

fn text(json: &Json, key: &str) -> Result<String, ServerError> {
    let found = json[key]
        .as_str()
        .filter(|text| !text.is_empty() && text.len() <= 200);
    found.map(str::to_owned).ok_or_else(|| {
        bad(
            "missing_field",
            format!("the JSON body needs a text `{key}`"),
        )
    })
}

fn bad(code: &str, why: impl std::fmt::Display) -> ServerError {
    ServerError::bad_input(code, why.to_string())
}

fn refusal(error: &ServerError) -> ServerAnswer {
    ServerAnswer {
        status: status(error.kind),
        body: envelope::refused(error.reason(), None).into_bytes(),
    }
}
