//! What is told of the server while it works: lines of its log, and figures. It does not know what
//! is asked, nor who reads it.

mod log;
mod metrics;

pub use log::{LogForm, LogLevel, LogLine, ServerLog};
pub(crate) use metrics::{Metrics, Sample, StandingConnection, exposition};
