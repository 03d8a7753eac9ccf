//! The command line of the binary `outfield`: reads arguments, has the work done, prints one
//! answer, gives one exit code. `docs/cli.md` is its contract. It knows no rule and no storage; the
//! core and the office do.

pub mod answer;
mod arguments;
pub mod demo;
mod fields;
mod office;
pub mod print;
mod render;
mod rep;
mod surroundings;
pub mod usage;

use std::ffi::OsString;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Mutex, PoisonError};

use clap::{CommandFactory, Parser};
use outfield_core::base::context::Surroundings;
use serde_json::json;

use outfield_server::http::Until;

pub use office::import::import_text;

use answer::{Answer, Failure};
use arguments::{Arguments, Command, Serve};
use print::Manner;
use surroundings::World;

/// Carries out one command line, the program's name first, and gives the exit code: 0 done, 2 bad
/// input, 3 refused, 4 unreachable, 5 broken.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let words: Vec<OsString> = arguments.into_iter().collect();
    match Arguments::try_parse_from(&words) {
        Ok(arguments) => {
            let manner = Manner {
                json: arguments.json,
                quiet: arguments.quiet,
            };
            print::outcome(manner, guarded(manner, arguments.command))
        }
        Err(error) => {
            let json = words
                .iter()
                .skip(1)
                .take_while(|word| *word != "--")
                .any(|word| word == "--json");
            print::outcome(
                Manner { json, quiet: false },
                usage::explained(&error).map(Some),
            )
        }
    }
}

/// One command as the help shows it, for whoever compares the documents with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The words that call it, the program's name first, such as `outfield rep visit check-in`.
    pub words: Vec<String>,
    /// Its own long options, such as `--accuracy`.
    pub options: Vec<String>,
}

/// All commands that do something by themselves.
#[must_use]
pub fn commands() -> Vec<Shown> {
    let mut shown = Vec::new();
    walk(&Arguments::command(), &[], &mut shown);
    shown
}

fn walk(command: &clap::Command, above: &[String], shown: &mut Vec<Shown>) {
    let words = [above, &[command.get_name().to_owned()]].concat();
    if !command.has_subcommands() {
        let options = command
            .get_opts()
            .filter(|option| !option.is_hide_set())
            .filter_map(|option| Some(format!("--{}", option.get_long()?)))
            .collect();
        shown.push(Shown { words, options });
        return;
    }
    for below in command.get_subcommands() {
        walk(below, &words, shown);
    }
}

/// A panic is a fault of ours: it becomes an answer like any other, with its place in the report. A
/// server survives the panic of one request, and tells of it on standard error.
fn guarded(manner: Manner, command: Command) -> Result<Option<Answer>, Failure> {
    let told = Arc::new(Mutex::new(String::new()));
    let note = Arc::clone(&told);
    if !matches!(command, Command::Serve(_)) {
        panic::set_hook(Box::new(move |panic| {
            *note.lock().unwrap_or_else(PoisonError::into_inner) = panic.to_string();
        }));
    }
    panic::catch_unwind(AssertUnwindSafe(|| dispatch(manner, command))).unwrap_or_else(|_| {
        let told = told.lock().unwrap_or_else(PoisonError::into_inner);
        Err(Failure::broken(format!("a fault in the program: {told}")))
    })
}

fn dispatch(manner: Manner, command: Command) -> Result<Option<Answer>, Failure> {
    let world: Arc<dyn Surroundings> = Arc::new(World::open()?);
    let answer = match command {
        Command::Serve(serve) => return serving(manner, &serve, world).map(|()| None),
        Command::Demo(demo) => return demo::hand_over(manner, &demo).map(|never| match never {}),
        Command::Tenant(tenant) => office::tenant(tenant, world),
        Command::Territory(territory) => office::territory(territory, world),
        Command::User(user) => office::user(user, world),
        Command::Quarantine { place } => office::quarantine(&place, world),
        Command::Device(device) => office::device(device, world),
        Command::Object(object) => office::object(object, world),
        Command::Put(put) => office::put(&put, world),
        Command::Import(import) => office::import::import(&import, world),
        Command::Rep(rep) => rep::rep(rep, world),
    };
    answer.map(Some)
}

/// Serves until it is told to stop. The address is the answer, printed once the server accepts.
fn serving(manner: Manner, serve: &Serve, world: Arc<dyn Surroundings>) -> Result<(), Failure> {
    let ready = |url: &str| {
        let lines =
            |data: &serde_json::Value| vec![format!("listening on {}", render::text(&data["url"]))];
        print::outcome(
            manner,
            Ok(Some(Answer::of(json!({ "url": url }), lines).brief("url"))),
        );
    };
    let until = if serve.until_eof {
        Until::Alone
    } else {
        Until::Told
    };
    Ok(outfield_server::http::serve(
        &serve.data,
        &serve.listen,
        until,
        world,
        &ready,
    )?)
}
