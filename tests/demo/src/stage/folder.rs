//! A folder of the demo's own, which goes when the demo ends. It does not know what lies in it.

use std::fs::{self, DirBuilder};
use std::io::ErrorKind;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use outfield_server::error::ServerError;

/// How many names for the folder are tried.
const FOLDERS_MAX: u32 = 1_000;

/// A folder of the demo's own, for this user's eyes only; gone when this is dropped.
pub(crate) struct StoryFolder(PathBuf);

impl StoryFolder {
    /// Makes a folder whose name no other demo has.
    pub(crate) fn make() -> Result<StoryFolder, ServerError> {
        let below = std::env::temp_dir();
        for number in 0..FOLDERS_MAX {
            let path = below.join(format!("outfield-demo-{}-{number}", std::process::id()));
            match DirBuilder::new().mode(0o700).create(&path) {
                Ok(()) => return Ok(StoryFolder(path)),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => {
                    return Err(ServerError::broken(format!("{}: {error}", path.display())));
                }
            }
        }
        Err(ServerError::broken(format!(
            "no folder could be made in {}",
            below.display()
        )))
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for StoryFolder {
    fn drop(&mut self) {
        // What cannot be removed lies in the system's folder for what is temporary.
        fs::remove_dir_all(&self.0).ok();
    }
}
