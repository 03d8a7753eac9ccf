//! Walls between rooms, as one table of data: what each room must not reach, however the path is
//! written, also through a module that exports it again.

use super::finding::Finding;
use super::place::{ModuleMap, PathUse};
use super::shapes::ScannedFile;

/// One wall: files below a folder do not reach any of these modules.
pub struct Wall {
    /// The folder, or the file.
    pub from: &'static str,
    /// Modules from the crate down, with `::` between.
    pub never: &'static [&'static str],
    /// What to do instead.
    pub mend: &'static str,
}

const ONLY_APP_JOINS: &str = "rooms never import each other nor `app`; hand it in as a value, or \
                              join the two in `app`";
const DOWN_ALONE: &str = "the server's rooms import downwards alone: tenant, people, work, sync \
                          and office, data_dir, http";
const CORE_ALONE: &str = "packages import downwards alone: core, server, command line, demo";

/// All walls.
pub const WALLS: &[Wall] = &[
    Wall {
        from: "core/src/base/",
        never: &[
            "outfield_core::app",
            "outfield_core::crdt",
            "outfield_core::domain",
            "outfield_core::media",
            "outfield_core::objects",
            "outfield_core::store",
            "outfield_core::sync",
        ],
        mend: "`base` imports no room; move it up to who needs it",
    },
    Wall {
        from: "core/src/objects/",
        never: &[
            "outfield_core::app",
            "outfield_core::crdt",
            "outfield_core::domain",
            "outfield_core::media",
            "outfield_core::store",
            "outfield_core::sync",
        ],
        mend: "`objects` imports `base` alone; move it up to who needs it",
    },
    Wall {
        from: "core/src/domain/",
        never: &[
            "outfield_core::app",
            "outfield_core::crdt",
            "outfield_core::media",
            "outfield_core::store",
            "outfield_core::sync",
        ],
        mend: ONLY_APP_JOINS,
    },
    Wall {
        from: "core/src/crdt/",
        never: &[
            "outfield_core::app",
            "outfield_core::domain",
            "outfield_core::media",
            "outfield_core::store",
            "outfield_core::sync",
        ],
        mend: ONLY_APP_JOINS,
    },
    Wall {
        from: "core/src/media/",
        never: &[
            "outfield_core::app",
            "outfield_core::crdt",
            "outfield_core::domain",
            "outfield_core::objects",
            "outfield_core::store",
            "outfield_core::sync",
        ],
        mend: ONLY_APP_JOINS,
    },
    Wall {
        from: "core/src/store/",
        never: &[
            "outfield_core::app",
            "outfield_core::crdt",
            "outfield_core::domain",
            "outfield_core::media",
            "outfield_core::sync",
        ],
        mend: ONLY_APP_JOINS,
    },
    Wall {
        from: "core/src/sync/",
        never: &[
            "outfield_core::app",
            "outfield_core::crdt",
            "outfield_core::domain",
            "outfield_core::media",
            "outfield_core::store",
        ],
        mend: ONLY_APP_JOINS,
    },
    Wall {
        from: "core/",
        never: &[
            "outfield",
            "outfield_server",
            "outfield_cli",
            "outfield_demo",
        ],
        mend: CORE_ALONE,
    },
    Wall {
        from: "bindings/",
        never: &[
            "outfield_server",
            "outfield_cli",
            "outfield_demo",
            "outfield_tests",
        ],
        mend: "bindings import the core alone",
    },
    Wall {
        from: "sync-server/src/",
        never: &[
            "outfield",
            "outfield_cli",
            "outfield_demo",
            "outfield_tests",
        ],
        mend: CORE_ALONE,
    },
    Wall {
        from: "sync-server/src/files/",
        never: &[
            "outfield_server::tenant",
            "outfield_server::people",
            "outfield_server::work",
            "outfield_server::sync",
            "outfield_server::office",
            "outfield_server::data_dir",
            "outfield_server::http",
        ],
        mend: DOWN_ALONE,
    },
    Wall {
        from: "sync-server/src/tenant/",
        never: &[
            "outfield_server::people",
            "outfield_server::work",
            "outfield_server::sync",
            "outfield_server::office",
            "outfield_server::data_dir",
            "outfield_server::http",
        ],
        mend: DOWN_ALONE,
    },
    Wall {
        from: "sync-server/src/people/",
        never: &[
            "outfield_server::work",
            "outfield_server::sync",
            "outfield_server::office",
            "outfield_server::data_dir",
            "outfield_server::http",
        ],
        mend: DOWN_ALONE,
    },
    Wall {
        from: "sync-server/src/work/",
        never: &[
            "outfield_server::sync",
            "outfield_server::office",
            "outfield_server::data_dir",
            "outfield_server::http",
        ],
        mend: DOWN_ALONE,
    },
    Wall {
        from: "sync-server/src/sync/",
        never: &[
            "outfield_server::office",
            "outfield_server::data_dir",
            "outfield_server::http",
        ],
        mend: DOWN_ALONE,
    },
    Wall {
        from: "sync-server/src/office/",
        never: &[
            "outfield_server::sync",
            "outfield_server::data_dir",
            "outfield_server::http",
        ],
        mend: DOWN_ALONE,
    },
    Wall {
        from: "sync-server/src/data_dir",
        never: &["outfield_server::http"],
        mend: DOWN_ALONE,
    },
    Wall {
        from: "sync-server/cli/",
        never: &["outfield", "outfield_demo", "outfield_tests"],
        mend: CORE_ALONE,
    },
    Wall {
        from: "tests/demo/src/",
        never: &["outfield", "outfield_tests"],
        mend: "the demo imports the command line and what is below it",
    },
];

/// Folders whose files are in the shipped binary, and may not name the demo.
const SHIPPED: &[&str] = &["core/src/", "sync-server/src/", "sync-server/cli/src/"];

/// The command line's own command of that name, which starts the demo as a program of its own.
const HANDS_OVER: &[&str] = &[
    "sync-server/cli/src/arguments.rs",
    "sync-server/cli/src/demo.rs",
    "sync-server/cli/src/lib.rs",
];

fn reaches_into(path: &[String], module: &str) -> bool {
    for (at, name) in module.split("::").enumerate() {
        if path.get(at).map(String::as_str) != Some(name) {
            return false;
        }
    }
    true
}

fn is_broken(map: &ModuleMap<'_>, reach: &PathUse, module: &str) -> bool {
    let through = reach.file.map(|file| map.place(file).as_slice());
    reaches_into(&reach.path, module) || through.is_some_and(|path| reaches_into(path, module))
}

/// Walls that are broken.
pub fn check(map: &ModuleMap<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, file) in map.files.iter().enumerate() {
        let walls: Vec<&Wall> = WALLS
            .iter()
            .filter(|wall| file.path.starts_with(wall.from))
            .collect();
        if walls.is_empty() {
            continue;
        }
        for reach in map.reaches(index) {
            for wall in &walls {
                if let Some(module) = wall.never.iter().find(|m| is_broken(map, &reach, m)) {
                    findings.push(Finding {
                        file: file.path.clone(),
                        line: reach.line,
                        wrong: format!("`{}` reaches `{module}`", reach.path.join("::")),
                        mend: wall.mend.to_owned(),
                    });
                }
            }
        }
    }
    findings.sort();
    findings.dedup();
    findings
}

fn names_demo(text: &str) -> bool {
    let mut words = text.split(|c: char| !c.is_alphanumeric());
    words.any(|word| word.eq_ignore_ascii_case("demo"))
}

/// Places of the shipped binary that name the demo.
pub fn check_demo(files: &[ScannedFile]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files {
        let is_shipped = SHIPPED.iter().any(|folder| file.path.starts_with(folder));
        if !is_shipped || HANDS_OVER.contains(&file.path.as_str()) {
            continue;
        }
        let mut named: Vec<(usize, String)> = Vec::new();
        if names_demo(&file.path) {
            named.push((1, file.path.clone()));
        }
        let imports = file.imports.iter().filter(|import| !import.test);
        named.extend(imports.map(|import| (import.line, import.path.join("::"))));
        let paths = file.paths.iter().filter(|written| !written.test);
        named.extend(paths.map(|written| (written.line, written.path.join("::"))));
        let texts = file.texts.iter().filter(|written| !written.test);
        named.extend(texts.map(|written| (written.line, written.text.clone())));
        let defined = file.types.iter().chain(&file.modules);
        named.extend(defined.map(|name| (name.line, name.name.clone())));
        let functions = file.functions.iter();
        named.extend(functions.map(|function| (function.line, function.name.clone())));
        for (line, name) in named {
            let short: String = name.chars().take(60).collect();
            let short = short.replace('\n', " ");
            if names_demo(&name) || name.starts_with("Demo") {
                findings.push(Finding {
                    file: file.path.clone(),
                    line,
                    wrong: format!("the shipped binary names the demo: `{short}`"),
                    mend: "move it to tests/demo".to_owned(),
                });
            }
        }
    }
    findings.sort();
    findings.dedup();
    findings
}
