//! Opens the data folder that the arguments name, and a tenant in it. It does not know what is done
//! there.

use std::path::Path;
use std::sync::Arc;

use outfield_core::base::context::Surroundings;
use outfield_server::data_dir::DataDir;
use outfield_server::tenant::Tenant;

use crate::answer::CliFailure;
use crate::arguments::OfficePlace;

/// The tenant that the arguments name.
pub(crate) fn open_tenant(
    place: &OfficePlace,
    surroundings: Arc<dyn Surroundings>,
) -> Result<Tenant, CliFailure> {
    let folder = open_folder(&place.data, surroundings)?;
    Ok(folder.tenant(place.tenant.as_deref())?)
}

/// A data folder that is there; only `tenant add` and `serve` make one, so that a misspelt name
/// makes nothing.
pub(crate) fn open_folder(
    data: &Path,
    surroundings: Arc<dyn Surroundings>,
) -> Result<DataDir, CliFailure> {
    if data.join("outfield.db").is_file() || data.join("tenants").is_dir() {
        return Ok(DataDir::open(data, surroundings)?);
    }
    let shown = data.display();
    let message = format!(
        "there is no data of Outfield in `{shown}`; \
         begin it by `outfield tenant add NAME --data {shown}`"
    );
    Err(CliFailure::bad_input("bad_folder", message).about("data"))
}
