//! What all requests share: the data folder, its open tenants, and what each device and tenant may
//! have under way. A tenant has one file that writes and some that read beside it; whoever waits
//! for one holds no thread meanwhile. It does not know what is asked.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use outfield_core::base::hex;
use outfield_core::base::id::{DeviceId, TenantId};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep};

use super::attempts::AttemptLimit;
use super::lock::locked;
use super::pulse::TenantPulse;
use super::readiness::{Readiness, ReadinessCache};
use super::shares::{HeldShare, ShareLimit};
use crate::data_dir::{DataDir, TenantFile};
use crate::data_disk;
use crate::error::ServerError;
use crate::files::TenantFiles;
use crate::limits::{
    CARRIES_MAX, DEVICE_CALLS_MAX, DEVICE_PULLS_MAX, DEVICE_WORK_MAX, MOVE_UP_LOOK, MOVED_UP_MAX,
    TENANT_CARRIES_MAX, TENANT_READS_MAX, TENANT_UNPACKS_MAX,
};
use crate::seen::{LogLevel, Metrics, ServerLog};
use crate::tenant::Tenant;
use crate::tenant::gauges::TenantGauges;

/// Seconds after which it is worth asking again to listen.
const LISTEN_LATER_S: u32 = 60;

/// How many of what opens files there may be, by how many files the process may open.
pub(super) struct FileShares {
    pub(super) connections: usize,
    pub(super) pulls: usize,
    pub(super) listeners: usize,
}

/// What all requests share.
pub(super) struct AppState {
    data_dir: Mutex<DataDir>,
    open_tenants: Mutex<BTreeMap<TenantId, Arc<OpenTenant>>>,
    device_calls: ShareLimit<DeviceId>,
    device_pulls: ShareLimit<DeviceId>,
    pulls: ShareLimit<TenantId>,
    listeners: ShareLimit<TenantId>,
    /// Those who wait for a bucket.
    carriers: Arc<Semaphore>,
    /// Who tries codes and tokens in vain.
    pub(super) attempts: AttemptLimit,
    /// The log.
    pub(super) log: Arc<ServerLog>,
    /// What is counted.
    pub(super) metrics: Arc<Metrics>,
    /// Whether the server can do its work, as it is believed.
    readiness: ReadinessCache,
    /// What the ids of requests begin with: another at each start.
    start: String,
    requests: AtomicU64,
}

/// The state as handlers get it.
pub(super) type SharedState = Arc<AppState>;

/// A long answer under way: one of its device's, and one of its tenant's.
pub(super) struct PullShare {
    _device: HeldShare<DeviceId>,
    _tenant: HeldShare<TenantId>,
}

impl AppState {
    /// The state of a server of this folder, which gives so many long answers at a time: no tenant
    /// is open yet.
    pub(super) fn new(data_dir: DataDir, shares: &FileShares, log: Arc<ServerLog>) -> AppState {
        AppState {
            log,
            metrics: Arc::default(),
            readiness: ReadinessCache::default(),
            start: hex::letters(&data_dir.entropy()[..4]),
            requests: AtomicU64::new(0),
            data_dir: Mutex::new(data_dir),
            open_tenants: Mutex::new(BTreeMap::new()),
            device_calls: ShareLimit::each(DEVICE_CALLS_MAX),
            device_pulls: ShareLimit::each(DEVICE_PULLS_MAX),
            pulls: ShareLimit::of(shares.pulls),
            listeners: ShareLimit::of(shares.listeners),
            carriers: Arc::new(Semaphore::new(CARRIES_MAX)),
            attempts: AttemptLimit::new(),
        }
    }

    /// The id of the next request.
    pub(super) fn next_request(&self) -> String {
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        format!("{}-{number}", self.start)
    }

    /// Whether the server can do its work, as it was found lately or is found now.
    pub(super) async fn readiness(self: &Arc<Self>) -> Result<Arc<Readiness>, ServerError> {
        if let Some(readiness) = self.readiness.kept() {
            return Ok(readiness);
        }
        let _turn = self.readiness.turn.lock().await;
        if let Some(readiness) = self.readiness.kept() {
            return Ok(readiness);
        }
        let (state, began) = (Arc::clone(self), Instant::now());
        let found = aside(move || state.look()).await?;
        Ok(self.readiness.keep(found, began.elapsed()))
    }

    /// Looks at the disk and at every tenant's file.
    fn look(&self) -> Result<Readiness, ServerError> {
        let (dir, tenants, bucket) = {
            let data_dir = locked(&self.data_dir);
            let bucket = data_dir.bucket().cloned();
            (data_dir.dir().to_owned(), data_dir.tenants()?, bucket)
        };
        let mut found = Readiness::default();
        found.note_room(&self.log, data_disk::room(&dir));
        if let Some(bucket) = bucket {
            found.note_bucket(&self.log, bucket.probe());
        }
        for (name, id) in tenants {
            found.note_tenant(&self.log, name, id, self.gauges(id));
        }
        Ok(found)
    }

    /// What a tenant's file says of itself. One that an older version left is brought to this one.
    fn gauges(&self, id: TenantId) -> Result<TenantGauges, ServerError> {
        let (file, now) = {
            let data_dir = locked(&self.data_dir);
            (data_dir.file_of(id)?, data_dir.now())
        };
        if let Some(gauges) = file.gauges(now)? {
            return Ok(gauges);
        }
        drop(file.open()?);
        let read = file.gauges(now)?;
        read.ok_or_else(|| ServerError::broken("it stays as an older version left it"))
    }

    /// Puts files of the folder up into the bucket, until none are left: those from before there
    /// was a bucket, and out of a backup.
    pub(super) async fn moves_files_up(self: Arc<Self>) {
        loop {
            let state = Arc::clone(&self);
            match aside(move || state.move_files_up()).await {
                Ok(0) => return,
                Ok(_) => {}
                Err(error) => {
                    let line = self.log.line(LogLevel::Warn, "files_wait");
                    line.say("cause", error.message).write();
                    sleep(MOVE_UP_LOOK).await;
                }
            }
        }
    }

    fn move_files_up(&self) -> Result<usize, ServerError> {
        let mut moved = 0;
        let tenants = locked(&self.data_dir).tenants()?;
        for (_, id) in tenants {
            let file = locked(&self.data_dir).file_of(id)?;
            moved += file.files().move_up(MOVED_UP_MAX)?;
        }
        Ok(moved)
    }

    /// One more call of this device, unless it has too many under way.
    pub(super) fn begin_call(&self, device: DeviceId) -> Result<HeldShare<DeviceId>, ServerError> {
        let message = "this device has too many calls under way; try again in a moment";
        let share = self.device_calls.take(device);
        share.ok_or_else(|| ServerError::busy(message))
    }

    /// One more long answer to this device, unless it, or all of its tenant, is given too many
    /// already.
    pub(super) fn begin_pull(
        &self,
        tenant: TenantId,
        device: DeviceId,
    ) -> Result<PullShare, ServerError> {
        let of_device = self.device_pulls.take(device).ok_or_else(|| {
            let message =
                "this device is being answered several times already; try again in a moment";
            ServerError::busy(message)
        })?;
        let of_tenant = self.pulls.take(tenant).ok_or_else(|| {
            let message = "too many devices are being answered just now; try again in a moment";
            ServerError::overloaded(message)
        })?;
        Ok(PullShare {
            _device: of_device,
            _tenant: of_tenant,
        })
    }

    /// One more listener of this tenant, unless it has its share.
    pub(super) fn begin_listening(
        &self,
        tenant: TenantId,
    ) -> Result<HeldShare<TenantId>, ServerError> {
        let message = "too many listen already; ask from time to time instead";
        let share = self.listeners.take(tenant);
        share.ok_or_else(|| ServerError::overloaded(message).waiting(LISTEN_LATER_S))
    }

    /// Nobody listens any more.
    pub(super) fn end_listeners(&self) {
        let tenants: Vec<_> = locked(&self.open_tenants).values().cloned().collect();
        tenants.iter().for_each(|tenant| tenant.pulse.close());
    }

    /// How many listen.
    pub(super) fn listening(&self) -> usize {
        let tenants = locked(&self.open_tenants);
        tenants.values().map(|tenant| tenant.pulse.count()).sum()
    }

    /// The open tenant that a token names.
    pub(super) async fn tenant_of(
        self: &Arc<Self>,
        token: &str,
    ) -> Result<Arc<OpenTenant>, ServerError> {
        let named = token.split_once('-').and_then(|(id, _)| id.parse().ok());
        let open = named.and_then(|id| locked(&self.open_tenants).get(&id).cloned());
        if let Some(open) = open {
            return Ok(open);
        }
        let (state, token) = (Arc::clone(self), token.to_owned());
        let id = aside(move || locked(&state.data_dir).tenant_id_of(&token));
        self.open(id.await?).await
    }

    /// The open tenant that an enrolment code is of; of several whose codes begin alike the one
    /// that knows it.
    pub(super) async fn tenant_of_code(
        self: &Arc<Self>,
        code: &str,
    ) -> Result<Arc<OpenTenant>, ServerError> {
        let (state, asked) = (Arc::clone(self), code.to_owned());
        let ids = aside(move || locked(&state.data_dir).tenants_of_code(&asked)).await?;
        for id in &ids[1..] {
            let (tenant, code) = (self.open(*id).await?, code.to_owned());
            let known = Arc::clone(&tenant).reading(None, move |tenant| tenant.knows_code(&code));
            if known.await? {
                return Ok(tenant);
            }
        }
        self.open(ids[0]).await
    }

    /// A tenant that is here, opened by the first who asks.
    async fn open(self: &Arc<Self>, id: TenantId) -> Result<Arc<OpenTenant>, ServerError> {
        if let Some(open) = locked(&self.open_tenants).get(&id) {
            return Ok(Arc::clone(open));
        }
        let state = Arc::clone(self);
        aside(move || {
            let file = locked(&state.data_dir).file_of(id)?;
            let writer = file.open()?;
            let mut open_tenants = locked(&state.open_tenants);
            let open = open_tenants
                .entry(id)
                .or_insert_with(|| Arc::new(OpenTenant::new(file, writer, &state.carriers)));
            Ok(Arc::clone(open))
        })
        .await
    }
}

/// One tenant: a file that writes, and some that read beside it.
pub(super) struct OpenTenant {
    file: TenantFile,
    writer: Mutex<Tenant>,
    readers: Mutex<Vec<Tenant>>,
    /// Whoever packs a bucket for all.
    packer: Mutex<()>,
    /// Who waits to write stands here, first come first served, without a thread.
    writing: Arc<Semaphore>,
    /// Who waits to read.
    reading: Arc<Semaphore>,
    /// Who waits to have a body unpacked.
    unpacking: Arc<Semaphore>,
    /// Where its files lie.
    pub(super) files: TenantFiles,
    /// Who waits for a bucket, of this tenant and of all.
    carrying: [Arc<Semaphore>; 2],
    /// What each device has in those two queues, so that none fills them.
    devices: Mutex<BTreeMap<DeviceId, Arc<Semaphore>>>,
    /// Who listens for what is written.
    pub(super) pulse: TenantPulse,
}

/// A place in the queues of a tenant that one device holds.
type DeviceTurn = Option<OwnedSemaphorePermit>;

impl OpenTenant {
    fn new(file: TenantFile, writer: Tenant, carriers: &Arc<Semaphore>) -> OpenTenant {
        let of_tenant = Arc::new(Semaphore::new(TENANT_CARRIES_MAX));
        OpenTenant {
            file,
            files: writer.files.clone(),
            carrying: [of_tenant, Arc::clone(carriers)],
            writer: Mutex::new(writer),
            readers: Mutex::new(Vec::new()),
            packer: Mutex::new(()),
            writing: Arc::new(Semaphore::new(1)),
            reading: Arc::new(Semaphore::new(TENANT_READS_MAX)),
            unpacking: Arc::new(Semaphore::new(TENANT_UNPACKS_MAX)),
            devices: Mutex::new(BTreeMap::new()),
            pulse: TenantPulse::default(),
        }
    }

    pub(super) fn id(&self) -> TenantId {
        self.file.id()
    }

    /// Waits until this device may do more: what it asks at once is done a little at a time.
    async fn device_turn(&self, device: Option<DeviceId>) -> Result<DeviceTurn, ServerError> {
        let Some(device) = device else {
            return Ok(None);
        };
        let turns = {
            let mut devices = locked(&self.devices);
            devices.retain(|of, turns| *of == device || Arc::strong_count(turns) > 1);
            let turns = devices
                .entry(device)
                .or_insert_with(|| Arc::new(Semaphore::new(DEVICE_WORK_MAX)));
            Arc::clone(turns)
        };
        Ok(Some(
            turns.acquire_owned().await.map_err(ServerError::broken)?,
        ))
    }

    /// Works on the file that writes; one at a time.
    pub(super) async fn writing<T: Send + 'static>(
        self: Arc<Self>,
        device: Option<DeviceId>,
        work: impl FnOnce(&mut Tenant) -> Result<T, ServerError> + Send + 'static,
    ) -> Result<T, ServerError> {
        let of_device = self.device_turn(device).await?;
        let turn = Arc::clone(&self.writing).acquire_owned().await;
        let turn = turn.map_err(ServerError::broken)?;
        aside(move || {
            let done = self.write(work);
            drop((turn, of_device));
            done
        })
        .await
    }

    /// Works on a file that only reads, beside writers and other readers.
    pub(super) async fn reading<T: Send + 'static>(
        self: Arc<Self>,
        device: Option<DeviceId>,
        work: impl FnOnce(&Tenant) -> Result<T, ServerError> + Send + 'static,
    ) -> Result<T, ServerError> {
        let of_device = self.device_turn(device).await?;
        let turn = Arc::clone(&self.reading).acquire_owned().await;
        let turn = turn.map_err(ServerError::broken)?;
        aside(move || {
            let done = self.read(work);
            drop((turn, of_device));
            done
        })
        .await
    }

    /// Works on what this device sent, without a file: of a tenant so many at a time, so that its
    /// bodies take no threads that others need.
    pub(super) async fn unpacking<T: Send + 'static>(
        self: Arc<Self>,
        device: DeviceId,
        work: impl FnOnce() -> Result<T, ServerError> + Send + 'static,
    ) -> Result<T, ServerError> {
        let of_device = self.device_turn(Some(device)).await?;
        let turn = Arc::clone(&self.unpacking).acquire_owned().await;
        let turn = turn.map_err(ServerError::broken)?;
        aside(move || {
            let done = work();
            drop((turn, of_device));
            done
        })
        .await
    }

    /// Waits for a bucket, in nobody's turn: while it is slow everybody else goes on.
    pub(super) async fn carrying<T: Send + 'static>(
        self: Arc<Self>,
        device: DeviceId,
        work: impl FnOnce(&TenantFiles) -> Result<T, ServerError> + Send + 'static,
    ) -> Result<T, ServerError> {
        let of_device = self.device_turn(Some(device)).await?;
        let mut turns = Vec::new();
        for waiting in &self.carrying {
            let turn = Arc::clone(waiting).acquire_owned().await;
            turns.push(turn.map_err(ServerError::broken)?);
        }
        aside(move || {
            let done = work(&self.files);
            drop((turns, of_device));
            done
        })
        .await
    }

    pub(super) fn write<T>(
        &self,
        work: impl FnOnce(&mut Tenant) -> Result<T, ServerError>,
    ) -> Result<T, ServerError> {
        let mut tenant = locked(&self.writer);
        tenant.refresh()?;
        let done = work(&mut tenant)?;
        // It is done, whoever hears of it; who listens hears of it by the next look at the latest.
        drop(self.pulse.catch_up(&tenant));
        Ok(done)
    }

    /// Works on a file that only reads, in the thread of whoever calls.
    pub(super) fn read<T>(
        &self,
        work: impl FnOnce(&Tenant) -> Result<T, ServerError>,
    ) -> Result<T, ServerError> {
        let idle = locked(&self.readers).pop();
        let mut tenant = match idle {
            Some(tenant) => tenant,
            None => self.file.open()?,
        };
        tenant.refresh()?;
        let answer = work(&tenant);
        let mut readers = locked(&self.readers);
        if readers.len() < TENANT_READS_MAX {
            readers.push(tenant);
        }
        answer
    }

    /// Packs the buckets that are due. Of many who ask at once one does it, and the others wait for
    /// that.
    pub(super) fn pack(
        &self,
        due: impl Fn(&Tenant) -> Result<Vec<String>, ServerError>,
    ) -> Result<(), ServerError> {
        if self.read(&due)?.is_empty() {
            return Ok(());
        }
        let _one = locked(&self.packer);
        for bucket in self.read(&due)? {
            let packed = self.read(|tenant| tenant.pack(&bucket))?;
            self.write(|tenant| tenant.keep_packed(&packed))?;
        }
        Ok(())
    }
}

/// Runs blocking work beside the threads that answer.
pub(super) async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ServerError> + Send + 'static,
) -> Result<T, ServerError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(ServerError::broken)?
}
