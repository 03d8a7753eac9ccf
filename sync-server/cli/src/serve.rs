//! The command `serve`: serves until it is told to stop. It does not know HTTP.

use std::panic;
use std::sync::Arc;

use outfield_core::base::context::Surroundings;
use outfield_server::http::{self, ListenOptions, TlsFiles, Until};
use outfield_server::seen::{LogForm, LogLevel, ServerLog};
use serde_json::{Value as Json, json};

use crate::answer::{CliAnswer, CliFailure};
use crate::arguments::{ServeArguments, ShownLogForm, ShownLogLevel};
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
    let tls = arguments.tls_cert.clone().zip(arguments.tls_key.clone());
    let options = ListenOptions {
        listen: arguments.listen.clone(),
        tls: tls.map(|(certificate, key)| TlsFiles { certificate, key }),
        is_behind_proxy: arguments.behind_proxy,
        files: arguments.files.clone(),
        metrics_listen: arguments.metrics_listen.clone(),
        until,
    };
    let log = log_of(arguments, Arc::clone(&surroundings));
    let served = http::serve(&arguments.data, options, surroundings, &log, &ready);
    log.settle();
    Ok(served?)
}

/// The log, which tells of panics too: a server survives that of one request.
fn log_of(arguments: &ServeArguments, surroundings: Arc<dyn Surroundings>) -> Arc<ServerLog> {
    let form = match arguments.log {
        ShownLogForm::Text => LogForm::Text,
        ShownLogForm::Json => LogForm::Json,
    };
    let level = match arguments.log_level {
        ShownLogLevel::Error => LogLevel::Error,
        ShownLogLevel::Warn => LogLevel::Warn,
        ShownLogLevel::Info => LogLevel::Info,
        ShownLogLevel::Debug => LogLevel::Debug,
    };
    let log = ServerLog::to_stderr(form, level, surroundings);
    let told = Arc::clone(&log);
    panic::set_hook(Box::new(move |panic| {
        let line = told.line(LogLevel::Error, "panic");
        line.say("cause", panic.to_string()).write();
    }));
    log
}

fn lines(data: &Json) -> Vec<String> {
    vec![format!("listening on {}", render::text(&data["url"]))]
}
