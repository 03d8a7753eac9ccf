//! What devices hand in and are told: judged pushes, their verdicts, pulls, and packed buckets.
//! It does not know HTTP.

mod admission;
mod claim;
mod compaction;
mod entry;
mod group;
mod pull;
mod push;
mod quarantine;
mod records;
mod rejection;
mod verdict;
