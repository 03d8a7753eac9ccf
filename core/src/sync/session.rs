//! One meeting of a device with the server, as a machine without wires: events in, actions out.
//! Greeting, then uploads, then downloads; a failed upload never holds up a download. It knows no
//! socket, no clock and no store: the caller carries calls, waits, and keeps what comes.

use std::collections::BTreeSet;

use super::backoff;
use super::carrier::Reply;
use super::frames::{Frame, Hello, PushEntry, Returned, Ruling, Verdict, Welcome};
use super::wire::{self, Decoder};
use crate::base::id::RecordId;
use crate::base::limits::PUSH_BYTES_MAX;

/// How often one call is tried.
const TRIES_MAX: u32 = 3;
/// How often a bucket whose state sum differs is fetched within one session.
const ROUNDS_MAX: u32 = 2;
/// How often a server may ask within one session to have work written again: a copy of a device
/// needs it once.
const REWRITES_MAX: u32 = 3;
/// How often a download that breaks off after it brought something is begun again at once: a line
/// that carries little at a time still carries all.
const RESUMES_MAX: u32 = 500;
/// Frames, and bytes of frames, that are handed over at a time.
const BATCH_FRAMES: usize = 10_000;
const BATCH_BYTES: usize = 4 * 1024 * 1024;
/// Bytes of frames in the answer to one pull; a larger bucket goes on in the next session.
const PULL_BYTES_MAX: usize = 1024 * 1024 * 1024;
/// By how much an upload shrinks when the line breaks: three tries lead from the largest to the
/// least.
const UPLOAD_SHRINKS: usize = 8;
/// Bytes of the least upload of several entries.
const UPLOAD_BYTES_MIN: usize = 4 * 1024;
/// Bytes that the answer to a greeting or an upload, or an error's text, may have.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;

/// What happened.
#[derive(Debug)]
pub enum Event<'a> {
    /// The session begins.
    Start(Hello),
    /// The next bytes of an answer with this status.
    Piece(u16, &'a [u8]),
    /// The answer is complete.
    Answered(Reply, u64),
    /// The call or its answer was lost.
    Lost(String, u64),
    /// What the last action asked for has been done.
    Went,
    /// The next entries of the outbox; none if there are no more.
    Entries(Vec<PushEntry>),
    /// The buckets and histories to pull; none if all are verified and here.
    Wants(Vec<Frame>),
    /// The next of what the server may have lost; none if there is no more.
    Offers(Vec<Frame>),
    /// The next of what the server lacks; none if there is no more.
    Returns(Vec<Frame>),
}

/// What the caller is to do.
#[derive(Debug)]
pub enum Action {
    /// Call the server and report pieces and the end.
    Call {
        /// The path.
        path: &'static str,
        /// The body.
        body: Vec<u8>,
    },
    /// Nothing yet: go on reading the answer.
    Read,
    /// Take in the server's welcome.
    Greet(Box<Welcome>),
    /// Hand over the entries of the outbox after this number.
    GiveEntries {
        /// The number.
        after: u64,
        /// Bytes that they may have; a single one may have more.
        bytes: usize,
    },
    /// Settle these verdicts.
    Settle(Vec<Verdict>),
    /// Hand over where the followed buckets stand, or after a pull those that differ from the
    /// server's.
    GiveWants {
        /// Whether a pull is over.
        pulled: bool,
    },
    /// Hand over the next of what the server may have lost.
    GiveOffers,
    /// Of what was offered last, the server lacks these records.
    NoteLacking(BTreeSet<RecordId>),
    /// Hand over the next of what the server lacks.
    GiveReturns,
    /// Settle what became of what was given back.
    SettleReturns(Vec<Returned>),
    /// Keep these frames.
    Take(Vec<Frame>),
    /// Renew the tokens.
    Renew,
    /// Wait so many milliseconds.
    Wait(u64),
    /// The session is over.
    Finish(SyncOutcome),
}

/// How a session ended.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SyncOutcome {
    /// Whether all buckets were compared with the server's and are the same.
    pub verified: bool,
    /// Why not everything went through; work and cursors stay as they are.
    pub failure: Option<SyncFailure>,
}

/// Why a session did not do all of its work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SyncFailure {
    /// The server cannot be reached, or has no time.
    Unreachable(String),
    /// The server does not let this device in.
    SignedOut(String),
    /// The server refused a call as a whole.
    Refused {
        /// A stable name of the reason.
        code: String,
        /// What is wrong and what to do.
        message: String,
    },
    /// The answer could not be read.
    Malformed(String),
    /// After fetching them anew, buckets still differ from the server's.
    Diverged(Vec<String>),
}

/// What the session is about to do or waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SyncStage {
    Greet,
    Push,
    Pull,
    Offer,
    Return,
}

/// One meeting with the server.
pub struct SyncSession {
    stage: SyncStage,
    call: (&'static str, Vec<u8>),
    answer: Vec<u8>,
    decoder: Option<Decoder>,
    tries: u32,
    renewed: bool,
    rounds: u32,
    rewrites: u32,
    resumes: u32,
    /// Whether the last download brought something before it broke off.
    brought: bool,
    same: bool,
    /// Whether all that the server may have lost was offered in this meeting.
    offered: bool,
    /// Whether the server took something back.
    returned: bool,
    pushed: u64,
    sent: u64,
    /// Bytes of one upload: the less the more often the line broke.
    upload_bytes: usize,
    upload_failure: Option<SyncFailure>,
    then: Option<Then>,
}

/// What follows once the caller has done what was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    CallAgain,
    AskEntries,
    AskWants,
    AskReturns,
}

impl Default for SyncSession {
    fn default() -> Self {
        SyncSession::new()
    }
}

impl SyncSession {
    /// A session that has not begun.
    #[must_use]
    pub fn new() -> Self {
        SyncSession {
            stage: SyncStage::Greet,
            call: ("", Vec::new()),
            answer: Vec::new(),
            decoder: None,
            tries: 0,
            renewed: false,
            rounds: 0,
            rewrites: 0,
            resumes: 0,
            brought: false,
            same: false,
            offered: false,
            returned: false,
            pushed: 0,
            sent: 0,
            upload_bytes: PUSH_BYTES_MAX,
            upload_failure: None,
            then: None,
        }
    }

    /// The next action after an event.
    pub fn step(&mut self, event: Event<'_>) -> Action {
        match event {
            Event::Start(hello) => self.call("/sync/v1/hello", &[Frame::Hello(hello)]),
            Event::Piece(status, bytes) => self.piece(status, bytes),
            Event::Answered(reply, random) => self.answered(reply, random),
            Event::Lost(why, random) => self.lost(why, random),
            Event::Went => self.went(),
            Event::Entries(entries) => self.entries(entries),
            Event::Wants(wants) => self.wants(&wants),
            Event::Offers(offers) => self.offers(&offers),
            Event::Returns(returns) => self.returns(&returns),
        }
    }

    fn call(&mut self, path: &'static str, frames: &[Frame]) -> Action {
        match wire::encode(frames) {
            Ok(body) => {
                self.call = (path, body);
                self.again()
            }
            Err(error) => self.give_up(SyncFailure::Malformed(error.to_string())),
        }
    }

    fn again(&mut self) -> Action {
        self.tries += 1;
        self.answer.clear();
        self.decoder = None;
        Action::Call {
            path: self.call.0,
            body: self.call.1.clone(),
        }
    }

    fn piece(&mut self, status: u16, bytes: &[u8]) -> Action {
        if self.stage == SyncStage::Pull && status == 200 {
            let decoder = match self.decoder.take() {
                Some(decoder) => Ok(decoder),
                None => Decoder::new(PULL_BYTES_MAX),
            };
            return match decoder {
                Ok(decoder) => {
                    self.decoder.insert(decoder).feed(bytes);
                    self.more()
                }
                Err(error) => self.finish(Some(SyncFailure::Malformed(error.to_string()))),
            };
        }
        if self.answer.len() + bytes.len() > ANSWER_BYTES_MAX {
            return self.give_up(SyncFailure::Malformed("the answer is too long".to_owned()));
        }
        self.answer.extend_from_slice(bytes);
        Action::Read
    }

    /// The next whole frames, as many at a time as fit memory however tightly they were packed.
    fn more(&mut self) -> Action {
        let Some(decoder) = &mut self.decoder else {
            return Action::Read;
        };
        let (before, mut frames) = (decoder.inflated(), Vec::new());
        while frames.len() < BATCH_FRAMES && decoder.inflated() - before < BATCH_BYTES {
            match decoder.next_frame() {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => break,
                Err(error) => return self.finish(Some(SyncFailure::Malformed(error.to_string()))),
            }
        }
        if frames.is_empty() {
            return Action::Read;
        }
        self.brought |= frames.iter().any(|frame| !matches!(frame, Frame::Start(_)));
        Action::Take(frames)
    }

    fn answered(&mut self, reply: Reply, random: u64) -> Action {
        match reply.status {
            200 => self.understood(random),
            401 if !self.renewed => {
                self.renewed = true;
                self.then = Some(Then::CallAgain);
                Action::Renew
            }
            // A server of before there were offers takes nothing back.
            404 | 405 if self.stage == SyncStage::Offer => self.all_offered(),
            status => {
                let failure = self.failure(status);
                if status == 408 || status == 429 || status >= 500 {
                    return self.retry(failure, reply.retry_after_ms, random);
                }
                self.give_up(failure)
            }
        }
    }

    fn understood(&mut self, random: u64) -> Action {
        if self.stage == SyncStage::Pull {
            // A body that ends early is a lost answer, whatever the status said.
            let whole = self
                .decoder
                .as_ref()
                .is_some_and(|decoder| decoder.finish().is_ok());
            if !whole {
                return self.retry(
                    SyncFailure::Unreachable("the answer broke off".to_owned()),
                    None,
                    random,
                );
            }
            self.tries = 0;
            return Action::GiveWants { pulled: true };
        }
        let frames = match wire::decode(&self.answer, ANSWER_BYTES_MAX) {
            Ok(frames) => frames,
            Err(error) => return self.give_up(SyncFailure::Malformed(error.to_string())),
        };
        self.tries = 0;
        if self.stage == SyncStage::Greet {
            let welcome = frames.into_iter().find_map(|frame| {
                if let Frame::Welcome(welcome) = frame {
                    Some(welcome)
                } else {
                    None
                }
            });
            let Some(welcome) = welcome else {
                return self.finish(Some(SyncFailure::Malformed(
                    "the server's greeting is missing".to_owned(),
                )));
            };
            self.same = welcome.same;
            self.then = Some(Then::AskEntries);
            return Action::Greet(Box::new(welcome));
        }
        if matches!(self.stage, SyncStage::Offer | SyncStage::Return) {
            return self.taken_back(frames);
        }
        let verdicts = frames.into_iter().filter_map(|frame| {
            if let Frame::Verdict(verdict) = frame {
                Some(verdict)
            } else {
                None
            }
        });
        let verdicts: Vec<Verdict> = verdicts.collect();
        self.rewrites += u32::from(
            verdicts
                .iter()
                .any(|verdict| verdict.ruling == Ruling::Rewrite),
        );
        self.same = false;
        self.pushed = self.sent;
        self.then = Some(Then::AskEntries);
        Action::Settle(verdicts)
    }

    fn went(&mut self) -> Action {
        match self.then.take() {
            Some(Then::CallAgain) => self.again(),
            Some(Then::AskEntries) if self.rewrites > REWRITES_MAX => self.give_up(
                SyncFailure::Malformed("the same work is to be written again and again".to_owned()),
            ),
            Some(Then::AskEntries) => {
                self.stage = SyncStage::Push;
                Action::GiveEntries {
                    after: self.pushed,
                    bytes: self.upload_bytes,
                }
            }
            Some(Then::AskWants) => Action::GiveWants { pulled: false },
            Some(Then::AskReturns) => Action::GiveReturns,
            None => self.more(),
        }
    }

    fn entries(&mut self, entries: Vec<PushEntry>) -> Action {
        let Some(last) = entries.last() else {
            return self.download();
        };
        self.sent = last.number;
        let frames: Vec<Frame> = entries.into_iter().map(Frame::Entry).collect();
        self.call("/sync/v1/push", &frames)
    }

    fn download(&mut self) -> Action {
        self.stage = SyncStage::Pull;
        // Where all buckets are the same, there may still be histories to ask for.
        Action::GiveWants { pulled: self.same }
    }

    fn wants(&mut self, wants: &[Frame]) -> Action {
        if wants.is_empty() {
            return if self.offered {
                self.finish(None)
            } else {
                Action::GiveOffers
            };
        }
        if self.rounds >= ROUNDS_MAX {
            let open = wants.iter().filter_map(|want| {
                if let Frame::Want(want) = want {
                    Some(want)
                } else {
                    None
                }
            });
            return self.finish(Some(SyncFailure::Diverged(
                open.map(|want| want.bucket.clone()).collect(),
            )));
        }
        self.rounds += 1;
        self.call("/sync/v1/pull", wants)
    }

    fn offers(&mut self, offers: &[Frame]) -> Action {
        if offers.is_empty() {
            return self.all_offered();
        }
        self.stage = SyncStage::Offer;
        self.call("/sync/v1/offer", offers)
    }

    fn returns(&mut self, returns: &[Frame]) -> Action {
        if returns.is_empty() {
            return Action::GiveOffers;
        }
        self.stage = SyncStage::Return;
        self.call("/sync/v1/return", returns)
    }

    /// What was taken back shows in what the server tells now.
    fn all_offered(&mut self) -> Action {
        self.offered = true;
        self.tries = 0;
        if !self.returned {
            return self.finish(None);
        }
        self.stage = SyncStage::Pull;
        self.rounds = 0;
        Action::GiveWants { pulled: false }
    }

    fn taken_back(&mut self, frames: Vec<Frame>) -> Action {
        let (mut lacking, mut returned) = (BTreeSet::new(), Vec::new());
        for frame in frames {
            if let Frame::Lacking(lacks) = frame {
                lacking.insert(lacks.record);
            } else if let Frame::Returned(said) = frame {
                returned.push(said);
            }
        }
        self.then = Some(Then::AskReturns);
        if self.stage == SyncStage::Offer {
            return Action::NoteLacking(lacking);
        }
        self.returned |= returned.iter().any(|said| {
            matches!(
                said.ruling,
                Ruling::Accepted { .. } | Ruling::Duplicate { .. }
            )
        });
        Action::SettleReturns(returned)
    }

    /// A call or its answer was lost: the next upload is smaller, for the line may carry no more.
    fn lost(&mut self, why: String, random: u64) -> Action {
        let action = self.retry(SyncFailure::Unreachable(why), None, random);
        if self.stage == SyncStage::Push && self.then == Some(Then::CallAgain) {
            self.upload_bytes = (self.upload_bytes / UPLOAD_SHRINKS).max(UPLOAD_BYTES_MIN);
            self.then = Some(Then::AskEntries);
        }
        action
    }

    fn retry(&mut self, failure: SyncFailure, asked_ms: Option<u64>, random: u64) -> Action {
        if std::mem::take(&mut self.brought) && self.resumes < RESUMES_MAX {
            self.resumes += 1;
            self.tries = 1;
        }
        // Whoever cannot even be greeted is left alone: the caller decides when to try again.
        if self.stage == SyncStage::Greet || self.tries >= TRIES_MAX {
            return self.give_up(failure);
        }
        self.then = Some(Then::CallAgain);
        if self.stage == SyncStage::Pull {
            // Cursors moved with what did arrive; the next call goes on from there.
            self.rounds = self.rounds.saturating_sub(1);
            self.then = Some(Then::AskWants);
        }
        Action::Wait(backoff::wait_ms(self.tries, random, asked_ms))
    }

    fn give_up(&mut self, failure: SyncFailure) -> Action {
        if self.stage == SyncStage::Push && !matches!(failure, SyncFailure::SignedOut(_)) {
            self.upload_failure = Some(failure);
            self.tries = 0;
            return self.download();
        }
        self.finish(Some(failure))
    }

    fn finish(&mut self, failure: Option<SyncFailure>) -> Action {
        Action::Finish(SyncOutcome {
            verified: failure.is_none(),
            failure: failure.or(self.upload_failure.take()),
        })
    }

    /// What an answer that is not 200 says.
    fn failure(&self, status: u16) -> SyncFailure {
        let said: serde_json::Value = serde_json::from_slice(&self.answer).unwrap_or_default();
        let text = |key: &str| said["error"][key].as_str().map(str::to_owned);
        let message =
            text("message").unwrap_or_else(|| format!("the server answered with status {status}"));
        match status {
            401 => SyncFailure::SignedOut(message),
            408 | 429 | 500.. => SyncFailure::Unreachable(message),
            _ => SyncFailure::Refused {
                code: text("code").unwrap_or_else(|| "refused".to_owned()),
                message,
            },
        }
    }
}
