//! What travels of files: pieces, how far a file has come, and what is fetched. It does not know
//! which records name them.

use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};

use crate::base::id::BlobHash;

/// Bytes of a file, either way.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Piece {
    /// The file.
    #[n(0)]
    pub hash: BlobHash,
    /// Where in the file they begin.
    #[n(1)]
    pub offset: u64,
    /// The bytes; none where a device only asks how far the file has come.
    #[n(2)]
    pub bytes: ByteVec,
}

/// How far a file has come to the server, after a piece.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Arrived {
    /// The file.
    #[n(0)]
    pub hash: BlobHash,
    /// How many bytes of it are here: the next piece begins there.
    #[n(1)]
    pub held: u64,
    /// Whether the file is here: all of it, and what its name says.
    #[n(2)]
    pub is_whole: bool,
    /// Why this piece was not taken, if it was not; a stable name.
    #[n(3)]
    pub code: Option<String>,
    /// The same in words.
    #[n(4)]
    pub message: Option<String>,
}

/// A device wants bytes of a file.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Fetch {
    /// The file.
    #[n(0)]
    pub hash: BlobHash,
    /// Where in the file to begin.
    #[n(1)]
    pub offset: u64,
    /// How many bytes at most.
    #[n(2)]
    pub most: u64,
}
