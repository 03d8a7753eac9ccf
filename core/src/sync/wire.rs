//! Frames as bytes: each a length (LEB128), a type, and CBOR; a body is them in zstd, or for small
//! clients as they are. A type with the high bit set is critical: who does not know it must stop;
//! other unknown types are skipped. It does not know what frames mean, nor where bytes come from.

use std::io::Write;

use minicbor::{Decode, Encode};
use sha2::{Digest, Sha256};
use zstd::stream::raw::{CParameter, DParameter, Decoder as Inflate, Operation as _};

use super::frames::Frame;
use crate::base::limits::{FRAME_BYTES_MAX, FRAMES_MAX};

/// The media type of a body of frames.
pub const MEDIA_TYPE: &str = "application/vnd.outfield.frames";
/// The media type of a body of frames as they are, for clients that have no zstd.
pub const PLAIN_MEDIA_TYPE: &str = "application/vnd.outfield.frames.plain";

/// The bit of a type that forbids skipping it.
const CRITICAL: u8 = 0x80;
/// zstd's default level: the smallest bodies at a speed that no network here outruns.
const LEVEL: i32 = 3;
/// The level for what is packed once and read by many.
const THOROUGH: i32 = 9;
/// Bytes of one packed block, about: what came before an answer broke off can be read.
const BLOCK_BYTES: u32 = 2 * 1024;
/// Largest zstd window, as a power of two: 8 MiB.
const WINDOW_LOG_MAX: u32 = 23;
/// Bytes inflated in one step.
const STEP_BYTES: usize = 64 * 1024;
/// Bytes of a length that LEB128 may take for a frame within the limit.
const LENGTH_BYTES_MAX: usize = 4;

/// How the frames of a body are packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Packing {
    /// In zstd.
    #[default]
    Zstd,
    /// Not at all.
    Plain,
}

impl Packing {
    /// The packing that a `Content-Type` or `Accept` names; whoever names none means zstd.
    #[must_use]
    pub fn named(media_type: Option<&str>) -> Self {
        if media_type == Some(PLAIN_MEDIA_TYPE) {
            Packing::Plain
        } else {
            Packing::Zstd
        }
    }

    /// The media type of a body that is packed so.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Packing::Zstd => MEDIA_TYPE,
            Packing::Plain => PLAIN_MEDIA_TYPE,
        }
    }
}

/// Bytes that are no frames.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct WireError(String);

impl WireError {
    pub(super) fn new(cause: impl std::fmt::Display) -> Self {
        WireError(cause.to_string())
    }
}

/// One row a frame: its variant and its type.
macro_rules! frame_types {
    ($($variant:ident = $type:literal,)*) => {
        /// The types of frames.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[repr(u8)]
        pub enum FrameType {
            $(
                #[doc = concat!("A `", stringify!($variant), "`.")]
                $variant = $type,
            )*
        }

        impl FrameType {
            /// Whether a type is one of these.
            #[must_use]
            pub fn is_known(kind: u8) -> bool {
                matches!(kind, $($type)|*)
            }
        }

        fn body(frame: &Frame) -> Result<(u8, Vec<u8>), WireError> {
            match frame {
                $(Frame::$variant(frame) => Ok(($type, cbor(frame)?)),)*
            }
        }

        fn read(kind: u8, bytes: &[u8]) -> Result<Option<Frame>, WireError> {
            match kind {
                $($type => uncbor(bytes).map(Frame::$variant).map(Some),)*
                _ if kind & CRITICAL != 0 => Err(WireError::new(format!(
                    "frame type {kind} is not known here and may not be skipped; update the app"
                ))),
                _ => Ok(None),
            }
        }
    };
}

frame_types! {
    Hello = 0x01,
    Welcome = 0x02,
    Entry = 0x83,
    Verdict = 0x84,
    Want = 0x05,
    Need = 0x12,
    Seal = 0x13,
    Offer = 0x93,
    Lacking = 0x94,
    Returned = 0x95,
    Piece = 0x96,
    Arrived = 0x97,
    Fetch = 0x98,
    Start = 0x86,
    Row = 0x87,
    Fact = 0x88,
    Doc = 0x89,
    History = 0x91,
    Change = 0x8a,
    Own = 0x8b,
    Conflict = 0x8c,
    Remove = 0x8d,
    Descriptor = 0x8e,
    Checkpoint = 0x8f,
    End = 0x10,
}

fn cbor(frame: &impl Encode<()>) -> Result<Vec<u8>, WireError> {
    minicbor::to_vec(frame).map_err(WireError::new)
}

fn uncbor<'a, T: Decode<'a, ()>>(bytes: &'a [u8]) -> Result<T, WireError> {
    let mut decoder = minicbor::Decoder::new(bytes);
    let frame = decoder
        .decode()
        .map_err(|error| WireError::new(format!("a frame is malformed: {error}")))?;
    if decoder.position() == bytes.len() {
        return Ok(frame);
    }
    Err(WireError::new("bytes follow a frame's content"))
}

/// Frames to one body at once.
pub fn encode(frames: &[Frame]) -> Result<Vec<u8>, WireError> {
    encode_as(Packing::Zstd, frames)
}

/// Frames to one body at once, packed like this.
pub fn encode_as(packing: Packing, frames: &[Frame]) -> Result<Vec<u8>, WireError> {
    let mut encoder = Encoder::packing(packing)?;
    frames.iter().try_for_each(|frame| encoder.push(frame))?;
    encoder.finish()
}

/// A whole body to frames, of which it holds at most [`FRAMES_MAX`]; `limit` is how many bytes it
/// may have once inflated.
pub fn decode(body: &[u8], limit: usize) -> Result<Vec<Frame>, WireError> {
    decode_as(Packing::Zstd, body, limit)
}

/// The same of a body that is packed like this.
pub fn decode_as(packing: Packing, body: &[u8], limit: usize) -> Result<Vec<Frame>, WireError> {
    let mut decoder = Decoder::packing(packing, limit)?;
    decoder.feed(body);
    let mut frames = Vec::new();
    while let Some(frame) = decoder.next_frame()? {
        if frames.len() == FRAMES_MAX {
            return Err(WireError::new(format!(
                "more than {FRAMES_MAX} frames in one body; send less at a time"
            )));
        }
        frames.push(frame);
    }
    decoder.finish()?;
    Ok(frames)
}

/// Makes a body frame by frame.
pub struct Encoder {
    body: PackedBody,
    taken: usize,
}

/// What a body is written to.
enum PackedBody {
    Zstd(zstd::stream::write::Encoder<'static, Vec<u8>>),
    Plain(Vec<u8>),
}

impl PackedBody {
    fn zstd(level: i32) -> Result<Self, WireError> {
        let mut deflate =
            zstd::stream::write::Encoder::new(Vec::new(), level).map_err(WireError::new)?;
        deflate
            .set_parameter(CParameter::TargetCBlockSize(BLOCK_BYTES))
            .map_err(WireError::new)?;
        Ok(PackedBody::Zstd(deflate))
    }

    /// Where frames go.
    fn entrance(&mut self) -> &mut dyn Write {
        match self {
            PackedBody::Zstd(deflate) => deflate,
            PackedBody::Plain(bytes) => bytes,
        }
    }

    /// Its bytes that are ready.
    fn written(&mut self) -> &mut Vec<u8> {
        match self {
            PackedBody::Zstd(deflate) => deflate.get_mut(),
            PackedBody::Plain(bytes) => bytes,
        }
    }

    fn finish(self) -> Result<Vec<u8>, WireError> {
        match self {
            PackedBody::Zstd(deflate) => deflate.finish().map_err(WireError::new),
            PackedBody::Plain(bytes) => Ok(bytes),
        }
    }
}

impl Encoder {
    /// An empty body.
    pub fn new() -> Result<Self, WireError> {
        Encoder::packing(Packing::Zstd)
    }

    /// An empty body that is packed like this.
    pub fn packing(packing: Packing) -> Result<Self, WireError> {
        let body = match packing {
            Packing::Zstd => PackedBody::zstd(LEVEL)?,
            Packing::Plain => PackedBody::Plain(Vec::new()),
        };
        Ok(Encoder { body, taken: 0 })
    }

    /// An empty body that takes its time: for what is packed once and read by many.
    pub fn thorough() -> Result<Self, WireError> {
        Ok(Encoder {
            body: PackedBody::zstd(THOROUGH)?,
            taken: 0,
        })
    }

    /// Bytes of frames that it took so far.
    #[must_use]
    pub fn taken(&self) -> usize {
        self.taken
    }

    /// Appends frames that are in zstd already, as they are.
    pub fn splice(&mut self, packed: &[u8]) -> Result<(), WireError> {
        if let PackedBody::Plain(bytes) = &mut self.body {
            return zstd::stream::copy_decode(packed, bytes).map_err(WireError::new);
        }
        let mut bytes = std::mem::replace(&mut self.body, PackedBody::zstd(LEVEL)?).finish()?;
        bytes.extend_from_slice(packed);
        *self.body.written() = bytes;
        Ok(())
    }

    /// Appends a frame.
    pub fn push(&mut self, frame: &Frame) -> Result<(), WireError> {
        let (kind, body) = body(frame)?;
        if body.len() >= FRAME_BYTES_MAX {
            return Err(WireError::new(format!(
                "a frame of {} bytes; at most {FRAME_BYTES_MAX} go",
                body.len()
            )));
        }
        let mut head = Vec::with_capacity(LENGTH_BYTES_MAX + 1);
        let mut length = body.len() + 1;
        while length >= 0x80 {
            head.push((length & 0x7f) as u8 | 0x80);
            length >>= 7;
        }
        head.push((length & 0x7f) as u8);
        head.push(kind);
        self.taken += head.len() + body.len();
        let to = self.body.entrance();
        to.write_all(&head)
            .and_then(|()| to.write_all(&body))
            .map_err(WireError::new)
    }

    /// The bytes that are ready so far; what stays inside comes later.
    pub fn ready(&mut self) -> Vec<u8> {
        std::mem::take(self.body.written())
    }

    /// Everything pushed so far becomes readable on the other side.
    pub fn flush(&mut self) -> Result<(), WireError> {
        self.body.entrance().flush().map_err(WireError::new)
    }

    /// Ends the body; the rest of its bytes.
    pub fn finish(self) -> Result<Vec<u8>, WireError> {
        self.body.finish()
    }
}

/// Looks at the type and the content of a frame before it is read.
type AdmitFrame<'a> = &'a mut dyn FnMut(u8, &[u8]) -> Result<(), WireError>;

/// Reads a body as it arrives; never holds more than one frame and one step inflated.
pub struct Decoder {
    /// None where nothing is packed.
    inflate: Option<Inflate<'static>>,
    packed: Vec<u8>,
    packed_at: usize,
    plain: Vec<u8>,
    plain_at: usize,
    limit: usize,
    left: usize,
    at_end: bool,
}

impl Decoder {
    /// A reader of one body in zstd that inflates to at most `limit` bytes.
    pub fn new(limit: usize) -> Result<Self, WireError> {
        Decoder::packing(Packing::Zstd, limit)
    }

    /// A reader of one body that is packed like this and holds at most `limit` bytes of frames.
    pub fn packing(packing: Packing, limit: usize) -> Result<Self, WireError> {
        Decoder::windowed(packing, limit, WINDOW_LOG_MAX)
    }

    /// The same with a window of at most so many bytes, as a power of two.
    pub(super) fn windowed(
        packing: Packing,
        limit: usize,
        window_log: u32,
    ) -> Result<Self, WireError> {
        let inflate = match packing {
            Packing::Zstd => {
                let mut inflate = Inflate::new().map_err(WireError::new)?;
                inflate
                    .set_parameter(DParameter::WindowLogMax(window_log))
                    .map_err(WireError::new)?;
                Some(inflate)
            }
            Packing::Plain => None,
        };
        let (packed, plain) = (Vec::new(), Vec::new());
        Ok(Decoder {
            inflate,
            packed,
            packed_at: 0,
            plain,
            plain_at: 0,
            limit,
            left: limit,
            at_end: true,
        })
    }

    /// Hands in the next bytes of the body.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.packed.drain(..self.packed_at);
        self.packed_at = 0;
        self.packed.extend_from_slice(bytes);
    }

    /// Bytes that came out of inflating so far.
    #[must_use]
    pub fn inflated(&self) -> usize {
        self.limit - self.left
    }

    /// The next frame, if it is complete; unknown frames that may be skipped are.
    pub fn next_frame(&mut self) -> Result<Option<Frame>, WireError> {
        self.next_of(&mut |_, _| Ok(()))
    }

    /// The next frame, if it is complete and its type and content are let in.
    pub(super) fn next_of(&mut self, admit: AdmitFrame<'_>) -> Result<Option<Frame>, WireError> {
        loop {
            while let Some((kind, from, to)) = self.whole()? {
                admit(kind, &self.plain[from..to])?;
                let frame = read(kind, &self.plain[from..to])?;
                self.plain_at = to;
                if frame.is_some() {
                    return Ok(frame);
                }
            }
            if !self.inflate_step()? {
                return Ok(None);
            }
        }
    }

    /// The body is over: nothing may be left half said.
    pub fn finish(&self) -> Result<(), WireError> {
        if self.at_end && self.plain_at == self.plain.len() && self.packed_at == self.packed.len() {
            return Ok(());
        }
        Err(WireError::new("the body ends in the middle of a frame"))
    }

    /// Type and range of the first whole frame that is inflated already.
    fn whole(&self) -> Result<Option<(u8, usize, usize)>, WireError> {
        let rest = &self.plain[self.plain_at..];
        let mut length = 0_usize;
        for (index, byte) in rest.iter().take(LENGTH_BYTES_MAX).enumerate() {
            length |= usize::from(byte & 0x7f) << (7 * index);
            if byte & 0x80 != 0 {
                continue;
            }
            if length == 0 || length > FRAME_BYTES_MAX {
                break;
            }
            let from = self.plain_at + index + 1;
            let is_here = self.plain.len() >= from + length;
            return Ok(is_here.then(|| (self.plain[from], from + 1, from + length)));
        }
        if rest.len() < LENGTH_BYTES_MAX && rest.iter().all(|byte| byte & 0x80 != 0) {
            return Ok(None);
        }
        Err(WireError::new(format!(
            "a frame's length is not between 1 and {FRAME_BYTES_MAX}"
        )))
    }

    /// Inflates a little more; whether anything moved.
    fn inflate_step(&mut self) -> Result<bool, WireError> {
        self.plain.drain(..self.plain_at);
        self.plain_at = 0;
        if self.packed_at == self.packed.len() && self.at_end {
            return Ok(false);
        }
        let before = self.plain.len();
        let packed = &self.packed[self.packed_at..];
        let read = match &mut self.inflate {
            Some(inflate) => {
                self.plain.resize(before + STEP_BYTES, 0);
                let status = inflate.run_on_buffers(packed, &mut self.plain[before..]);
                let status = status
                    .map_err(|error| WireError::new(format!("the body is not zstd: {error}")))?;
                self.plain.truncate(before + status.bytes_written);
                self.at_end = status.remaining == 0;
                status.bytes_read
            }
            None => {
                let step = &packed[..packed.len().min(STEP_BYTES)];
                self.plain.extend_from_slice(step);
                step.len()
            }
        };
        self.packed_at += read;
        let written = self.plain.len() - before;
        self.left = (self.left.checked_sub(written))
            .ok_or_else(|| WireError::new("the body inflates to more than is allowed"))?;
        Ok(read + written > 0)
    }
}

/// One number for where all buckets of a device stand: equal numbers mean that nothing has to be
/// pulled. SHA-256 over name, a zero byte, cursor and sum (big endian) of each bucket by name;
/// first 8 bytes, big endian.
#[must_use]
pub fn fingerprint(buckets: &[(String, u64, u64)]) -> u64 {
    let mut sorted: Vec<_> = buckets.iter().collect();
    sorted.sort();
    let mut hasher = Sha256::new();
    for (name, cursor, sum) in sorted {
        hasher.update(name.as_bytes());
        hasher.update([0]);
        hasher.update(cursor.to_be_bytes());
        hasher.update(sum.to_be_bytes());
    }
    let mut first = [0; 8];
    first.copy_from_slice(&hasher.finalize()[..8]);
    u64::from_be_bytes(first)
}
