//! Commands for whoever wants to go on by hand. It does not know what they do.

use outfield_server::error::ServerError;

use crate::stage::StoryStage;
use crate::stage::rep::StoryRep;
use crate::story::cast::Cast;

/// Tells the commands, and how all of it ends.
pub(crate) fn what_to_try(stage: &StoryStage<'_>, cast: &Cast) -> Result<(), ServerError> {
    let server = stage.server()?;
    let program = quoted(&stage.programs.program().display().to_string());
    let ann = rep_command(&program, &cast.ann);
    let ben = rep_command(&program, &cast.ben);
    let order = &cast.found.refused_order;
    let maria = &cast.found.maria;
    let commands = [
        format!("{ann} today"),
        format!("{ben} order show {order}"),
        format!("{ann} edit contact {maria} phone=+14795550199; {ann} sync; {ben} sync"),
        format!("{ben} get contact {maria}"),
        format!("{ann} figures --day {}", stage.day),
        format!(
            "curl -H \"Authorization: Bearer $({ann} token -q)\" \
             http://{server}/api/v1/sales_order/{order}"
        ),
        format!("{program} user list --data {}", quoted(&stage.data())),
    ];
    let page = &stage.page;
    let heading = "The server is still up; in another terminal, try";
    page.heading(heading);
    for command in commands {
        page.line(&format!("  {command}"));
    }
    let folder = stage.folder().display();
    page.line("");
    page.line(&format!("Ctrl-C ends the server and removes {folder}"));
    Ok(())
}

fn rep_command(program: &str, rep: &StoryRep) -> String {
    format!("{program} rep --db {}", quoted(&rep.db))
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "/._-+:".contains(c);
    if word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}
