//! The binary `outfield`: hands its arguments to the command line and leaves with the code that it
//! answers.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(outfield_cli::run(std::env::args_os()))
}
