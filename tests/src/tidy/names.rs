//! One type name, one meaning: no struct, enum, union, trait or alias is defined twice in the
//! workspace, tests included.

use std::collections::BTreeMap;

use super::finding::Finding;
use super::shapes::ScannedFile;

/// Names that stand twice: where else, and why.
pub const TWICE: &[(&str, &str, &str)] = &[
    ("FieldError", "bindings/src/", "the mirror that apps see"),
    ("Receipt", "bindings/src/", "the mirror that apps see"),
    (
        "Observer",
        "bindings/src/",
        "the mirror that apps implement",
    ),
];

/// The places of each name, as (file, line).
pub fn places(files: &[ScannedFile]) -> BTreeMap<&str, Vec<(&str, usize)>> {
    let mut names: BTreeMap<&str, Vec<(&str, usize)>> = BTreeMap::new();
    for file in files {
        for defined in &file.types {
            let place = (file.path.as_str(), defined.line);
            names.entry(&defined.name).or_default().push(place);
        }
    }
    names
}

fn is_mirror(name: &str, file: &str) -> bool {
    let mut allowed = TWICE.iter();
    allowed.any(|(known, folder, _)| *known == name && file.starts_with(folder))
}

/// Names with two meanings or more, and permissions that nothing needs.
pub fn check(files: &[ScannedFile]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let names = places(files);
    for (name, places) in &names {
        let own = places.iter().filter(|(file, _)| !is_mirror(name, file));
        let own: Vec<_> = own.collect();
        let Some(((file, line), others)) = own.split_first() else {
            continue;
        };
        if !others.is_empty() {
            let others = others.iter().map(|(file, line)| format!("{file}:{line}"));
            let others: Vec<String> = others.collect();
            findings.push(Finding {
                file: (*file).to_owned(),
                line: *line,
                wrong: format!("`{name}` also names a type in {}", others.join(", ")),
                mend: "leave the plain word to the lowest, and rename the others".to_owned(),
            });
        }
    }
    findings
}

/// Permissions that nothing needs any more.
pub fn check_allowed(files: &[ScannedFile]) -> Vec<Finding> {
    let names = places(files);
    let mut findings = Vec::new();
    for (name, folder, _) in TWICE {
        let places = names.get(name).map(Vec::as_slice).unwrap_or_default();
        let mirrors = places.iter().filter(|(file, _)| is_mirror(name, file));
        let mirrors = mirrors.count();
        if mirrors == 0 || mirrors == places.len() {
            findings.push(Finding {
                file: "tests/src/tidy/names.rs".to_owned(),
                line: 1,
                wrong: format!("`{name}` no longer stands twice because of {folder}"),
                mend: "take it off the list".to_owned(),
            });
        }
    }
    findings
}
