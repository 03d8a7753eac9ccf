//! Files go to the server and come from it, apart from records and after them: piece by piece, as
//! large as the line carries, and on from where a line broke. It does not know what is in a file.

use std::collections::BTreeSet;

use serde_json::json;

use super::enrol::accepted;
use super::files::{FilePolicy, named};
use super::{Device, FieldError, Receipt};
use crate::base::blob::BlobName;
use crate::base::id::BlobHash;
use crate::base::limits::{
    FRAME_BYTES_MAX, PIECES_BYTES, PIECES_BYTES_MAX, PIECES_BYTES_MIN, PIECES_MAX,
};
use crate::store::blob_folder::Finished;
use crate::store::blob_queue::{self, BlobState, QueuedBlob};
use crate::store::{self, attention, outbox};
use crate::sync::frames::{Arrived, Fetch, Frame, Piece};
use crate::sync::http::Http;
use crate::sync::{Call, Carrier, Reply, backoff, wire};

/// What is said of a file whose bytes are gone.
const FILE_LOST: &str = "this device has lost it; take it anew";
/// Calls in a row that bring nothing, until a meeting gives up.
const TRIES_MAX: u32 = 6;
/// Calls in a row that come through until more is tried in one.
const HELD_TO_WIDEN: u32 = 4;
/// Bytes that frames take beside the bytes of files.
const FRAMES_ASIDE: usize = 4 * 1024;

/// What a line costs, as the system of the phone says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineCost {
    /// Nothing by the byte, such as Wi-Fi at the office.
    Unmetered,
    /// By the byte, or nobody knows.
    Metered,
}

/// How much one call carries: less where a line breaks, more where it holds.
struct LineWidth {
    bytes: u64,
    /// Calls of this width that came through since the line broke last.
    held: u32,
    /// Calls in a row that brought nothing.
    in_vain: u32,
}

/// What became of files in one meeting.
#[derive(Default)]
pub(super) struct FileMeeting {
    width: LineWidth,
    sent: u64,
    /// Files that are not asked about again in this meeting.
    put_off: BTreeSet<BlobHash>,
    /// Files of which the server had less than was known here.
    fell_back: BTreeSet<BlobHash>,
    /// Why the last of them was put off.
    why: Option<String>,
}

/// How far a meeting about files has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FileStep {
    /// There is more to be sent.
    More,
    /// All that could be sent is.
    Done,
}

impl Default for LineWidth {
    fn default() -> Self {
        LineWidth {
            bytes: PIECES_BYTES,
            held: 0,
            in_vain: 0,
        }
    }
}

impl LineWidth {
    fn held(&mut self) {
        (self.held, self.in_vain) = (self.held + 1, 0);
        if self.held == HELD_TO_WIDEN {
            (self.bytes, self.held) = ((self.bytes * 2).min(PIECES_BYTES_MAX), 0);
        }
    }

    /// The line broke; an error if it never holds. A width that came through once stays: the line
    /// breaks now and then, and not under it.
    fn broke(&mut self, why: FieldError) -> Result<(), FieldError> {
        if self.held == 0 {
            self.bytes = (self.bytes / 2).max(PIECES_BYTES_MIN);
        }
        (self.held, self.in_vain) = (0, self.in_vain + 1);
        if self.in_vain < TRIES_MAX {
            return Ok(());
        }
        Err(why)
    }
}

impl Device {
    /// Sends the files that records of this device name. What arrived stays, whatever happens
    /// later. Answers how many were `sent` by this and how many are `waiting` and `refused`, and of
    /// those that wait `why`.
    pub fn sync_files(&mut self, cost: LineCost) -> Result<Receipt, FieldError> {
        if blob_queue::count(&self.db, BlobState::Waiting)? == 0 {
            return self.told_of_files(&FileMeeting::default());
        }
        let url = self.server()?;
        let carrier = Http::new(&url).map_err(FieldError::broken)?;
        self.sync_files_over(&carrier, cost)
    }

    /// The same over any carrier.
    pub fn sync_files_over(
        &mut self,
        carrier: &dyn Carrier,
        cost: LineCost,
    ) -> Result<Receipt, FieldError> {
        let mut meeting = FileMeeting::default();
        while self.send_some(carrier, cost, &mut meeting)? == FileStep::More {}
        self.told_of_files(&meeting)
    }

    /// One call of a meeting about files.
    pub(super) fn send_some(
        &mut self,
        carrier: &dyn Carrier,
        cost: LineCost,
        meeting: &mut FileMeeting,
    ) -> Result<FileStep, FieldError> {
        self.signed_in()?;
        if cost == LineCost::Metered && self.file_policy()? == FilePolicy::WifiOnly {
            meeting.why = Some("files wait for Wi-Fi".to_owned());
            return Ok(FileStep::Done);
        }
        let pieces = self.pieces(meeting)?;
        if pieces.is_empty() {
            return Ok(FileStep::Done);
        }
        match self.send_pieces(carrier, &mut meeting.width, pieces) {
            Ok(arrived) => {
                for file in arrived {
                    self.note_arrived(meeting, &file)?;
                }
                Ok(FileStep::More)
            }
            // Files that wait are no failure: all work is on the server already.
            Err(FieldError::TryLater { message }) => {
                meeting.why = Some(message);
                Ok(FileStep::Done)
            }
            Err(error) => Err(error),
        }
    }

    /// Fetches a file that a record names, unless it is here. Answers as `file` does.
    pub fn fetch_file(&mut self, name: &str) -> Result<Receipt, FieldError> {
        let url = self.server()?;
        let carrier = Http::new(&url).map_err(FieldError::broken)?;
        self.fetch_file_over(&carrier, name)
    }

    /// The same over any carrier.
    pub fn fetch_file_over(
        &mut self,
        carrier: &dyn Carrier,
        name: &str,
    ) -> Result<Receipt, FieldError> {
        self.signed_in()?;
        let wanted = named(name)?;
        let blobs = self.blobs();
        let part = blobs.part(&wanted.hash.to_string());
        let mut width = LineWidth::default();
        while !blobs.has(wanted) {
            let held = blobs.part_bytes(&part);
            let now_held = if held < wanted.bytes {
                self.fetch_piece(carrier, &mut width, wanted, held)?
            } else {
                held
            };
            if now_held >= wanted.bytes && blobs.finish(&part, wanted)? != Finished::Whole {
                return Err(FieldError::broken(
                    "what the server sent is not the file that was asked for; fetch it again",
                ));
            }
        }
        blob_queue::put(
            &self.db,
            wanted,
            BlobState::Present,
            self.surroundings.now(),
        )?;
        self.file(name)
    }

    /// What is to be sent next, by files in the order in which they came: as much as the line
    /// carries.
    fn pieces(&self, meeting: &FileMeeting) -> Result<Vec<Piece>, FieldError> {
        let (mut pieces, mut room) = (Vec::new(), meeting.width.bytes);
        let blobs = self.blobs();
        for QueuedBlob { name, sent, .. } in blob_queue::waiting(&self.db)? {
            if room == 0 || pieces.len() == PIECES_MAX {
                break;
            }
            if meeting.put_off.contains(&name.hash) {
                continue;
            }
            if !blobs.has(name) {
                blob_queue::refuse(&self.db, name.hash, "file_lost", FILE_LOST)?;
                continue;
            }
            let offset = sent.min(name.bytes);
            let bytes = blobs.read(name.hash, offset, room)?;
            room -= bytes.len() as u64;
            pieces.push(Piece {
                hash: name.hash,
                offset,
                bytes: bytes.into(),
            });
        }
        Ok(pieces)
    }

    /// Sends pieces; nothing has arrived where the line broke and may hold again.
    fn send_pieces(
        &mut self,
        carrier: &dyn Carrier,
        width: &mut LineWidth,
        pieces: Vec<Piece>,
    ) -> Result<Vec<Arrived>, FieldError> {
        let frames: Vec<Frame> = pieces.into_iter().map(Frame::Piece).collect();
        let mut arrived = Vec::new();
        for frame in self.exchange(carrier, width, "/sync/v1/upload", &frames)? {
            if let Frame::Arrived(file) = frame {
                arrived.push(file);
            }
        }
        Ok(arrived)
    }

    /// Fetches more of a file of which so many bytes are here; answers how many are here then.
    fn fetch_piece(
        &mut self,
        carrier: &dyn Carrier,
        width: &mut LineWidth,
        wanted: BlobName,
        held: u64,
    ) -> Result<u64, FieldError> {
        let fetch = Fetch {
            hash: wanted.hash,
            offset: held,
            most: width.bytes.min(wanted.bytes - held),
        };
        let (asked, blobs) = ([Frame::Fetch(fetch)], self.blobs());
        let part = blobs.part(&wanted.hash.to_string());
        let mut held = held;
        for frame in self.exchange(carrier, width, "/sync/v1/download", &asked)? {
            let Frame::Piece(piece) = frame else {
                continue;
            };
            let room = wanted.bytes - held;
            let fits = piece.hash == wanted.hash && piece.offset == held;
            if !fits || piece.bytes.is_empty() || piece.bytes.len() as u64 > room {
                return Err(FieldError::broken("the server sent bytes of no such place"));
            }
            held = blobs.append(&part, piece.offset, &piece.bytes)?;
        }
        Ok(held)
    }

    /// One call about files. Where the line broke it is waited, and no frames have come.
    fn exchange(
        &mut self,
        carrier: &dyn Carrier,
        width: &mut LineWidth,
        path: &'static str,
        frames: &[Frame],
    ) -> Result<Vec<Frame>, FieldError> {
        // Pictures are packed as they are; zstd would only cost.
        let packed = wire::encode_as(wire::Packing::Plain, frames);
        let call = Call {
            path,
            token: None,
            media_type: wire::PLAIN_MEDIA_TYPE,
            body: packed.map_err(FieldError::broken)?,
        };
        let (reply, error) = match self.ask_once(carrier, call) {
            Ok((reply, answer)) => match accepted(reply, &answer) {
                Ok(()) => {
                    let frames = wire::decode(&answer, FRAME_BYTES_MAX + FRAMES_ASIDE);
                    width.held();
                    return frames.map_err(FieldError::broken);
                }
                Err(error) => (Some(reply), error),
            },
            Err(error) => (None, error),
        };
        let FieldError::TryLater { .. } = error else {
            return Err(error);
        };
        width.broke(error)?;
        self.wait_for_line(width, reply);
        Ok(Vec::new())
    }

    fn wait_for_line(&self, width: &LineWidth, reply: Option<Reply>) {
        let mut random = [0; 8];
        random.copy_from_slice(&self.surroundings.entropy()[..8]);
        let asked_ms = reply.and_then(|reply| reply.retry_after_ms);
        let random = u64::from_be_bytes(random);
        self.surroundings
            .wait(backoff::wait_ms(width.in_vain, random, asked_ms));
    }

    fn note_arrived(&self, meeting: &mut FileMeeting, file: &Arrived) -> Result<(), FieldError> {
        let Some(row) = blob_queue::get(&self.db, file.hash)? else {
            return Ok(());
        };
        store::open::durable(&self.db, false)?;
        if file.is_whole {
            meeting.sent += u64::from(row.state == BlobState::Waiting);
            return Ok(blob_queue::note_present(&self.db, file.hash)?);
        }
        let message = file.message.clone().unwrap_or_default();
        match file.code.as_deref() {
            None => {
                // A server that lost what it had begins anew, once; otherwise a file gets ahead.
                if file.held <= row.sent && !meeting.fell_back.insert(file.hash) {
                    meeting.put_off.insert(file.hash);
                }
                return Ok(blob_queue::note_sent(&self.db, file.hash, file.held)?);
            }
            // The server says no for good: another try would be the same.
            Some(code @ ("wrong_media" | "wrong_length")) => {
                blob_queue::refuse(&self.db, file.hash, code, &message)?;
            }
            Some("not_named") if self.has_settled()? => {
                blob_queue::unclaim(&self.db, file.hash)?;
            }
            Some(code) => {
                if code == "wrong_bytes" && !self.blobs().is_sound(row.name) {
                    blob_queue::refuse(&self.db, file.hash, "file_lost", FILE_LOST)?;
                }
                blob_queue::note_sent(&self.db, file.hash, file.held)?;
            }
        }
        meeting.put_off.insert(file.hash);
        meeting.why = Some(message);
        Ok(())
    }

    /// Whether the server has judged all work, and nothing that it refused waits for the person.
    fn has_settled(&self) -> Result<bool, FieldError> {
        Ok(outbox::count(&self.db)? == 0 && attention::count(&self.db)? == 0)
    }

    /// What a meeting came to, as `sync_files` answers it.
    pub(super) fn told_of_files(&self, meeting: &FileMeeting) -> Result<Receipt, FieldError> {
        let waiting = blob_queue::count(&self.db, BlobState::Waiting)?;
        let refused = blob_queue::count(&self.db, BlobState::Refused)?;
        let mut told = json!({ "sent": meeting.sent, "waiting": waiting, "refused": refused });
        if let Some(why) = meeting.why.as_ref().filter(|_| waiting + refused > 0) {
            told["why"] = json!(why);
        }
        Ok(Receipt::of(told))
    }
}
