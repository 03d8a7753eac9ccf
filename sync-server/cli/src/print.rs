//! The one place that writes to the terminal: answers to standard output, failures to standard
//! error. It does not know what any command does.

use std::io::{self, ErrorKind, IsTerminal, Write};

use serde_json::Value as Json;

use super::answer::{BROKEN, CliAnswer, CliFailure};
use super::render;
use outfield_server::{envelope, plain};

/// How the caller wants to be answered.
#[derive(Debug, Clone, Copy)]
pub struct OutputForm {
    /// One JSON object on standard output, whatever happens.
    pub json: bool,
    /// The id alone.
    pub quiet: bool,
}

impl OutputForm {
    /// Whether a person reads the answer.
    #[must_use]
    pub fn is_for_people(self) -> bool {
        !self.json && !self.quiet
    }
}

/// Prints what a command came to, if anything is left to say, and gives its exit code.
pub fn outcome(form: OutputForm, outcome: Result<Option<CliAnswer>, CliFailure>) -> u8 {
    let (text, failure) = match outcome {
        Ok(None) => return 0,
        Ok(Some(answer)) => (answered(form, &answer), None),
        Err(failure) => (refused(form, &failure), Some(failure)),
    };
    let printed = write(&mut io::stdout().lock(), &text);
    if let Some(failure) = &failure
        && !form.json
    {
        // Where even standard error is closed, the exit code alone tells.
        let mark = if is_coloured(&io::stderr()) {
            "\u{1b}[31merror:\u{1b}[0m"
        } else {
            "error:"
        };
        let told = format!("{mark} {}\n", plain::line(&failure.message));
        write(&mut io::stderr().lock(), &told).ok();
    }
    let exit = failure.map_or(0, |failure| failure.exit);
    let Err(error) = printed else {
        return exit;
    };
    let told = format!("error: the work is done, but the answer could not be printed: {error}\n");
    write(&mut io::stderr().lock(), &told).ok();
    if exit == 0 { BROKEN } else { exit }
}

/// What standard output gets of an answer.
fn answered(form: OutputForm, answer: &CliAnswer) -> String {
    match &answer.verbatim {
        Some(text) => text.clone(),
        None if form.json => done(answer),
        None => plain(form, answer),
    }
}

/// What standard output gets of a failure: all of it as JSON, else what was done all the same.
fn refused(form: OutputForm, failure: &CliFailure) -> String {
    match &failure.partial {
        _ if form.json => refused_line(failure),
        Some(partial) => plain(form, partial),
        None => String::new(),
    }
}

fn done(answer: &CliAnswer) -> String {
    envelope::done(answer.id.as_deref(), &answer.data.to_string())
}

fn refused_line(failure: &CliFailure) -> String {
    let partial = failure.partial.as_ref().map(|part| &part.data);
    envelope::refused(failure.reason(), partial)
}

fn plain(form: OutputForm, answer: &CliAnswer) -> String {
    let lines = if form.quiet {
        brief(answer)
    } else {
        spoken(answer)
    };
    lines.into_iter().map(|line| line + "\n").collect()
}

/// The id first, unless the data names it itself. Whatever made the lines, none of them steers the
/// terminal.
fn spoken(answer: &CliAnswer) -> Vec<String> {
    let id = answer.id.as_ref().filter(|_| answer.data["id"].is_null());
    let id = id.map(|id| format!("id: {id}"));
    let lines = match &answer.table {
        Some(table) => table.lines(terminal_width()),
        None => (answer.lines)(answer.told.as_ref().unwrap_or(&answer.data)),
    };
    let lines = id.into_iter().chain(lines);
    let mut lines: Vec<String> = lines.map(|line| plain::line(&line).into_owned()).collect();
    if answer.table.is_some()
        && is_coloured(&io::stdout())
        && let Some(names) = lines.first_mut()
    {
        *names = format!("\u{1b}[1m{names}\u{1b}[0m");
    }
    lines
}

/// Whether a person looks at a terminal that has colours and did not ask for none.
fn is_coloured(to: &impl IsTerminal) -> bool {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    to.is_terminal() && !is_set("NO_COLOR") && !is_dumb
}

/// Tells a person at a terminal how many rows of a file are done; elsewhere nothing is told.
pub(crate) fn progress(rows: u64, of: u64) {
    show_over(&format!("{rows} of {of} rows"));
}

/// Takes the progress off the terminal.
pub(crate) fn progress_over() {
    show_over("");
}

/// Writes over the line that was written so before. It is short, so that no terminal breaks it.
fn show_over(line: &str) {
    let mut to = io::stderr().lock();
    if to.is_terminal() {
        // Where nobody can be told, the work goes on.
        write(&mut to, &format!("\r\u{1b}[K{line}")).ok();
    }
}

/// How many columns the terminal has; none if standard output is no terminal.
fn terminal_width() -> Option<usize> {
    let size = terminal_size::terminal_size_of(io::stdout())?;
    Some(usize::from(size.0.0)).filter(|width| *width > 0)
}

/// The secret that was asked for, else the id, else the ids of a list.
fn brief(answer: &CliAnswer) -> Vec<String> {
    match (answer.brief, &answer.id, &answer.data) {
        (Some(member), _, data) => vec![render::text(&data[member])],
        (None, Some(id), _) => vec![plain::line(id).into_owned()],
        (None, None, Json::Array(items)) => items
            .iter()
            .filter_map(|item| Some(plain::line(item["id"].as_str()?).into_owned()))
            .collect(),
        (None, None, _) => Vec::new(),
    }
}

/// A reader that has gone away wants no more text; that is no fault.
fn write(to: &mut dyn Write, text: &str) -> io::Result<()> {
    match to.write_all(text.as_bytes()).and_then(|()| to.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const PLAIN: OutputForm = OutputForm {
        json: false,
        quiet: false,
    };
    const QUIET: OutputForm = OutputForm {
        json: false,
        quiet: true,
    };

    #[test]
    fn json_answers_have_one_form() {
        let answer = CliAnswer::about("7", json!({ "name": "Ana" }), render::record);
        assert_eq!(
            done(&answer),
            "{\"ok\":true,\"id\":\"7\",\"data\":{\"name\":\"Ana\"}}\n"
        );
        let failure = CliFailure::bad_input("bad_id", "no\n  id").about("id");
        let expected = concat!(
            r#"{"ok":false,"error":{"code":"bad_id","message":"no id","fields":["id"]}}"#,
            "\n"
        );
        assert_eq!(refused_line(&failure), expected);
        let partial = Some(Box::new(CliAnswer::of(json!([]), render::record)));
        assert!(refused_line(&CliFailure { partial, ..failure }).ends_with("},\"data\":[]}\n"));
    }

    #[test]
    fn people_read_the_id_first_and_shells_the_id_alone() {
        let answer = CliAnswer::about("7", json!({ "name": "Ana", "code": "c" }), render::record);
        assert_eq!(plain(PLAIN, &answer), "id: 7\nname: Ana\ncode: c\n");
        assert_eq!(plain(QUIET, &answer), "7\n");
        assert_eq!(plain(QUIET, &answer.brief("code")), "c\n");
    }

    #[test]
    fn shells_read_the_ids_of_a_list_and_nothing_of_a_count() {
        let list = CliAnswer::of(json!([{ "id": "7" }, { "id": "8" }]), render::record);
        assert_eq!(plain(QUIET, &list), "7\n8\n");
        assert_eq!(
            plain(QUIET, &CliAnswer::of(json!({ "sent": 1 }), render::record)),
            ""
        );
    }

    #[test]
    fn only_a_reader_that_went_away_is_no_fault() {
        struct Torn(ErrorKind);
        impl Write for Torn {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(self.0.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        assert!(write(&mut Torn(ErrorKind::BrokenPipe), "x").is_ok());
        assert!(write(&mut Torn(ErrorKind::StorageFull), "x").is_err());
    }
}
