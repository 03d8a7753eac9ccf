//! What the body of a call may hold: of which frames how many, how many bytes once inflated, and
//! how many values in all, each counted before it is made. It does not know what the frames mean.

use super::frames::Frame;
use super::wire::{Decoder, FrameType, Packing, WireError};
use crate::base::limits::{
    BUCKETS_MAX, CALL_ITEMS_MAX, FRAME_BYTES_MAX, FRAMES_MAX, GREETING_BYTES_MAX, NEEDS_MAX,
    OFFERS_MAX, PIECES_BYTES_MAX, PIECES_MAX, PULL_BYTES_MAX, REQUEST_BYTES_MAX, RETURN_BYTES_MAX,
    RETURNS_MAX,
};

/// Largest zstd window of a request, of which a server reads many at a time, as a power of two: 4
/// MiB.
const WINDOW_LOG_MAX: u32 = 22;

/// What the body of a call may hold.
#[derive(Debug, Clone, Copy)]
pub struct CallLimits {
    /// Bytes of all frames, those that are skipped included.
    bytes: usize,
    frames: &'static [FrameLimit],
}

/// How many frames of one type a call may hold.
#[derive(Debug, Clone, Copy)]
struct FrameLimit {
    of: FrameType,
    most: usize,
}

const fn at_most(most: usize, of: FrameType) -> FrameLimit {
    FrameLimit { of, most }
}

/// A greeting: one hello.
pub const HELLO: CallLimits = CallLimits {
    bytes: GREETING_BYTES_MAX,
    frames: &[at_most(1, FrameType::Hello)],
};
/// A push: entries. How many are judged at a time is the server's to say.
pub const PUSH: CallLimits = CallLimits {
    bytes: REQUEST_BYTES_MAX,
    frames: &[at_most(FRAMES_MAX, FrameType::Entry)],
};
/// A pull: wants and needs.
pub const PULL: CallLimits = CallLimits {
    bytes: PULL_BYTES_MAX,
    frames: &[
        at_most(BUCKETS_MAX, FrameType::Want),
        at_most(NEEDS_MAX, FrameType::Need),
    ],
};
/// An offer of what the server may have lost: offers, a seal behind each.
pub const OFFER: CallLimits = CallLimits {
    bytes: RETURN_BYTES_MAX,
    frames: &[
        at_most(OFFERS_MAX, FrameType::Offer),
        at_most(OFFERS_MAX, FrameType::Seal),
    ],
};
/// What is given back: rows, facts, documents and changes, a seal behind each.
pub const RETURN: CallLimits = CallLimits {
    bytes: RETURN_BYTES_MAX + FRAME_BYTES_MAX,
    frames: &[
        at_most(RETURNS_MAX, FrameType::Row),
        at_most(RETURNS_MAX, FrameType::Fact),
        at_most(RETURNS_MAX, FrameType::Doc),
        at_most(RETURNS_MAX, FrameType::Change),
        at_most(RETURNS_MAX, FrameType::Seal),
    ],
};

/// Pieces of files.
pub const UPLOAD: CallLimits = CallLimits {
    bytes: PIECES_BYTES_MAX as usize + FRAME_BYTES_MAX,
    frames: &[at_most(PIECES_MAX, FrameType::Piece)],
};
/// What is asked of a file.
pub const DOWNLOAD: CallLimits = CallLimits {
    bytes: GREETING_BYTES_MAX,
    frames: &[at_most(1, FrameType::Fetch)],
};

impl CallLimits {
    fn count(&self) -> CallCount {
        CallCount {
            left: self.frames.to_vec(),
            items: CALL_ITEMS_MAX,
        }
    }
}

/// The frames of a call's body, if it holds no more than such a call may. Each frame is looked at
/// before anything is made of it.
pub fn decode(packing: Packing, body: &[u8], limits: &CallLimits) -> Result<Vec<Frame>, WireError> {
    let mut decoder = Decoder::windowed(packing, limits.bytes, WINDOW_LOG_MAX)?;
    decoder.feed(body);
    let mut count = limits.count();
    let mut frames = Vec::new();
    while let Some(frame) = decoder.next_of(&mut |kind, content| count.admit(kind, content))? {
        frames.push(frame);
    }
    decoder.finish()?;
    Ok(frames)
}

/// What a call may hold yet.
struct CallCount {
    left: Vec<FrameLimit>,
    items: usize,
}

impl CallCount {
    /// One more frame of this type and content. Types that nobody knows are for others to judge.
    fn admit(&mut self, kind: u8, content: &[u8]) -> Result<(), WireError> {
        if !FrameType::is_known(kind) {
            return Ok(());
        }
        let limit = self.left.iter_mut().find(|limit| limit.of as u8 == kind);
        let Some(limit) = limit else {
            return Err(WireError::new(format!(
                "frames of type {kind} have no place in this call"
            )));
        };
        let too_many = || WireError::new("more frames than such a call may hold; send less");
        limit.most = limit.most.checked_sub(1).ok_or_else(too_many)?;
        let too_much = || WireError::new("more values than such a call may hold; send less");
        let items = items(content, self.items);
        self.items = self.items.checked_sub(items).ok_or_else(too_much)?;
        Ok(())
    }
}

/// How many items CBOR holds, counted up to one more than `most`; nothing is made of them. Where it
/// is malformed, reading it will say so.
fn items(content: &[u8], most: usize) -> usize {
    let mut rest = content;
    let mut count = 0;
    while let Some((head, behind)) = rest.split_first()
        && count <= most
    {
        count += 1;
        let width = match head & 0x1f {
            24 => 1,
            25 => 2,
            26 => 4,
            27 => 8,
            _ => 0,
        };
        let Some((number, behind)) = behind.split_at_checked(width) else {
            break;
        };
        let small = u64::from(head & 0x1f);
        let number = number
            .iter()
            .fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        let is_text_or_bytes = matches!(head >> 5, 2 | 3);
        let length = match (is_text_or_bytes, width) {
            (true, 0) => small,
            (true, _) => number,
            (false, _) => 0,
        };
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        rest = behind.split_at_checked(length).map_or(&[], |parts| parts.1);
    }
    count
}
