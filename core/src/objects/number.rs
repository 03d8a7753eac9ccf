//! Human numbers: a series of its own for each writer, counted where it writes and never computed
//! from records, so that no number is given twice. It does not know where the count is kept.

use super::descriptor::{Descriptor, NumberSeries};
use super::record::Values;
use super::value::Value;
use crate::base::id::ActorId;

/// Letters of a series: no `I`, `L`, `O` or `U`, which people mistake.
const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// A number as its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeriesNumber {
    /// Prefix and series of the writer.
    pub series: String,
    /// Which number of the series.
    pub count: u64,
}

impl SeriesNumber {
    /// Reads a number; none if it has another form.
    #[must_use]
    pub fn parse(text: &str) -> Option<SeriesNumber> {
        let (series, count) = text.rsplit_once('-')?;
        let is_plain = count.bytes().all(|byte| byte.is_ascii_digit()) && !count.starts_with('0');
        let count = count.parse().ok().filter(|_| is_plain)?;
        Some(SeriesNumber {
            series: series.to_owned(),
            count,
        })
    }

    /// The number that follows `last` in a series.
    #[must_use]
    pub fn after(series: &str, last: u64) -> String {
        format!("{series}-{}", last.saturating_add(1))
    }
}

impl NumberSeries {
    /// The series of a writer.
    #[must_use]
    pub fn of(&self, actor: ActorId) -> String {
        format!("{}-{}", self.prefix, series(actor))
    }
}

/// The series of numbers of a writer: 8 letters, another one for each installation, login and
/// restored database.
#[must_use]
pub fn series(actor: ActorId) -> String {
    let bits = actor.0[..5]
        .iter()
        .fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
    (0..8)
        .rev()
        .map(|place| char::from(LETTERS[(bits >> (5 * place) & 31) as usize]))
        .collect()
}

/// The numbers that these values of an object give.
#[must_use]
pub fn given(descriptor: &Descriptor, values: &Values) -> Vec<SeriesNumber> {
    let mut given = Vec::new();
    for (name, field) in &descriptor.fields {
        if field.number.is_some() {
            let text = values.get(name).and_then(Value::text);
            given.extend(text.and_then(SeriesNumber::parse));
        }
    }
    given
}
