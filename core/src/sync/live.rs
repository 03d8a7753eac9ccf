//! What a server says to whoever listens: an event stream, read piece by piece. Nothing of it is
//! believed but that it is time to ask. It knows no socket and no clock.

use serde_json::Value as Json;

use super::backoff::WAIT_MS_MAX;

/// The path of the stream.
pub const LIVE_PATH: &str = "/sync/v1/live";
/// Bytes of one line: more than the names of all buckets take.
const LINE_BYTES_MAX: usize = 64 * 1024;

/// One thing that a server said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LiveEvent {
    /// It tells from here on: what moved before has to be asked for once.
    Open,
    /// Something moved; whoever asks does so within this many milliseconds, at random.
    Moved {
        /// How many.
        within_ms: u64,
    },
}

/// Reads a stream.
#[derive(Debug, Default)]
pub struct LiveReader {
    line: Vec<u8>,
    event: String,
    data: String,
    /// How long to wait before the stream is opened again, in milliseconds, as the server asks.
    pub retry_ms: u64,
}

/// A stream is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a line of the stream is longer than {LINE_BYTES_MAX} bytes")]
pub struct LiveError;

impl LiveReader {
    /// Takes in a piece; answers what was said with it.
    pub fn take(&mut self, piece: &[u8]) -> Result<Vec<LiveEvent>, LiveError> {
        let mut said = Vec::new();
        for byte in piece {
            if *byte == b'\n' {
                let line = std::mem::take(&mut self.line);
                let line = String::from_utf8_lossy(&line);
                said.extend(self.line(line.trim_end_matches('\r')));
            } else if self.line.len() >= LINE_BYTES_MAX {
                return Err(LiveError);
            } else {
                self.line.push(*byte);
            }
        }
        Ok(said)
    }

    /// An empty line ends an event; what is not known is nothing.
    fn line(&mut self, line: &str) -> Option<LiveEvent> {
        if line.is_empty() {
            let event = std::mem::take(&mut self.event);
            let data = std::mem::take(&mut self.data);
            return match event.as_str() {
                "open" => Some(LiveEvent::Open),
                "moved" => Some(moved(&data)),
                _ => None,
            };
        }
        let (name, value) = line.split_once(':')?;
        let value = value.strip_prefix(' ').unwrap_or(value);
        match name {
            "event" => value.clone_into(&mut self.event),
            "data" => value.clone_into(&mut self.data),
            "retry" => self.retry_ms = value.parse().unwrap_or(0).min(WAIT_MS_MAX),
            _ => {}
        }
        None
    }
}

fn moved(data: &str) -> LiveEvent {
    let said: Json = serde_json::from_str(data).unwrap_or_default();
    let within_ms = said["within_ms"].as_u64().unwrap_or(0).min(WAIT_MS_MAX);
    LiveEvent::Moved { within_ms }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAID: &str = "retry: 1500\nevent: open\ndata: {}\n\n:\n\nevent: moved\ndata: \
                        {\"buckets\":[\"tenant\"],\"within_ms\":30}\n\nevent: other\n\n";

    #[test]
    fn a_stream_is_read_however_it_is_cut() {
        for cut in 1..SAID.len() {
            let mut reader = LiveReader::default();
            let mut said = Vec::new();
            for piece in SAID.as_bytes().chunks(cut) {
                said.extend(reader.take(piece).expect("short lines"));
            }
            assert_eq!(said, [LiveEvent::Open, LiveEvent::Moved { within_ms: 30 }]);
            assert_eq!(reader.retry_ms, 1500);
        }
    }

    #[test]
    fn a_stream_that_lies_makes_nobody_wait_long_nor_keep_much() {
        let mut reader = LiveReader::default();
        let said = "retry: 99999999999999999999\nevent: moved\ndata: {\"within_ms\":1e99}\n\n\
                    event: moved\ndata: {\"within_ms\":9999999999}\n\nretry: 9999999999\n";
        let said = reader.take(said.as_bytes()).expect("short lines");
        let moved = |within_ms| LiveEvent::Moved { within_ms };
        assert_eq!(said, [moved(0), moved(WAIT_MS_MAX)]);
        assert_eq!(reader.retry_ms, WAIT_MS_MAX);
        let long = vec![b'x'; LINE_BYTES_MAX + 1];
        assert_eq!(LiveReader::default().take(&long), Err(LiveError));
    }
}
