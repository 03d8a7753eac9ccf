//! Where things are measured: a server as a process of its own on a folder, devices on files of
//! their own, and a carrier over HTTP that counts. It does not know what is measured.

use std::cell::RefCell;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

use outfield_core::app::{Device, System};
use outfield_core::base::context::{Role, Surroundings};
use outfield_core::base::id::{TenantId, UserId};
use outfield_core::base::time::Timestamp;
use outfield_core::sync::carrier::TakePiece;
use outfield_core::sync::http::Http;
use outfield_core::sync::{Call, Carrier, CarryError, Reply};
use outfield_server::data_dir::DataDir;
use outfield_server::tenant::Tenant;
use rusqlite::Connection;
use serde_json::{Value as Json, json};

use super::measure;
use crate::behind;
use crate::files::copy_folder;
use crate::keeper::Keeper;
use crate::keys::key;

/// The word of this program that starts a server.
pub const SERVE: &str = "serve-for-benchmark";

/// The clock and the luck of the system.
#[must_use]
pub fn system() -> Arc<dyn Surroundings> {
    Arc::new(System::open().unwrap())
}

/// How long ago the office works, in milliseconds.
static AGO_MS: AtomicI64 = AtomicI64::new(0);

/// From now on the office works this many milliseconds ago.
pub fn works_ago(ms: i64) {
    AGO_MS.store(ms, Ordering::Relaxed);
}

/// The clock of an office that did its work some time ago.
struct Past(System);

impl Surroundings for Past {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.now().0 - AGO_MS.load(Ordering::Relaxed))
    }

    fn entropy(&self) -> [u8; 32] {
        self.0.entropy()
    }

    fn wait(&self, ms: u64) {
        self.0.wait(ms);
    }
}

/// A folder of a server with one tenant, and the server.
pub struct Site {
    /// The tenant as the office has it open.
    pub tenant: Tenant,
    folder: PathBuf,
    id: TenantId,
    server: Option<ServerProcess>,
}

/// A running server.
struct ServerProcess {
    child: Child,
    address: SocketAddr,
    // Ends the child with this process, however it ends.
    _keeper: Keeper,
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

impl Site {
    /// A new tenant in a new folder.
    #[must_use]
    pub fn found(folder: &Path) -> Site {
        std::fs::create_dir_all(folder).unwrap();
        let mut office = DataDir::open(
            &folder.join("server"),
            Arc::new(Past(System::open().unwrap())),
        )
        .unwrap();
        let id = office
            .add_tenant("Harbour Foods", "America/Chicago")
            .unwrap();
        Site {
            tenant: office.open_tenant(id).unwrap(),
            folder: folder.to_owned(),
            id,
            server: None,
        }
    }

    /// Adds a territory.
    pub fn territory(&mut self, name: &str) {
        self.tenant.add_territory(name, None).unwrap();
    }

    /// Adds a rep of these territories; answers the code to enrol with.
    pub fn rep(&mut self, name: &str, territories: &[String]) -> (UserId, String) {
        self.tenant.add_user(name, Role::REP, territories).unwrap()
    }

    /// One more code of somebody who is here.
    #[must_use]
    pub fn code(&mut self, name: &str) -> String {
        self.tenant.user_code(name).unwrap()
    }

    /// Starts the server, if it does not run.
    pub fn serve(&mut self) {
        if self.server.is_some() {
            return;
        }
        let keeper = Keeper::new();
        let mut command = keeper.command(std::env::current_exe().unwrap());
        command
            .arg(SERVE)
            .arg(self.folder.join("server"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let address = line.trim().trim_start_matches("http://").parse().unwrap();
        self.server = Some(ServerProcess {
            child,
            address,
            _keeper: keeper,
        });
    }

    /// Ends the server and starts it again, so that its memory is a new one's.
    pub fn restart(&mut self) {
        self.server = None;
        self.serve();
    }

    /// Keeps a copy of the server's folder, as a plain copy of files is.
    pub fn keep_copy(&mut self) {
        self.server = None;
        let (folder, copy) = (self.folder.join("server"), self.folder.join("copy"));
        copy_folder(&folder, &copy);
    }

    /// Puts that copy in the folder's place. The office has the folder open no more.
    pub fn put_back(&mut self) {
        self.server = None;
        let folder = self.folder.join("server");
        std::fs::remove_dir_all(&folder).unwrap();
        std::fs::rename(self.folder.join("copy"), folder).unwrap();
    }

    /// How many changes and facts of devices the server knows to have accepted.
    #[must_use]
    pub fn accepted(&self) -> usize {
        let file = Connection::open(self.file()).unwrap();
        let count = "SELECT count(*) FROM verdict WHERE code = 'accepted'";
        let counted: u32 = file.query_row(count, [], |row| row.get(0)).unwrap();
        counted as usize
    }

    /// Where the server listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.server
            .as_ref()
            .expect("the server was started")
            .address
    }

    /// The server's address for a device.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address())
    }

    /// The server's process.
    #[must_use]
    pub fn process(&self) -> u32 {
        self.server
            .as_ref()
            .expect("the server was started")
            .child
            .id()
    }

    /// The processor time that the server has used.
    #[must_use]
    pub fn cpu_ns(&self) -> u64 {
        measure::cpu_ns(measure::Who::Process(self.process()))
    }

    /// The server's highest memory so far, in bytes.
    #[must_use]
    pub fn memory(&self) -> u64 {
        measure::memory(self.process(), "VmHWM")
    }

    /// The size of the tenant's file once all that waits beside it is in it, in bytes.
    #[must_use]
    pub fn disk(&self) -> u64 {
        let file = Connection::open(self.file()).unwrap();
        let number = |pragma: &str| {
            file.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0))
                .unwrap()
        };
        (number("page_count") * number("page_size")).cast_unsigned()
    }

    /// The tenant's file.
    #[must_use]
    pub fn file(&self) -> PathBuf {
        self.folder
            .join("server/tenants")
            .join(format!("{}.db", self.id))
    }

    /// A place for a device's file.
    #[must_use]
    pub fn place(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.db"))
    }

    /// A device on a file of its own, enrolled and in step with the server.
    #[must_use]
    pub fn device(&mut self, file: &str, code: &str) -> SiteDevice {
        self.serve();
        let mut device = SiteDevice {
            device: None,
            file: self.place(file),
            url: self.url(),
        };
        device.reopen();
        let meter = device.line();
        let url = device.url.clone();
        device.device().enrol_over(&meter, &url, code).unwrap();
        device.sync();
        device
    }
}

/// A device.
pub struct SiteDevice {
    device: Option<Device>,
    /// Its file.
    pub file: PathBuf,
    url: String,
}

impl SiteDevice {
    /// Its device.
    pub fn device(&mut self) -> &mut Device {
        self.device.as_mut().expect("it is open")
    }

    /// Closes the app and starts it again.
    pub fn reopen(&mut self) {
        self.device = None;
        self.device = Some(Device::open(&self.file, &key(), system()).unwrap());
    }

    /// Closes the app, so that its file is whole.
    pub fn close(&mut self) {
        self.device = None;
    }

    /// The server listens elsewhere now.
    pub fn moves_to(&mut self, url: &str) {
        url.clone_into(&mut self.url);
    }

    /// A new line to the server.
    #[must_use]
    pub fn line(&self) -> Meter {
        Meter::new(&self.url)
    }

    /// Meets the server over a new line; answers what was carried.
    pub fn sync(&mut self) -> Vec<MeasuredCall> {
        let meter = self.line();
        self.device().sync_over(&meter).unwrap();
        meter.carried()
    }

    /// Carries out a command; answers the record's id.
    pub fn does(&mut self, command: &Json) -> String {
        match self.device().execute(&command.to_string()) {
            Ok(receipt) => receipt.id.unwrap(),
            Err(error) => panic!("{command}: {error}"),
        }
    }

    /// Changes fields of a record.
    pub fn edits(&mut self, object: &str, id: &str, fields: &Json) {
        self.does(&json!({"do": "edit", "object": object, "id": id, "fields": fields}));
    }

    /// The file, opened beside the app.
    #[must_use]
    pub fn beside(&self) -> Connection {
        behind::open(&self.file)
    }
}

/// One call as it was carried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MeasuredCall {
    /// Its path.
    pub path: &'static str,
    /// Bytes of the body that went.
    pub sent: u64,
    /// Bytes of the body that came.
    pub received: u64,
    /// How long it took without what the device did meanwhile, in nanoseconds.
    pub ns: u64,
}

/// HTTP that counts bodies and times.
pub struct Meter {
    http: Http,
    carried: RefCell<Vec<MeasuredCall>>,
}

impl Meter {
    /// A line to this address.
    #[must_use]
    pub fn new(url: &str) -> Meter {
        Meter {
            http: Http::new(url).unwrap(),
            carried: RefCell::default(),
        }
    }

    /// What was carried so far.
    #[must_use]
    pub fn carried(&self) -> Vec<MeasuredCall> {
        self.carried.take()
    }
}

impl Carrier for Meter {
    fn carry(&self, call: &Call, take: TakePiece<'_>) -> Result<Reply, CarryError> {
        let (mut received, mut aside) = (0, 0);
        let begin = Instant::now();
        let reply = self.http.carry(call, &mut |status, piece| {
            received += piece.len() as u64;
            let (flow, ns) = measure::timed(|| take(status, piece));
            aside += ns;
            flow
        });
        let ns = u64::try_from(begin.elapsed().as_nanos())
            .unwrap_or(u64::MAX)
            .saturating_sub(aside);
        self.carried.borrow_mut().push(MeasuredCall {
            path: call.path,
            sent: call.body.len() as u64,
            received,
            ns,
        });
        reply
    }
}

/// What calls came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Bytes sent.
    pub sent: u64,
    /// Bytes received.
    pub received: u64,
    /// Nanoseconds.
    pub ns: u64,
}

/// What the calls to paths that end like this came to.
#[must_use]
pub fn sum(carried: &[MeasuredCall], ending: &str) -> Traffic {
    let mut sum = Traffic::default();
    for call in carried.iter().filter(|call| call.path.ends_with(ending)) {
        sum.sent += call.sent;
        sum.received += call.received;
        sum.ns += call.ns;
    }
    sum
}
