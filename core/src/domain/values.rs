//! Whether values fit a descriptor: known paths, fitting kinds, what is required, what really
//! changes. It does not know who asks, nor what rules say.

use std::collections::{BTreeMap, BTreeSet};

use super::refusal::Refusal;
use super::spelling;
use crate::objects::descriptor::{Descriptor, Field, Verb};
use crate::objects::path::{REMOVED, line_path};
use crate::objects::{FieldKind, Kind, Path, Reader, Record, Registry, Value, Values};

/// Why a write is refused that names a record which is not there.
pub const UNKNOWN_REFERENCE: &str = "unknown_reference";

/// Brings a value into the one form in which its kind is written; what cannot be is left for the
/// check. A text of nothing but spaces is no value.
pub(super) fn tidy(field: Option<&Field>, value: Value) -> Value {
    match (value, field.map(|field| field.kind)) {
        (Value::Text(text), _) if text.trim().is_empty() => Value::Null,
        (
            Value::Text(text),
            Some(
                kind @ (FieldKind::Text
                | FieldKind::Time
                | FieldKind::Position
                | FieldKind::Reference
                | FieldKind::Phone
                | FieldKind::Email
                | FieldKind::Gtin
                | FieldKind::Decimal),
            ),
        ) => kind.parse(&text).unwrap_or(Value::Text(text)),
        (value, _) => value,
    }
}

/// The same values with every text in the form in which texts are kept: what a rule takes from a
/// record of long ago may be in another.
pub(super) fn in_form(descriptor: &Descriptor, mut values: Values) -> Values {
    for (path, value) in &mut values {
        let field = field(descriptor, path);
        if field.is_some_and(|field| field.hides(value)) {
            *value = tidy(field, std::mem::take(value));
        }
    }
    values
}

/// Refuses paths that the object does not have and values that do not fit their fields, all at
/// once.
pub(super) fn check(descriptor: &Descriptor, values: &Values) -> Result<(), Refusal> {
    check_each(
        values,
        |path| field(descriptor, path),
        |path| unknown_field(descriptor, path),
    )
}

/// Refuses inputs that a verb does not have, that do not fit, or that are missing.
pub(super) fn check_inputs(
    descriptor: &Descriptor,
    name: &str,
    verb: &Verb,
    given: &Values,
) -> Result<(), Refusal> {
    let unknown = |input: &str| {
        let known = verb.input.keys().chain(&verb.takes).map(String::as_str);
        let asked = match Path::parse(input) {
            Some(Path::Line { lines, field, .. }) => format!("{lines}/{field}"),
            Some(Path::Field(_)) | None => input.to_owned(),
        };
        let message = format!(
            "`{name}` takes no `{input}`; {}",
            spelling::offer(&asked, known)
        );
        Refusal::bad_input("unknown_input", message).about(input)
    };
    check_each(given, |input| descriptor.input(verb, input), unknown)?;
    let missing = verb
        .input
        .iter()
        .filter(|(name, field)| field.required && given.get(*name).is_none_or(Value::is_null));
    say_required(missing.map(|(name, _)| name.clone()).collect())
}

fn check_each<'a>(
    values: &Values,
    field: impl Fn(&str) -> Option<&'a Field>,
    unknown: impl Fn(&str) -> Refusal,
) -> Result<(), Refusal> {
    let mut wrong = Vec::new();
    for (path, value) in values {
        let Some(field) = field(path) else {
            return Err(unknown(path));
        };
        if field.hides(value) {
            return Err(hidden(path));
        }
        if let Err(why) = field.check(value) {
            wrong.push((path, format!("`{path}`: {why}")));
        }
    }
    if wrong.is_empty() {
        return Ok(());
    }
    let message: Vec<&str> = wrong.iter().map(|(_, why)| why.as_str()).collect();
    let refusal = Refusal::bad_input("bad_value", message.join("; "));
    Err(wrong
        .iter()
        .fold(refusal, |refusal, (path, _)| refusal.about(path.as_str())))
}

fn hidden(path: &str) -> Refusal {
    let message = format!(
        "`{path}`: a text is kept composed (NFC) and without characters that cannot be seen; \
         update the app, or write it anew"
    );
    Refusal::bad_input("text_form", message).about(path)
}

/// The field at a path in text.
pub(super) fn field<'a>(descriptor: &'a Descriptor, path: &str) -> Option<&'a Field> {
    Path::parse(path).and_then(|path| descriptor.field(path))
}

fn unknown_field(descriptor: &Descriptor, path: &str) -> Refusal {
    let object = &descriptor.object;
    let offer = match path.split('/').collect::<Vec<_>>()[..] {
        [lines, _, name] if descriptor.lines.contains_key(lines) => {
            let fields = descriptor.lines[lines].fields.keys().map(String::as_str);
            format!("of its `{lines}` {}", spelling::offer(name, fields))
        }
        _ => spelling::offer(
            path,
            descriptor
                .fields
                .keys()
                .chain(descriptor.lines.keys())
                .map(String::as_str),
        ),
    };
    Refusal::bad_input(
        "unknown_field",
        format!("`{object}` has no field `{path}`; {offer}"),
    )
    .about(path)
}

/// The paths of required fields that have no value, those of lines that are not removed included.
pub(super) fn missing(descriptor: &Descriptor, record: &Record) -> BTreeSet<String> {
    let of_record = descriptor
        .fields
        .iter()
        .filter(|(name, field)| field.required && record.value(name).is_null());
    let mut missing: BTreeSet<String> = of_record.map(|(name, _)| name.clone()).collect();
    for (lines, shape) in &descriptor.lines {
        for (line, present) in record.lines(lines) {
            let absent = |name: &str| present.get(name).is_none_or(|value| value.is_null());
            let of_line = shape
                .fields
                .iter()
                .filter(|(name, field)| field.required && absent(name));
            missing.extend(of_line.map(|(name, _)| line_path(lines, line, name)));
        }
    }
    missing
}

/// Refuses lines whose shares are none, or do not make the whole together.
pub(super) fn check_shares(descriptor: &Descriptor, record: &Record) -> Result<(), Refusal> {
    for (lines, shape) in &descriptor.lines {
        for (field, whole) in &shape.shares {
            let present = record.lines(lines);
            let of = |line: &BTreeMap<&str, &Value>| {
                line.get(field.as_str())
                    .and_then(|value| value.int())
                    .unwrap_or(0)
            };
            if let Some((line, fields)) = present.iter().find(|(_, fields)| of(fields) < 1) {
                let path = line_path(lines, line, field);
                let message = format!(
                    "`{path}`: {} is no share; give 1 or more, or take the line out",
                    of(fields)
                );
                return Err(Refusal::bad_input("bad_value", message).about(path));
            }
            let sum = present
                .values()
                .fold(0_i64, |sum, line| sum.saturating_add(of(line)));
            if sum != *whole {
                let message = format!(
                    "`{field}` of all `{lines}` makes {sum} together; it must make {whole}"
                );
                let refusal = Refusal::bad_input("bad_shares", message).with("sum", sum);
                let refusal = present
                    .keys()
                    .fold(refusal, |to, line| to.about(line_path(lines, line, field)));
                return Err(if present.is_empty() {
                    refusal.about(lines.as_str())
                } else {
                    refusal
                });
            }
        }
    }
    Ok(())
}

/// Refuses if any path is named as required and missing.
pub(super) fn say_required(missing: Vec<String>) -> Result<(), Refusal> {
    if missing.is_empty() {
        return Ok(());
    }
    let refusal = Refusal::bad_input(
        "required",
        format!("needed and missing: {}", missing.join(", ")),
    );
    Err(missing.into_iter().fold(refusal, Refusal::about))
}

/// Puts in what new records and new lines have if nobody says otherwise.
pub(super) fn fill_defaults(
    descriptor: &Descriptor,
    before: &Record,
    new: bool,
    values: &mut Values,
) {
    let mut wanted: Vec<(String, &Value)> = Vec::new();
    if new {
        let fields = descriptor.fields.iter();
        wanted.extend(
            fields.filter_map(|(name, field)| Some((name.clone(), field.default.as_ref()?))),
        );
    }
    for (lines, line) in touched_lines(values) {
        let prefix = line_path(&lines, &line, "");
        let is_new = !before.values.keys().any(|path| path.starts_with(&prefix));
        let Some(shape) = descriptor.lines.get(&lines).filter(|_| is_new) else {
            continue;
        };
        let fields = shape.fields.iter();
        wanted.extend(
            fields.filter_map(|(name, f)| {
                Some((line_path(&lines, &line, name), f.default.as_ref()?))
            }),
        );
    }
    for (path, value) in wanted {
        values.entry(path).or_insert_with(|| value.clone());
    }
}

fn touched_lines(values: &Values) -> BTreeSet<(String, String)> {
    let lines = values.keys().filter_map(|path| match Path::parse(path)? {
        Path::Line { lines, line, .. } => Some((lines.to_owned(), line.to_owned())),
        Path::Field(_) => None,
    });
    lines.collect()
}

/// Refuses to touch a line that was taken out.
pub(super) fn check_lines(before: &Record, values: &Values) -> Result<(), Refusal> {
    for (lines, line) in touched_lines(values) {
        if before.value(&line_path(&lines, &line, REMOVED)).is_true() {
            let message =
                format!("line `{line}` of `{lines}` was taken out; add a new line instead");
            return Err(
                Refusal::rule("line_removed", message).about(line_path(&lines, &line, REMOVED))
            );
        }
    }
    Ok(())
}

/// Only the values that differ from what the record has.
pub(super) fn changes(before: &Record, values: Values) -> Values {
    values
        .into_iter()
        .filter(|(path, value)| before.value(path) != value)
        .collect()
}

/// The record as it will be.
pub(super) fn after(before: &Record, values: &Values) -> Record {
    let mut after = before.clone();
    for (path, value) in values {
        if value.is_null() {
            after.values.remove(path);
        } else {
            after.values.insert(path.clone(), value.clone());
        }
    }
    after
}

/// Refuses references to documents and rows that are not here.
pub(super) fn check_references<'a>(
    registry: &Registry,
    reader: &dyn Reader,
    values: impl Iterator<Item = (&'a str, &'a Field, &'a Value)>,
) -> Result<(), Refusal> {
    // Lines name the same records again and again.
    let mut there: BTreeSet<(&str, &str)> = BTreeSet::new();
    for (path, field, value) in values {
        let (Some(of), Some(id)) = (&field.of, value.text()) else {
            continue;
        };
        if !there.insert((of, id)) {
            continue;
        }
        let held = registry.get(of).is_some_and(|target| match target.kind {
            Kind::Document | Kind::Row => true,
            Kind::Fact => false,
        });
        let Ok(id) = id.parse() else { continue };
        if held && !reader.holds(of, id)? {
            let message = format!(
                "`{path}`: there is no `{of}` {id} here; sync, or choose one from the list"
            );
            return Err(Refusal::not_found(UNKNOWN_REFERENCE, message).about(path));
        }
    }
    Ok(())
}
