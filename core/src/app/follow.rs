//! Keeps a device in step with its server for as long as somebody wants: it listens for what moved
//! and then syncs, sends what is written here, and where nobody can be listened to, it asks from
//! time to time. It does not know how the stream travels.

use std::ops::ControlFlow;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

use serde_json::json;

use super::sync_files::{FileMeeting, FileStep, LineCost};
use super::{Device, FieldError, Receipt};
use crate::store::blob_queue::{self, BlobState};
use crate::store::{meta, outbox};
use crate::sync::backoff::wait_ms;
use crate::sync::http::Http;
use crate::sync::live::{LIVE_PATH, LiveEvent, LiveReader};
use crate::sync::{Call, CarryError, Reply};

/// How often it is looked whether something was written here, in milliseconds.
const OWN_LOOK_MS: u64 = 50;
/// How long nothing may be asked of a server that cannot be listened to, in milliseconds.
const ASK_MS: u64 = 60_000;
/// Events that wait to be taken; whoever syncs has heard them all.
const EVENTS_MAX: usize = 16;

/// What the thread that listens tells.
enum Heard {
    Said(LiveEvent),
    /// The stream ended, or none came about.
    Ended(ListeningEnd),
}

/// How a stream ended.
struct ListeningEnd {
    answer: Result<Reply, CarryError>,
    /// How long the server asked to wait before it is opened again, in milliseconds.
    retry_ms: u64,
}

/// How far a device that follows has come.
struct FollowState {
    /// What the line costs.
    cost: LineCost,
    /// Files that go while nothing else does; none once they went, until the next sync.
    files: Option<FollowedFiles>,
    /// How often in a row no stream came about.
    tried: u32,
    /// The highest outbox number there was when the last sync began.
    written: u64,
    /// The token that the stream was asked with.
    shown: Option<String>,
}

/// Files on their way, call by call over one line.
struct FollowedFiles {
    carrier: Http,
    meeting: FileMeeting,
}

/// What is to be done next.
enum NextStep {
    Sync,
    /// Some of the files that wait go.
    SendFiles,
    /// The stream is to be opened again after so many milliseconds, and a sync made then.
    Reopen(u64),
}

impl Device {
    /// Syncs now and whenever something moved on the server or was written here, until `told`
    /// breaks: it learns what each sync came to, and why one did not come about; and of files,
    /// which go while nothing else does, what `sync_files` answers, as `{"files": {..}}`. Whoever
    /// is no longer let in gets an error.
    pub fn follow(
        &mut self,
        cost: LineCost,
        told: &mut dyn FnMut(Result<Receipt, FieldError>) -> ControlFlow<()>,
    ) -> Result<(), FieldError> {
        let mut state = FollowState {
            cost,
            files: None,
            tried: 0,
            written: 0,
            shown: None,
        };
        while self.sync_and_tell(&mut state, told)?.is_continue() {
            state.shown = meta::get(&self.db, "token")?;
            let heard = listen(&self.server()?, state.shown.clone())?;
            let pause_ms = loop {
                match self.next_step(&heard, &mut state)? {
                    NextStep::Sync => {
                        if self.sync_and_tell(&mut state, told)?.is_break() {
                            return Ok(());
                        }
                    }
                    NextStep::SendFiles => {
                        if self.send_files(&mut state, told)?.is_break() {
                            return Ok(());
                        }
                    }
                    NextStep::Reopen(ms) => break ms,
                }
            };
            self.pause(pause_ms, state.written)?;
        }
        Ok(())
    }

    fn sync_and_tell(
        &mut self,
        state: &mut FollowState,
        told: &mut dyn FnMut(Result<Receipt, FieldError>) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, FieldError> {
        state.written = outbox::last_number(&self.db)?;
        match self.sync() {
            Err(error @ FieldError::SignIn { .. }) => Err(error),
            outcome => {
                state.files = if outcome.is_ok() {
                    self.waiting_files()?
                } else {
                    None
                };
                Ok(told(outcome))
            }
        }
    }

    /// The files that wait, if there are any.
    fn waiting_files(&self) -> Result<Option<FollowedFiles>, FieldError> {
        if blob_queue::count(&self.db, BlobState::Waiting)? == 0 {
            return Ok(None);
        }
        let carrier = Http::new(&self.server()?).map_err(FieldError::broken)?;
        Ok(Some(FollowedFiles {
            carrier,
            meeting: FileMeeting::default(),
        }))
    }

    /// Some of the files that wait go; what became of them is told once all did that can.
    fn send_files(
        &mut self,
        state: &mut FollowState,
        told: &mut dyn FnMut(Result<Receipt, FieldError>) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, FieldError> {
        let Some(mut files) = state.files.take() else {
            return Ok(ControlFlow::Continue(()));
        };
        match self.send_some(&files.carrier, state.cost, &mut files.meeting) {
            Ok(FileStep::More) => {
                state.files = Some(files);
                Ok(ControlFlow::Continue(()))
            }
            Ok(FileStep::Done) => {
                let files = self.told_of_files(&files.meeting)?.data;
                Ok(told(Ok(Receipt::of(json!({ "files": files })))))
            }
            Err(error @ FieldError::SignIn { .. }) => Err(error),
            Err(error) => Ok(told(Err(error))),
        }
    }

    /// Waits until something is to be done.
    fn next_step(
        &mut self,
        heard: &Receiver<Heard>,
        state: &mut FollowState,
    ) -> Result<NextStep, FieldError> {
        loop {
            let look_ms = if state.files.is_some() {
                0
            } else {
                OWN_LOOK_MS
            };
            match heard.recv_timeout(Duration::from_millis(look_ms)) {
                Ok(Heard::Said(LiveEvent::Open)) => {
                    state.tried = 0;
                    return Ok(NextStep::Sync);
                }
                Ok(Heard::Said(LiveEvent::Moved { within_ms })) => {
                    self.pause(self.random() % (within_ms + 1), state.written)?;
                    return Ok(NextStep::Sync);
                }
                Ok(Heard::Ended(end)) => return self.after(end, state),
                Err(RecvTimeoutError::Timeout) => {
                    if outbox::last_number(&self.db)? != state.written {
                        return Ok(NextStep::Sync);
                    }
                    if state.files.is_some() {
                        return Ok(NextStep::SendFiles);
                    }
                }
                Err(RecvTimeoutError::Disconnected) => {
                    let end = ListeningEnd {
                        answer: Err(CarryError("nobody listens".to_owned())),
                        retry_ms: 0,
                    };
                    return self.after(end, state);
                }
            }
        }
    }

    /// How a stream is opened again that ended.
    fn after(
        &mut self,
        end: ListeningEnd,
        state: &mut FollowState,
    ) -> Result<NextStep, FieldError> {
        state.tried += 1;
        let mut asked = end.retry_ms;
        if let Ok(reply) = end.answer {
            asked = asked.max(reply.retry_after_ms.unwrap_or(0));
            if reply.status == 401 {
                let carrier = Http::new(&self.server()?).map_err(FieldError::broken)?;
                // Where it cannot be renewed now it is tried again as anything else.
                let renewed = self.renew_tokens(&carrier, state.shown.as_deref());
                if let Err(error @ FieldError::SignIn { .. }) = renewed {
                    return Err(error);
                }
            } else if reply.status == 404 {
                // An older server has no stream: it is asked.
                asked = ASK_MS;
            }
        }
        // Not when all others come who were asked the same.
        let spread = asked.saturating_add(self.random() % (asked / 2 + 1));
        let ms = wait_ms(state.tried, self.random(), Some(spread));
        Ok(NextStep::Reopen(ms))
    }

    /// Lets so many milliseconds pass, unless something is written here meanwhile.
    fn pause(&mut self, ms: u64, written: u64) -> Result<(), FieldError> {
        let mut left = ms;
        while left > 0 && outbox::last_number(&self.db)? == written {
            let step = left.min(OWN_LOOK_MS);
            self.surroundings.wait(step);
            left -= step;
        }
        Ok(())
    }
}

/// Listens in a thread of its own, which ends with the stream, or once nobody hears it.
fn listen(url: &str, token: Option<String>) -> Result<Receiver<Heard>, FieldError> {
    let carrier = Http::new(url).map_err(FieldError::broken)?;
    let (tell, heard) = sync_channel(EVENTS_MAX);
    std::thread::spawn(move || listen_until_end(&carrier, token, &tell));
    Ok(heard)
}

fn listen_until_end(carrier: &Http, token: Option<String>, tell: &SyncSender<Heard>) {
    let call = Call {
        path: LIVE_PATH,
        token,
        media_type: "text/event-stream",
        body: Vec::new(),
    };
    let mut reader = LiveReader::default();
    let answer = carrier.listen(&call, &mut |status, piece| {
        if status != 200 {
            return ControlFlow::Break(());
        }
        let Ok(said) = reader.take(piece) else {
            return ControlFlow::Break(());
        };
        for event in said {
            if tell.send(Heard::Said(event)).is_err() {
                return ControlFlow::Break(());
            }
        }
        ControlFlow::Continue(())
    });
    let end = ListeningEnd {
        answer,
        retry_ms: reader.retry_ms,
    };
    // Nobody may be left who wants to know.
    drop(tell.send(Heard::Ended(end)));
}
