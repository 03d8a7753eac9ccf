//! The benchmark: every figure of the plan beside its floor, measured on the real server and real
//! devices in one run, and how cost grows. `docs/performance.md` says how to read it. It does not
//! know the words of a command line.

pub mod base;
pub mod cost;
pub mod day;
pub mod device_rows;
pub mod figures;
pub mod first_sync;
pub mod floor;
pub mod goods;
pub mod growth;
pub mod library;
pub mod live;
pub mod local;
pub mod machine;
pub mod measure;
pub mod parts;
pub mod reading;
pub mod report;
pub mod restored;
pub mod searching;
pub mod site;
pub mod standin;
pub mod wire;
pub mod workload;

pub use base::{Base, Bench, BenchPlan, SEED};
pub use parts::PARTS;
