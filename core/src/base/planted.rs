//! Errors that the simulation and power cuts plant, one at a time, to see whether they find them.
//! Without the feature `planted` none of them is there: `is` is then a constant, and what hangs on
//! it is not compiled. It does not know what they do; the places that ask do.

/// One error that can be planted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Planted {
    /// The server answers verdicts although their transaction failed.
    AckBeforeCommit,
    /// The phone moves its cursors before it has what lies before them.
    CursorOutsideTransaction,
    /// The server keeps no conflict of a line's field.
    DroppedConflictRow,
    /// Work is signed anew under the actor that it had.
    ReusedActor,
    /// Every tenant's file is the first tenant's.
    MissingTenantFilter,
    /// The phone keeps what it is told to let go.
    SkippedRemove,
    /// The server judges anew what it judged before.
    VerdictNotIdempotent,
    /// Work leaves the outbox when it is sent.
    OutboxClearedOnSending,
    /// Patching a row leaves out phone numbers.
    UnpatchedKind,
    /// Refused work is not kept on the phone.
    RefusedWorkForgotten,
    /// A later edit closes a conflict.
    ConflictClosedByEdit,
    /// An object that is published meanwhile gets its tables, but not the records that came before
    /// it.
    ObjectNotDiscovered,
    /// What is given back of a pot is not put back into it.
    ReleaseLost,
    /// The server takes in what a device writes into its own fields.
    ServerFieldTaken,
    /// A document that asks gets no verdict.
    VerdictLost,
    /// What waits for somebody's yes is granted at once.
    WaitSkipped,
    /// The server judges the entries of a group one by one.
    HalfGroupTaken,
    /// A server that was put back goes on as if nothing had happened.
    EpochKept,
    /// The phone drops what a bucket that is told anew does not tell.
    DoubtIgnored,
    /// The phone forgets what it did once that is accepted.
    OwnWorkForgotten,
    /// The server says that a file is whole once it has begun to come.
    HalfAFile,
    /// The phone takes the server's word for its files although that may have lost them.
    FilesBelieved,
    /// What answers without the server's mark is believed.
    PortalBelieved,
    /// A lease that was given once is not renewed.
    LeaseNotRenewed,
    /// Commits do not wait for the disk.
    CommitsNotAwaited,
    /// Nobody ever waits for the disk.
    NothingSynced,
    /// Syncs leave the disk's own cache as it is.
    PlainSyncs,
}

impl Planted {
    /// Those that the simulation finds.
    pub const SIMULATED: [Planted; 24] = [
        Planted::AckBeforeCommit,
        Planted::CursorOutsideTransaction,
        Planted::DroppedConflictRow,
        Planted::ReusedActor,
        Planted::MissingTenantFilter,
        Planted::SkippedRemove,
        Planted::VerdictNotIdempotent,
        Planted::OutboxClearedOnSending,
        Planted::UnpatchedKind,
        Planted::RefusedWorkForgotten,
        Planted::ConflictClosedByEdit,
        Planted::ObjectNotDiscovered,
        Planted::ReleaseLost,
        Planted::ServerFieldTaken,
        Planted::VerdictLost,
        Planted::WaitSkipped,
        Planted::HalfGroupTaken,
        Planted::EpochKept,
        Planted::DoubtIgnored,
        Planted::OwnWorkForgotten,
        Planted::HalfAFile,
        Planted::FilesBelieved,
        Planted::PortalBelieved,
        Planted::LeaseNotRenewed,
    ];

    /// Those that power cuts find.
    pub const CUT: [Planted; 4] = [
        Planted::CommitsNotAwaited,
        Planted::NothingSynced,
        Planted::PlainSyncs,
        Planted::OutboxClearedOnSending,
    ];

    /// Its name on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Planted::AckBeforeCommit => "ack-before-commit",
            Planted::CursorOutsideTransaction => "cursor-outside-transaction",
            Planted::DroppedConflictRow => "dropped-conflict-row",
            Planted::ReusedActor => "reused-actor",
            Planted::MissingTenantFilter => "missing-tenant-filter",
            Planted::SkippedRemove => "skipped-remove",
            Planted::VerdictNotIdempotent => "verdict-not-idempotent",
            Planted::OutboxClearedOnSending => "outbox-cleared-on-sending",
            Planted::UnpatchedKind => "unpatched-kind",
            Planted::RefusedWorkForgotten => "refused-work-forgotten",
            Planted::ConflictClosedByEdit => "conflict-closed-by-edit",
            Planted::ObjectNotDiscovered => "object-not-discovered",
            Planted::ReleaseLost => "release-lost",
            Planted::ServerFieldTaken => "server-field-taken",
            Planted::VerdictLost => "verdict-lost",
            Planted::WaitSkipped => "wait-skipped",
            Planted::HalfGroupTaken => "half-group-taken",
            Planted::EpochKept => "epoch-kept",
            Planted::DoubtIgnored => "doubt-ignored",
            Planted::OwnWorkForgotten => "own-work-forgotten",
            Planted::HalfAFile => "half-a-file",
            Planted::FilesBelieved => "files-believed",
            Planted::PortalBelieved => "portal-believed",
            Planted::LeaseNotRenewed => "lease-not-renewed",
            Planted::CommitsNotAwaited => "commits-not-awaited",
            Planted::NothingSynced => "nothing-synced",
            Planted::PlainSyncs => "plain-syncs",
        }
    }
}

/// Whether this error is planted.
#[cfg(not(feature = "planted"))]
#[must_use]
pub const fn is(_: Planted) -> bool {
    false
}

#[cfg(feature = "planted")]
pub use switch::{is, plant};

#[cfg(feature = "planted")]
mod switch {
    use std::cell::Cell;

    use super::Planted;

    thread_local! {
        static NOW: Cell<Option<Planted>> = const { Cell::new(None) };
    }

    /// Plants an error in everything that this thread does from now on, or none.
    pub fn plant(error: Option<Planted>) {
        NOW.set(error);
    }

    /// Whether this error is planted.
    #[must_use]
    pub fn is(error: Planted) -> bool {
        NOW.get() == Some(error)
    }
}
