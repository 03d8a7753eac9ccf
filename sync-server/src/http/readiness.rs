//! Whether the server can do its work: the disk takes writes and has room, and every tenant's
//! database answers. What was found is believed for a while, so that asking costs nothing. It does
//! not know who asks, nor how it is found out.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use outfield_core::base::id::TenantId;
use tokio::time::Instant;

use super::lock::locked;
use crate::error::ServerError;
use crate::limits::{DISK_ROOM_MIN, READINESS_AGE, READINESS_SHARE};
use crate::seen::{LogLevel, ServerLog};
use crate::tenant::gauges::TenantGauges;

/// One tenant, as it was found.
pub(super) struct FoundTenant {
    pub(super) id: TenantId,
    pub(super) name: String,
    /// None where its database does not answer.
    pub(super) gauges: Option<TenantGauges>,
}

/// What was found.
#[derive(Default)]
pub(super) struct Readiness {
    /// Bytes that are left on the disk; none where it takes no writes.
    pub(super) room: Option<u64>,
    /// Whether the bucket of the files can be used; none where there is no bucket.
    pub(super) bucket: Option<bool>,
    pub(super) tenants: Vec<FoundTenant>,
    /// What keeps the server from its work, as anybody may read it.
    pub(super) wrong: Vec<&'static str>,
}

impl Readiness {
    /// Notes what is wrong: for the log with its cause.
    fn lacks(&mut self, log: &ServerLog, what: &'static str, cause: String) {
        let line = log.line(LogLevel::Warn, "not_ready");
        line.say("what", what).say("cause", cause).write();
        if !self.wrong.contains(&what) {
            self.wrong.push(what);
        }
    }

    /// Takes in how the disk was found.
    pub(super) fn note_room(&mut self, log: &ServerLog, room: io::Result<u64>) {
        match room {
            Err(error) => self.lacks(log, "the disk takes no writes", error.to_string()),
            Ok(room) => {
                self.room = Some(room);
                if room < DISK_ROOM_MIN {
                    self.lacks(log, "the disk is full", format!("{room} bytes are left"));
                }
            }
        }
    }

    /// Takes in how the bucket of the files was found. Records go on without it, and files wait on
    /// the phones, so that nobody is sent away for it.
    pub(super) fn note_bucket(&mut self, log: &ServerLog, probed: Result<(), ServerError>) {
        self.bucket = Some(probed.is_ok());
        if let Err(error) = probed {
            let line = log.line(LogLevel::Warn, "files_wait");
            line.say("cause", error.message).write();
        }
    }

    /// Takes in how a tenant was found.
    pub(super) fn note_tenant(
        &mut self,
        log: &ServerLog,
        name: String,
        id: TenantId,
        gauges: Result<TenantGauges, ServerError>,
    ) {
        if let Err(error) = &gauges {
            let cause = format!("tenant {id}: {}", error.message);
            self.lacks(log, "a database does not answer", cause);
        }
        self.tenants.push(FoundTenant {
            id,
            name,
            gauges: gauges.ok(),
        });
    }
}

/// What was found last, and until when it is believed.
struct KeptReadiness {
    readiness: Arc<Readiness>,
    until: Instant,
}

/// What is believed now, and whose turn it is to look again.
#[derive(Default)]
pub(super) struct ReadinessCache {
    kept: Mutex<Option<KeptReadiness>>,
    /// One looks at a time, however many ask.
    pub(super) turn: tokio::sync::Mutex<()>,
}

impl ReadinessCache {
    /// What is believed now; none if somebody has to look.
    pub(super) fn kept(&self) -> Option<Arc<Readiness>> {
        let kept = locked(&self.kept);
        let fresh = kept.as_ref().filter(|kept| Instant::now() < kept.until);
        fresh.map(|kept| Arc::clone(&kept.readiness))
    }

    /// Believes what it took so long to find.
    pub(super) fn keep(&self, readiness: Readiness, took: Duration) -> Arc<Readiness> {
        let readiness = Arc::new(readiness);
        *locked(&self.kept) = Some(KeptReadiness {
            readiness: Arc::clone(&readiness),
            until: Instant::now() + READINESS_AGE.max(took * READINESS_SHARE),
        });
        readiness
    }
}
