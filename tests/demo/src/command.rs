//! The command line of the demo: its arguments, and the program `outfield` whose commands it runs.
//! It does not know the story.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Parser;
use outfield_cli::answer::{CliAnswer, CliFailure};
use outfield_cli::demo::DemoArguments;
use outfield_cli::print::{self, OutputForm};
use outfield_cli::usage;

use crate::defect::PlantedDefect;
use crate::options::StoryOptions;
use crate::page::Teller as _;
use crate::run::run;
use crate::terminal::Terminal;

/// Three reps live a day, most of it without a network; then what they were told is proven
#[derive(Debug, Parser)]
#[command(name = "outfield-demo", version)]
struct ProgramArguments {
    /// Answer with one JSON object
    #[arg(long)]
    json: bool,
    /// Tell nothing but what went wrong
    #[arg(long, short)]
    quiet: bool,
    #[command(flatten)]
    demo: DemoArguments,
    /// The program whose commands are run; else the one that lies beside this one
    #[arg(long, value_name = "FILE", hide = true)]
    outfield: Option<PathBuf>,
}

/// The variables by which an outer cargo tells this program of its package; an inner one would
/// build anew for them.
const OF_THE_OUTER_CARGO: &[&str] = &["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_"];

/// Carries out one command line, the program's name first, and gives the exit code.
pub fn main(words: impl IntoIterator<Item = OsString>) -> u8 {
    let words: Vec<OsString> = words.into_iter().collect();
    match ProgramArguments::try_parse_from(&words) {
        Ok(arguments) => {
            let form = OutputForm {
                json: arguments.json,
                quiet: arguments.quiet,
            };
            print::outcome(form, told(form, arguments).map(Some))
        }
        Err(error) => {
            let form = OutputForm {
                json: words.iter().any(|word| word == "--json"),
                quiet: false,
            };
            print::outcome(form, usage::explained(&error).map(Some))
        }
    }
}

/// Tells the story as it happens; the answer is what was proven.
fn told(form: OutputForm, arguments: ProgramArguments) -> Result<CliAnswer, CliFailure> {
    let options = StoryOptions {
        defects: planted(&arguments.demo.defects)?,
        program: match arguments.outfield {
            Some(program) => program,
            None => built()?,
        },
        stores: arguments.demo.stores,
        products: arguments.demo.products,
        exit: arguments.demo.exit,
        seed: arguments.demo.seed,
    };
    let terminal = Terminal::open(form);
    let outcome = run(&options, &terminal);
    terminal.rests();
    let outcome = outcome?;
    // The story has told it to people already.
    let answer = CliAnswer::of(outcome.data, |_| Vec::new());
    match outcome.unproven {
        None => Ok(answer),
        Some(why) => Err(CliFailure {
            partial: Some(Box::new(answer)),
            ..CliFailure::broken(why)
        }),
    }
}

/// The defects of these names.
fn planted(names: &[String]) -> Result<Vec<PlantedDefect>, CliFailure> {
    let mut planted = Vec::new();
    for name in names {
        let Some(defect) = PlantedDefect::named(name) else {
            let known = PlantedDefect::names().join(", ");
            let message = format!("`{name}` is no defect; there are: {known}");
            return Err(CliFailure::bad_input("bad_argument", message));
        };
        planted.push(defect);
    }
    Ok(planted)
}

/// The program `outfield` beside this one; where cargo runs the demo, it is brought up to date.
fn built() -> Result<PathBuf, CliFailure> {
    let own = std::env::current_exe().map_err(CliFailure::broken)?;
    let program = own.with_file_name(format!("outfield{}", std::env::consts::EXE_SUFFIX));
    if let Some(cargo) = std::env::var_os("CARGO") {
        build(Path::new(&cargo), &own)?;
    }
    if program.is_file() {
        return Ok(program);
    }
    let message = format!(
        "there is no `{}`; `cargo demo` builds it",
        program.display()
    );
    Err(CliFailure::bad_input("no_program", message))
}

/// Has cargo build `outfield` into the folder that it built this program into.
fn build(cargo: &Path, own: &Path) -> Result<(), CliFailure> {
    let folder = own.parent();
    let profile = folder.and_then(Path::file_name).unwrap_or_default();
    let profile = if profile == "debug" {
        OsStr::new("dev")
    } else {
        profile
    };
    let target = folder.and_then(Path::parent).unwrap_or(Path::new("target"));
    let workspace = concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.toml");
    let mut command = Command::new(cargo);
    command.args(["build", "--locked", "--manifest-path", workspace]);
    command.args(["--package", "outfield-cli", "--bin", "outfield"]);
    command.arg("--profile").arg(profile);
    command.arg("--target-dir").arg(target);
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy().into_owned();
        if OF_THE_OUTER_CARGO.iter().any(|of| text.starts_with(of)) {
            command.env_remove(name);
        }
    }
    let status = command.status().map_err(CliFailure::broken)?;
    if status.success() {
        return Ok(());
    }
    let message = format!("`outfield` could not be built: {status}");
    Err(CliFailure::broken(message))
}
