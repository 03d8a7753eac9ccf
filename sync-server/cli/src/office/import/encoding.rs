//! In which encoding a text is, and the text as UTF-8. It does not know what the text says.

use std::io::{self, Read};

use encoding_rs::{Decoder, DecoderResult, Encoding, UTF_8, WINDOWS_1252};

use super::file_rows::SourceFile;
use crate::answer::CliFailure;

/// Bytes that are read at a time.
const CHUNK_BYTES: usize = 32 * 1024;
/// Bytes that mean nothing in Windows-1252.
const NOT_WINDOWS: [u8; 5] = [0x81, 0x8d, 0x8f, 0x90, 0x9d];

/// The encoding of a file.
pub(super) struct FoundEncoding {
    pub(super) encoding: &'static Encoding,
    /// Whether neither the file nor the caller says it.
    pub(super) is_guessed: bool,
}

/// The encoding that the caller names, else that of a byte order mark, else UTF-8 where the whole
/// file is that, else Windows-1252.
pub(super) fn found(
    file: &SourceFile<'_>,
    said: Option<&str>,
) -> Result<FoundEncoding, CliFailure> {
    let mut first = Vec::new();
    let head = file.reader()?.take(4).read_to_end(&mut first);
    head.map_err(|error| file.wrong(&error.to_string()))?;
    let marked = Encoding::for_bom(&first).map(|(encoding, _)| encoding);
    let is_32 = first == [0xff, 0xfe, 0, 0] || first == [0, 0, 0xfe, 0xff];
    if is_32 {
        return Err(file.wrong("it is UTF-32, which is not read here; save it as UTF-8"));
    }
    if let Some(said) = said {
        let encoding = named(said, marked)?;
        return Ok(FoundEncoding {
            encoding,
            is_guessed: false,
        });
    }
    match marked {
        Some(encoding) => Ok(FoundEncoding {
            encoding,
            is_guessed: false,
        }),
        None => guessed(file),
    }
}

/// The encoding of this name; a mark in front of the file must not say another.
fn named(said: &str, marked: Option<&'static Encoding>) -> Result<&'static Encoding, CliFailure> {
    let wrong = |message: String| CliFailure::bad_input("bad_encoding", message).about("encoding");
    let encoding = Encoding::for_label_no_replacement(said.as_bytes()).ok_or_else(|| {
        wrong(format!(
            "there is no encoding `{said}`; such as utf-8, windows-1252, utf-16le or shift_jis"
        ))
    })?;
    let Some(marked) = marked.filter(|marked| *marked != encoding) else {
        return Ok(encoding);
    };
    if said.eq_ignore_ascii_case("utf-16") {
        return Ok(marked);
    }
    Err(wrong(format!(
        "the file begins with the mark of {}, not of {said}; leave --encoding out",
        marked.name()
    )))
}

/// What the bytes of a file that nobody says anything of can be.
#[derive(Default)]
struct SeenBytes {
    has_nul: bool,
    /// Bytes that stand for nothing in Windows-1252.
    has_no_windows: bool,
    /// Letters beyond ASCII, as UTF-8 writes them.
    has_wide_letters: bool,
    /// The first line that is not UTF-8.
    bad_line: Option<u64>,
    breaks: u64,
}

impl SeenBytes {
    /// Looks at a piece; answers the bytes at its end that are the beginning of a letter.
    fn look(&mut self, piece: &[u8]) -> Vec<u8> {
        let mut rest = piece;
        loop {
            match std::str::from_utf8(rest) {
                Ok(good) => {
                    self.look_good(good.as_bytes());
                    return Vec::new();
                }
                Err(error) => {
                    let (good, bad) = rest.split_at(error.valid_up_to());
                    self.look_good(good);
                    let Some(length) = error.error_len() else {
                        return bad.to_vec();
                    };
                    let (bad, after) = bad.split_at(length);
                    self.look_bad(bad);
                    rest = after;
                }
            }
        }
    }

    fn look_good(&mut self, good: &[u8]) {
        self.has_nul |= good.contains(&0);
        self.has_wide_letters |= !good.is_ascii();
        self.has_no_windows |= good.iter().any(|byte| NOT_WINDOWS.contains(byte));
        self.breaks += good.iter().filter(|byte| **byte == b'\n').count() as u64;
    }

    fn look_bad(&mut self, bad: &[u8]) {
        self.has_no_windows |= bad.iter().any(|byte| NOT_WINDOWS.contains(byte));
        self.bad_line.get_or_insert(self.breaks + 1);
    }
}

fn guessed(file: &SourceFile<'_>) -> Result<FoundEncoding, CliFailure> {
    let mut bytes = file.reader()?;
    let mut seen = SeenBytes::default();
    let mut piece = Vec::new();
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        let read = bytes.read(&mut chunk);
        let read = read.map_err(|error| file.wrong(&error.to_string()))?;
        piece.extend_from_slice(&chunk[..read]);
        let rest = seen.look(&piece);
        piece = rest;
        if read == 0 {
            break;
        }
    }
    if !piece.is_empty() {
        seen.look_bad(&piece);
    }
    if seen.has_nul {
        let why = "it holds zero bytes, as UTF-16 without its mark does; say --encoding utf-16le, \
                   or save it as UTF-8";
        return Err(file.wrong(why));
    }
    let Some(line) = seen.bad_line else {
        return Ok(FoundEncoding {
            encoding: UTF_8,
            is_guessed: false,
        });
    };
    if seen.has_wide_letters || seen.has_no_windows {
        let why = format!(
            "line {line} is not UTF-8, and the whole is not Windows-1252; \
             save the file as UTF-8, or say what it is by --encoding"
        );
        return Err(file.wrong(&why));
    }
    Ok(FoundEncoding {
        encoding: WINDOWS_1252,
        is_guessed: true,
    })
}

/// The text of bytes as UTF-8, without a byte order mark. What cannot be read is an error that
/// names its line.
pub(super) struct DecodedText<R> {
    bytes: R,
    decoder: Decoder,
    encoding: &'static Encoding,
    raw: Vec<u8>,
    text: Vec<u8>,
    taken: usize,
    line: u64,
    is_over: bool,
}

impl<R: Read> DecodedText<R> {
    /// The text of bytes in this encoding.
    pub(super) fn of(bytes: R, encoding: &'static Encoding) -> DecodedText<R> {
        DecodedText {
            bytes,
            decoder: encoding.new_decoder_with_bom_removal(),
            encoding,
            raw: vec![0; CHUNK_BYTES],
            text: Vec::new(),
            taken: 0,
            line: 1,
            is_over: false,
        }
    }

    fn refill(&mut self) -> io::Result<()> {
        let read = self.bytes.read(&mut self.raw)?;
        self.is_over = read == 0;
        let most = self
            .decoder
            .max_utf8_buffer_length_without_replacement(read);
        self.text.clear();
        self.text.resize(most.unwrap_or(CHUNK_BYTES * 4), 0);
        let (result, _, written) = self.decoder.decode_to_utf8_without_replacement(
            &self.raw[..read],
            &mut self.text,
            self.is_over,
        );
        self.text.truncate(written);
        self.taken = 0;
        self.line += self.text.iter().filter(|byte| **byte == b'\n').count() as u64;
        let is_good = match result {
            DecoderResult::InputEmpty => !self.text.contains(&0),
            DecoderResult::OutputFull | DecoderResult::Malformed(..) => false,
        };
        if is_good {
            return Ok(());
        }
        let (line, name) = (self.line, self.encoding.name());
        let why = format!("line {line} is not {name}; say by --encoding what the file is");
        Err(io::Error::new(io::ErrorKind::InvalidData, why))
    }
}

impl<R: Read> Read for DecodedText<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.taken == self.text.len() && !self.is_over {
            self.refill()?;
        }
        let left = &self.text[self.taken..];
        let taken = left.len().min(into.len());
        into[..taken].copy_from_slice(&left[..taken]);
        self.taken += taken;
        Ok(taken)
    }
}

/// The encoding of this name, which was found before.
pub(super) fn of_name(name: &str) -> &'static Encoding {
    Encoding::for_label(name.as_bytes()).unwrap_or(UTF_8)
}
