//! The one form of an answer and of a refusal, on the command line and over HTTP.
//! It does not know who asked, nor what for.

use serde::Serialize;
use serde_json::{Map, Value as Json};

use crate::plain;

/// What is said of something that was not done.
#[derive(Debug, Clone, Copy)]
pub struct ErrorBody<'a> {
    /// A stable name.
    pub code: &'a str,
    /// What is wrong and what to do.
    pub message: &'a str,
    /// The fields or arguments it is about.
    pub fields: &'a [String],
    /// The numbers and names behind it; none are left out of the answer.
    pub numbers: &'a Map<String, Json>,
}

/// The line that says what was done: `{"ok":true,"id":…,"data":…}`. The data is JSON text already,
/// so that each of its bytes stays, but of what steers a terminal.
#[must_use]
pub fn done(id: Option<&str>, data: &str) -> String {
    let id = Json::from(id);
    let line = format!("{{\"ok\":true,\"id\":{id},\"data\":{data}}}\n");
    plain::json(&line).into_owned()
}

/// The line that says what was not done; `data` is what was done all the same.
#[must_use]
pub fn refused(reason: ErrorBody<'_>, data: Option<&Json>) -> String {
    #[derive(Serialize)]
    struct Refused<'a> {
        ok: bool,
        error: RefusedError<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        data: Option<&'a Json>,
    }
    #[derive(Serialize)]
    struct RefusedError<'a> {
        code: &'a str,
        message: &'a str,
        fields: &'a [String],
        #[serde(skip_serializing_if = "Map::is_empty")]
        numbers: &'a Map<String, Json>,
    }
    let message = one_line(reason.message);
    let error = RefusedError {
        code: reason.code,
        message: &message,
        fields: reason.fields,
        numbers: reason.numbers,
    };
    let refused = Refused {
        ok: false,
        error,
        data,
    };
    // Text always has a JSON form, so the fallback is never seen.
    serde_json::to_string(&refused).map_or_else(
        |_| "{\"ok\":false}\n".to_owned(),
        |json| plain::json(&json).into_owned() + "\n",
    )
}

/// A message brought into one line.
#[must_use]
pub fn one_line(message: &str) -> String {
    let mut line = String::new();
    for part in message.lines().map(str::trim) {
        if !line.is_empty() && !part.is_empty() {
            line.push(' ');
        }
        line.push_str(part);
    }
    line
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_answer_and_a_refusal_have_one_form() {
        assert_eq!(
            done(None, "[1]"),
            "{\"ok\":true,\"id\":null,\"data\":[1]}\n"
        );
        let (fields, mut numbers) = (["quantity".to_owned()], Map::new());
        let told = |numbers: &Map<String, Json>| {
            let (code, message) = ("not_enough_stock", "too\n  few");
            let reason = ErrorBody {
                code,
                message,
                fields: &fields,
                numbers,
            };
            refused(reason, None)
        };
        let start = "{\"ok\":false,\"error\":{\"code\":\"not_enough_stock\",\
                     \"message\":\"too few\",\"fields\":[\"quantity\"]";
        assert_eq!(told(&numbers), format!("{start}}}}}\n"));
        numbers.insert("available".to_owned(), json!("3"));
        let with = format!("{start},\"numbers\":{{\"available\":\"3\"}}}}}}\n");
        assert_eq!(told(&numbers), with);
    }
}
