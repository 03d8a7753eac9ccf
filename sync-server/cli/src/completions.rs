//! What shells need to complete commands and options. It does not know what these do.

use clap::CommandFactory;
use clap_complete::{Shell, generate};
use serde_json::json;

use crate::answer::{CliAnswer, CliFailure};
use crate::arguments::CliArguments;
use crate::print::OutputForm;

/// The script for a shell; with `--json` it is `data.script`.
pub(crate) fn of(form: OutputForm, shell: Shell) -> Result<CliAnswer, CliFailure> {
    let mut script = Vec::new();
    let mut command = CliArguments::command();
    let name = command.get_name().to_owned();
    generate(shell, &mut command, name, &mut script);
    let script = String::from_utf8(script).map_err(CliFailure::broken)?;
    if form.json {
        let data = json!({ "shell": shell.to_string(), "script": script });
        return Ok(CliAnswer::of(data, |_| Vec::new()));
    }
    Ok(CliAnswer::verbatim(script))
}
