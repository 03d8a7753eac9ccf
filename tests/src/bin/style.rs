//! Prints how the code reads, for the table that compares us with other codebases. It only
//! measures.

#![allow(clippy::print_stdout, reason = "the figures are what it is for")]

use outfield_tests::tidy::measure::measure;
use outfield_tests::tidy::place::ModuleMap;
use outfield_tests::tidy::workspace;

fn main() {
    let files = workspace::sources();
    print!("{}", measure(&ModuleMap::new(&files)));
}
