//! One thing that is wrong, said so that somebody can mend it; and how many are printed.

use std::collections::BTreeMap;
use std::fmt;

/// One thing that is wrong: where, what, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The file, below the workspace.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong.
    pub wrong: String,
    /// What to do.
    pub mend: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}:{}: {}; {}",
            self.file, self.line, self.wrong, self.mend
        )
    }
}

/// The folder that a file's findings are grouped by: its package.
fn package(file: &str) -> &str {
    for end in ["/src/", "/tests/", "/benches/", "/fuzz_targets/"] {
        if let Some((before, _)) = file.split_once(end) {
            return before;
        }
    }
    file
}

/// All findings as text, grouped by package with their counts.
pub fn grouped(findings: &[Finding]) -> String {
    let mut groups: BTreeMap<&str, Vec<&Finding>> = BTreeMap::new();
    for finding in findings {
        groups
            .entry(package(&finding.file))
            .or_default()
            .push(finding);
    }
    let mut text = String::new();
    for (package, mut findings) in groups {
        findings.sort();
        text.push_str(&format!("{package}: {}\n", findings.len()));
        for finding in findings {
            text.push_str(&format!("  {finding}\n"));
        }
    }
    text
}
