//! The command line of the binary `outfield`: reads arguments, has the work done, prints one
//! answer, gives one exit code. `docs/cli.md` is its contract. It knows no rule and no storage; the
//! core and the office do.

pub mod answer;
mod arguments;
mod command_list;
mod completions;
pub mod demo;
mod examples;
mod fields;
mod listing;
mod office;
mod office_place;
pub mod print;
mod refer;
mod render;
mod rep;
mod serve;
mod surroundings;
mod text_file;
pub mod usage;

use std::ffi::OsString;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Mutex, PoisonError};

use clap::FromArgMatches;
use outfield_core::base::context::Surroundings;

pub use command_list::{ShownCommand, commands};
pub use office::import::import_bytes;

use answer::{CliAnswer, CliFailure};
use arguments::{CliArguments, CliCommand};
use print::OutputForm;
use surroundings::ProcessSurroundings;

/// Carries out one command line, the program's name first, and gives the exit code: 0 done, 2 bad
/// input, 3 refused, 4 unreachable, 5 broken.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let words: Vec<OsString> = arguments.into_iter().collect();
    match understood(&words) {
        Ok(arguments) => {
            let form = OutputForm {
                json: arguments.json,
                quiet: arguments.quiet,
            };
            print::outcome(form, guarded(form, arguments.command))
        }
        Err(error) => {
            let form = OutputForm {
                json: asks_for_json(&words),
                quiet: false,
            };
            print::outcome(form, usage::explained(&error).map(Some))
        }
    }
}

fn understood(words: &[OsString]) -> Result<CliArguments, clap::Error> {
    let mut command = examples::command();
    let matches = command.try_get_matches_from_mut(words)?;
    CliArguments::from_arg_matches(&matches).map_err(|error| error.format(&mut command))
}

/// Whether words that make no command line want JSON all the same.
fn asks_for_json(words: &[OsString]) -> bool {
    words
        .iter()
        .skip(1)
        .take_while(|word| *word != "--")
        .any(|word| word == "--json")
}

/// A panic is a fault of ours: it becomes an answer like any other, with its place in the report. A
/// server survives the panic of one request, and tells of it on standard error.
fn guarded(form: OutputForm, command: CliCommand) -> Result<Option<CliAnswer>, CliFailure> {
    let told = Arc::new(Mutex::new(String::new()));
    if !matches!(command, CliCommand::Serve(_)) {
        let note = Arc::clone(&told);
        panic::set_hook(Box::new(move |panic| {
            *note.lock().unwrap_or_else(PoisonError::into_inner) = panic.to_string();
        }));
    }
    match panic::catch_unwind(AssertUnwindSafe(|| dispatch(form, command))) {
        Ok(outcome) => outcome,
        Err(_) => {
            let told = told.lock().unwrap_or_else(PoisonError::into_inner);
            Err(CliFailure::broken(format!(
                "a fault in the program: {told}"
            )))
        }
    }
}

fn dispatch(form: OutputForm, command: CliCommand) -> Result<Option<CliAnswer>, CliFailure> {
    let surroundings: Arc<dyn Surroundings> = Arc::new(ProcessSurroundings::open()?);
    let answer = match command {
        CliCommand::Serve(arguments) => {
            return serve::serve(form, &arguments, surroundings).map(|()| None);
        }
        CliCommand::Demo(arguments) => {
            return demo::hand_over(form, &arguments).map(|never| match never {});
        }
        CliCommand::Tenant(command) => office::tenant(command, surroundings),
        CliCommand::Territory(command) => office::territory(command, surroundings),
        CliCommand::User(command) => office::user(command, surroundings),
        CliCommand::Quarantine { clear, place } => match clear {
            Some(device) => office::clear_quarantine(&device, &place, surroundings),
            None => office::quarantine(&place, surroundings),
        },
        CliCommand::Check { place } => office::check(&place, surroundings),
        CliCommand::Audit(arguments) => office::audit(&arguments, surroundings),
        CliCommand::Backup(arguments) => office::back_up(&arguments, surroundings),
        CliCommand::Restore(arguments) => office::restore(&arguments, surroundings),
        CliCommand::Trail { record, place } => office::trail(&record, &place, surroundings),
        CliCommand::Outbox(command) => office::outbox(command, surroundings),
        CliCommand::Device(command) => office::device(command, surroundings),
        CliCommand::Object(command) => office::object(command, surroundings),
        CliCommand::Put(arguments) => office::put(&arguments, surroundings),
        CliCommand::List(arguments) => office::list(&arguments, form, surroundings),
        CliCommand::Get { object, id, place } => office::get(&object, &id, &place, surroundings),
        CliCommand::Reassign(arguments) => office::reassign(&arguments, surroundings),
        CliCommand::Export(arguments) => office::export(&arguments, form, surroundings),
        CliCommand::Completions { shell } => completions::of(form, shell),
        CliCommand::Import(command) => office::import::import(&command, surroundings),
        CliCommand::Rep(arguments) => rep::run(arguments, form, surroundings),
    };
    answer.map(Some)
}
