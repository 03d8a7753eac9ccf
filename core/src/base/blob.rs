//! The name of a file as records say it: its hash, how long it is, and what it is. It does not know
//! where files are kept, nor what is on a picture.

use std::fmt;
use std::str::FromStr;

use super::id::BlobHash;
use super::limits::BLOB_BYTES_MAX;

/// What a file is, as its first bytes tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum MediaType {
    /// A picture in JPEG.
    Jpeg,
    /// A picture in PNG.
    Png,
    /// A picture in WebP.
    Webp,
    /// A paper in PDF.
    Pdf,
}

/// Every kind of file, by the name that HTTP has for it.
const MEDIA_TYPES: &[(MediaType, &str)] = &[
    (MediaType::Jpeg, "image/jpeg"),
    (MediaType::Png, "image/png"),
    (MediaType::Webp, "image/webp"),
    (MediaType::Pdf, "application/pdf"),
];

/// How many of the first bytes of a file tell what it is.
pub const SNIFFED_BYTES: usize = 12;

impl MediaType {
    /// Its name, such as `image/jpeg`.
    #[must_use]
    pub fn name(self) -> &'static str {
        let found = MEDIA_TYPES.iter().find(|(known, _)| *known == self);
        found.map_or("", |(_, name)| name)
    }

    /// What has this name.
    #[must_use]
    pub fn named(name: &str) -> Option<MediaType> {
        let found = MEDIA_TYPES.iter().find(|(_, known)| *known == name);
        found.map(|(media, _)| *media)
    }

    /// What a file is that begins with these bytes; whatever its name says, others are not kept.
    #[must_use]
    pub fn of(first: &[u8]) -> Option<MediaType> {
        if first.starts_with(b"\xff\xd8\xff") {
            return Some(MediaType::Jpeg);
        }
        if first.starts_with(b"\x89PNG\r\n\x1a\n") {
            return Some(MediaType::Png);
        }
        if first.starts_with(b"RIFF") && first.get(8..12) == Some(b"WEBP") {
            return Some(MediaType::Webp);
        }
        first.starts_with(b"%PDF-").then_some(MediaType::Pdf)
    }
}

/// The name of one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct BlobName {
    /// SHA-256 of its bytes.
    pub hash: BlobHash,
    /// How many bytes it has; at least one, and at most [`BLOB_BYTES_MAX`].
    pub bytes: u64,
    /// What it is.
    pub media: MediaType,
}

/// A text that names no file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not the name of a file: its SHA-256, its length in bytes and what it is, such as \
     `9f86..0a08:48213:image/jpeg`"
)]
pub struct BlobNameError(String);

impl BlobName {
    /// The name of a file of these bytes; none if they are no file that is kept.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Option<BlobName> {
        let length = bytes.len() as u64;
        let media = MediaType::of(bytes).filter(|_| length <= BLOB_BYTES_MAX)?;
        Some(BlobName {
            hash: BlobHash::of(bytes),
            bytes: length,
            media,
        })
    }
}

impl fmt::Display for BlobName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.hash, self.bytes, self.media.name())
    }
}

impl FromStr for BlobName {
    type Err = BlobNameError;

    fn from_str(text: &str) -> Result<Self, BlobNameError> {
        let read = || {
            let (hash, rest) = text.split_once(':')?;
            let (bytes, media) = rest.split_once(':')?;
            let name = BlobName {
                hash: hash.parse().ok()?,
                bytes: bytes.parse().ok()?,
                media: MediaType::named(media)?,
            };
            let is_kept = (1..=BLOB_BYTES_MAX).contains(&name.bytes);
            // There is one text for each name.
            (is_kept && name.to_string() == text).then_some(name)
        };
        read().ok_or_else(|| BlobNameError(text.chars().take(200).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_one_text_and_says_what_the_first_bytes_say() {
        let name = BlobName::of(b"%PDF-1.7 order").unwrap();
        assert_eq!(name.to_string().parse(), Ok(name));
        assert_eq!((name.bytes, name.media), (14, MediaType::Pdf));
        let text = name.to_string();
        for wrong in [
            text.to_uppercase(),
            text.replace(":14:", ":014:"),
            text.replace(":14:", ":0:"),
            text.replace(":14:", ":99999999:"),
            text.replace("application/pdf", "text/html"),
            String::new(),
        ] {
            assert!(wrong.parse::<BlobName>().is_err(), "{wrong}");
        }
        assert_eq!(BlobName::of(b"<html>"), None);
        assert_eq!(BlobName::of(b""), None);
    }
}
