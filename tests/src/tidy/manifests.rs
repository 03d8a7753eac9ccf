//! What the manifests say: dependencies that no file uses, and those that a package must not have.
//! It reads the few forms of TOML that our manifests have.

use std::collections::BTreeSet;

use super::finding::Finding;
use super::place::ModuleMap;

/// Packages, what their manifests must not name, and why.
pub const FORBIDDEN: &[(&str, &[&str], &str)] = &[
    (
        "sync-server/cli/Cargo.toml",
        &["rusqlite", "reqwest", "indicatif", "tokio", "outfield-demo"],
        "the shipped binary asks the server's library for what it needs",
    ),
    (
        "sync-server/Cargo.toml",
        &[
            "clap",
            "csv",
            "indicatif",
            "reqwest",
            "outfield-cli",
            "outfield-demo",
        ],
        "the server is a library that no terminal stands before",
    ),
    (
        "core/Cargo.toml",
        &[
            "outfield-server",
            "outfield-cli",
            "outfield-demo",
            "axum",
            "clap",
            "tokio",
        ],
        "the core is below everything",
    ),
    (
        "bindings/Cargo.toml",
        &[
            "outfield-server",
            "outfield-cli",
            "outfield-demo",
            "rusqlite",
            "reqwest",
        ],
        "the bindings convert, call the core, and convert",
    ),
];

/// Packages that compile files of other packages by path, so that their own files name little.
const BORROWERS: &[&str] = &["tests/fuzz/Cargo.toml"];

/// A manifest's dependencies with their lines.
pub struct Manifest {
    /// Its path below the workspace.
    pub path: String,
    /// Dependencies, those of tests among them.
    pub dependencies: Vec<(usize, String)>,
    /// Versions that it hands to the workspace's members.
    pub versions: Vec<(usize, String)>,
}

impl Manifest {
    /// Reads a manifest.
    pub fn of(path: &str, text: &str) -> Self {
        let mut manifest = Manifest {
            path: path.to_owned(),
            dependencies: Vec::new(),
            versions: Vec::new(),
        };
        let mut section = "";
        for (line, words) in (1..).zip(text.lines()) {
            if words.starts_with('[') {
                section = words.trim_matches(['[', ']']);
            } else if let Some((name, _)) = words.split_once(['.', ' ', '='])
                && !words.starts_with(['#', ' '])
                && !name.is_empty()
            {
                let found = (line, name.to_owned());
                if section == "workspace.dependencies" {
                    manifest.versions.push(found);
                } else if section.ends_with("dependencies") {
                    manifest.dependencies.push(found);
                }
            }
        }
        manifest
    }

    fn folder(&self) -> &str {
        self.path.trim_end_matches("Cargo.toml")
    }
}

/// Dependencies that a package must not have.
pub fn forbidden(manifests: &[Manifest]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, names, why) in FORBIDDEN {
        for manifest in manifests.iter().filter(|manifest| manifest.path == *path) {
            for (line, name) in &manifest.dependencies {
                if names.contains(&name.as_str()) {
                    findings.push(Finding {
                        file: manifest.path.clone(),
                        line: *line,
                        wrong: format!("depends on `{name}`"),
                        mend: format!("take it out: {why}"),
                    });
                }
            }
        }
    }
    findings
}

/// Dependencies that no file of their package uses, and versions that no package asks for.
pub fn unused(map: &ModuleMap<'_>, manifests: &[Manifest]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut asked: BTreeSet<&str> = BTreeSet::new();
    for manifest in manifests {
        asked.extend(manifest.dependencies.iter().map(|(_, name)| name.as_str()));
        if BORROWERS.contains(&manifest.path.as_str()) {
            continue;
        }
        let used = used_crates(map, manifests, manifest.folder());
        for (line, name) in &manifest.dependencies {
            if !used.contains(&crate_name(name)) {
                findings.push(Finding {
                    file: manifest.path.clone(),
                    line: *line,
                    wrong: format!("no file uses `{name}`"),
                    mend: "take it out of the manifest".to_owned(),
                });
            }
        }
    }
    for manifest in manifests {
        for (line, name) in &manifest.versions {
            if !asked.contains(name.as_str()) {
                findings.push(Finding {
                    file: manifest.path.clone(),
                    line: *line,
                    wrong: format!("no package asks for `{name}`"),
                    mend: "take it out of the workspace's dependencies".to_owned(),
                });
            }
        }
    }
    findings
}

/// The name that code imports a package by.
fn crate_name(package: &str) -> String {
    match package {
        "outfield-bindings" => "outfield".to_owned(),
        other => other.replace('-', "_"),
    }
}

/// The crates that files of this folder name, but not those of packages within it.
fn used_crates(map: &ModuleMap<'_>, manifests: &[Manifest], folder: &str) -> BTreeSet<String> {
    let mut used = BTreeSet::new();
    for (index, file) in map.files.iter().enumerate() {
        let holders = manifests.iter().map(Manifest::folder);
        let holder = holders.filter(|holder| file.path.starts_with(holder));
        if holder.max_by_key(|holder| holder.len()) != Some(folder) {
            continue;
        }
        for reach in map.all_reaches(index, true) {
            used.extend(reach.path.into_iter().next());
        }
    }
    used
}
