//! The command `serve`: serves until it is told to stop. It does not know HTTP.

use std::sync::Arc;

use outfield_core::base::context::Surroundings;
use outfield_server::http::{self, Until};
use serde_json::{Value as Json, json};

use crate::answer::{Answer, Failure};
use crate::arguments::ServeArguments;
use crate::print::{self, Manner};
use crate::render;

/// Serves until it is told to stop. The address is the answer, printed once the server accepts.
pub(crate) fn serve(
    manner: Manner,
    arguments: &ServeArguments,
    surroundings: Arc<dyn Surroundings>,
) -> Result<(), Failure> {
    let ready = |url: &str| {
        let answer = Answer::of(json!({ "url": url }), lines).brief("url");
        print::outcome(manner, Ok(Some(answer)));
    };
    let until = if arguments.until_eof {
        Until::Alone
    } else {
        Until::Told
    };
    let listen = (arguments.listen.as_str(), until);
    Ok(http::serve(&arguments.data, listen, surroundings, &ready)?)
}

fn lines(data: &Json) -> Vec<String> {
    vec![format!("listening on {}", render::text(&data["url"]))]
}
