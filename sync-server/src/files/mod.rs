//! Where finished files of tenants lie: in the data folder, or in a bucket of any S3. It does not
//! know who may have a file, nor how bytes come from devices.

mod bucket;
mod bucket_place;
mod tenant_files;

pub use bucket::FileBucket;
pub use bucket_place::{BucketPlace, note, noted};
pub(crate) use tenant_files::{GivenBytes, TenantFiles, WholeFile};
