//! Reads numbers, slices and chunk headers from bytes of unknown origin, never past their end.
//! It does not know what the numbers mean.

use std::io::Read;

use sha2::{Digest, Sha256};

use crate::crdt::error::GateError;

const MAGIC: [u8; 4] = [0x85, 0x6f, 0x4a, 0x83];

/// A cursor over bytes of unknown origin.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bytes<'a> {
    rest: &'a [u8],
}

impl<'a> Bytes<'a> {
    pub(super) fn new(rest: &'a [u8]) -> Self {
        Bytes { rest }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(super) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// The next `count` bytes.
    pub(super) fn take(&mut self, count: usize) -> Result<&'a [u8], GateError> {
        let split = self.rest.split_at_checked(count);
        let (taken, rest) = split.ok_or_else(|| GateError::malformed("ends too early"))?;
        self.rest = rest;
        Ok(taken)
    }

    /// The next `N` bytes.
    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], GateError> {
        self.take(N)?
            .try_into()
            .map_err(|_| GateError::malformed("ends too early"))
    }

    /// An unsigned LEB128 number in its shortest form.
    pub(super) fn unsigned(&mut self) -> Result<u64, GateError> {
        let mut value = 0u64;
        for shift in (0..70).step_by(7) {
            let [byte] = self.array()?;
            let last = byte & 0x80 == 0;
            if (shift == 63 && byte > 1) || (last && shift > 0 && byte == 0) {
                break;
            }
            value |= u64::from(byte & 0x7f) << shift;
            if last {
                return Ok(value);
            }
        }
        Err(GateError::malformed("a number is too long"))
    }

    /// A signed LEB128 number in its shortest form.
    pub(super) fn signed(&mut self) -> Result<i64, GateError> {
        let mut value = 0i64;
        let mut before = 0u8;
        for shift in (0..70).step_by(7) {
            let [byte] = self.array()?;
            let last = byte & 0x80 == 0;
            let repeats_sign =
                (byte == 0 && before & 0x40 == 0) || (byte == 0x7f && before & 0x40 != 0);
            if (shift == 63 && byte != 0 && byte != 0x7f) || (last && shift > 0 && repeats_sign) {
                break;
            }
            value |= i64::from(byte & 0x7f) << shift;
            if last {
                let fill = if byte & 0x40 != 0 && shift + 7 < 64 {
                    -1i64 << (shift + 7)
                } else {
                    0
                };
                return Ok(value | fill);
            }
            before = byte;
        }
        Err(GateError::malformed("a number is too long"))
    }

    /// A count or length that must not exceed `max`; the error carries `code`.
    pub(super) fn count(&mut self, max: usize, code: &'static str) -> Result<usize, GateError> {
        let count = self.unsigned()?;
        let fits = usize::try_from(count).ok().filter(|count| *count <= max);
        fits.ok_or_else(|| {
            GateError::new(code, format!("claims {count}, at most {max} are allowed"))
        })
    }

    /// A writer's id with its length in front.
    pub(super) fn actor(&mut self) -> Result<[u8; 16], GateError> {
        if self.unsigned()? != 16 {
            return Err(GateError::new(
                "bad_actor",
                "a writer's id is not 16 bytes long",
            ));
        }
        self.array()
    }
}

/// One chunk as it stands in the bytes: its kind, its data, its checksum.
pub(super) struct Chunk<'a> {
    pub(super) kind: u8,
    pub(super) data: &'a [u8],
    checksum: [u8; 4],
}

impl<'a> Chunk<'a> {
    /// Reads one chunk and leaves the cursor behind it.
    pub(super) fn read(bytes: &mut Bytes<'a>, max: usize) -> Result<Self, GateError> {
        if bytes.array::<4>()? != MAGIC {
            return Err(GateError::malformed(
                "does not begin as Automerge data does",
            ));
        }
        let checksum = bytes.array()?;
        let [kind] = bytes.array()?;
        let length = bytes.count(max, "too_many_bytes")?;
        Ok(Chunk {
            kind,
            data: bytes.take(length)?,
            checksum,
        })
    }

    /// The hash of `data` as a chunk of `kind`; refused unless the checksum agrees.
    pub(super) fn verify(&self, kind: u8, data: &[u8]) -> Result<[u8; 32], GateError> {
        let hash: [u8; 32] = Sha256::new()
            .chain_update(head(kind, data.len()))
            .chain_update(data)
            .finalize()
            .into();
        if hash[..4] != self.checksum {
            return Err(GateError::new(
                "bad_checksum",
                "the checksum does not agree with the data",
            ));
        }
        Ok(hash)
    }
}

/// A whole chunk around `data`, as Automerge writes it.
pub(super) fn seal(kind: u8, data: &[u8]) -> Vec<u8> {
    let head = head(kind, data.len());
    let hash = Sha256::new()
        .chain_update(&head)
        .chain_update(data)
        .finalize();
    [&MAGIC[..], &hash[..4], &head, data].concat()
}

/// Kind and length, which the hash covers too.
fn head(kind: u8, length: usize) -> Vec<u8> {
    let mut head = vec![kind];
    let mut left = length;
    while left >= 0x80 {
        head.push((left & 0x7f) as u8 | 0x80);
        left >>= 7;
    }
    head.push((left & 0x7f) as u8);
    head
}

/// Inflates; refused once more than `max` bytes come out, or when anything follows the deflated
/// data.
pub(super) fn inflate(deflated: &[u8], max: usize) -> Result<Vec<u8>, GateError> {
    let mut decoder = flate2::bufread::DeflateDecoder::new(deflated);
    let mut plain = Vec::new();
    let limit = u64::try_from(max).unwrap_or(u64::MAX).saturating_add(1);
    let read = decoder.by_ref().take(limit).read_to_end(&mut plain);
    read.map_err(|_| GateError::malformed("the deflated data is damaged"))?;
    if plain.len() > max {
        return Err(GateError::new(
            "too_many_bytes",
            format!("inflates to more than {max} bytes"),
        ));
    }
    if decoder.total_in() != deflated.len() as u64 {
        return Err(GateError::malformed("bytes follow the deflated data"));
    }
    Ok(plain)
}
