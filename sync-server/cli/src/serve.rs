//! The command `serve`: serves until it is told to stop. It does not know HTTP.

use std::sync::Arc;

use outfield_core::base::context::Surroundings;
use outfield_server::http::{self, Until};
use serde_json::{Value as Json, json};

use crate::answer::{CliAnswer, CliFailure};
use crate::arguments::ServeArguments;
use crate::print::{self, OutputForm};
use crate::render;

/// Serves until it is told to stop. The address is the answer, printed once the server accepts.
pub(crate) fn serve(
    form: OutputForm,
    arguments: &ServeArguments,
    surroundings: Arc<dyn Surroundings>,
) -> Result<(), CliFailure> {
    let ready = |url: &str| {
        let answer = CliAnswer::of(json!({ "url": url }), lines).brief("url");
        print::outcome(form, Ok(Some(answer)));
    };
    let until = if arguments.until_eof {
        Until::Alone
    } else {
        Until::Told
    };
    let (data, listen) = (&arguments.data, &arguments.listen);
    Ok(http::serve(data, listen, until, surroundings, &ready)?)
}

fn lines(data: &Json) -> Vec<String> {
    vec![format!("listening on {}", render::text(&data["url"]))]
}
