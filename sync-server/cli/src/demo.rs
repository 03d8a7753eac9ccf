//! The command `demo`: its arguments, and how it is handed to the program that tells the story.
//! It does not know the story: that is `outfield-demo`, which lies beside this program.

use std::convert::Infallible;
use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;

use clap::Args;

use crate::answer::CliFailure;
use crate::print::OutputForm;

/// The program that tells the story.
const PROGRAM: &str = "outfield-demo";

/// Arguments of `demo`.
#[derive(Debug, Args)]
pub struct DemoArguments {
    /// Stores to import, a CSV file with a column `state`, which names their territory; a small
    /// sample without it
    #[arg(long, value_name = "FILE")]
    pub stores: Option<PathBuf>,
    /// Products to import, a CSV file; a small sample without it
    #[arg(long, value_name = "FILE")]
    pub products: Option<PathBuf>,
    /// End everything after the proof, and remove the folder
    #[arg(long)]
    pub exit: bool,
    /// Chooses the stores, and the bytes at which connections break
    #[arg(long, value_name = "N", default_value_t = 4)]
    pub seed: u64,
    /// Prove once more with a file spoiled, to see the proof fail
    #[arg(
        long = "break",
        value_name = "DEFECT",
        hide = true,
        value_delimiter = ','
    )]
    pub defects: Vec<String>,
}

impl DemoArguments {
    /// The words that say the same on another command line.
    fn words(&self) -> Vec<OsString> {
        let mut words = Vec::new();
        for (option, file) in [("--stores", &self.stores), ("--products", &self.products)] {
            if let Some(file) = file {
                words.extend([option.into(), file.into()]);
            }
        }
        if self.exit {
            words.push("--exit".into());
        }
        words.extend(["--seed".into(), self.seed.to_string().into()]);
        for defect in &self.defects {
            words.extend(["--break".into(), defect.into()]);
        }
        words
    }
}

/// Becomes the program that tells the story, with commands of this one; comes back only where that
/// cannot be started.
pub(crate) fn hand_over(form: OutputForm, demo: &DemoArguments) -> Result<Infallible, CliFailure> {
    let own = std::env::current_exe().map_err(CliFailure::broken)?;
    let program = own.with_file_name(PROGRAM);
    let mut command = Command::new(&program);
    command.args(form.json.then_some("--json"));
    command.args(form.quiet.then_some("--quiet"));
    command.args(demo.words()).arg("--outfield").arg(own);
    let error = command.exec();
    let message = format!(
        "the demo is a program of its own, and `{}` cannot be started: {error}; \
         `cargo demo` builds and runs it",
        program.display()
    );
    Err(CliFailure::bad_input("no_demo", message))
}
