//! What devices hand in and are told: judged pushes, their verdicts, pulls, and packed buckets.
//! It does not know HTTP.

mod compaction;
mod pull;
mod push;
mod quarantine;
mod verdict;
