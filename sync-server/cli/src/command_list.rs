//! The commands as the help shows them, for whoever compares the documents with it. It does not
//! know what any of them does.

use clap::CommandFactory;

use crate::arguments::CliArguments;

/// One command as the help shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownCommand {
    /// The words that call it, the program's name first, such as `outfield rep visit check-in`.
    pub words: Vec<String>,
    /// Its own long options, such as `--accuracy`.
    pub options: Vec<String>,
}

/// All commands that do something by themselves.
#[must_use]
pub fn commands() -> Vec<ShownCommand> {
    let mut shown = Vec::new();
    walk(&CliArguments::command(), &[], &mut shown);
    shown
}

fn walk(command: &clap::Command, above: &[String], shown: &mut Vec<ShownCommand>) {
    let words = [above, &[command.get_name().to_owned()]].concat();
    if command.has_subcommands() {
        for below in command.get_subcommands() {
            walk(below, &words, shown);
        }
        return;
    }
    let options = command
        .get_opts()
        .filter(|option| !option.is_hide_set())
        .filter_map(|option| Some(format!("--{}", option.get_long()?)))
        .collect();
    shown.push(ShownCommand { words, options });
}
