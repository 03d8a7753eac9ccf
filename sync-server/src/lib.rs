//! The sync server: tenants, their logs and people, HTTP, and the command line that drives all of
//! it.
//!
//! It uses the core's rooms for rules, merge and tables, and adds what only a server may do: judge
//! and log.

pub mod cli;
pub mod demo;
pub mod error;
pub mod http;
pub mod office;
pub mod tenant;
