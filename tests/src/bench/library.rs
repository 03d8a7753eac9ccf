//! How large the library is that an app carries: built for size and stripped. It does not know what
//! is in it.

use std::path::{Path, PathBuf};

use super::base::Bench;
use super::measure::disk;
use crate::products;

/// The profile that builds it.
const PROFILE: &str = "mobile";
const NAME: &str = "mobile library, stripped";

/// Measures the library that was named, else one of this machine's own kind.
pub fn run(bench: &mut Bench) {
    let library: Option<PathBuf> = bench.plan.library.clone();
    match library {
        Some(file) => {
            let note = format!("{}, as it was given", kind(&file));
            bench.report.note(NAME, disk(&file), None, note);
        }
        None if bench.plan.quick => bench.report.skip(NAME, "a quick run builds nothing"),
        None => {
            bench.tell("library: builds it for size");
            let file = built();
            let note = format!(
                "{}, not arm64; --library FILE measures one that was built elsewhere",
                kind(&file)
            );
            bench.report.note(NAME, disk(&file), None, note);
        }
    }
}

fn built() -> PathBuf {
    let mut cargo = products::cargo();
    cargo.args([
        "build",
        "-p",
        "outfield-bindings",
        "--lib",
        "--locked",
        "--quiet",
        "--profile",
        PROFILE,
    ]);
    assert!(
        cargo.status().expect("cargo is there").success(),
        "the library does not build"
    );
    products::workspace()
        .join("target")
        .join(PROFILE)
        .join(products::library())
}

/// The processor that an ELF file is for.
fn kind(file: &Path) -> &'static str {
    let bytes = std::fs::read(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    match bytes.get(18..20) {
        Some([0x3e, 0]) => "x86_64",
        Some([0xb7, 0]) => "arm64",
        _ => "of another kind",
    }
}
