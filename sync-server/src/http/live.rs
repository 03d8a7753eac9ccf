//! The stream that tells a device which of its buckets moved, while it listens and is let in. It
//! says nothing of what moved them. It does not know who tells.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use outfield_core::base::id::TenantId;
use serde_json::json;
use tokio::time::{Instant, sleep, sleep_until};

use super::extract::Caller;
use super::pulse::{ListenerOrder, LiveListener, MovedBuckets};
use super::respond::{HttpError, HttpResult};
use super::shares::HeldShare;
use super::state::{OpenTenant, SharedState};
use crate::error::ServerError;
use crate::limits::{LIVE_BEAT, LIVE_LOOK, LIVE_RETRY_MS, LIVE_SPREAD_MS};

/// How a stream of events is called.
const EVENTS: [(header::HeaderName, &str); 2] = [
    (header::CONTENT_TYPE, "text/event-stream"),
    (header::CACHE_CONTROL, "no-store"),
];
/// Says that somebody is still there; no event.
const BEAT: &str = ":\n\n";
/// So few hear of a bucket that all of them may ask at once.
const FEW: usize = 20;

/// Opens the stream of whoever calls.
pub(super) async fn live(State(state): State<SharedState>, caller: Caller) -> HttpResult {
    let share = state.begin_listening(caller.tenant.id())?;
    let (tenant, token) = (Arc::clone(&caller.tenant), caller.token.clone());
    // The call is over once the stream stands: it holds up none of the device's others.
    let joined = caller.reading({
        let tenant = Arc::clone(&tenant);
        let token = token.clone();
        move |file, session| {
            let ends = file.token_ends(&token)?.0 - session.now.0;
            let joined = tenant.pulse.join(file, session)?;
            let ends = Duration::from_millis(ends.max(0).cast_unsigned());
            Ok(joined.map(|(listener, order)| (listener, order, Instant::now() + ends)))
        }
    });
    let Some((listener, order, ends)) = joined.await? else {
        let message = "the server is about to stop; try again in a moment";
        return Err(HttpError(ServerError::overloaded(message)));
    };
    if order == ListenerOrder::First {
        tokio::spawn(watch(Arc::clone(&tenant)));
    }
    let stream = LiveStream {
        place: ListenerPlace {
            tenant,
            listener,
            _share: share,
        },
        token,
        ends,
        is_open: false,
    };
    let events = futures_util::stream::unfold(stream, |stream| stream.next());
    Ok((EVENTS, Body::from_stream(events)).into_response())
}

/// Tells what other processes write, while anybody listens.
async fn watch(tenant: Arc<OpenTenant>) {
    loop {
        sleep(LIVE_LOOK).await;
        if tenant.pulse.may_rest() {
            return;
        }
        let looking = Arc::clone(&tenant);
        let looked = Arc::clone(&tenant).reading(None, move |file| looking.pulse.catch_up(file));
        // What cannot be read now is looked at again.
        drop(looked.await);
    }
}

/// A listener, who leaves when this is dropped.
struct ListenerPlace {
    tenant: Arc<OpenTenant>,
    listener: Arc<LiveListener>,
    _share: HeldShare<TenantId>,
}

impl Drop for ListenerPlace {
    fn drop(&mut self) {
        self.tenant.pulse.leave(&self.listener);
    }
}

struct LiveStream {
    place: ListenerPlace,
    token: String,
    /// When the token runs out.
    ends: Instant,
    is_open: bool,
}

/// A piece of the stream; it never breaks by itself.
type LivePiece = Result<Bytes, std::convert::Infallible>;

impl LiveStream {
    /// The next piece, when there is one; none once the stream is over.
    async fn next(mut self) -> Option<(LivePiece, LiveStream)> {
        if !self.is_open {
            self.is_open = true;
            let text = opened(self.place.tenant.pulse.count());
            return Some((Ok(text.into()), self));
        }
        let beat = Instant::now() + LIVE_BEAT;
        loop {
            let listener = &self.place.listener;
            tokio::select! {
                () = listener.woken.notified() => {}
                () = sleep_until(beat.min(self.ends)) => {}
            }
            let now = Instant::now();
            if listener.is_over() || now >= self.ends {
                return None;
            }
            if listener.take_spoken_of() && !self.may_go_on().await {
                return None;
            }
            if let Some(moved) = self.place.listener.take_moved() {
                return Some((Ok(told(&moved).into()), self));
            }
            if now >= beat {
                return Some((Ok(BEAT.into()), self));
            }
        }
    }

    /// Whether the device is still let in, and follows what it followed.
    async fn may_go_on(&self) -> bool {
        let token = self.token.clone();
        let tenant = Arc::clone(&self.place.tenant);
        let session = tenant.reading(None, move |tenant| tenant.authenticate(&token));
        let session = session.await;
        session.is_ok_and(|session| self.place.listener.follows(&session.buckets))
    }
}

/// The first event: from here on nothing is missed. Who must come again shall not come with all
/// others at once.
fn opened(crowd: usize) -> String {
    let retry = LIVE_RETRY_MS + spread_ms(crowd);
    format!("retry: {retry}\nevent: open\ndata: {{}}\n\n")
}

fn told(moved: &MovedBuckets) -> String {
    let within = spread_ms(moved.crowd);
    let data = json!({ "buckets": moved.buckets, "within_ms": within });
    format!("event: moved\ndata: {data}\n\n")
}

/// Milliseconds over which so many spread what they ask next.
fn spread_ms(crowd: usize) -> u64 {
    let beyond = crowd.saturating_sub(FEW) as u64;
    beyond.saturating_mul(LIVE_SPREAD_MS)
}
