//! Measures how the code reads: the figures of the table that compares us with other codebases.

use std::fmt;

use super::circles;
use super::names;
use super::place::ModuleMap;
use super::shapes::ScannedFile;
use super::sizes::FUNCTION_LINES_MAX;

/// What is shipped.
const PRODUCT: &[&str] = &[
    "core/src/",
    "sync-server/src/",
    "sync-server/cli/src/",
    "bindings/src/",
];

/// The figures of one part of the workspace.
#[derive(Clone, Debug, Default)]
pub struct Figures {
    /// Files.
    pub files: usize,
    /// Lines with code.
    pub code_lines: usize,
    /// Characters of those lines, without indentation.
    pub code_chars: usize,
    /// Lines of each file.
    pub file_lines: Vec<usize>,
    /// Lines of each function, from its name to its closing brace.
    pub function_lines: Vec<usize>,
    /// Functions whose bodies have more lines of code than allowed.
    pub long_functions: usize,
    /// Tuple parameters.
    pub tuple_parameters: usize,
    /// Closures.
    pub closures: usize,
    /// Calls of `unwrap` and `expect`.
    pub unwraps: usize,
    /// Files that open with `//!`.
    pub headers: usize,
    /// Public items.
    pub public_items: usize,
    /// Those of them that are documented.
    pub documented_items: usize,
}

/// The figures of everything.
#[derive(Clone, Debug, Default)]
pub struct WorkspaceFigures {
    /// What is shipped, without unit tests.
    pub product: Figures,
    /// Tests, the demo and unit tests.
    pub tests: Figures,
    /// Type names that are defined twice or more.
    pub names_twice: usize,
    /// Circles of files.
    pub file_circles: usize,
    /// Circles of sibling folders.
    pub folder_circles: usize,
}

fn is_product(path: &str) -> bool {
    PRODUCT.iter().any(|folder| path.starts_with(folder))
}

fn is_code(line: &str) -> bool {
    let line = line.trim();
    !line.is_empty() && !line.starts_with("//")
}

impl Figures {
    fn count_lines(&mut self, file: &ScannedFile, of_tests: bool, whole: bool) {
        for (number, line) in (1..).zip(&file.lines) {
            let counted = whole || file.is_test_line(number) == of_tests;
            if counted && is_code(line) {
                self.code_lines += 1;
                self.code_chars += line.trim().chars().count();
            }
        }
        for function in &file.functions {
            if whole || function.test == of_tests {
                self.function_lines.push(function.lines);
                self.tuple_parameters += function.tuple_parameters;
                let is_long = function.body_lines > FUNCTION_LINES_MAX;
                self.long_functions += usize::from(is_long);
            }
        }
    }

    fn count_file(&mut self, file: &ScannedFile) {
        self.files += 1;
        self.file_lines.push(file.lines.len());
        self.closures += file.closures;
        self.unwraps += file.unwraps;
        self.headers += usize::from(file.has_header());
        self.public_items += file.public_items;
        self.documented_items += file.documented_items;
    }
}

/// Measures these files.
pub fn measure(map: &ModuleMap<'_>) -> WorkspaceFigures {
    let mut figures = WorkspaceFigures::default();
    for file in map.files {
        if is_product(&file.path) {
            figures.product.count_lines(file, false, false);
            figures.product.count_file(file);
            figures.tests.count_lines(file, true, false);
        } else {
            figures.tests.count_lines(file, true, true);
            figures.tests.count_file(file);
        }
    }
    let places = names::places(map.files);
    figures.names_twice = places.values().filter(|places| places.len() > 1).count();
    for circle in circles::find(map) {
        if circle.of_folders {
            figures.folder_circles += 1;
        } else {
            figures.file_circles += 1;
        }
    }
    figures
}

/// The value below which so many hundredths of the values lie.
fn percentile(values: &[usize], hundredths: usize) -> usize {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    let last = sorted.len().saturating_sub(1);
    sorted.get(last * hundredths / 100).copied().unwrap_or(0)
}

/// A ratio with one decimal, in whole numbers; `per` is what it is a ratio of.
fn tenths(count: usize, of: usize, per: usize) -> String {
    let tenths = (count * per * 10 + of / 2) / of.max(1);
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// One row of the table.
fn row(f: &mut fmt::Formatter<'_>, what: &str, product: &str, tests: &str) -> fmt::Result {
    writeln!(f, "{what:<44}{product:>18}{tests:>18}")
}

impl fmt::Display for WorkspaceFigures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        row(f, "", "product", "tests")?;
        type Told = fn(&Figures) -> String;
        let rows: [(&str, Told); 10] = [
            ("files", |part| part.files.to_string()),
            ("lines of code", |part| part.code_lines.to_string()),
            ("characters a code line", |part| {
                tenths(part.code_chars, part.code_lines, 1)
            }),
            ("function median / p95 / over 70", |part| {
                let lines = &part.function_lines;
                let (median, high) = (percentile(lines, 50), percentile(lines, 95));
                format!("{median} / {high} / {}", part.long_functions)
            }),
            ("file median / p95 / max", |part| {
                let lines = &part.file_lines;
                let (median, high) = (percentile(lines, 50), percentile(lines, 95));
                format!("{median} / {high} / {}", percentile(lines, 100))
            }),
            ("tuple parameters in 100 functions", |part| {
                tenths(part.tuple_parameters, part.function_lines.len(), 100)
            }),
            ("closures in 100 lines", |part| {
                tenths(part.closures, part.code_lines, 100)
            }),
            ("`unwrap` and `expect`", |part| part.unwraps.to_string()),
            ("files with `//!`, %", |part| {
                tenths(part.headers, part.files, 100)
            }),
            ("public items documented, %", |part| {
                tenths(part.documented_items, part.public_items, 100)
            }),
        ];
        for (what, told) in rows {
            row(f, what, &told(&self.product), &told(&self.tests))?;
        }
        let ratio = tenths(self.tests.code_lines, self.product.code_lines, 1);
        row(f, "test : code lines", &ratio, "")?;
        row(
            f,
            "type names with two meanings",
            &self.names_twice.to_string(),
            "",
        )?;
        row(f, "circles of files", &self.file_circles.to_string(), "")?;
        row(
            f,
            "circles of sibling folders",
            &self.folder_circles.to_string(),
            "",
        )
    }
}
