//! Which bucket the files of a data folder lie in: an address without secrets, noted in the folder,
//! so that no command looks for them elsewhere. It does not speak with a bucket.

use std::fmt;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::str::FromStr;

use crate::data_disk::make_private_file;
use crate::error::ServerError;

/// The file of a data folder that says in which bucket its files lie.
const NOTE: &str = "files.place";
/// Letters of an address, at most.
const ADDRESS_BYTES_MAX: usize = 512;

/// A bucket, and what the names of all that lies there begin with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BucketPlace {
    pub(super) bucket: String,
    /// Without a slash at either end; empty where there is none.
    pub(super) prefix: String,
}

impl FromStr for BucketPlace {
    type Err = ServerError;

    fn from_str(text: &str) -> Result<BucketPlace, ServerError> {
        let unreadable = || {
            let message = format!(
                "`{text}` names no bucket; say `s3://BUCKET` or `s3://BUCKET/PREFIX`, and where it \
                 is by AWS_REGION or AWS_ENDPOINT_URL"
            );
            ServerError::bad_input("bad_files_place", message).about("files")
        };
        let rest = text.strip_prefix("s3://").ok_or_else(unreadable)?;
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let prefix = prefix.trim_end_matches('/');
        let is_plain = |letter: u8| letter.is_ascii_alphanumeric() || b"-._".contains(&letter);
        let is_name = |part: &str| {
            !part.is_empty() && part != "." && part != ".." && part.bytes().all(is_plain)
        };
        let is_prefix = prefix.is_empty() || prefix.split('/').all(is_name);
        if text.len() > ADDRESS_BYTES_MAX || !is_name(bucket) || !is_prefix {
            return Err(unreadable());
        }
        Ok(BucketPlace {
            bucket: bucket.to_owned(),
            prefix: prefix.to_owned(),
        })
    }
}

impl fmt::Display for BucketPlace {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "s3://{}", self.bucket)?;
        if !self.prefix.is_empty() {
            write!(out, "/{}", self.prefix)?;
        }
        Ok(())
    }
}

/// The bucket that a data folder notes; none if its files lie in itself.
pub fn noted(dir: &Path) -> Result<Option<BucketPlace>, ServerError> {
    let path = dir.join(NOTE);
    match fs::read_to_string(&path) {
        Ok(text) => Ok(Some(text.trim_end().parse()?)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(ServerError::broken(format!("{}: {error}", path.display()))),
    }
}

/// Notes in which bucket the files of a data folder lie from now on. Another one than before is
/// refused: what lies there would be looked for here in vain.
pub fn note(dir: &Path, place: &BucketPlace) -> Result<(), ServerError> {
    match noted(dir)? {
        Some(known) if known == *place => return Ok(()),
        Some(known) => {
            let message = format!(
                "the files of this folder lie in {known}, not in {place}; leave `--files` away, or \
                 take a backup and restore it into a new folder, from where they go up anew"
            );
            return Err(ServerError::refused("files_elsewhere", message).about("files"));
        }
        None => {}
    }
    let path = dir.join(NOTE);
    make_private_file(&path)?;
    fs::write(&path, format!("{place}\n"))
        .and_then(|()| fs::File::open(&path)?.sync_all())
        .map_err(|error| ServerError::broken(format!("{}: {error}", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_is_named_by_plain_letters() {
        for (text, shown) in [
            ("s3://photos", Some("s3://photos")),
            ("s3://photos/", Some("s3://photos")),
            ("s3://photos/acme/eu", Some("s3://photos/acme/eu")),
            ("s3://photos/../secrets", None),
            ("s3://photos//twice", None),
            ("s3://", None),
            ("https://photos", None),
            ("s3://user:secret@photos", None),
        ] {
            let read = text.parse::<BucketPlace>().ok().map(|it| it.to_string());
            assert_eq!(read.as_deref(), shown, "{text}");
        }
    }

    #[test]
    fn a_folder_keeps_to_its_bucket() {
        let folder = tempfile::tempdir().unwrap();
        let place = |text: &str| text.parse::<BucketPlace>().unwrap();
        assert_eq!(noted(folder.path()), Ok(None));
        note(folder.path(), &place("s3://one")).unwrap();
        note(folder.path(), &place("s3://one")).unwrap();
        let other = note(folder.path(), &place("s3://two"));
        assert_eq!(other.unwrap_err().code, "files_elsewhere");
        assert_eq!(noted(folder.path()), Ok(Some(place("s3://one"))));
    }
}
