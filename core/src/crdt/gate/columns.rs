//! Reads the columns of a chunk: their layout, then their runs, each counted against a cap before
//! it is spread out. It does not know which column means what.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::bytes::{Bytes, inflate};
use crate::crdt::error::GateError;

/// Columns one table may have; Automerge knows fewer than twenty.
const COLUMNS_MAX: usize = 32;
/// The bit of a column's name that says its data is deflated.
const DEFLATED: u64 = 0b1000;

/// Names and lengths of a table's columns, in order.
pub(super) struct Layout(Vec<(u64, usize)>);

impl Layout {
    pub(super) fn read(bytes: &mut Bytes) -> Result<Self, GateError> {
        let count = bytes.count(COLUMNS_MAX, "bad_columns")?;
        let mut columns: Vec<(u64, usize)> = Vec::with_capacity(count);
        for _ in 0..count {
            let name = bytes.unsigned()?;
            let length = bytes.count(bytes.rest().len(), "bad_columns")?;
            let ascends = columns
                .last()
                .is_none_or(|(before, _)| before & !DEFLATED < name & !DEFLATED);
            if !ascends || length == 0 {
                return Err(GateError::new(
                    "bad_columns",
                    "columns are empty, repeated or out of order",
                ));
            }
            columns.push((name, length));
        }
        Ok(Layout(columns))
    }

    /// Takes the columns' data, inflating where it is deflated; `left` is what may still come out
    /// of inflating.
    pub(super) fn take<'a>(
        self,
        bytes: &mut Bytes<'a>,
        left: Option<&mut usize>,
    ) -> Result<Columns<'a>, GateError> {
        let mut none = 0;
        let may_inflate = left.is_some();
        let left = left.unwrap_or(&mut none);
        let mut columns = BTreeMap::new();
        for (name, length) in self.0 {
            let raw = bytes.take(length)?;
            let data = if name & DEFLATED == 0 {
                Cow::Borrowed(raw)
            } else if may_inflate {
                let plain = inflate(raw, *left)?;
                *left = left.saturating_sub(plain.len());
                Cow::Owned(plain)
            } else {
                return Err(GateError::new(
                    "bad_columns",
                    "a change must not hold deflated columns",
                ));
            };
            columns.insert(name & !DEFLATED, data);
        }
        Ok(Columns(columns))
    }
}

/// A table's data by column.
pub(super) struct Columns<'a>(BTreeMap<u64, Cow<'a, [u8]>>);

impl Columns<'_> {
    /// The column's data; empty if there is no such column.
    pub(super) fn data(&self, name: u64) -> &[u8] {
        self.0.get(&name).map_or(&[], |data| data)
    }

    /// Refuses a column that is not among `known`.
    pub(super) fn only(&self, known: &[u64]) -> Result<(), GateError> {
        match self.0.keys().find(|name| !known.contains(name)) {
            Some(name) => Err(GateError::new(
                "not_flat",
                format!("column {name} has no place in a flat record"),
            )),
            None => Ok(()),
        }
    }
}

/// Spreads out a run-length coded column of which no entry is null; more than `max` entries are
/// refused before they are made.
pub(super) fn runs<'a, T: Clone>(
    data: &'a [u8],
    max: usize,
    read: impl Fn(&mut Bytes<'a>) -> Result<T, GateError>,
) -> Result<Vec<T>, GateError> {
    let mut bytes = Bytes::new(data);
    let mut entries = Vec::new();
    while !bytes.is_empty() {
        let run = bytes.signed()?;
        let claimed = run.unsigned_abs();
        let count = usize::try_from(claimed)
            .ok()
            .filter(|count| *count <= max.saturating_sub(entries.len()));
        let count = count.ok_or_else(|| {
            GateError::new(
                "too_many_operations",
                format!("a run claims {claimed} entries, at most {max} are allowed"),
            )
        })?;
        if run > 0 {
            entries.resize(entries.len() + count, read(&mut bytes)?);
        } else if run < 0 {
            for _ in 0..count {
                entries.push(read(&mut bytes)?);
            }
        } else {
            return Err(GateError::new(
                "not_flat",
                "a value that must be there is null",
            ));
        }
    }
    Ok(entries)
}

/// Spreads out a column of numbers.
pub(super) fn numbers(data: &[u8], max: usize) -> Result<Vec<u64>, GateError> {
    runs(data, max, |bytes| bytes.unsigned())
}

/// Spreads out a column of texts.
pub(super) fn texts(data: &[u8], max: usize) -> Result<Vec<&str>, GateError> {
    runs(data, max, |bytes| {
        let length = bytes.count(bytes.rest().len(), "malformed")?;
        std::str::from_utf8(bytes.take(length)?)
            .map_err(|_| GateError::malformed("a key is not UTF-8"))
    })
}

/// Spreads out a column of differences into the numbers they add up to.
pub(super) fn sums(data: &[u8], max: usize) -> Result<Vec<i64>, GateError> {
    let mut sum = 0i64;
    let add = |step: i64| {
        sum = sum
            .checked_add(step)
            .ok_or_else(|| GateError::malformed("a number is out of range"))?;
        Ok(sum)
    };
    runs(data, max, |bytes| bytes.signed())?
        .into_iter()
        .map(add)
        .collect()
}

/// Accepts a column of `count` times no, or none at all.
pub(super) fn all_no(data: &[u8], count: usize) -> Result<(), GateError> {
    if data.is_empty() {
        return Ok(());
    }
    let mut bytes = Bytes::new(data);
    let claimed = bytes.unsigned()?;
    if claimed != count as u64 || !bytes.is_empty() {
        return Err(GateError::new(
            "not_flat",
            "an operation inserts, which a flat record never does",
        ));
    }
    Ok(())
}
