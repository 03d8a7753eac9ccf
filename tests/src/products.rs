//! Finds what this build made: the binary `outfield` and the library that apps load.
//! It does not know what they do.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder that holds all packages.
#[must_use]
pub fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The folder in which cargo leaves binary and library, both up to date. They are built as `cargo
/// test --workspace` builds them, so that after it nothing is left to do.
pub fn folder() -> Result<PathBuf, String> {
    let own = std::env::current_exe()
        .map_err(|error| format!("this program does not know where it lies: {error}"))?;
    let beside = own.parent().map(|folder| {
        if folder.ends_with("deps") {
            folder.join("..")
        } else {
            folder.to_owned()
        }
    });
    let folder = beside.and_then(|folder| folder.canonicalize().ok());
    let folder = folder
        .ok_or_else(|| format!("{} does not lie where cargo leaves programs", own.display()))?;
    let (Some(target), Some(profile)) = (folder.parent(), folder.file_name()) else {
        return Err(format!("{} is no folder of a profile", folder.display()));
    };
    let mut cargo = cargo();
    cargo.args([
        "build",
        "--workspace",
        "--lib",
        "--bin",
        "outfield",
        "--bin",
        "outfield-demo",
        "--locked",
        "--quiet",
        "--profile",
    ]);
    cargo.arg(if profile == "debug" {
        "dev".as_ref()
    } else {
        profile
    });
    cargo.arg("--target-dir").arg(target);
    match cargo.status() {
        Ok(status) if status.success() => Ok(folder),
        Ok(status) => Err(format!("`cargo build` of binary and library: {status}")),
        Err(error) => Err(format!("cargo cannot be run: {error}")),
    }
}

/// Cargo in the folder of all packages.
#[must_use]
pub fn cargo() -> Command {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(workspace());
    // What the outer cargo tells this program of its package would make the inner one build ring,
    // and all above it, anew.
    for (name, _) in std::env::vars_os() {
        if ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_"]
            .iter()
            .any(|of| name.to_string_lossy().starts_with(of))
        {
            cargo.env_remove(name);
        }
    }
    cargo
}

/// The library's file name on this system.
#[must_use]
pub fn library() -> String {
    format!(
        "{}outfield{}",
        std::env::consts::DLL_PREFIX,
        std::env::consts::DLL_SUFFIX
    )
}
