//! What devices hand in and are told: judged pushes, their verdicts, pulls, and packed buckets.
//! It does not know HTTP.

mod admission;
mod claim;
mod compaction;
mod entry;
mod files;
mod group;
mod parcel;
mod pull;
mod push;
mod quarantine;
mod records;
mod regain;
mod rejection;
mod seals;
mod verdict;

pub(crate) use files::pieces_of;
pub(crate) use pull::check_asked;
