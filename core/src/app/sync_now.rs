//! One meeting with the server: carries what the session asks for, and keeps what comes.
//! It does not know how bytes travel (`sync::http` does) nor in which order (`sync::session` does).

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use serde_json::json;

use super::bucket_names::DESCRIPTOR;
use super::device::{fit, objects};
use super::history::{let_go, needed};
use super::lost::{self, LostAndFound};
use super::receive::Pull;
use super::sweep::{sweep, sweep_later};
use super::unpublished;
use super::{Device, FieldError, Receipt};
use crate::base::id::{ActorId, RecordId};
use crate::base::limits::{BUCKETS_MAX, FRAME_BYTES_MAX, OUTBOX_NUMBER_MAX, PUSH_ENTRIES_MAX};
use crate::base::planted::{self, Planted};
use crate::base::time::Timestamp;
use crate::domain::Refusal;
use crate::objects::path::is_name;
use crate::store::outbox::{self, EntryKind, OutboxEntry};
use crate::store::{self, asks, attention, doubts, members, meta};
use crate::sync::frames::{Frame, Hello, PROTOCOL, PushEntry, Ruling, Want, Welcome};
use crate::sync::http::Http;
use crate::sync::session::{Action, Event, SyncFailure, SyncOutcome, SyncSession};
use crate::sync::{Call, Carrier, wire};

/// What this meeting has come to so far.
#[derive(Default)]
struct Meeting {
    pull: Pull,
    lost: LostAndFound,
    buckets: Vec<String>,
    server_ms: i64,
    sent: u64,
    /// What the last call showed.
    token: Option<String>,
}

impl Device {
    /// Sends what is unsent, takes in what is new, and compares state sums with the server. What
    /// went through stays, whatever happens later. Answers what was sent and received and what is
    /// left.
    pub fn sync(&mut self) -> Result<Receipt, FieldError> {
        let url = if self.is_emptied()? {
            meta::get(&self.db, "url")?.unwrap_or_default()
        } else {
            self.server()?
        };
        let carrier = Http::new(&url).map_err(FieldError::broken)?;
        self.sync_over(&carrier)
    }

    /// The same over any carrier.
    pub fn sync_over(&mut self, carrier: &dyn Carrier) -> Result<Receipt, FieldError> {
        if self.is_emptied()? {
            self.tell_emptied(carrier);
        }
        self.signed_in()?;
        let mut meeting = Meeting::default();
        let mut session = SyncSession::new();
        let hello = self.hello()?;
        let mut action = session.step(Event::Start(hello));
        loop {
            action = match action {
                Action::Call { path, body } => {
                    self.call(carrier, &mut session, &mut meeting, path, body)?
                }
                Action::Greet(welcome) => {
                    self.welcome(&mut meeting, *welcome)?;
                    session.step(Event::Went)
                }
                Action::GiveEntries { after, bytes } => {
                    session.step(Event::Entries(self.entries(after, bytes)?))
                }
                Action::Settle(verdicts) => {
                    meeting.sent += verdicts.len() as u64;
                    self.apply_verdicts(verdicts)?;
                    session.step(Event::Went)
                }
                Action::GiveWants { pulled } => {
                    session.step(Event::Wants(self.wants(&mut meeting, pulled)?))
                }
                Action::GiveOffers => session.step(Event::Offers(self.offers(&mut meeting.lost)?)),
                Action::NoteLacking(lacking) => {
                    self.lacks(&mut meeting.lost, &lacking)?;
                    session.step(Event::Went)
                }
                Action::GiveReturns => {
                    session.step(Event::Returns(self.returns(&mut meeting.lost)?))
                }
                Action::SettleReturns(returned) => {
                    self.settle_returns(&mut meeting.lost, returned)?;
                    session.step(Event::Went)
                }
                Action::Renew => {
                    self.renew_tokens(carrier, meeting.token.as_deref())?;
                    session.step(Event::Went)
                }
                Action::Wait(ms) => {
                    self.surroundings.wait(ms);
                    session.step(Event::Went)
                }
                Action::Read | Action::Take(_) => {
                    return Err(FieldError::broken("the session stands still"));
                }
                Action::Finish(outcome) => {
                    return match self.ends(carrier, outcome.failure.as_ref())? {
                        Some(end) => Err(end),
                        None => self.finish(&meeting, outcome),
                    };
                }
            };
        }
    }

    /// The address of the server this device is enrolled at.
    pub(super) fn server(&self) -> Result<String, FieldError> {
        self.signed_in()?;
        Ok(meta::get(&self.db, "url")?.unwrap_or_default())
    }

    pub(super) fn random(&self) -> u64 {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&self.surroundings.entropy()[..8]);
        u64::from_be_bytes(bytes)
    }

    fn hello(&self) -> Result<Hello, FieldError> {
        let buckets = members::buckets(&self.db)?;
        let states: Vec<_> = buckets
            .into_iter()
            .map(|(name, state)| (name, state.cursor, state.sum))
            .collect();
        Ok(Hello {
            proto_min: PROTOCOL,
            proto_max: PROTOCOL,
            actor: self.signed_in()?.actor,
            state: wire::fingerprint(&states),
            // What is unsent is judged by what the device knew when it was written, not by what it
            // learnt since.
            tick: outbox::least_known(&self.db)?
                .unwrap_or(u64::MAX)
                .min(super::execute::known(&self.db)?),
            issued: outbox::last_number(&self.db)?,
        })
    }

    fn call(
        &mut self,
        carrier: &dyn Carrier,
        session: &mut SyncSession,
        meeting: &mut Meeting,
        path: &'static str,
        body: Vec<u8>,
    ) -> Result<Action, FieldError> {
        meeting.token = meta::get(&self.db, "token")?;
        let call = Call {
            path,
            token: meeting.token.clone(),
            media_type: wire::MEDIA_TYPE,
            body,
        };
        let mut stopped: Option<Result<Action, FieldError>> = None;
        let carried = carrier.carry(&call, &mut |status, piece| {
            let mut action = session.step(Event::Piece(status, piece));
            let end = loop {
                if let Action::Take(frames) = action {
                    match self.receive(&mut meeting.pull, frames) {
                        Ok(()) => action = session.step(Event::Went),
                        Err(error) => break Some(Err(error)),
                    }
                } else if let Action::Read = action {
                    break None;
                } else {
                    break Some(Ok(action));
                }
            };
            stopped = end;
            if stopped.is_some() {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        });
        match (stopped, carried) {
            (Some(end), _) => end,
            (None, Ok(reply)) => Ok(session.step(Event::Answered(reply, self.random()))),
            (None, Err(error)) => Ok(session.step(Event::Lost(error.to_string(), self.random()))),
        }
    }

    /// Takes in who the server says is signed in and what to follow; buckets that are no longer
    /// followed go.
    fn welcome(&mut self, meeting: &mut Meeting, welcome: Welcome) -> Result<(), FieldError> {
        if !is_name(&welcome.role) {
            let message = format!("the server names a role `{}`, which is none", welcome.role);
            return Err(FieldError::broken(message));
        }
        let own = self.signed_in()?;
        if (own.user, own.device) != (welcome.user, welcome.device) {
            return Err(FieldError::broken(
                "the server greets another person, or another device",
            ));
        }
        if welcome.buckets.len() > BUCKETS_MAX {
            let message = format!(
                "the server names {} buckets, at most {BUCKETS_MAX} are",
                welcome.buckets.len()
            );
            return Err(FieldError::broken(message));
        }
        store::open::durable(&self.db, true)?;
        let tx = store::open::begin(&self.db)?;
        for (key, value) in [
            ("role", welcome.role),
            ("name", welcome.name),
            ("time_zone", welcome.time_zone),
        ] {
            meta::set(&tx, key, &value)?;
        }
        // A database that gave out fewer numbers than the server saw is older than this device:
        // others' eyes have seen changes under its actor that it no longer has.
        if welcome.seen > outbox::last_number(&tx)? {
            meta::set(&tx, "actor", &self.new_actor().to_string())?;
            // Half of the numbers stay, whatever a server claims.
            outbox::skip_to(&tx, welcome.seen.min(OUTBOX_NUMBER_MAX / 2))?;
        }
        if lost::note_epoch(&tx, welcome.epoch, welcome.same)? {
            // What the server lost of this device's work may come back behind what is done now.
            meta::set(&tx, "actor", &self.new_actor().to_string())?;
        }
        self.renew_lease(&tx, welcome.lease_days)?;
        meeting.server_ms = welcome.server_ms;
        meeting.buckets = welcome.buckets;
        if welcome.same {
            meeting.buckets = members::buckets(&tx)?
                .into_iter()
                .map(|(name, _)| name)
                .collect();
            meeting.pull.verified = meeting.buckets.iter().cloned().collect();
        }
        let followed: BTreeSet<&String> = meeting.buckets.iter().collect();
        for (name, state) in members::buckets(&tx)?
            .iter()
            .filter(|(name, _)| !followed.contains(name))
        {
            // The server may have lost what it will not tell of any more.
            if state.cursor == 0 {
                doubts::begin(&tx, name)?;
            }
            sweep_later(&tx)?;
            members::drop_bucket(&tx, name)?;
        }
        store::open::commit(tx)?;
        self.identity = self.stored_identity()?;
        Ok(())
    }

    pub(super) fn entries(&self, after: u64, bytes: usize) -> Result<Vec<PushEntry>, FieldError> {
        let after = i64::try_from(after).map_err(FieldError::broken)?;
        let batch = outbox::batch(&self.db, after, PUSH_ENTRIES_MAX, bytes)?;
        if planted::is(Planted::OutboxClearedOnSending) {
            batch
                .iter()
                .try_for_each(|entry| outbox::take(&self.db, entry.hash).map(drop))?;
        }
        Ok(batch.into_iter().map(pushed).collect())
    }

    /// Where the followed buckets stand, after a pull only those that were not verified; and which
    /// histories to fetch.
    fn wants(&self, meeting: &mut Meeting, pulled: bool) -> Result<Vec<Frame>, FieldError> {
        let open = meeting
            .buckets
            .iter()
            .filter(|bucket| !pulled || !meeting.pull.verified.contains(*bucket));
        let mut wants = Vec::new();
        for bucket in open {
            let cursor = members::bucket(&self.db, bucket)?.map_or(0, |state| state.cursor);
            wants.push(Frame::Want(Want {
                bucket: bucket.clone(),
                cursor,
            }));
        }
        let needs = needed(&self.db)?;
        meeting.pull.needed = needs.iter().map(|need| need.record).collect();
        wants.extend(needs.into_iter().map(Frame::Need));
        Ok(wants)
    }

    fn finish(&mut self, meeting: &Meeting, outcome: SyncOutcome) -> Result<Receipt, FieldError> {
        if outcome.verified {
            self.verified(meeting)?;
        }
        match outcome.failure {
            None => {}
            Some(SyncFailure::Unreachable(why)) => {
                let message = format!(
                    "the server cannot be reached: {why}; all work is kept here, sync again later"
                );
                return Err(FieldError::TryLater { message });
            }
            Some(SyncFailure::SignedOut(message)) => return Err(FieldError::SignIn { message }),
            Some(SyncFailure::Refused { code, message }) => {
                return Err(FieldError::rule(&code, message));
            }
            Some(SyncFailure::Malformed(why)) => {
                return Err(FieldError::broken(format!(
                    "the server's answer cannot be read: {why}"
                )));
            }
            Some(SyncFailure::Diverged(buckets))
                if !buckets.iter().any(|of| meeting.pull.unbroken.contains(of)) =>
            {
                let message =
                    "what this person follows changed meanwhile, or an answer broke off; sync \
                     again"
                        .to_owned();
                return Err(FieldError::TryLater { message });
            }
            Some(SyncFailure::Diverged(buckets)) => {
                let buckets = buckets.join(", ");
                return Err(FieldError::broken(format!(
                    "still differs from the server after fetching anew: {buckets}"
                )));
            }
        }
        let mut told = json!({
            "sent": meeting.sent, "received": meeting.pull.received,
            "unsent": outbox::count(&self.db)?,
            "needs_attention": attention::count(&self.db)?,
            "rejected": self.rejected()?,
            "last_verified": meta::get(&self.db, "last_verified")?,
        });
        if meeting.lost.returned > 0 {
            told["returned"] = json!(meeting.lost.returned);
        }
        let unpublished = unpublished::all(&self.db)?;
        if !unpublished.is_empty() {
            told["unpublished"] = json!(unpublished);
        }
        Ok(Receipt::of(told))
    }

    /// All buckets are the server's: what none of them holds goes, and the device knows up to when
    /// it knows all.
    fn verified(&mut self, meeting: &Meeting) -> Result<(), FieldError> {
        store::open::durable(&self.db, true)?;
        let tx = store::open::begin(&self.db)?;
        asks::settle(&tx)?;
        let gone = sweep(&tx, &self.registry)?;
        if !meeting.pull.told.is_empty() {
            let_go(&tx, &self.registry, self.surroundings.now())?;
        }
        if let Some(tick) = meeting.pull.tick {
            meta::set(&tx, "tick", &tick.to_string())?;
        }
        meta::set(
            &tx,
            "last_verified",
            &Timestamp(meeting.server_ms).rfc3339(),
        )?;
        lost::forget_old_work(&tx, &self.registry, self.surroundings.now())?;
        Device::tokens_are_proven(&tx)?;
        store::open::commit(tx)?;
        store::room::give_back(&self.db)?;
        if gone.iter().any(|(object, _)| object == DESCRIPTOR) {
            self.registry = objects(&self.db)?;
            fit(&self.db, &self.registry)?;
        }
        self.tell(gone);
        Ok(())
    }

    /// Hands any bytes to the server as a change of a record, past all checks of this device, and
    /// answers the verdict: for whoever wants to see the server's gate.
    pub fn push_raw(
        &mut self,
        bytes: &[u8],
        object: &str,
        record: Option<&str>,
    ) -> Result<Receipt, FieldError> {
        let url = self.server()?;
        let carrier = Http::new(&url).map_err(FieldError::broken)?;
        if bytes.len() >= FRAME_BYTES_MAX - 1024 {
            let message = format!(
                "{} bytes do not fit into one frame of {FRAME_BYTES_MAX}",
                bytes.len()
            );
            return Err(FieldError::bad_input("too_many_bytes", message, &["file"]));
        }
        let record = match record {
            Some(id) => id.parse().map_err(|error: crate::base::id::IdError| {
                FieldError::bad_input("bad_id", error.to_string(), &["record"])
            })?,
            None => RecordId::from(ActorId(self.new_actor().0)),
        };
        let entry = PushEntry {
            object: object.to_owned(),
            record,
            bytes: bytes.to_vec().into(),
            knew: super::execute::known(&self.db)?,
            ..bare_entry()
        };
        let body = wire::encode(&[Frame::Entry(entry)]).map_err(FieldError::broken)?;
        let answer = self.ask(&carrier, "/sync/v1/push", body)?;
        let frames = wire::decode(&answer, FRAME_BYTES_MAX).map_err(FieldError::broken)?;
        let [Frame::Verdict(verdict)] = frames.as_slice() else {
            return Err(FieldError::broken("the server gave no verdict"));
        };
        let (ruling, number) = match verdict.ruling.clone() {
            Ruling::Accepted { number } => ("accepted", number),
            Ruling::Duplicate { number } => ("duplicate", number),
            Ruling::Needs { hashes } => {
                let needs: Vec<String> = hashes.iter().map(ToString::to_string).collect();
                let message = format!("the server lacks what it builds on: {}", needs.join(", "));
                return Err(FieldError::rule("needs", message));
            }
            Ruling::Quarantined {
                code,
                message,
                fields,
                numbers,
            } => {
                let numbers = numbers.and_then(|text| serde_json::from_str(&text).ok());
                let refusal = Refusal {
                    fields,
                    numbers: numbers.unwrap_or_default(),
                    ..Refusal::rule(&code, message)
                };
                return Err(refusal.into());
            }
            Ruling::RetryLater => {
                return Err(FieldError::TryLater {
                    message: "the server has no room now".into(),
                });
            }
            Ruling::Rewrite => {
                let message =
                    "its actor has written something else under the same number".to_owned();
                return Err(FieldError::rule("actor_reused", message));
            }
        };
        Ok(Receipt::of(
            json!({ "verdict": ruling, "number": number, "hash": verdict.hash.to_string() }),
        ))
    }
}

/// An entry of the outbox as it is pushed.
pub(super) fn pushed(entry: OutboxEntry) -> PushEntry {
    let is_fact = entry.kind == EntryKind::Fact;
    PushEntry {
        number: entry.number.cast_unsigned(),
        is_fact,
        object: entry.object,
        record: entry.record,
        bytes: entry.bytes.into(),
        knew: entry.knew,
        actor: is_fact.then_some(entry.actor),
        at_ms: is_fact.then_some(entry.at.0),
        group: entry.group.map(|group| group.id),
        count: entry.group.map(|group| group.count),
        verb: entry.verb,
    }
}

/// An entry of no bytes, which nobody made by a verb or with others.
fn bare_entry() -> PushEntry {
    PushEntry {
        number: 0,
        is_fact: false,
        object: String::new(),
        record: RecordId([0; 16]),
        bytes: Vec::new().into(),
        knew: 0,
        actor: None,
        at_ms: None,
        group: None,
        count: None,
        verb: None,
    }
}
