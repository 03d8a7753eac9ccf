//! Reserved for the room that this package becomes.
