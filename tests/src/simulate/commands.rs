//! The commands that people give, drawn from the descriptors that their phone knows: no object is
//! named here. It does not know whether a command is agreed to.

use outfield_core::base::context::Role;
use outfield_core::base::gtin;
use outfield_core::objects::descriptor::Verb;
use outfield_core::objects::path::{POSITION, REMOVED, line_path};
use outfield_core::objects::{Descriptor, Field, FieldKind, Kind, Path};
use serde_json::{Map, Value as Json, json};

use super::profile::Profile;
use crate::Phone;
use crate::dice::Dice;
use crate::world::HERE;

/// Records that people choose from when they look for one.
const SHOWN: usize = 40;
const OLDEST: usize = 1;
/// Fields that everybody of a run writes to again and again, so that values compete.
const HOT: usize = 3;
/// How often something to do is drawn.
const DRAWS: usize = 5;
/// Line ids that people make by themselves.
const LINES: usize = 3;

/// Somebody at work on a phone.
pub(crate) struct Hand<'a> {
    pub(crate) phone: &'a mut Phone,
    pub(crate) dice: &'a mut Dice,
    pub(crate) profile: &'a Profile,
    /// The number of this deed; texts hold it, so that no two are alike.
    pub(crate) number: u32,
    /// The word of the tenant, which every text ends in.
    pub(crate) canary: &'static str,
    pub(crate) role: Role,
}

impl Hand<'_> {
    /// Something to do, if one of a few that were drawn is possible here.
    pub(crate) fn command(&mut self) -> Option<Json> {
        (0..DRAWS).find_map(|_| match self.dice.roll(20) {
            0..=2 => self.resolve(),
            3 => self.add(),
            4..=11 => self.edit(),
            12 => self.photographs(),
            _ => self.perform(|_| true),
        })
    }

    fn one_of<T: Clone>(&mut self, all: &[T]) -> Option<T> {
        let at = self.dice.roll(all.len());
        all.get(at).cloned()
    }

    /// Objects that people write; those that many records refer to come up more often.
    fn object(&mut self, wanted: impl Fn(&Descriptor, &Role) -> bool) -> Option<Descriptor> {
        let registry = self.phone.device().registry().clone();
        let mut all: Vec<Descriptor> = Vec::new();
        for descriptor in registry.all() {
            if descriptor.kind != Kind::Row && wanted(descriptor, &self.role) {
                all.push(descriptor.as_ref().clone());
            }
        }
        self.one_of(&all)
    }

    /// Records of an object, often only the oldest, so that people meet.
    fn records(&mut self, object: &str) -> Vec<Json> {
        let is_narrow = self.dice.roll(2) == 0;
        let shown = if is_narrow { OLDEST } else { SHOWN };
        match self.phone.device().list(object, None, shown) {
            Ok(receipt) => receipt.data.as_array().cloned().unwrap_or_default(),
            Err(_) => Vec::new(),
        }
    }

    fn resolve(&mut self) -> Option<Json> {
        let open = self.phone.conflicts();
        let conflict = self.one_of(&open)?["id"].clone();
        let choose = self.one_of(&["mine", "theirs"])?;
        self.profile
            .gives("resolve_conflict")
            .then(|| json!({"do": "resolve_conflict", "conflict": conflict, "choose": choose}))
    }

    fn add(&mut self) -> Option<Json> {
        let of = self.object(|of, role| !of.made_by_verbs && of.right(role).create)?;
        if !self.profile.gives(&format!("add {}", of.object)) {
            return None;
        }
        let mut fields = Map::new();
        let may_give_away = of.right(&self.role).others;
        for (name, field) in of.fields.iter().filter(|(name, _)| !of.is_state(name)) {
            if of.is_of_person(name) && !may_give_away {
                continue;
            }
            if field.required || field.of.is_some() || self.dice.roll(2) == 0 {
                let value = self.value(field, None)?;
                fields.insert(name.clone(), value);
            }
        }
        for (lines, shape) in &of.lines {
            let line = format!("l{}", self.dice.roll(LINES));
            self.fill(&mut fields, lines, &line, shape.fields.iter());
        }
        Some(json!({"do": "add", "object": of.object, "fields": fields}))
    }

    /// Values for a line: each field that is required, and every other one of the rest.
    fn fill<'f>(
        &mut self,
        into: &mut Map<String, Json>,
        lines: &str,
        line: &str,
        fields: impl Iterator<Item = (&'f String, &'f Field)>,
    ) {
        for (name, field) in fields {
            if (field.required || self.dice.roll(2) == 0)
                && let Some(value) = self.value(field, None)
            {
                into.insert(line_path(lines, line, name), value);
            }
        }
    }

    fn edit(&mut self) -> Option<Json> {
        let of =
            self.object(|of, role| of.kind == Kind::Document && !of.right(role).edit.is_empty())?;
        if !self.profile.gives(&format!("edit {}", of.object)) {
            return None;
        }
        let records = self.records(&of.object);
        let record = self.one_of(&records)?;
        let mut fields = Map::new();
        for _ in 0..=self.dice.roll(3) {
            let (path, field) = self.path(&of, &record)?;
            let value = if path.ends_with(REMOVED) {
                json!(true)
            } else {
                self.value(&field, Some(&record))?
            };
            fields.insert(path, value);
        }
        Some(json!({"do": "edit", "object": of.object, "id": record["id"], "fields": fields}))
    }

    /// A path of a record that this person may write, with its field.
    fn path(&mut self, of: &Descriptor, record: &Json) -> Option<(String, Field)> {
        let right = of.right(&self.role);
        let mut paths: Vec<(String, Field)> = Vec::new();
        for (name, field) in &of.fields {
            if !of.is_state(name) && !field.retired {
                paths.push((name.clone(), field.clone()));
            }
        }
        for (lines, shape) in &of.lines {
            let line = self.line(&record[lines])?;
            let names = shape.fields.keys().map(String::as_str);
            for name in names.chain([POSITION, REMOVED]) {
                if let Some(field) = shape.field(name) {
                    paths.push((line_path(lines, &line, name), field.clone()));
                }
            }
        }
        paths.retain(|(path, _)| Path::parse(path).is_some_and(|path| right.may_edit(path)));
        // Taking lines out is rare.
        let keeps = self.dice.roll(4) > 0;
        paths.retain(|(path, _)| !keeps || !path.ends_with(REMOVED));
        if self.dice.roll(3) > 0 && !paths.is_empty() {
            let first = self.profile.hot % paths.len();
            paths.rotate_left(first);
            paths.truncate(HOT);
        }
        self.one_of(&paths)
    }

    /// One of these lines, or one that people make by themselves.
    fn line(&mut self, lines: &Json) -> Option<String> {
        let mut ids: Vec<String> = Vec::new();
        if let Some(lines) = lines.as_object() {
            ids.extend(lines.keys().cloned());
        }
        ids.push(format!("l{}", self.dice.roll(LINES)));
        self.one_of(&ids)
    }

    /// Takes a photo or a paper.
    pub(super) fn photographs(&mut self) -> Option<Json> {
        self.perform(takes_file)
    }

    fn perform(&mut self, wanted: impl Fn(&Verb) -> bool) -> Option<Json> {
        let of = self.object(|of, _| of.verbs.values().any(&wanted))?;
        let verbs = of.verbs.iter().filter(|(_, verb)| wanted(verb));
        let verbs: Vec<(String, Verb)> = verbs
            .map(|(name, verb)| (name.clone(), verb.clone()))
            .collect();
        let (name, verb) = self.one_of(&verbs)?;
        if !self.profile.gives(&name) {
            return None;
        }
        let mut command = Map::from_iter([("do".to_owned(), json!(name))]);
        let mut record = Json::Null;
        if !verb.creates {
            let mut records = self.records(&of.object);
            if let Some(lifecycle) = &of.lifecycle {
                let fits = |record: &Json| {
                    verb.from
                        .iter()
                        .any(|state| record[&lifecycle.field] == json!(state))
                };
                records.retain(|record| verb.from.is_empty() || fits(record));
            }
            record = self.one_of(&records)?;
            command.insert(of.object.clone(), record["id"].clone());
        }
        let is_about_records = takes_file(&verb);
        for (input, field) in &verb.input {
            let is_likely = is_about_records && field.of.is_some();
            if field.required || is_likely || self.dice.roll(3) == 0 {
                match self.value(field, Some(&record)) {
                    Some(value) => drop(command.insert(input.clone(), value)),
                    None if field.required => return None,
                    None => {}
                }
            }
        }
        for taken in &verb.takes {
            let (lines, name) = taken.split_once('/')?;
            let fields = &of.lines.get(lines)?.fields;
            let line = format!("l{}", self.dice.roll(LINES));
            let taken = fields.iter().filter(|(of, _)| name == "*" || *of == name);
            self.fill(&mut command, lines, &line, taken);
        }
        Some(Json::Object(command))
    }

    /// A value that fits a field; a text may also name a line of the record.
    fn value(&mut self, field: &Field, record: Option<&Json>) -> Option<Json> {
        let n = self.dice.roll(4);
        Some(match field.kind {
            FieldKind::Text => {
                let lines = record
                    .and_then(Json::as_object)
                    .into_iter()
                    .flatten()
                    .filter_map(|(_, of)| of.as_object());
                let ids: Vec<String> = lines.flatten().map(|(id, _)| id.clone()).collect();
                match self.one_of(&ids) {
                    Some(id) if self.dice.roll(2) == 0 => json!(id),
                    _ => json!(format!("word {} {}", self.number, self.canary)),
                }
            }
            FieldKind::Integer => json!(n),
            FieldKind::Boolean => json!(n == 0),
            FieldKind::Time => json!(1_795_509_000_000_i64 + 1_000 * i64::try_from(n).ok()?),
            FieldKind::Day => json!(["2026-11-24", "2026-12-01", "2027-02-28", "2026-11-24"][n]),
            FieldKind::Position => json!([HERE, HERE, HERE, "36.350000,-94.080000"][n]),
            FieldKind::Reference => {
                let held = self.records(field.of.as_deref()?);
                self.one_of(&held)?["id"].clone()
            }
            FieldKind::Choice => json!(field.choices[self.dice.roll(field.choices.len())]),
            FieldKind::Phone => json!(format!("+1479{:07}", self.number)),
            FieldKind::Email => json!(format!("p{}@{}.example", self.number, self.canary)),
            FieldKind::TimeZone => {
                json!(["America/Chicago", "Europe/Berlin", "Asia/Tokyo", "UTC"][n])
            }
            FieldKind::Decimal => json!(["2", "12.5", "1", "3"][n]),
            FieldKind::Gtin => json!(gtin::normalised(["4006381333931", "96385074"][n % 2]).ok()?),
            FieldKind::Blob => json!(self.keeps_file()?),
        })
    }
}

/// Whether a verb makes a record of a file.
fn takes_file(verb: &Verb) -> bool {
    let mut inputs = verb.input.values();
    inputs.any(|field| field.required && field.kind == FieldKind::Blob)
}
