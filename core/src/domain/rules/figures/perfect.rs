//! How near stores are to perfect: figures of a day, each against its target, weighed as the
//! tenant's row says. It does not know how a figure is made.

use serde_json::{Value as Json, json};

use super::compute::{Figure, FigureUnit};
use crate::base::fraction::Ratio;
use crate::base::fraction::{Fraction, FractionError};
use crate::domain::refusal::Refusal;
use crate::objects::{Reader, Record, Registry, Value};

/// The object whose rows say what makes a store perfect; without it, or without a default one,
/// nobody asks.
pub const PERFECT_STORE: &str = "perfect_store";
const PARTS: &str = "parts";
const WHOLE_PERCENT: i64 = 100;

/// One figure that counts, and how much.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The figure's name.
    pub figure: String,
    /// Its share of the whole, in percent.
    pub weight_percent: i64,
    /// The value with which it is good enough; more than that counts no more.
    pub target_percent: i64,
}

/// What a part came to.
struct Scored<'a> {
    part: &'a Part,
    value: Option<String>,
    /// What it reached of its weight; none where there is nothing to measure.
    points: Option<Fraction>,
}

/// The parts of the tenant's row.
pub fn parts(registry: &Registry, reader: &dyn Reader) -> Result<Vec<Part>, Refusal> {
    if registry.get(PERFECT_STORE).is_none() {
        return Ok(Vec::new());
    }
    let found = reader.find(PERFECT_STORE, &[("is_default", Value::Bool(true))])?;
    Ok(found.first().map(parts_of).unwrap_or_default())
}

fn parts_of(row: &Record) -> Vec<Part> {
    let part = |line: &std::collections::BTreeMap<&str, &Value>| {
        let int = |field: &str| line.get(field).and_then(|value| value.int());
        Some(Part {
            figure: line.get("figure")?.text()?.to_owned(),
            weight_percent: int("weight_percent")?,
            target_percent: int("target_percent").unwrap_or(WHOLE_PERCENT),
        })
    };
    row.lines(PARTS).values().filter_map(part).collect()
}

/// The figure with its parts as JSON; none where nothing is weighed. A part of which nothing was to
/// measure weighs nothing, and the denominator says how much was measured.
#[must_use]
pub fn perfect_store(parts: &[Part], figures: &[Figure]) -> Option<Json> {
    if parts.is_empty() {
        return None;
    }
    let scored: Vec<Scored<'_>> = parts.iter().map(|part| score(part, figures)).collect();
    let measured: i64 = scored
        .iter()
        .filter(|one| one.points.is_some())
        .map(|one| one.part.weight_percent)
        .sum();
    let reached = scored
        .iter()
        .filter_map(|one| one.points)
        .try_fold(Fraction::ZERO, Fraction::plus)
        .ok();
    let share = |of: i64| reached.map(|reached| ratio(reached, of));
    let parts: Vec<Json> = scored.iter().map(Scored::to_json).collect();
    Some(json!({
        "name": PERFECT_STORE, "unit": "%", "value": share(measured).and_then(Ratio::percent),
        "numerator": share(1).and_then(|points| points.decimal(1)),
        "numerator_name": "points reached",
        "denominator": measured, "denominator_name": "points of what was measured", "parts": parts,
    }))
}

fn score<'a>(part: &'a Part, figures: &[Figure]) -> Scored<'a> {
    let is_it = |figure: &&Figure| figure.name == part.figure && figure.unit == FigureUnit::Percent;
    let Some(figure) = figures.iter().find(is_it) else {
        return Scored {
            part,
            value: None,
            points: None,
        };
    };
    Scored {
        part,
        value: figure.value(),
        points: points(part, figure.ratio).ok(),
    }
}

/// The weight, or less of it by as much as the target is missed.
fn points(part: &Part, ratio: Ratio) -> Result<Fraction, FractionError> {
    let value = Fraction::new(ratio.numerator, ratio.denominator)?;
    let target = Fraction::new(part.target_percent.into(), WHOLE_PERCENT.into())?;
    let reached = if value >= target {
        Fraction::ONE
    } else {
        value.over(target)?
    };
    reached.times(Fraction::whole(part.weight_percent.into()))
}

fn ratio(points: Fraction, of: i64) -> Ratio {
    Ratio {
        numerator: points.numerator(),
        denominator: points.denominator().saturating_mul(of.into()),
    }
}

impl Scored<'_> {
    fn to_json(&self) -> Json {
        json!({
            "name": self.part.figure, "weight_percent": self.part.weight_percent,
            "target_percent": self.part.target_percent, "value": self.value,
            "points": self.points.and_then(|points| ratio(points, 1).decimal(1)),
        })
    }
}
