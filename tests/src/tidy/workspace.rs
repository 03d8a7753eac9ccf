//! Reads the workspace from the disk: its sources, its manifests, and the names of its objects. It
//! does not know what is done with them.

use std::path::{Path, PathBuf};

use super::manifests::Manifest;
use super::scan::scan;
use super::shapes::ScannedFile;

/// The workspace's folder.
pub fn root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().expect("a workspace").to_owned()
}

/// Paths below the workspace of all files with this name's end, in order.
pub fn files(end: &str) -> Vec<String> {
    let root = root();
    let mut found = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder to read") {
            let path = entry.expect("an entry").path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if path.is_dir() {
                if name != "target" && !name.starts_with('.') {
                    folders.push(path);
                }
            } else if name.ends_with(end) {
                let below = path.strip_prefix(&root).expect("a file of the workspace");
                found.push(below.to_string_lossy().into_owned());
            }
        }
    }
    found.sort();
    found
}

/// What a file of the workspace holds.
pub fn text(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Every source.
pub fn sources() -> Vec<ScannedFile> {
    let paths = files(".rs");
    assert!(paths.len() > 100, "the sources were not found");
    paths.iter().map(|path| scan(path, &text(path))).collect()
}

/// Every manifest.
pub fn manifests() -> Vec<Manifest> {
    let paths = files("Cargo.toml");
    let read = paths.iter().map(|path| Manifest::of(path, &text(path)));
    read.collect()
}

/// The names of the built-in objects.
pub fn objects() -> Vec<String> {
    let mut names = Vec::new();
    for path in files(".json") {
        if path.starts_with("core/objects/") {
            let name = Path::new(&path).file_stem().unwrap_or_default();
            names.push(name.to_string_lossy().into_owned());
        }
    }
    names
}
