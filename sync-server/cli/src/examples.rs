//! Examples of each command for its help, one a line in `examples.txt`. It does not know what
//! commands do.

use clap::{Command, CommandFactory as _};

use crate::arguments::CliArguments;

/// The lines, each as a person types it.
const EXAMPLES: &str = include_str!("examples.txt");
/// What names a database in the line of a rep.
const DATABASE: &str = "--db";

/// The command line, with examples in the help of each command that has some.
pub(crate) fn command() -> Command {
    with_examples(CliArguments::command(), &[])
}

fn with_examples(command: Command, above: &[String]) -> Command {
    let words = [above, &[command.get_name().to_owned()]].concat();
    if command.has_subcommands() {
        return command.mut_subcommands(|below| with_examples(below, &words));
    }
    let examples = of(&words);
    if examples.is_empty() {
        return command;
    }
    command.after_help(format!("Examples:\n  {}", examples.join("\n  ")))
}

/// The examples of the command that these words call.
fn of(words: &[String]) -> Vec<&'static str> {
    let calls = |line: &&str| {
        let mut typed = line.split(' ');
        words.iter().all(|word| next_word(&mut typed) == Some(word))
    };
    EXAMPLES.lines().filter(calls).collect()
}

/// The next word that is no name of a database.
fn next_word<'a>(typed: &mut impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let word = typed.next()?;
    if word != DATABASE {
        return Some(word);
    }
    typed.next()?;
    typed.next()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command_list::commands;

    /// The words of a line, those between quotes as one.
    fn typed(line: &str) -> Vec<String> {
        let (mut words, mut quote) = (vec![String::new()], None);
        for letter in line.chars() {
            let last = words.len() - 1;
            match quote {
                Some(mark) if mark == letter => quote = None,
                None if ['"', '\''].contains(&letter) => quote = Some(letter),
                None if letter == ' ' => words.push(String::new()),
                Some(_) | None => words[last].push(letter),
            }
        }
        words
    }

    #[test]
    fn every_command_has_an_example_and_each_is_understood() {
        for shown in commands() {
            let examples = of(&shown.words);
            assert!(!examples.is_empty(), "{:?} has no example", shown.words);
        }
        for line in EXAMPLES.lines() {
            let read = command().try_get_matches_from(typed(line));
            assert!(read.is_ok(), "{line}: {}", read.unwrap_err());
        }
    }

    #[test]
    fn the_help_of_a_command_ends_with_its_examples() {
        let help = command()
            .try_get_matches_from(["outfield", "rep", "visit", "check-in", "--help"])
            .unwrap_err()
            .to_string();
        let example = "outfield rep --db ann.db visit check-in VISIT --at 36.342235,-94.071410";
        assert!(help.contains(example), "{help}");
        assert!(!help.contains("visit check-out VISIT"), "{help}");
    }
}
