//! Where the office's data lies, and whose it is, as arguments say it. It does not know what is
//! done there.

use std::path::PathBuf;

use clap::Args;
use clap::builder::{NonEmptyStringValueParser, TypedValueParser};

/// A folder by its name, which is not empty.
pub(crate) fn folder() -> impl TypedValueParser<Value = PathBuf> {
    NonEmptyStringValueParser::new().map(PathBuf::from)
}

/// Where the office's data lies, and whose it is.
#[derive(Debug, Args)]
pub(crate) struct OfficePlace {
    /// The data folder of the server
    #[arg(long, value_name = "DIR")]
    #[arg(env = "OUTFIELD_DATA", hide_env_values = true, value_parser = folder())]
    pub(crate) data: PathBuf,
    /// The tenant, once there are several
    #[arg(long, value_name = "NAME")]
    pub(crate) tenant: Option<String>,
}

impl OfficePlace {
    /// No place, for whoever has a tenant already.
    pub(crate) fn nowhere() -> OfficePlace {
        OfficePlace {
            data: PathBuf::new(),
            tenant: None,
        }
    }
}
