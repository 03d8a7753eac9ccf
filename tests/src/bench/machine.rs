//! The machine that figures are of. It does not know the figures.

use std::process::Command;

use serde_json::{Value as Json, json};

const UNOPTIMISED: &str = "for tests; no figure of this build counts";

/// The first line of a file that begins like this, behind its colon.
fn line(file: &str, start: &str) -> String {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let found = text
        .lines()
        .find_map(|line| line.strip_prefix(start)?.split_once(':'));
    found.map_or("unknown".to_owned(), |(_, value)| value.trim().to_owned())
}

fn commit() -> String {
    let git = |words: &[&str]| {
        let output = Command::new("git")
            .args(words)
            .current_dir(crate::products::workspace())
            .output();
        output
            .map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
            .unwrap_or_default()
    };
    let changed = if git(&["status", "--porcelain"]).is_empty() {
        ""
    } else {
        " and changes"
    };
    format!("{}{changed}", git(&["rev-parse", "--short", "HEAD"]))
}

/// What a reader must know to compare.
#[must_use]
pub fn described() -> Json {
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    json!({
        "cpu": line("/proc/cpuinfo", "model name"),
        "cores": std::thread::available_parallelism().map_or(1, usize::from),
        "memory": line("/proc/meminfo", "MemTotal"),
        "kernel": kernel.trim(),
        "sqlite": rusqlite::version(),
        "commit": commit(),
        "built": if cfg!(debug_assertions) { UNOPTIMISED } else { "optimised" },
    })
}
