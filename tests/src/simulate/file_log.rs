//! What is heard of files where it leaves the server: how often one arrived, how often one went on
//! from where a meeting broke off, and that none is told as whole that is not. It does not know who
//! took a file, nor what names it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use outfield_core::base::blob::BlobName;
use outfield_core::base::id::BlobHash;
use outfield_core::base::limits::REQUEST_BYTES_MAX;
use outfield_core::sync::frames::Frame;
use outfield_core::sync::{Call, wire};

use crate::server::ServerAnswer;

/// The books of what was heard of files.
#[derive(Debug, Clone, Default)]
pub(crate) struct FileLog {
    /// Where files lie on the server; none if nobody takes any.
    pub(crate) folder: Option<PathBuf>,
    /// How many files arrived since somebody asked last.
    pub(crate) arrived: u64,
    /// How many went on from where an earlier meeting had brought them.
    pub(crate) resumed: u64,
    /// How far each file of each phone has come.
    held: BTreeMap<(String, BlobHash), u64>,
    /// How far those had come that go on in a phone's present meeting.
    begun: BTreeMap<(String, BlobHash), u64>,
}

impl FileLog {
    /// A phone begins a meeting.
    pub(super) fn meets(&mut self, phone: &str) {
        let of_phone = self.held.iter().filter(|((of, _), _)| of == phone);
        let of_phone: Vec<_> = of_phone.map(|(key, held)| (key.clone(), *held)).collect();
        self.begun.extend(of_phone);
    }

    /// Pieces of a phone and what was answered.
    pub(super) fn hears(&mut self, phone: &str, call: &Call, answer: &ServerAnswer) {
        let packing = wire::Packing::named(Some(call.media_type));
        let sent = wire::decode_as(packing, &call.body, REQUEST_BYTES_MAX).unwrap();
        let said = wire::decode(&answer.body, usize::MAX).unwrap();
        for (sent, said) in sent.iter().zip(&said) {
            let (Frame::Piece(piece), Frame::Arrived(arrived)) = (sent, said) else {
                continue;
            };
            let key = (phone.to_owned(), piece.hash);
            let begun = self.begun.get(&key).copied().unwrap_or(0);
            let before = self.held.insert(key.clone(), arrived.held).unwrap_or(0);
            if begun > 0 && arrived.held != begun {
                self.resumed += u64::from(arrived.held > begun);
                self.begun.remove(&key);
            }
            if arrived.is_whole {
                self.arrived += u64::from(arrived.held > before);
                assert!(
                    self.is_there(piece.hash),
                    "{phone} was told that {} is on the server, and it is not",
                    piece.hash
                );
            }
        }
    }

    /// Whether a file is on the server byte for byte.
    fn is_there(&self, hash: BlobHash) -> bool {
        let folder = self.folder.as_deref();
        folder.is_some_and(|folder| read(folder, hash).is_some())
    }
}

/// The name of a file that lies in the folder of a server's files, all of whose bytes are those of
/// its hash.
pub(crate) fn read(folder: &Path, hash: BlobHash) -> Option<BlobName> {
    let name = hash.to_string();
    let bytes = std::fs::read(folder.join(&name[..2]).join(&name)).ok()?;
    BlobName::of(&bytes).filter(|name| name.hash == hash)
}

/// The files that lie in the folder of a server's files, by what they are called.
pub(crate) fn lying(folder: &Path) -> BTreeSet<BlobHash> {
    let mut found = BTreeSet::new();
    for within in std::fs::read_dir(folder).into_iter().flatten() {
        for file in std::fs::read_dir(within.unwrap().path()).unwrap() {
            let name = file.unwrap().file_name();
            found.insert(name.to_string_lossy().parse().unwrap());
        }
    }
    found
}
