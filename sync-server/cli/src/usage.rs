//! Turns what clap says about arguments into an answer or a failure of ours: help is an answer, the
//! rest is bad input. It does not know what the arguments mean.

use clap::error::{ContextKind, ContextValue, ErrorKind};
use serde_json::{Value as Json, json};

use super::answer::{BAD_INPUT, CliAnswer, CliFailure};

/// Help and version that were asked for, or what is wrong with the arguments, in one line.
pub fn explained(error: &clap::Error) -> Result<CliAnswer, CliFailure> {
    let text = error.render().to_string();
    let is_help = matches!(
        error.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
    );
    if is_help {
        return Ok(CliAnswer::of(json!({ "help": text }), help_lines));
    }
    let is_without_command = matches!(
        error.kind(),
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand | ErrorKind::MissingSubcommand
    );
    if is_without_command {
        let usage = text.lines().find(|line| line.starts_with("Usage:"));
        let message = format!(
            "a command is missing; {}; --help lists the commands",
            lowered(usage.unwrap_or_default())
        );
        return Err(CliFailure::new(BAD_INPUT, "usage", message, Vec::new()));
    }
    let fields = match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(argument)) => vec![bare(argument)],
        Some(ContextValue::Strings(arguments)) => {
            arguments.iter().map(|argument| bare(argument)).collect()
        }
        Some(_) | None => Vec::new(),
    };
    let message = as_sentence(&text);
    Err(CliFailure::new(BAD_INPUT, "usage", message, fields))
}

fn help_lines(data: &Json) -> Vec<String> {
    let help = data["help"].as_str().unwrap_or_default();
    help.lines().map(str::to_owned).collect()
}

/// Clap's paragraphs as one sentence: what is wrong, its tips, and the usage.
fn as_sentence(text: &str) -> String {
    let text = text.strip_prefix("error: ").unwrap_or(text);
    let mut kept = Vec::new();
    for paragraph in text.split("\n\n") {
        let lines = paragraph.lines().map(str::trim);
        let lines: Vec<&str> = lines.filter(|line| !line.is_empty()).collect();
        let paragraph = lowered(&lines.join(" "));
        if !paragraph.is_empty() && !paragraph.starts_with("For more information") {
            kept.push(paragraph);
        }
    }
    kept.join("; ")
}

fn lowered(usage: &str) -> String {
    match usage.strip_prefix("Usage:") {
        Some(rest) => format!("usage:{rest}"),
        None => usage.to_owned(),
    }
}

/// `--data <DIR>` is `data`, `<NAME>` is `name`.
fn bare(argument: &str) -> String {
    let word = argument.split_whitespace().next().unwrap_or_default();
    word.trim_matches(|c: char| "-<>[].=".contains(c))
        .to_lowercase()
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::*;
    use crate::arguments::CliArguments;

    fn refused(line: &str) -> CliFailure {
        let error = CliArguments::try_parse_from(line.split(' '))
            .map(drop)
            .unwrap_err();
        explained(&error).map(drop).unwrap_err()
    }

    fn accepted(line: &str) -> String {
        let parsed = CliArguments::try_parse_from(line.split(' '))
            .map_err(|error| error.to_string())
            .unwrap();
        format!("{:?}", parsed.command)
    }

    #[test]
    fn the_arguments_are_consistent() {
        CliArguments::command().debug_assert();
    }

    #[test]
    fn what_is_missing_is_named_in_one_line() {
        let failure = refused("outfield territory add North");
        assert_eq!((failure.exit, failure.code.as_str()), (2, "usage"));
        assert_eq!(failure.fields, ["data"]);
        assert!(failure.message.starts_with(
            "the following required arguments were not provided: --data <DIR>; usage:"
        ));
        assert!(!failure.message.contains('\n'));
    }

    #[test]
    fn a_misspelt_command_gets_a_tip() {
        let failure = refused("outfield teritory list");
        assert!(
            failure.message.contains("'territory'"),
            "{}",
            failure.message
        );
        assert!(
            refused("outfield rep --db a.db")
                .message
                .starts_with("a command is missing; usage: outfield rep")
        );
    }

    #[test]
    fn help_is_an_answer() {
        let error = CliArguments::try_parse_from(["outfield", "rep", "--help"])
            .map(drop)
            .unwrap_err();
        assert!(explained(&error).is_ok());
    }

    #[test]
    fn values_may_begin_with_a_minus() {
        for at in ["--at=-33.9,151.2", "--at -33.9,151.2"] {
            assert!(
                accepted(&format!("outfield rep --db a.db visit check-in V {at}"))
                    .contains("\"-33.9,151.2\"")
            );
        }
        assert!(
            accepted("outfield rep list account --near -33.9,151.2 --within 5 --db a.db")
                .contains("-33.9,151.2")
        );
        assert!(
            accepted("outfield rep --db a.db visit answer V shelf -3 --json")
                .contains("value: Some(\"-3\")")
        );
        assert!(accepted("outfield rep --db a.db resolve C -1").contains("choice: \"-1\""));
        assert!(
            accepted("outfield rep --db a.db follow-up -none- -q --account A")
                .contains("note: \"-none-\"")
        );
    }

    #[test]
    fn limits_are_above_zero_and_distances_not_below() {
        assert_eq!(
            refused("outfield rep --db a.db list account --limit 0").fields,
            ["limit"]
        );
        assert_eq!(
            refused("outfield rep --db a.db list account --near 1,1 --within=-1").fields,
            ["within"]
        );
    }
}
