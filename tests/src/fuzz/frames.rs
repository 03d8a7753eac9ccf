//! Bodies of frames as they come from the network. It does not know what frames mean.

use outfield_core::base::limits::REQUEST_BYTES_MAX;
use outfield_core::sync::frames::Frame;
use outfield_core::sync::wire::{self, Decoder};

use super::pieces::pieces;
use crate::crafter;

/// The first byte says whether the rest is a body as it is, frames that are not packed yet, or
/// contents of frames.
pub fn frames(bytes: &[u8]) {
    let Some((how, rest)) = bytes.split_first() else {
        return;
    };
    let body = match how % 3 {
        0 => rest.to_vec(),
        1 => crafter::zstd(rest),
        _ => {
            let frames = pieces(rest).map(|(kind, content)| crafter::frame(kind, content));
            crafter::zstd(&frames.collect::<Vec<_>>().concat())
        }
    };
    let whole = wire::decode(&body, REQUEST_BYTES_MAX);
    in_steps(&body, usize::from(*how / 3) + 1, whole.as_deref().ok());
    let Ok(frames) = whole else { return };
    let again = wire::encode(&frames).unwrap();
    assert_eq!(wire::decode(&again, usize::MAX).as_deref(), Ok(&frames[..]));
}

/// A body that arrives in steps says what it says at once; where it is wrong as a whole, it is
/// wrong in the end.
fn in_steps(body: &[u8], step: usize, whole: Option<&[Frame]>) {
    let mut decoder = Decoder::new(REQUEST_BYTES_MAX).unwrap();
    let mut found = Vec::new();
    let mut read = || {
        for bytes in body.chunks(step) {
            decoder.feed(bytes);
            while let Some(frame) = decoder.next_frame()? {
                found.push(frame);
            }
        }
        decoder.finish()
    };
    let is_read = read().is_ok();
    assert!(decoder.inflated() <= REQUEST_BYTES_MAX);
    if let Some(whole) = whole {
        assert!(is_read);
        assert_eq!(found, whole);
    } else {
        // Only a body that is read as a whole has a limit to its frames.
        assert!(!is_read || found.len() > outfield_core::base::limits::FRAMES_MAX);
    }
}
