//! What all requests share: the data folder and its open tenants. A tenant has one file that writes
//! and some that read beside it. It does not know what is asked.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use outfield_core::base::id::{DeviceId, TenantId};

use super::lock::locked;
use super::pull_limit::{PullLimit, PullSlot};
use crate::data_dir::DataDir;
use crate::error::ServerError;
use crate::tenant::Tenant;

/// Open files of one tenant that are kept for the next readers.
const READERS_MAX: usize = 8;

/// What all requests share.
pub(super) struct AppState {
    data_dir: Mutex<DataDir>,
    open_tenants: Mutex<BTreeMap<TenantId, Arc<OpenTenant>>>,
    pull_limit: PullLimit,
}

/// One tenant: a file that writes, and some that read beside it.
struct OpenTenant {
    id: TenantId,
    writer: Mutex<Tenant>,
    readers: Mutex<Vec<Tenant>>,
    /// Whoever packs a bucket for all.
    packer: Mutex<()>,
}

/// The state as handlers get it.
pub(super) type Shared = Arc<AppState>;

impl AppState {
    /// The state of a server of this folder: no tenant is open yet.
    pub(super) fn new(data_dir: DataDir) -> AppState {
        AppState {
            data_dir: Mutex::new(data_dir),
            open_tenants: Mutex::new(BTreeMap::new()),
            pull_limit: PullLimit::default(),
        }
    }

    /// One more long answer to this device, unless it is given too many already.
    pub(super) fn begin_pull(&self, device: DeviceId) -> Result<PullSlot, ServerError> {
        self.pull_limit.take(device)
    }

    /// The open tenant that a token or code names.
    fn open_tenant(&self, secret: &str) -> Result<Arc<OpenTenant>, ServerError> {
        let data_dir = locked(&self.data_dir);
        let id = data_dir.tenant_id_of(secret)?;
        let mut open_tenants = locked(&self.open_tenants);
        if let Some(open_tenant) = open_tenants.get(&id) {
            return Ok(Arc::clone(open_tenant));
        }
        let writer = Mutex::new(data_dir.open_tenant(id)?);
        let open_tenant = Arc::new(OpenTenant {
            id,
            writer,
            readers: Mutex::new(Vec::new()),
            packer: Mutex::new(()),
        });
        open_tenants.insert(id, Arc::clone(&open_tenant));
        Ok(open_tenant)
    }

    /// Works on the file that writes; one at a time.
    pub(super) fn write<T>(
        &self,
        secret: &str,
        work: impl FnOnce(&mut Tenant) -> Result<T, ServerError>,
    ) -> Result<T, ServerError> {
        let open_tenant = self.open_tenant(secret)?;
        let mut tenant = locked(&open_tenant.writer);
        tenant.refresh()?;
        work(&mut tenant)
    }

    /// Packs the buckets that are due. Of many who ask at once one does it, and the others wait for
    /// that.
    pub(super) fn pack(
        &self,
        secret: &str,
        due: impl Fn(&Tenant) -> Result<Vec<String>, ServerError>,
    ) -> Result<(), ServerError> {
        if self.read(secret, &due)?.is_empty() {
            return Ok(());
        }
        let open_tenant = self.open_tenant(secret)?;
        let _one = locked(&open_tenant.packer);
        for bucket in self.read(secret, &due)? {
            let cut = self.read(secret, |tenant| tenant.cut(&bucket))?;
            self.write(secret, |tenant| tenant.keep(&cut))?;
        }
        Ok(())
    }

    /// Works on a file that only reads, beside writers and other readers.
    pub(super) fn read<T>(
        &self,
        secret: &str,
        work: impl FnOnce(&Tenant) -> Result<T, ServerError>,
    ) -> Result<T, ServerError> {
        let open_tenant = self.open_tenant(secret)?;
        let idle = locked(&open_tenant.readers).pop();
        let mut tenant = match idle {
            Some(tenant) => tenant,
            None => locked(&self.data_dir).open_tenant(open_tenant.id)?,
        };
        tenant.refresh()?;
        let answer = work(&tenant);
        let mut readers = locked(&open_tenant.readers);
        if readers.len() < READERS_MAX {
            readers.push(tenant);
        }
        answer
    }
}
