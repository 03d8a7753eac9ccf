//! The sync server as a library: tenants, who comes in, what devices push and pull, what the
//! office does, and HTTP. It uses the core's rooms for rules, merge and tables, and adds what only
//! a server may do: judge and log. Command lines and other programs stand on it; it knows none of
//! them.
//!
//! Each room imports only those above it in this list.

pub mod plain;

mod data_disk;
pub mod envelope;
pub mod error;
pub mod files;
pub mod limits;
pub mod seen;
pub mod tenant;

pub mod people;

pub mod work;

pub mod office;
mod sync;

pub mod data_dir;

pub mod backup;
pub mod http;
