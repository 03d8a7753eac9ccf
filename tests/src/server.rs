//! The server behind a carrier without a socket: bytes of a request in, status and bytes of the
//! answer out. It decodes, lets in and maps errors as `outfield_server::http` does; a fault of the
//! server itself ends the test. It knows nothing else of HTTP.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
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

use crate::files::move_database;
use crate::{Clock, Luck};

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
    /// What was on the disk when somebody killed the server: the file and its copy.
    killed: RefCell<Option<(PathBuf, PathBuf)>>,
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
        self.killed.replace(Some((file, image)));
    }

    /// Stops and starts: what was only in memory is gone.
    pub fn restart(&self) {
        self.tenants.borrow_mut().clear();
        let start = self.starts.replace_with(|starts| *starts + 1) + 1;
        let luck = Luck::of(&self.clock, self.seed, &format!("server {start}"));
        self.office
            .replace(DataDir::open(&self.folder, luck).unwrap());
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

    /// Works on a tenant's open file.
    pub fn with<T>(&self, id: TenantId, work: impl FnOnce(&mut Tenant) -> T) -> T {
        let mut tenants = self.tenants.borrow_mut();
        let tenant = tenants
            .entry(id)
            .or_insert_with(|| self.office.borrow().open_tenant(id).unwrap());
        tenant.refresh().unwrap();
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
        let Some((file, image)) = self.killed.take() else {
            return Some(answer);
        };
        self.tenants.borrow_mut().clear();
        move_database(&image, &file);
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
                Ok(self
                    .at_door(&code, |tenant| tenant.enrol(&code, &applicant))?
                    .to_string()
                    .into_bytes())
            }
            "/sync/v1/refresh" => {
                let json: Json =
                    serde_json::from_slice(&call.body).map_err(|error| bad("bad_json", error))?;
                let token = text(&json, "refresh_token")?;
                Ok(self
                    .at_door(&token, |tenant| tenant.refresh_tokens(&token))?
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
        self.with(id, work)
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

fn frames(call: &Call) -> Result<Vec<Frame>, ServerError> {
    wire::decode(&call.body, REQUEST_BYTES_MAX).map_err(|error| bad("bad_frames", error))
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
