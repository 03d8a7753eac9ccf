//! The day's figures, for each rep and each territory, as their phones answer them, in a small
//! table. It does not know how they come about, nor whether they are right.

use outfield_server::error::ServerError;
use serde_json::Value as Json;

use super::cast::Cast;
use super::office::OpenedOffice;
use crate::stage::StoryStage;
use crate::stage::answer::said;

/// The figures of the table: their names, and how they are headed.
const COLUMNS: &[(&str, &str)] = &[
    ("strike_rate", "strike rate"),
    ("drop_size", "drop size"),
    ("lines_per_productive_call", "lines a call"),
    ("coverage", "coverage"),
    ("plan_adherence", "plan kept"),
    ("route_compliance", "in sequence"),
];
/// Characters of a column.
const NAME: usize = 16;
const CELL: usize = 17;

/// What the phones say of the day: for each rep, and for each territory.
pub(crate) fn ask(
    stage: &StoryStage<'_>,
    cast: &Cast,
    opened: &OpenedOffice,
) -> Result<Vec<Json>, ServerError> {
    let mut all = Vec::new();
    for rep in cast.reps() {
        all.push(stage.ask(rep, &["figures", "--day", &stage.day, "--rep", rep.who])?);
    }
    for (territory, rep) in opened.territories.iter().zip([&cast.ann, &cast.cem]) {
        let day = ["figures", "--day", &stage.day];
        let command = [&day[..], &["--territory", &territory.name]].concat();
        all.push(stage.ask(rep, &command)?);
    }
    Ok(all)
}

/// Tells them as a table.
pub(crate) fn table(stage: &StoryStage<'_>, all: &[Json]) {
    let heading = format!("The day's figures, {}", stage.day);
    stage.page.heading(&heading);
    let headings = COLUMNS.iter().map(|(_, heading)| (*heading).to_owned());
    stage.page.line(&row("", headings));
    for figures in all {
        let name = match figures["rep"].as_str() {
            Some(rep) => rep.to_owned(),
            None => format!("territory {}", said(&figures["territory"])),
        };
        let cells = COLUMNS.iter().map(|(figure, _)| cell(figures, figure));
        stage.page.line(&row(&name, cells));
    }
}

fn row(name: &str, cells: impl Iterator<Item = String>) -> String {
    let mut row = format!("  {name:<NAME$}");
    for cell in cells {
        row.push_str(&format!("{cell:>CELL$}"));
    }
    row
}

/// A figure in few words: its value, and for shares the fraction behind it.
fn cell(figures: &Json, name: &str) -> String {
    let all = figures["figures"].as_array().into_iter().flatten();
    let Some(figure) = all.into_iter().find(|figure| figure["name"] == name) else {
        return String::new();
    };
    let Some(value) = figure["value"].as_str() else {
        return "-".to_owned();
    };
    match figure["unit"].as_str() {
        Some("%") => format!(
            "{}/{} {value:>6}%",
            said(&figure["numerator"]),
            said(&figure["denominator"])
        ),
        Some(_) | None => format!("{value} {}", said(&figure["unit"]))
            .trim()
            .to_owned(),
    }
}
