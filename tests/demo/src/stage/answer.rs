//! How a step is to end, and its answer in words. It does not know what the steps are.

use serde_json::Value as Json;

/// How a step is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expect {
    /// Done.
    Done,
    /// Refused by a rule, with this code.
    Refused(&'static str),
    /// Not possible without a network.
    Unreachable,
}

/// What a step's answer says, and whether that is what it was to say.
pub(crate) struct SaidAnswer {
    /// The answer in words.
    pub(crate) text: String,
    /// Whether it says what it was to say.
    pub(crate) is_as_told: bool,
}

impl From<String> for SaidAnswer {
    fn from(text: String) -> Self {
        SaidAnswer {
            text,
            is_as_told: true,
        }
    }
}

/// Puts an answer into words, which must be these.
pub(crate) fn exactly(
    wanted: impl Into<String>,
    say: impl Fn(&Json) -> String,
) -> impl Fn(&Json) -> SaidAnswer {
    let wanted = wanted.into();
    move |data| {
        let text = say(data);
        let is_as_told = text == wanted;
        SaidAnswer { text, is_as_told }
    }
}

/// A value as a person reads it.
pub(crate) fn said(json: &Json) -> String {
    match json.as_str() {
        Some(text) => text.to_owned(),
        None => json.to_string(),
    }
}
