//! The day's figures, for each rep and each territory, as their phones answer them, in a small
//! table. It does not know how they come about, nor whether they are right.

use serde_json::Value as Json;

use super::cast::Cast;
use super::home::said;
use super::office::Opened;
use super::stage::Stage;
use outfield_server::error::ServerError;

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
    stage: &Stage<'_>,
    cast: &Cast,
    opened: &Opened,
) -> Result<Vec<Json>, ServerError> {
    let mut all = Vec::new();
    for rep in cast.reps() {
        all.push(stage.ask(rep, &["figures", "--day", &stage.day, "--rep", rep.who])?);
    }
    for (territory, rep) in opened.territories.iter().zip([&cast.ann, &cast.cem]) {
        all.push(stage.ask(
            rep,
            &[
                "figures",
                "--day",
                &stage.day,
                "--territory",
                &territory.name,
            ],
        )?);
    }
    Ok(all)
}

/// Tells them as a table.
pub(crate) fn table(stage: &Stage<'_>, all: &[Json]) {
    stage
        .page
        .heading(&format!("The day's figures, {}", stage.day));
    let row = |name: &str, cells: &mut dyn Iterator<Item = String>| {
        let cells: String = cells.map(|cell| format!("{cell:>CELL$}")).collect();
        stage.page.line(&format!("  {name:<NAME$}{cells}"));
    };
    row(
        "",
        &mut COLUMNS.iter().map(|(_, heading)| (*heading).to_owned()),
    );
    for figures in all {
        let name = figures["rep"].as_str().map(str::to_owned);
        let name = name.unwrap_or_else(|| format!("territory {}", said(&figures["territory"])));
        row(
            &name,
            &mut COLUMNS.iter().map(|(figure, _)| cell(figures, figure)),
        );
    }
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
