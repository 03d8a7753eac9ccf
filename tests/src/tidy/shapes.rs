//! What a scan finds in one file, as plain values. They do not know how a file is parsed.

/// One leaf of a `use` tree, or an `extern crate`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportedName {
    /// The line of the leaf.
    pub line: usize,
    /// The whole path of the leaf; of a glob, the path before the star.
    pub path: Vec<String>,
    /// The name that it brings into the file; `*` of a glob.
    pub name: String,
    /// Whether it stands in `#[cfg(test)]`.
    pub test: bool,
    /// The modules within the file that it stands in.
    pub inside: Vec<String>,
}

/// A path of two or more segments in an expression, a type, a pattern, an attribute or a macro.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenPath {
    /// The line of its first segment.
    pub line: usize,
    /// Its segments.
    pub path: Vec<String>,
    /// Whether it stands in `#[cfg(test)]`.
    pub test: bool,
    /// The modules within the file that it stands in.
    pub inside: Vec<String>,
}

/// A name that the file defines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Defined {
    /// The line.
    pub line: usize,
    /// The name.
    pub name: String,
    /// Whether it stands in `#[cfg(test)]`.
    pub test: bool,
}

/// A string literal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenText {
    /// The line.
    pub line: usize,
    /// What it says.
    pub text: String,
    /// What takes it, such as `registry.get` or `object ==`; nothing if that is of no interest.
    pub door: Option<String>,
    /// Whether it stands in `#[cfg(test)]`.
    pub test: bool,
}

/// A function with a body, or a method.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// The line of its name.
    pub line: usize,
    /// Its name.
    pub name: String,
    /// Lines from its name to its closing brace.
    pub lines: usize,
    /// Lines of code in its body, as clippy counts them.
    pub body_lines: usize,
    /// How many parameters it has, `self` included.
    pub parameters: usize,
    /// How many of them are tuples, by pattern or by type.
    pub tuple_parameters: usize,
    /// Whether it stands in `#[cfg(test)]`.
    pub test: bool,
}

/// Everything that a scan finds in one file.
#[derive(Clone, Debug, Default)]
pub struct ScannedFile {
    /// Its path below the workspace.
    pub path: String,
    /// Its lines.
    pub lines: Vec<String>,
    /// What it imports.
    pub imports: Vec<ImportedName>,
    /// What it names by path.
    pub paths: Vec<WrittenPath>,
    /// Modules that it declares as files of their own.
    pub modules: Vec<Defined>,
    /// Structs, enums, unions, traits and aliases that it defines, wherever they stand.
    pub types: Vec<Defined>,
    /// Names of the items at its top.
    pub items: Vec<String>,
    /// Functions that it defines.
    pub functions: Vec<Function>,
    /// String literals.
    pub texts: Vec<WrittenText>,
    /// Whether it has nothing but declarations of modules and imports.
    pub only_declares: bool,
    /// First and last lines of what stands in `#[cfg(test)]`.
    pub test_lines: Vec<std::ops::RangeInclusive<usize>>,
    /// Closures outside `#[cfg(test)]`.
    pub closures: usize,
    /// Calls of `unwrap` and `expect` outside `#[cfg(test)]`.
    pub unwraps: usize,
    /// Public items outside `#[cfg(test)]`.
    pub public_items: usize,
    /// Those of them that are documented.
    pub documented_items: usize,
}

impl ScannedFile {
    /// Whether this line, from 1, stands in `#[cfg(test)]`.
    pub fn is_test_line(&self, line: usize) -> bool {
        self.test_lines.iter().any(|range| range.contains(&line))
    }

    /// Whether it opens by saying what it is for.
    pub fn has_header(&self) -> bool {
        self.lines
            .first()
            .is_some_and(|line| line.starts_with("//!"))
    }
}
