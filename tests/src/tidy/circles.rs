//! Circles: files of one folder, and files and folders beside each other, that import each other in
//! a loop. A `mod.rs` or `lib.rs` that only declares and exports again is no member; one with code
//! is. A file beside the folder of its own name counts as that folder's `mod.rs`.

use std::collections::{BTreeMap, BTreeSet};

use super::finding::Finding;
use super::place::{ModuleMap, ModulePath};

/// One circle with its members, and one place for each way between them.
#[derive(Debug)]
pub struct Circle {
    /// The folder that holds the members, from the crate down.
    pub folder: String,
    /// Whether the members are folders.
    pub of_folders: bool,
    /// The members' names.
    pub members: Vec<String>,
    /// `from -> to` with file and line.
    pub ways: Vec<String>,
    /// Where one of the ways begins.
    pub file: String,
    /// The line there.
    pub line: usize,
}

/// Ways between names, each with the place where it is first found.
type Ways = BTreeMap<(String, String), (String, usize)>;

/// The folder that a file stands in, and its name there.
fn seat(map: &ModuleMap<'_>, file: usize) -> (ModulePath, String) {
    let place = map.place(file);
    let is_mod = map.files[file].path.ends_with("/mod.rs");
    let is_top = is_mod || place.len() == 1 || map.has_children(place);
    match place.split_last() {
        Some((name, folder)) if !is_top => (folder.to_vec(), name.clone()),
        _ => (place.clone(), "mod".to_owned()),
    }
}

/// All circles of the workspace.
pub fn find(map: &ModuleMap<'_>) -> Vec<Circle> {
    let mut files: BTreeMap<ModulePath, Ways> = BTreeMap::new();
    let mut folders: BTreeMap<ModulePath, Ways> = BTreeMap::new();
    let seats: Vec<_> = (0..map.files.len()).map(|file| seat(map, file)).collect();
    for (from, scanned) in map.files.iter().enumerate() {
        let (folder, name) = &seats[from];
        for reach in map.reaches(from) {
            let Some(to) = reach.file.filter(|to| *to != from) else {
                continue;
            };
            let (other_folder, other_name) = &seats[to];
            let place = (scanned.path.clone(), reach.line);
            if folder == other_folder {
                let declares = scanned.only_declares || map.files[to].only_declares;
                if !declares {
                    let way = (name.clone(), other_name.clone());
                    let ways = files.entry(folder.clone()).or_default();
                    ways.entry(way.clone()).or_insert(place.clone());
                    let ways = folders.entry(folder.clone()).or_default();
                    ways.entry(way).or_insert(place);
                }
            } else if let Some((shared, way)) =
                parting(&whole(folder, name), &whole(other_folder, other_name))
                && !scanned.only_declares
            {
                let ways = folders.entry(shared).or_default();
                ways.entry(way).or_insert(place);
            }
        }
    }
    let mut circles = Vec::new();
    for (folder, ways) in &files {
        circles.extend(circles_of(folder, ways, false));
    }
    for (folder, ways) in &folders {
        for circle in circles_of(folder, ways, true) {
            // What files alone do is told of the files.
            let is_told =
                |told: &Circle| told.folder == circle.folder && told.members == circle.members;
            if !circles.iter().any(is_told) {
                circles.push(circle);
            }
        }
    }
    circles
}

/// A file's place with its name; a `mod.rs` has that of its folder.
fn whole(folder: &ModulePath, name: &str) -> ModulePath {
    let mut place = folder.clone();
    if name != "mod" {
        place.push(name.to_owned());
    }
    place
}

/// Where two places part: the folder that holds both, and the names of its two children.
fn parting(one: &ModulePath, other: &ModulePath) -> Option<(ModulePath, (String, String))> {
    let same = one.iter().zip(other).take_while(|(a, b)| a == b).count();
    let way = (one.get(same)?.clone(), other.get(same)?.clone());
    (same > 0).then(|| (one.iter().take(same).cloned().collect(), way))
}

/// Everything that can be reached from a name.
fn reachable<'a>(from: &'a str, ways: &'a Ways) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut open = vec![from];
    while let Some(at) = open.pop() {
        for (begin, end) in ways.keys() {
            if begin == at && reached.insert(end.as_str()) {
                open.push(end);
            }
        }
    }
    reached
}

fn circles_of(folder: &ModulePath, ways: &Ways, of_folders: bool) -> Vec<Circle> {
    let mut circles = Vec::new();
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    for (name, _) in ways.keys() {
        let reached = reachable(name, ways);
        if seen.contains(name.as_str()) || !reached.contains(name.as_str()) {
            continue;
        }
        let is_back = |other: &&str| reachable(other, ways).contains(name.as_str());
        let members: BTreeSet<&str> = reached.into_iter().filter(is_back).collect();
        seen.extend(&members);
        let inner = ways.iter().filter(|((from, to), _)| {
            members.contains(from.as_str()) && members.contains(to.as_str())
        });
        let mut circle = Circle {
            folder: folder.join("::"),
            of_folders,
            members: members.iter().map(|name| (*name).to_owned()).collect(),
            ways: Vec::new(),
            file: String::new(),
            line: 0,
        };
        for ((from, to), (file, line)) in inner {
            circle.ways.push(format!("{from} -> {to} ({file}:{line})"));
            if circle.line == 0 {
                circle.file.clone_from(file);
                circle.line = *line;
            }
        }
        circles.push(circle);
    }
    circles
}

/// Circles as findings.
pub fn check(map: &ModuleMap<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for circle in find(map) {
        let kind = if circle.of_folders {
            "folders"
        } else {
            "files"
        };
        findings.push(Finding {
            wrong: format!(
                "a circle of {} {kind} in {}: {}",
                circle.members.len(),
                circle.folder,
                circle.ways.join(", ")
            ),
            file: circle.file,
            line: circle.line,
            mend: "move what both need to one below them".to_owned(),
        });
    }
    findings
}
