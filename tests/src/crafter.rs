//! Makes Automerge changes, deflate bombs, frames and zstd streams by hand, so that every part of
//! them can lie. It shares no code with what reads them, and does not know what is refused.

use std::collections::BTreeMap;
use std::io::Write as _;

use sha2::{Digest, Sha256};

/// The kind of a chunk that holds a saved document.
pub const DOCUMENT: u8 = 0;
/// The kind of a chunk that holds a change.
pub const PLAIN: u8 = 1;
/// The kind of a chunk that holds a deflated change.
pub const DEFLATED: u8 = 2;

/// The columns of a change, by their numbers in the format.
pub mod column {
    /// The object of an operation, by its writer.
    pub const OBJECT_ACTOR: u64 = 0x01;
    /// The object of an operation, by its counter.
    pub const OBJECT_COUNTER: u64 = 0x02;
    /// The element of a list, by its counter.
    pub const ELEMENT_COUNTER: u64 = 0x13;
    /// The key of a map.
    pub const KEY: u64 = 0x15;
    /// Whether it inserts.
    pub const INSERT: u64 = 0x34;
    /// What it does.
    pub const ACTION: u64 = 0x42;
    /// Kind and length of its value.
    pub const VALUE_META: u64 = 0x56;
    /// Its value.
    pub const VALUE: u64 = 0x57;
    /// How many operations it replaces.
    pub const REPLACES: u64 = 0x70;
    /// Their writers.
    pub const REPLACES_ACTOR: u64 = 0x71;
    /// Their counters, as differences.
    pub const REPLACES_COUNTER: u64 = 0x73;
}

/// An unsigned LEB128 number.
#[must_use]
pub fn unsigned(mut number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number >= 0x80 {
        bytes.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}

/// A signed LEB128 number.
#[must_use]
pub fn signed(mut number: i64) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let byte = (number & 0x7f) as u8;
        number >>= 7;
        if (number == 0 && byte & 0x40 == 0) || (number == -1 && byte & 0x40 != 0) {
            bytes.push(byte);
            return bytes;
        }
        bytes.push(byte | 0x80);
    }
}

/// A run: one entry so many times, whatever is claimed.
#[must_use]
pub fn run(claimed: i64, entry: &[u8]) -> Vec<u8> {
    [&signed(claimed), entry].concat()
}

/// A column of these entries as Automerge writes it: equal neighbours as runs, the others one by
/// one.
#[must_use]
pub fn runs(entries: &[Vec<u8>]) -> Vec<u8> {
    let mut column = Vec::new();
    let mut single: Vec<&[u8]> = Vec::new();
    let flush = |single: &mut Vec<&[u8]>, column: &mut Vec<u8>| {
        if !single.is_empty() {
            column.extend(signed(-(single.len() as i64)));
            single.drain(..).for_each(|entry| column.extend(entry));
        }
    };
    for equal in entries.chunk_by(|one, next| one == next) {
        if equal.len() == 1 {
            single.push(&equal[0]);
        } else {
            flush(&mut single, &mut column);
            column.extend(run(equal.len() as i64, &equal[0]));
        }
    }
    flush(&mut single, &mut column);
    column
}

/// A text with its length in front.
#[must_use]
pub fn text(text: &str) -> Vec<u8> {
    [&unsigned(text.len() as u64), text.as_bytes()].concat()
}

/// The hash of a chunk's data, of which four bytes are its checksum.
#[must_use]
pub fn hash(kind: u8, data: &[u8]) -> [u8; 32] {
    Sha256::new()
        .chain_update([kind])
        .chain_update(unsigned(data.len() as u64))
        .chain_update(data)
        .finalize()
        .into()
}

/// A chunk whose checksum agrees with its data.
#[must_use]
pub fn chunk(kind: u8, data: &[u8]) -> Vec<u8> {
    let mark = &[0x85, 0x6f, 0x4a, 0x83][..];
    [
        mark,
        &hash(kind, data)[..4],
        &[kind],
        &unsigned(data.len() as u64),
        data,
    ]
    .concat()
}

/// A deflated chunk, its checksum that of the plain one, with more bytes behind the deflated data.
#[must_use]
pub fn deflated(data: &[u8], behind: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(data).expect("a vector takes all");
    let packed = [
        encoder.finish().expect("a vector takes all"),
        behind.to_vec(),
    ]
    .concat();
    let mark = &[0x85, 0x6f, 0x4a, 0x83][..];
    [
        mark,
        &hash(PLAIN, data)[..4],
        &[DEFLATED],
        &unsigned(packed.len() as u64),
        &packed,
    ]
    .concat()
}

/// A chunk's data.
#[must_use]
pub fn data_of(chunk: &[u8]) -> &[u8] {
    let length = chunk[9..]
        .iter()
        .take_while(|byte| **byte & 0x80 != 0)
        .count()
        + 1;
    &chunk[9 + length..]
}

/// The parts of a change, each as its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CraftedChange {
    /// Hashes of what it builds on, with their count in front.
    pub deps: Vec<u8>,
    /// The writer, with the length in front.
    pub actor: Vec<u8>,
    /// The writer's count of changes.
    pub seq: Vec<u8>,
    /// The counter of its first operation.
    pub start: Vec<u8>,
    /// When.
    pub time: Vec<u8>,
    /// A message, with the length in front.
    pub message: Vec<u8>,
    /// Other writers, with their count in front.
    pub others: Vec<u8>,
    /// Columns by number.
    pub columns: BTreeMap<u64, Vec<u8>>,
    /// What follows the columns.
    pub behind: Vec<u8>,
}

impl CraftedChange {
    /// An honest first change that puts texts at keys, which must ascend.
    #[must_use]
    pub fn puts(actor: [u8; 16], texts: &[(&str, &str)]) -> Self {
        let count = texts.len() as u64;
        let each = |entry: fn(&(&str, &str)) -> Vec<u8>| {
            runs(&texts.iter().map(entry).collect::<Vec<_>>())
        };
        let columns = [
            (column::KEY, each(|(key, _)| text(key))),
            (column::INSERT, unsigned(count)),
            (column::ACTION, each(|_| unsigned(1))),
            (
                column::VALUE_META,
                each(|(_, value)| unsigned((value.len() as u64) << 4 | 6)),
            ),
            (
                column::VALUE,
                texts.iter().flat_map(|(_, value)| value.bytes()).collect(),
            ),
            (column::REPLACES, each(|_| unsigned(0))),
        ];
        CraftedChange {
            deps: unsigned(0),
            actor: [unsigned(16), actor.to_vec()].concat(),
            seq: unsigned(1),
            start: unsigned(1),
            time: signed(1_795_500_000_000),
            message: unsigned(0),
            others: unsigned(0),
            columns: columns.into(),
            behind: Vec::new(),
        }
    }

    /// The same on top of these changes, as the writer's change `seq` with operations from `start`
    /// on.
    #[must_use]
    pub fn after(self, deps: &[[u8; 32]], seq: u64, start: u64) -> Self {
        let mut sorted = deps.to_vec();
        sorted.sort_unstable();
        let deps = [unsigned(sorted.len() as u64), sorted.concat()].concat();
        CraftedChange {
            deps,
            seq: unsigned(seq),
            start: unsigned(start),
            ..self
        }
    }

    /// The same, with its one operation in the place of another writer's of this counter.
    #[must_use]
    pub fn replacing(self, actor: [u8; 16], counter: u64) -> Self {
        let one = |entry: Vec<u8>| runs(&[entry]);
        let others = [unsigned(1), unsigned(16), actor.to_vec()].concat();
        let change = CraftedChange { others, ..self };
        change
            .column(column::REPLACES, one(unsigned(1)))
            .column(column::REPLACES_ACTOR, one(unsigned(1)))
            .column(column::REPLACES_COUNTER, one(signed(counter.cast_signed())))
    }

    /// The same with another column in the place of one, or beside the others.
    #[must_use]
    pub fn column(mut self, name: u64, data: Vec<u8>) -> Self {
        self.columns.insert(name, data);
        self
    }

    /// The same without a column.
    #[must_use]
    pub fn without(mut self, name: u64) -> Self {
        self.columns.remove(&name);
        self
    }

    /// Its data, without the head of a chunk.
    #[must_use]
    pub fn data(&self) -> Vec<u8> {
        let head = [
            &self.deps[..],
            &self.actor,
            &self.seq,
            &self.start,
            &self.time,
            &self.message,
            &self.others,
        ];
        let layout = self
            .columns
            .iter()
            .flat_map(|(name, data)| [unsigned(*name), unsigned(data.len() as u64)]);
        let layout: Vec<u8> = layout.flatten().collect();
        let columns: Vec<u8> = self.columns.values().flatten().copied().collect();
        let count = unsigned(self.columns.len() as u64);
        [head.concat(), count, layout, columns, self.behind.clone()].concat()
    }

    /// It as a chunk.
    #[must_use]
    pub fn chunk(&self) -> Vec<u8> {
        chunk(PLAIN, &self.data())
    }

    /// The hash by which it is known.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        hash(PLAIN, &self.data())
    }
}

/// Bytes in hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        text.push_str(&format!("{byte:02x}"));
        text
    })
}

/// One frame of the wire: its length, its type, its content.
#[must_use]
pub fn frame(kind: u8, content: &[u8]) -> Vec<u8> {
    [&unsigned(content.len() as u64 + 1), &[kind][..], content].concat()
}

/// The largest block of zstd.
const BLOCK_BYTES: usize = 128 * 1024;
/// A zstd frame of any length with a window of 1 MiB.
const ZSTD_HEAD: [u8; 6] = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x50];

fn block(kind: u32, size: usize, is_last: bool) -> [u8; 3] {
    let head = u32::from(is_last) | kind << 1 | (size as u32) << 3;
    let [one, two, three, _] = head.to_le_bytes();
    [one, two, three]
}

/// These bytes as a zstd stream that packs nothing.
#[must_use]
pub fn zstd(plain: &[u8]) -> Vec<u8> {
    let mut stream = ZSTD_HEAD.to_vec();
    for piece in plain.chunks(BLOCK_BYTES) {
        stream.extend(block(0, piece.len(), false));
        stream.extend(piece);
    }
    stream.extend(block(0, 0, true));
    stream
}

/// These bytes and then one byte many times, `blocks` times 128 KiB, in four bytes each.
#[must_use]
pub fn zstd_bomb(plain: &[u8], byte: u8, blocks: usize) -> Vec<u8> {
    let mut stream = zstd(plain);
    stream.truncate(stream.len() - 3);
    for _ in 0..blocks {
        stream.extend(block(1, BLOCK_BYTES, false));
        stream.push(byte);
    }
    stream.extend(block(0, 0, true));
    stream
}
