//! The program `outfield-demo`: reads its arguments, has the story told and proven, and prints what
//! it came to as `outfield` prints its answers.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(outfield_demo::main(std::env::args_os()))
}
