//! Makes bytes of changes, honest ones and ones that are spoilt in one part.

use std::io::Write as _;

use outfield_core::base::id::ActorId;
use outfield_core::base::time::Timestamp;
use outfield_core::crdt::{Document, Vetted};
use outfield_core::objects::{Value, Values};
use sha2::{Digest, Sha256};

pub(crate) const ANN: ActorId = ActorId([1; 16]);
pub(crate) const BOB: ActorId = ActorId([2; 16]);

pub(crate) fn uleb(mut number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number >= 0x80 {
        bytes.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}

pub(crate) fn sleb(mut number: i64) -> Vec<u8> {
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

pub(crate) fn hash(kind: u8, data: &[u8]) -> [u8; 32] {
    Sha256::new()
        .chain_update([kind])
        .chain_update(uleb(data.len() as u64))
        .chain_update(data)
        .finalize()
        .into()
}

/// A chunk whose checksum agrees with its data.
pub(crate) fn seal(kind: u8, data: &[u8]) -> Vec<u8> {
    let mark = &[0x85, 0x6f, 0x4a, 0x83][..];
    [
        mark,
        &hash(kind, data)[..4],
        &[kind],
        &uleb(data.len() as u64),
        data,
    ]
    .concat()
}

/// A deflated chunk: the checksum is that of the plain one.
pub(crate) fn deflate(data: &[u8], behind: &[u8]) -> Vec<u8> {
    let mut encoder =
        flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(data).unwrap();
    let deflated = [encoder.finish().unwrap(), behind.to_vec()].concat();
    let mark = &[0x85, 0x6f, 0x4a, 0x83][..];
    [
        mark,
        &hash(1, data)[..4],
        &[2],
        &uleb(deflated.len() as u64),
        &deflated,
    ]
    .concat()
}

/// Where a chunk's data begins.
pub(crate) fn data_of(chunk: &[u8]) -> &[u8] {
    let length = chunk[9..].iter().position(|byte| byte & 0x80 == 0).unwrap() + 1;
    &chunk[9 + length..]
}

/// How one part is spoilt.
pub(crate) type SpoilPart = fn(&mut Parts);

/// The parts of a change, to be spoilt one at a time; as they stand they put `a` = 5.
pub(crate) struct Parts {
    pub(crate) deps: Vec<u8>,
    pub(crate) actor: Vec<u8>,
    pub(crate) seq: Vec<u8>,
    pub(crate) start: Vec<u8>,
    pub(crate) time: Vec<u8>,
    pub(crate) message: Vec<u8>,
    pub(crate) others: Vec<u8>,
    pub(crate) columns: Vec<(u64, Vec<u8>)>,
    pub(crate) behind: Vec<u8>,
}

impl Parts {
    pub(crate) fn honest() -> Self {
        Parts {
            deps: uleb(0),
            actor: [uleb(16), vec![1; 16]].concat(),
            seq: uleb(1),
            start: uleb(1),
            time: sleb(1_000),
            message: uleb(0),
            others: uleb(0),
            columns: vec![
                (0x15, [sleb(-1), uleb(1), b"a".to_vec()].concat()),
                (0x34, uleb(1)),
                (0x42, [sleb(-1), uleb(1)].concat()),
                (0x56, [sleb(-1), uleb(0x14)].concat()),
                (0x57, sleb(5)),
                (0x70, [sleb(-1), uleb(0)].concat()),
            ],
            behind: Vec::new(),
        }
    }

    pub(crate) fn column(mut self, name: u64, data: Vec<u8>) -> Self {
        self.columns.retain(|(known, _)| *known != name);
        self.columns.push((name, data));
        self.columns.sort_by_key(|(name, _)| name & !8);
        self
    }

    pub(crate) fn key(self, key: &str) -> Self {
        self.column(
            0x15,
            [sleb(-1), uleb(key.len() as u64), key.as_bytes().to_vec()].concat(),
        )
    }

    pub(crate) fn without(mut self, name: u64) -> Self {
        self.columns.retain(|(known, _)| *known != name);
        self
    }

    pub(crate) fn data(&self) -> Vec<u8> {
        let names: Vec<u8> = self
            .columns
            .iter()
            .flat_map(|(name, data)| [uleb(*name), uleb(data.len() as u64)].concat())
            .collect();
        let data: Vec<u8> = self
            .columns
            .iter()
            .flat_map(|(_, data)| data.clone())
            .collect();
        let head = [
            &self.deps[..],
            &self.actor,
            &self.seq,
            &self.start,
            &self.time,
            &self.message,
        ]
        .concat();
        [
            head,
            self.others.clone(),
            uleb(self.columns.len() as u64),
            names,
            data,
            self.behind.clone(),
        ]
        .concat()
    }

    pub(crate) fn chunk(&self) -> Vec<u8> {
        seal(1, &self.data())
    }
}

pub(crate) fn values(pairs: &[(&str, Value)]) -> Values {
    pairs
        .iter()
        .map(|(path, value)| ((*path).to_owned(), value.clone()))
        .collect()
}

/// A document by two, with a conflict, and its changes.
pub(crate) fn honest() -> (Document, Vec<Vetted>) {
    let mut ann = Document::new();
    let all = [
        ("name", "Lidl".into()),
        ("phone", "1".into()),
        ("open", true.into()),
        ("units", 300.into()),
    ];
    let mut changes = vec![ann.write(ANN, Timestamp(1_000), &values(&all)).unwrap()];
    let mut bob = ann.clone();
    changes.push(
        ann.write(
            ANN,
            Timestamp(2_000),
            &values(&[("phone", "2".into()), ("fax", Value::Null)]),
        )
        .unwrap(),
    );
    changes.push(
        bob.write(BOB, Timestamp(3_000), &values(&[("phone", "3".into())]))
            .unwrap(),
    );
    ann.apply(&changes).unwrap();
    changes.push(
        ann.write(
            BOB,
            Timestamp(4_000),
            &values(&[("phone", "4".into()), ("units", 7.into())]),
        )
        .unwrap(),
    );
    (ann, changes)
}
