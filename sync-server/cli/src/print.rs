//! The one place that writes to the terminal: answers to standard output, failures to standard
//! error. It does not know what any command does.

use std::io::{self, ErrorKind, Write};

use serde_json::Value as Json;

use super::answer::{Answer, BROKEN, Failure};
use super::render;
use outfield_server::envelope;

/// How the caller wants to be answered.
#[derive(Debug, Clone, Copy)]
pub struct Manner {
    /// One JSON object on standard output, whatever happens.
    pub json: bool,
    /// The id alone.
    pub quiet: bool,
}

/// Prints what a command came to, if anything is left to say, and gives its exit code.
pub fn outcome(manner: Manner, outcome: Result<Option<Answer>, Failure>) -> u8 {
    let (text, failure) = match outcome {
        Ok(None) => return 0,
        Ok(Some(Answer {
            verbatim: Some(text),
            ..
        })) => (text, None),
        Ok(Some(answer)) => (
            if manner.json {
                done(&answer)
            } else {
                plain(manner, &answer)
            },
            None,
        ),
        Err(failure) if manner.json => (refused(&failure), Some(failure)),
        Err(failure) => {
            let partial = failure
                .partial
                .as_deref()
                .map(|answer| plain(manner, answer));
            (partial.unwrap_or_default(), Some(failure))
        }
    };
    let printed = write(&mut io::stdout().lock(), &text);
    if let Some(failure) = &failure
        && !manner.json
    {
        // Where even standard error is closed, the exit code alone tells.
        write(
            &mut io::stderr().lock(),
            &format!("error: {}\n", failure.message),
        )
        .ok();
    }
    let exit = failure.map_or(0, |failure| failure.exit);
    match printed {
        Ok(()) => exit,
        Err(error) => {
            let told =
                format!("error: the work is done, but the answer could not be printed: {error}\n");
            write(&mut io::stderr().lock(), &told).ok();
            if exit == 0 { BROKEN } else { exit }
        }
    }
}

/// Prints one line of a story while it happens: beside the answer, where the answer is to stand
/// alone.
pub fn meanwhile(manner: Manner, text: &str) {
    let line = format!("{text}\n");
    // A story that cannot be told is no reason to stop: what matters is the answer.
    match manner {
        Manner { json: true, .. } => write(&mut io::stderr().lock(), &line).ok(),
        Manner { quiet: true, .. } => None,
        Manner { .. } => write(&mut io::stdout().lock(), &line).ok(),
    };
}

fn done(answer: &Answer) -> String {
    envelope::done(answer.id.as_deref(), &answer.data.to_string())
}

fn refused(failure: &Failure) -> String {
    let partial = failure.partial.as_ref().map(|part| &part.data);
    envelope::refused(failure.reason(), partial)
}

fn plain(manner: Manner, answer: &Answer) -> String {
    let lines = if manner.quiet {
        brief(answer)
    } else {
        spoken(answer)
    };
    lines.into_iter().map(|line| line + "\n").collect()
}

/// The id first, unless the data names it itself.
fn spoken(answer: &Answer) -> Vec<String> {
    let id = answer.id.as_ref().filter(|_| answer.data["id"].is_null());
    let id = id.map(|id| format!("id: {id}"));
    id.into_iter().chain((answer.lines)(&answer.data)).collect()
}

/// The secret that was asked for, else the id, else the ids of a list.
fn brief(answer: &Answer) -> Vec<String> {
    match (answer.brief, &answer.id, &answer.data) {
        (Some(member), _, data) => vec![render::text(&data[member])],
        (None, Some(id), _) => vec![id.clone()],
        (None, None, Json::Array(items)) => items
            .iter()
            .filter_map(|item| item["id"].as_str().map(str::to_owned))
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

    const PLAIN: Manner = Manner {
        json: false,
        quiet: false,
    };
    const QUIET: Manner = Manner {
        json: false,
        quiet: true,
    };

    #[test]
    fn json_answers_have_one_form() {
        let answer = Answer::about("7", json!({ "name": "Ana" }), render::record);
        assert_eq!(
            done(&answer),
            "{\"ok\":true,\"id\":\"7\",\"data\":{\"name\":\"Ana\"}}\n"
        );
        let failure = Failure::bad_input("bad_id", "no\n  id").about("id");
        let expected = "{\"ok\":false,\"error\":{\"code\":\"bad_id\",\"message\":\"no id\",\"fields\":[\"id\"]}}\n";
        assert_eq!(refused(&failure), expected);
        let partial = Some(Box::new(Answer::of(json!([]), render::list)));
        assert!(refused(&Failure { partial, ..failure }).ends_with("},\"data\":[]}\n"));
    }

    #[test]
    fn people_read_the_id_first_and_shells_the_id_alone() {
        let answer = Answer::about("7", json!({ "name": "Ana", "code": "c" }), render::record);
        assert_eq!(plain(PLAIN, &answer), "id: 7\nname: Ana\ncode: c\n");
        assert_eq!(plain(QUIET, &answer), "7\n");
        assert_eq!(plain(QUIET, &answer.brief("code")), "c\n");
    }

    #[test]
    fn shells_read_the_ids_of_a_list_and_nothing_of_a_count() {
        let list = Answer::of(json!([{ "id": "7" }, { "id": "8" }]), render::list);
        assert_eq!(plain(QUIET, &list), "7\n8\n");
        assert_eq!(
            plain(QUIET, &Answer::of(json!({ "sent": 1 }), render::record)),
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
