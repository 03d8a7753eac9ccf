//! The body of a request that nobody reads to its end: the rest is read and dropped for a while, so
//! that a client which is still sending hears the answer and no reset. It does not know why nobody
//! reads it.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::http::header::EXPECT;
use futures_util::StreamExt as _;
use http_body::{Frame, SizeHint};
use tokio::time::timeout;

use crate::limits::{DRAIN_BYTES_MAX, DRAIN_TIMEOUT};

/// A body, drained once it is dropped.
struct DrainedBody {
    body: Body,
    /// Whoever asks before sending a body is told by the answer, and sends none.
    is_sent_unasked: bool,
}

/// The request with a body that is drained where nobody reads it.
pub(super) async fn drained(request: Request) -> Request {
    let is_sent_unasked = !request.headers().contains_key(EXPECT);
    request.map(|body| {
        Body::new(DrainedBody {
            body,
            is_sent_unasked,
        })
    })
}

impl HttpBody for DrainedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for DrainedBody {
    fn drop(&mut self) {
        if self.body.is_end_stream() || !self.is_sent_unasked {
            return;
        }
        let rest = std::mem::take(&mut self.body);
        // Outside of a runtime the server is over.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(timeout(DRAIN_TIMEOUT, drain(rest)));
        }
    }
}

async fn drain(body: Body) {
    let (mut pieces, mut bytes) = (body.into_data_stream(), 0);
    while let Some(Ok(piece)) = pieces.next().await {
        bytes += piece.len();
        if bytes > DRAIN_BYTES_MAX {
            return;
        }
    }
}
