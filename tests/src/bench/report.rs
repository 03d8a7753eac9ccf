//! What was measured, as a table with the misses first, and as JSON. It does not know how it was
//! measured.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Value as Json, json};

use super::figures::{BenchFigure, BenchUnit, Budget, FIGURES, shown};
use super::measure::Pairs;

/// One figure as it came out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Measured {
    /// Ours.
    pub ours: u64,
    /// Plain prepared SQLite in the same run, where there is such a floor.
    pub floor: Option<u64>,
    /// What is worth knowing beside it.
    pub note: String,
}

/// One step of how cost grows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GrowthStep {
    /// The part.
    pub part: &'static str,
    /// How much there is, in words.
    pub what: String,
    /// How long it took from first to last, in nanoseconds.
    pub wall_ns: u64,
    /// Processor time of the server, in nanoseconds.
    pub cpu_ns: u64,
    /// The server's highest memory so far, in bytes.
    pub memory: u64,
    /// The tenant's file afterwards, in bytes.
    pub disk: u64,
    /// What is worth knowing beside it.
    pub note: String,
}

/// How a figure stands to its budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BudgetResult {
    /// Beyond its budget.
    Miss,
    /// Within its budget.
    Meets,
}

/// Everything that one run measured.
#[derive(Debug, Clone, Default)]
pub struct BenchReport {
    figures: BTreeMap<&'static str, Measured>,
    /// Why figures were not measured, by name.
    skipped: BTreeMap<&'static str, String>,
    /// How cost grows.
    pub growth: Vec<GrowthStep>,
}

fn named(name: &str) -> &'static BenchFigure {
    FIGURES
        .iter()
        .find(|figure| figure.name == name)
        .unwrap_or_else(|| panic!("there is no figure `{name}`"))
}

fn result(figure: &BenchFigure, measured: &Measured) -> BudgetResult {
    let meets = match figure.budget {
        Budget::Floor(hundredths) => measured.ours * 100 <= measured.floor.unwrap() * hundredths,
        Budget::AtMost(limit) => measured.ours <= limit,
        Budget::AtLeast(limit) => measured.ours >= limit,
    };
    if meets {
        BudgetResult::Meets
    } else {
        BudgetResult::Miss
    }
}

impl BenchReport {
    /// Takes in a figure.
    pub fn put(&mut self, name: &str, ours: u64, floor: Option<u64>) {
        self.note(name, ours, floor, "");
    }

    /// Takes in a figure with a word beside it.
    pub fn note(&mut self, name: &str, ours: u64, floor: Option<u64>, note: impl Into<String>) {
        self.figures.insert(
            named(name).name,
            Measured {
                ours,
                floor,
                note: note.into(),
            },
        );
    }

    /// Takes in the median of ours beside that of its floor.
    pub fn median(&mut self, name: &str, pairs: &Pairs, note: impl Into<String>) {
        self.note(name, pairs.ours.median(), Some(pairs.floor.median()), note);
    }

    /// Takes in median and 99th percentile, each beside that of the floor.
    pub fn percentiles(&mut self, what: &str, pairs: &Pairs) {
        for (name, per_cent) in [("p50", 50), ("p99", 99)] {
            let ours = pairs.ours.percentile(per_cent);
            let floor = pairs.floor.percentile(per_cent);
            self.put(&format!("{what}, {name}"), ours, Some(floor));
        }
    }

    /// A figure that this run cannot measure.
    pub fn skip(&mut self, name: &str, why: &str) {
        self.skipped.insert(named(name).name, why.to_owned());
    }

    /// Figures beyond their budget, in the order of the plan.
    #[must_use]
    pub fn misses(&self) -> Vec<&'static str> {
        self.rows(BudgetResult::Miss)
            .into_iter()
            .map(|(figure, _)| figure.name)
            .collect()
    }

    fn rows(&self, wanted: BudgetResult) -> Vec<(&'static BenchFigure, &Measured)> {
        let measured = FIGURES
            .iter()
            .filter_map(|figure| Some((figure, self.figures.get(figure.name)?)));
        measured
            .filter(|(figure, measured)| result(figure, measured) == wanted)
            .collect()
    }

    /// The table: misses, then what meets its budget, then how cost grows.
    #[must_use]
    pub fn table(&self) -> String {
        let mut lines =
            vec![["figure", "ours", "floor", "times", "budget", "", ""].map(str::to_owned)];
        for (result, word) in [(BudgetResult::Miss, "MISS"), (BudgetResult::Meets, "meets")] {
            for (figure, measured) in self.rows(result) {
                let floor = measured.floor.map(|floor| shown(figure.unit, floor));
                lines.push([
                    figure.name.to_owned(),
                    shown(figure.unit, measured.ours),
                    floor.unwrap_or("-".to_owned()),
                    times(figure, measured),
                    budget(figure),
                    word.to_owned(),
                    measured.note.clone(),
                ]);
            }
        }
        for (name, why) in &self.skipped {
            lines.push([
                (*name).to_owned(),
                "-".into(),
                "-".into(),
                "-".into(),
                budget(named(name)),
                "-".into(),
                why.clone(),
            ]);
        }
        let mut table = aligned(&lines);
        if !self.growth.is_empty() {
            let mut lines =
                vec![["growth", "", "time", "CPU", "memory", "disk", ""].map(str::to_owned)];
            for step in &self.growth {
                lines.push([
                    step.part.to_owned(),
                    step.what.clone(),
                    shown(BenchUnit::Time, step.wall_ns),
                    shown(BenchUnit::Time, step.cpu_ns),
                    shown(BenchUnit::Bytes, step.memory),
                    shown(BenchUnit::Bytes, step.disk),
                    step.note.clone(),
                ]);
            }
            write!(table, "\n{}", aligned(&lines)).unwrap();
        }
        table
    }

    /// The same for programs.
    #[must_use]
    pub fn json(&self, machine: &Json, workload: &Json) -> Json {
        let mut figures = Vec::new();
        for (name, measured) in &self.figures {
            let figure = named(name);
            figures.push(json!({
                "part": figure.part,
                "name": name,
                "unit": format!("{:?}", figure.unit),
                "budget": budget(figure),
                "ours": measured.ours,
                "floor": measured.floor,
                "note": measured.note,
                "meets": result(figure, measured) == BudgetResult::Meets,
            }));
        }
        let mut growth = Vec::new();
        for step in &self.growth {
            growth.push(json!({
                "part": step.part,
                "what": step.what,
                "wall_ns": step.wall_ns,
                "cpu_ns": step.cpu_ns,
                "memory": step.memory,
                "disk": step.disk,
                "note": step.note,
            }));
        }
        json!({
            "machine": machine,
            "workload": workload,
            "figures": figures,
            "skipped": self.skipped,
            "growth": growth,
        })
    }
}

fn times(figure: &BenchFigure, measured: &Measured) -> String {
    let Some(floor) = measured
        .floor
        .filter(|floor| *floor > 0 && measured.ours > 0)
    else {
        return "-".to_owned();
    };
    // Of a rate the floor is the greater number.
    let hundredths = if figure.unit == BenchUnit::Rate {
        floor * 100 / measured.ours
    } else {
        measured.ours * 100 / floor
    };
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

fn budget(figure: &BenchFigure) -> String {
    match figure.budget {
        Budget::Floor(hundredths) => {
            format!("<= {}.{} floors", hundredths / 100, hundredths % 100 / 10)
        }
        Budget::AtMost(limit) => format!("<= {}", shown(figure.unit, limit)),
        Budget::AtLeast(limit) => format!(">= {}", shown(figure.unit, limit)),
    }
}

/// Columns of text below each other.
fn aligned<const N: usize>(lines: &[[String; N]]) -> String {
    let width = |column: usize| {
        lines
            .iter()
            .map(|line| line[column].chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..N).map(width).collect();
    let line = |line: &[String; N]| {
        let cells = line
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
    };
    lines.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misses_come_first_and_say_by_how_much() {
        let mut report = BenchReport::default();
        report.put("open a visit of 45 lines", 900_000, Some(300_000));
        report.put("edit one field, warm, p50", 460, Some(300));
        report.put(
            "server push of one-field changes, warm",
            4_000,
            Some(10_000),
        );
        report.skip("mobile library, stripped", "not asked");
        assert_eq!(
            report.misses(),
            [
                "edit one field, warm, p50",
                "server push of one-field changes, warm"
            ]
        );
        let table = report.table();
        let rows: Vec<Vec<&str>> = table
            .lines()
            .map(|line| {
                line.split("  ")
                    .filter(|cell| !cell.is_empty())
                    .map(str::trim)
                    .collect()
            })
            .collect();
        assert_eq!(
            rows[1],
            [
                "edit one field, warm, p50",
                "0.46 us",
                "0.30 us",
                "1.53",
                "<= 1.5 floors",
                "MISS"
            ]
        );
        assert_eq!(rows[2][3..], ["2.50", ">= 8000 /s", "MISS"]);
        assert_eq!(
            rows[3][1..],
            ["900.00 us", "300.00 us", "3.00", "<= 1.00 ms", "meets"]
        );
        assert_eq!(rows[4].last(), Some(&"not asked"));
    }
}
