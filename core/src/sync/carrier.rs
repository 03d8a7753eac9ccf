//! Who carries a call to a server and its answer back: a socket in an app, a seed in a simulation.
//! It does not know what is in a body.

use std::ops::ControlFlow;

use crate::base::planted::{self, Planted};

/// The header that every answer of an Outfield server has; its value is the protocol's version.
/// What answers without it is somebody else, such as a guest network's page.
pub const MARK: &str = "outfield-protocol";

/// One call of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The path below the server's address, such as `/sync/v1/push`.
    pub path: &'static str,
    /// The bearer token; none for the calls that give one.
    pub token: Option<String>,
    /// The media type of the body.
    pub media_type: &'static str,
    /// The body.
    pub body: Vec<u8>,
}

/// How a call was answered; the body was handed over piece by piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// How long the server asks to wait, in milliseconds.
    pub retry_after_ms: Option<u64>,
}

/// The call was not answered, or not to its end.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct CarryError(pub String);

/// Whether an answer of this status is an Outfield server's: whether it has the mark.
pub fn is_ours(has_mark: bool, status: u16) -> Result<(), CarryError> {
    if has_mark || planted::is(Planted::PortalBelieved) {
        return Ok(());
    }
    Err(CarryError(format!(
        "what answered (status {status}) is no Outfield server: perhaps a guest network that wants \
         you to sign in on a web page first, or a server that is older than this app"
    )))
}

/// Takes the pieces of an answer; the first argument is the status. A break leaves the rest unread.
pub type TakePiece<'a> = &'a mut dyn FnMut(u16, &[u8]) -> ControlFlow<()>;

/// Carries calls. One call at a time; every wait has an end.
pub trait Carrier {
    /// Carries a call and hands each piece of the answer's body to `take` as it arrives.
    fn carry(&self, call: &Call, take: TakePiece<'_>) -> Result<Reply, CarryError>;
}

/// Carries a call whose answer is small; at most `limit` bytes of it.
pub fn carry_whole(
    carrier: &dyn Carrier,
    call: &Call,
    limit: usize,
) -> Result<(Reply, Vec<u8>), CarryError> {
    let mut body = Vec::new();
    let reply = carrier.carry(call, &mut |_, piece| {
        body.extend_from_slice(piece);
        if body.len() > limit {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    })?;
    if body.len() > limit {
        return Err(CarryError(format!(
            "the answer is longer than {limit} bytes"
        )));
    }
    Ok((reply, body))
}
