//! Where a file stands among crates and modules, and which file a path leads to: through aliases,
//! `self`, `super` and `crate`, and through what modules export again. It does not know which ways
//! are forbidden.

use std::collections::BTreeMap;

use super::shapes::ScannedFile;

/// Folders of libraries, and the names that others import them by.
const LIBRARIES: &[(&str, &str)] = &[
    ("core/src/", "outfield_core"),
    ("bindings/src/", "outfield"),
    ("sync-server/src/", "outfield_server"),
    ("sync-server/cli/src/", "outfield_cli"),
    ("tests/src/", "outfield_tests"),
    ("tests/demo/src/", "outfield_demo"),
];

/// How often an alias may lead to another one before a path is left as it is.
const ALIASES_MAX: usize = 8;

/// A crate's name (or, of a program or a test, its file) and the modules below it.
pub type ModulePath = Vec<String>;

/// A path that a file names, and where it leads.
pub struct PathUse {
    /// The line.
    pub line: usize,
    /// From the crate down, as it is written once aliases are gone.
    pub path: ModulePath,
    /// The file that defines its end, if it is one of ours.
    pub file: Option<usize>,
}

/// Which module each file is.
pub struct ModuleMap<'a> {
    /// The files.
    pub files: &'a [ScannedFile],
    modules: BTreeMap<ModulePath, usize>,
    places: Vec<ModulePath>,
}

/// The module that this file is.
fn module_of(path: &str, files: &[ScannedFile]) -> ModulePath {
    for (folder, name) in LIBRARIES {
        let Some(rest) = path.strip_prefix(folder) else {
            continue;
        };
        if rest == "main.rs" || rest.starts_with("bin/") {
            return vec![path.to_owned()];
        }
        return below(name, rest, "lib.rs");
    }
    if let Some((package, rest)) = path.split_once("/tests/")
        && let Some((test, rest)) = rest.split_once('/')
    {
        let root = format!("{package}/tests/{test}");
        let main = format!("{root}/main.rs");
        if files.iter().any(|file| file.path == main) {
            return below(&root, rest, "main.rs");
        }
    }
    vec![path.to_owned()]
}

fn below(root: &str, rest: &str, top: &str) -> ModulePath {
    let mut module = vec![root.to_owned()];
    if rest != top {
        let names = rest.trim_end_matches(".rs").split('/');
        module.extend(names.filter(|name| *name != "mod").map(str::to_owned));
    }
    module
}

impl<'a> ModuleMap<'a> {
    /// The map of these files.
    pub fn new(files: &'a [ScannedFile]) -> Self {
        let mut modules = BTreeMap::new();
        let mut places = Vec::new();
        for (index, file) in files.iter().enumerate() {
            let module = module_of(&file.path, files);
            modules.insert(module.clone(), index);
            places.push(module);
        }
        ModuleMap {
            files,
            modules,
            places,
        }
    }

    /// The module that this file is.
    pub fn place(&self, file: usize) -> &ModulePath {
        &self.places[file]
    }

    /// Whether modules stand below this one.
    pub fn has_children(&self, module: &ModulePath) -> bool {
        let mut after = self.modules.range(module.clone()..).skip(1);
        after
            .next()
            .is_some_and(|(next, _)| next.starts_with(module))
    }

    /// Everything that the file reaches outside `#[cfg(test)]`.
    pub fn reaches(&self, file: usize) -> Vec<PathUse> {
        self.all_reaches(file, false)
    }

    /// Everything that the file reaches, its unit tests included if so asked.
    pub fn all_reaches(&self, file: usize, with_tests: bool) -> Vec<PathUse> {
        let scanned = &self.files[file];
        let mut reaches = Vec::new();
        for import in &scanned.imports {
            if with_tests || !import.test {
                let path = self.absolute(file, &import.inside, &import.path, 0);
                reaches.push(self.reach(import.line, path));
            }
        }
        for written in &scanned.paths {
            if with_tests || !written.test {
                let path = self.absolute(file, &written.inside, &written.path, 0);
                reaches.push(self.reach(written.line, path));
            }
        }
        reaches
    }

    fn reach(&self, line: usize, path: ModulePath) -> PathUse {
        let file = self.home(&path, 0);
        PathUse { line, path, file }
    }

    /// The path from its crate down.
    fn absolute(
        &self,
        file: usize,
        inside: &[String],
        path: &[String],
        depth: usize,
    ) -> ModulePath {
        let Some((first, rest)) = path.split_first() else {
            return Vec::new();
        };
        let place = &self.places[file];
        let mut base: ModulePath = match first.as_str() {
            "crate" => place.iter().take(1).cloned().collect(),
            "self" | "super" => {
                let mut base = place.clone();
                base.extend_from_slice(inside);
                if first == "super" {
                    base.pop();
                }
                base
            }
            name => self
                .known(file, inside, name, depth)
                .unwrap_or_else(|| vec![name.to_owned()]),
        };
        for name in rest {
            if name == "super" {
                base.pop();
            } else {
                base.push(name.clone());
            }
        }
        base
    }

    /// What a name means in a file: something imported, or a module below.
    fn known(
        &self,
        file: usize,
        inside: &[String],
        name: &str,
        depth: usize,
    ) -> Option<ModulePath> {
        let scanned = &self.files[file];
        let imports = scanned.imports.iter();
        let mut named = imports.filter(|import| {
            import.name == name
                && inside.starts_with(&import.inside)
                && import.path.first().is_none_or(|first| first != name)
        });
        if depth < ALIASES_MAX
            && let Some(import) = named.next_back()
        {
            return Some(self.absolute(file, &import.inside, &import.path, depth + 1));
        }
        let mut child = self.places[file].clone();
        child.push(name.to_owned());
        self.modules.contains_key(&child).then_some(child)
    }

    /// The file that defines what this path names, through what modules export again.
    fn home(&self, path: &[String], depth: usize) -> Option<usize> {
        let mut module: ModulePath = path.iter().take(1).cloned().collect();
        let mut file = *self.modules.get(&module)?;
        for (at, name) in path.iter().enumerate().skip(1) {
            module.push(name.clone());
            if let Some(next) = self.modules.get(&module) {
                file = *next;
                continue;
            }
            if depth < ALIASES_MAX
                && let Some(mut exported) = self.exported(file, name, depth)
            {
                exported.extend_from_slice(path.get(at + 1..).unwrap_or_default());
                return self.home(&exported, depth + 1);
            }
            break;
        }
        Some(file)
    }

    /// Where a name that a module has imported comes from, by name or by a glob.
    fn exported(&self, file: usize, name: &str, depth: usize) -> Option<ModulePath> {
        let scanned = &self.files[file];
        if scanned.items.iter().any(|item| item == name) {
            return None;
        }
        for import in scanned.imports.iter().filter(|import| !import.test) {
            let from = self.absolute(file, &import.inside, &import.path, depth + 1);
            if import.name == name {
                return Some(from);
            }
            let globbed = import.name == "*";
            if globbed && let Some(home) = self.modules.get(&from) {
                let mut whole = from.clone();
                whole.push(name.to_owned());
                let defines = self.files[*home].items.iter().any(|item| item == name);
                if defines || self.modules.contains_key(&whole) {
                    return Some(whole);
                }
            }
        }
        None
    }
}
