//! Ids and hashes as types of their own, so that swapping two of them does not compile.
//! It does not know where randomness comes from: `Context` hands it in.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

use super::hex;

/// An id or hash in text was not of the expected form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not {expected}")]
pub struct IdError {
    /// What was given.
    pub text: String,
    /// What it should have been.
    pub expected: &'static str,
}

/// On the wire it is its bytes.
macro_rules! bytes_on_the_wire {
    ($name:ident) => {
        impl<C> minicbor::Encode<C> for $name {
            fn encode<W: minicbor::encode::Write>(
                &self,
                e: &mut minicbor::Encoder<W>,
                _: &mut C,
            ) -> Result<(), minicbor::encode::Error<W::Error>> {
                e.bytes(&self.0)?.ok()
            }
        }

        impl<'b, C> minicbor::Decode<'b, C> for $name {
            fn decode(
                d: &mut minicbor::Decoder<'b>,
                _: &mut C,
            ) -> Result<Self, minicbor::decode::Error> {
                Self::from_slice(d.bytes()?).map_err(minicbor::decode::Error::message)
            }
        }
    };
}

/// Declares a 16-byte id that reads and prints as a lower-case UUID.
macro_rules! id {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; 16]);

        impl $name {
            /// The raw 16 bytes, as stored and as sent.
            #[must_use]
            pub fn as_bytes(&self) -> &[u8] {
                &self.0
            }

            /// Reads 16 raw bytes; any other length is an error.
            pub fn from_slice(bytes: &[u8]) -> Result<Self, IdError> {
                bytes.try_into().map(Self).map_err(|_| IdError {
                    text: format!("{} bytes", bytes.len()),
                    expected: "an id of 16 bytes",
                })
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                uuid::Uuid::from_bytes(self.0).hyphenated().fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                uuid::Uuid::try_parse(text).map(|id| Self(id.into_bytes())).map_err(|_| IdError {
                    text: text.to_owned(),
                    expected: "an id such as 01940c3e-5b1a-7cc0-8000-0123456789ab",
                })
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(d)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        bytes_on_the_wire!($name);
    };
}

id!(
    /// One record of any object: a document, a fact or a row. A UUIDv7 made where the record was
    /// made.
    RecordId
);
id!(
    /// One person who signs in; also the id of that person's `user` row.
    UserId
);
id!(
    /// One installation on one phone, terminal or browser; also the id of its `device` row.
    DeviceId
);
id!(
    /// One writer of changes: random per installation and login, never used twice.
    ActorId
);
id!(
    /// One enterprise whose data nobody else sees.
    TenantId
);
id!(
    /// One field that two people changed; derived from what competes, so every replica names it
    /// alike.
    ConflictId
);
id!(
    /// One group of entries that a person made by one command: all of it becomes true, or nothing.
    GroupId
);

impl From<UserId> for RecordId {
    fn from(id: UserId) -> Self {
        RecordId(id.0)
    }
}

impl From<DeviceId> for RecordId {
    fn from(id: DeviceId) -> Self {
        RecordId(id.0)
    }
}

impl From<ActorId> for RecordId {
    fn from(id: ActorId) -> Self {
        RecordId(id.0)
    }
}

impl RecordId {
    /// A UUIDv7 of this millisecond and these random bytes.
    #[must_use]
    pub fn at(unix_ms: i64, random: [u8; 10]) -> Self {
        let ms = u64::try_from(unix_ms).unwrap_or(0);
        RecordId(
            uuid::Builder::from_unix_timestamp_millis(ms, &random)
                .into_uuid()
                .into_bytes(),
        )
    }

    /// An id that everyone who knows the same parts derives alike (for instance an imported row's).
    #[must_use]
    pub fn derived(parts: &[&[u8]]) -> Self {
        RecordId(derive(parts))
    }
}

impl GroupId {
    /// A new group of these random bytes.
    #[must_use]
    pub fn random(bytes: [u8; 16]) -> Self {
        GroupId(
            uuid::Builder::from_random_bytes(bytes)
                .into_uuid()
                .into_bytes(),
        )
    }
}

impl UserId {
    /// Stands for no person: whoever runs the server writes as nobody in particular.
    pub const NOBODY: UserId = UserId([0; 16]);
}

impl RecordId {
    /// Whether everyone who knows its parts may derive it: a UUIDv8, which no device gives a record
    /// of its own making.
    #[must_use]
    pub fn is_derived(self) -> bool {
        is_derived(self.0)
    }
}

impl ActorId {
    /// A new actor of these random bytes: a UUIDv4, so that none is like a derived id.
    #[must_use]
    pub fn random(bytes: [u8; 16]) -> Self {
        ActorId(
            uuid::Builder::from_random_bytes(bytes)
                .into_uuid()
                .into_bytes(),
        )
    }

    /// Whether it is like an id that is derived; see [`RecordId::is_derived`].
    #[must_use]
    pub fn is_derived(self) -> bool {
        is_derived(self.0)
    }
}

fn is_derived(id: [u8; 16]) -> bool {
    id[6] >> 4 == 8 && id[8] >> 6 == 0b10
}

impl ConflictId {
    /// The id of a conflict, from the parts that name it; see [`RecordId::derived`].
    #[must_use]
    pub fn derived(parts: &[&[u8]]) -> Self {
        ConflictId(derive(parts))
    }
}

/// Hashes length-prefixed parts into a UUIDv8.
fn derive(parts: &[&[u8]]) -> [u8; 16] {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hasher.finalize()[..16]);
    uuid::Builder::from_custom_bytes(bytes)
        .into_uuid()
        .into_bytes()
}

/// Declares a SHA-256 that reads and prints as 64 lower-case hex digits.
macro_rules! hash {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; 32]);

        impl $name {
            /// Reads 32 raw bytes; any other length is an error.
            pub fn from_slice(bytes: &[u8]) -> Result<Self, IdError> {
                bytes.try_into().map(Self).map_err(|_| IdError {
                    text: format!("{} bytes", bytes.len()),
                    expected: "a hash of 32 bytes",
                })
            }

            /// SHA-256 of these bytes.
            #[must_use]
            pub fn of(bytes: &[u8]) -> Self {
                $name(Sha256::digest(bytes).into())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                let wrong = || IdError {
                    text: text.to_owned(),
                    expected: "a hash of 64 hex digits",
                };
                if text.len() != 64 {
                    return Err(wrong());
                }
                let bytes = hex::bytes(text).ok_or_else(wrong)?;
                $name::from_slice(&bytes).map_err(|_| wrong())
            }
        }

        bytes_on_the_wire!($name);
    };
}

hash!(
    /// SHA-256 of one change or fact as Automerge and the wire know it.
    ChangeHash
);
hash!(
    /// SHA-256 of the bytes of one file; every store keeps it under this name.
    BlobHash
);
