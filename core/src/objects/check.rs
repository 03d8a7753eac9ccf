//! Finds everything that is wrong with a descriptor, naming file and field, before it reaches a
//! phone. It does not know what guards and rules do, only which names exist.

mod condition;
mod growth;
mod judgement;
mod ledger;
mod rights;

use std::collections::BTreeMap;
use std::fmt;

use super::beside;
use super::condition::Condition;
use super::descriptor::{Descriptor, Field, FieldKind, Kind, Lines, Scope, Verb};
use super::path::{POSITION, REMOVED, is_name};
use super::registry::Registry;
use crate::base::limits::FIELDS_MAX;

/// The names of guards and rules that Rust defines.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names {
    /// Guards that a verb may ask.
    pub guards: Vec<&'static str>,
    /// Rules that a verb may follow.
    pub rules: Vec<&'static str>,
    /// Judges that an object may name.
    pub judges: Vec<&'static str>,
}

/// One thing that is wrong with a descriptor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file or source of the descriptor.
    pub file: String,
    /// The field or part, for instance `fields.phone.kind`; empty for the file as a whole.
    pub field: String,
    /// What is wrong and what would be right.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.field.is_empty() {
            write!(f, "{}: {}", self.file, self.message)
        } else {
            write!(f, "{}: {}: {}", self.file, self.field, self.message)
        }
    }
}

/// Names that records have by themselves.
const RESERVED: &[&str] = &[
    "id",
    "object",
    REMOVED,
    "created_at",
    "created_by",
    "changed_at",
    "changed_by",
    "created_by_actor",
    "changed_by_actor",
    "rowid",
];

/// Names that lines have by themselves; a record may use them.
const RESERVED_IN_LINES: &[&str] = &[POSITION, "parent", "line"];

/// Names that tables, commands and the query language use.
const RESERVED_OBJECTS: &[&str] = &[
    "meta",
    "bucket",
    "member",
    "document",
    "document_tail",
    "outbox",
    "attention",
    "conflict",
    "search",
    "search_entry",
    "descriptor",
    "log",
    "payload",
    "verdict",
    "quarantine",
    "follow",
    "imported",
    "credential",
    "code",
    "installation",
    "author",
    "base",
    "compacted",
    "number_series",
    "answered",
    "tick_at",
    "digest",
    "object",
    "hold",
    "ask",
    "pending",
    "movement",
    "journal",
    "sqlite",
    "sync",
];

/// Names of commands that every object has.
const RESERVED_VERBS: &[&str] = &["add", "edit", "resolve_conflict"];

/// All that is wrong with a descriptor beside what the registry knows; an older version there must
/// be kept whole.
#[must_use]
pub fn check(
    file: &str,
    descriptor: &Descriptor,
    registry: &Registry,
    names: &Names,
) -> Vec<Problem> {
    let mut check = Check {
        file,
        descriptor,
        registry,
        names,
        problems: Vec::new(),
    };
    check.shape();
    check.fields();
    check.scope();
    check.lifecycle();
    check.verbs();
    check.judgement();
    check.ledger();
    check.rights();
    check.growth();
    check.problems
}

/// What is wrong with the names of a descriptor: tables are made of them, so that no device takes
/// in others, whoever published them. Guards, rules and objects that a newer version knows are not
/// asked for.
#[must_use]
pub fn check_shape(file: &str, descriptor: &Descriptor) -> Vec<Problem> {
    let (registry, names) = (&Registry::default(), &Names::default());
    let mut check = Check {
        file,
        descriptor,
        registry,
        names,
        problems: Vec::new(),
    };
    check.shape();
    check.problems
}

/// What is wrong with a condition that somebody asks of the records of an object.
#[must_use]
pub fn check_condition(
    descriptor: &Descriptor,
    registry: &Registry,
    condition: &Condition,
) -> Vec<Problem> {
    let mut check = Check {
        file: "",
        descriptor,
        registry,
        names: &Names::default(),
        problems: Vec::new(),
    };
    check.asked("where", condition);
    check.problems
}

struct Check<'a> {
    file: &'a str,
    descriptor: &'a Descriptor,
    registry: &'a Registry,
    names: &'a Names,
    problems: Vec<Problem>,
}

fn has_beside(fields: &BTreeMap<String, Field>) -> bool {
    fields.values().any(|field| field.by.is_some())
}

impl<'a> Check<'a> {
    fn say(&mut self, field: impl Into<String>, message: impl Into<String>) {
        let (file, field, message) = (self.file.to_owned(), field.into(), message.into());
        self.problems.push(Problem {
            file,
            field,
            message,
        });
    }

    fn name(&mut self, field: &str, name: &str, reserved: &[&str]) {
        if !is_name(name) {
            self.say(
                field,
                format!("`{name}` is not a name: a lower-case letter, then up to 39 of a-z 0-9 _"),
            );
        } else if reserved.contains(&name) {
            self.say(field, format!("`{name}` is reserved; choose another name"));
        }
    }

    fn shape(&mut self) {
        self.object();
        self.names();
        self.lists();
        self.bounds();
    }

    fn object(&mut self) {
        let descriptor = self.descriptor;
        self.name("object", &descriptor.object, RESERVED_OBJECTS);
        // SQLite keeps the one, and its index of words, `search`, keeps tables of the other.
        for taken in ["sqlite", "search_"]
            .iter()
            .filter(|taken| descriptor.object.starts_with(**taken))
        {
            self.say("object", format!("a name may not start with `{taken}`"));
        }
        if descriptor.version == 0 {
            self.say("version", "versions start at 1");
        }
        if descriptor.label.trim().is_empty() {
            self.say("label", "a label is needed, for people");
        }
        if descriptor.fields.is_empty() {
            self.say("fields", "an object needs at least one field");
        }
        let lines: usize = descriptor
            .lines
            .values()
            .map(|lines| lines.fields.len())
            .sum();
        if descriptor.fields.len() + lines > FIELDS_MAX {
            self.say(
                "fields",
                format!("more than {FIELDS_MAX} fields, those of lines included"),
            );
        }
        if descriptor
            .lines
            .values()
            .any(|lines| has_beside(&lines.fields))
        {
            self.say("lines", "fields of lines are never the server's alone");
        }
    }

    fn names(&mut self) {
        let descriptor = self.descriptor;
        for (name, field) in &descriptor.fields {
            self.name(&format!("fields.{name}"), name, RESERVED);
            if name == beside::RECORD && field.by.is_some() {
                let message = "a field of the server's has another name: this one names the record";
                self.say(format!("fields.{name}"), message);
            }
        }
        self.positions("fields", &descriptor.fields);
        for (lines, shape) in &descriptor.lines {
            self.name(&format!("lines.{lines}"), lines, RESERVED);
            if lines == beside::LINES {
                let message = "this name is that of what the server writes beside a record";
                self.say(format!("lines.{lines}"), message);
            }
            if descriptor.fields.contains_key(lines) {
                self.say(format!("lines.{lines}"), "a field has this name already");
            }
            for name in shape.fields.keys() {
                let at = format!("lines.{lines}.fields.{name}");
                self.name(&at, name, &[RESERVED, RESERVED_IN_LINES].concat());
            }
            self.positions(&format!("lines.{lines}.fields"), &shape.fields);
        }
    }

    /// Tables have a latitude and a longitude beside each position, so no other field may be named
    /// like them.
    fn positions(&mut self, at: &str, fields: &BTreeMap<String, Field>) {
        for (name, _) in fields
            .iter()
            .filter(|(_, field)| field.kind == FieldKind::Position)
        {
            for half in ["lat", "lon"].map(|axis| format!("{name}_{axis}")) {
                if fields.contains_key(&half) {
                    let message =
                        format!("`{half}` is a half of the position `{name}`; choose another name");
                    self.say(format!("{at}.{half}"), message);
                }
            }
        }
    }

    fn fields(&mut self) {
        let descriptor = self.descriptor;
        for (name, field) in &descriptor.fields {
            self.field(&format!("fields.{name}"), field);
        }
        for (lines, shape) in &descriptor.lines {
            for (name, field) in &shape.fields {
                self.field(&format!("lines.{lines}.fields.{name}"), field);
            }
            self.shares(&format!("lines.{lines}.shares"), shape);
        }
    }

    /// What people change apart from each other would add up to anything.
    fn shares(&mut self, at: &str, shape: &Lines) {
        if !shape.shares.is_empty() && self.descriptor.kind != Kind::Row {
            self.say(
                at,
                "only lines of a row, which the office writes whole, share something out",
            );
        }
        for name in shape.shares.keys() {
            if shape
                .fields
                .get(name)
                .is_none_or(|field| field.kind != FieldKind::Integer)
            {
                self.say(
                    format!("{at}.{name}"),
                    format!("there is no integer field `{name}`"),
                );
            }
        }
    }

    fn field(&mut self, at: &str, field: &Field) {
        match (&field.of, field.kind) {
            (None, FieldKind::Reference) => self.say(
                format!("{at}.of"),
                "a reference needs the object it points to",
            ),
            (Some(of), FieldKind::Reference) => {
                if *of != self.descriptor.object && self.registry.get(of).is_none() {
                    self.say(format!("{at}.of"), format!("there is no object `{of}`"));
                }
            }
            (Some(_), _) => self.say(format!("{at}.of"), "only a reference points to an object"),
            (None, _) => {}
        }
        let is_choice = field.kind == FieldKind::Choice;
        if is_choice && field.choices.is_empty() {
            self.say(format!("{at}.choices"), "a choice needs its choices");
        } else if !is_choice && !field.choices.is_empty() {
            self.say(format!("{at}.choices"), "only a choice has choices");
        }
        if let Some(default) = &field.default
            && let Err(why) = field.check(default)
        {
            self.say(format!("{at}.default"), why);
        }
        if let Some(number) = &field.number {
            let is_plain = number.prefix.bytes().all(|byte| byte.is_ascii_uppercase());
            if !is_plain || !(1..=8).contains(&number.prefix.len()) {
                self.say(format!("{at}.number"), "a prefix is 1 to 8 capital letters");
            }
            if field.kind != FieldKind::Text || self.descriptor.kind == Kind::Fact {
                self.say(
                    format!("{at}.number"),
                    "only a text of a document or row is numbered",
                );
            }
        }
        if field.required && field.retired {
            self.say(at, "a retired field cannot be required");
        }
        if field.by.is_some() && (field.required || self.descriptor.kind == Kind::Row) {
            let message = "only documents and facts have fields of the server's beside them, and \
                           nobody needs to give them";
            self.say(format!("{at}.by"), message);
        }
    }

    fn scope(&mut self) {
        let descriptor = self.descriptor;
        if descriptor.scope.is_empty() {
            self.say(
                "scope",
                "at least one bucket is needed, or nobody would ever see a record",
            );
        }
        for (index, scope) in descriptor.scope.iter().enumerate() {
            let at = format!("scope[{index}]");
            let Some(path) = scope.field() else { continue };
            let target = match descriptor.field_at(path) {
                Some(field) if field.kind == FieldKind::Reference => {
                    field.of.clone().unwrap_or_default()
                }
                Some(_) => {
                    self.say(
                        format!("{at}.field"),
                        format!("`{path}` is not a reference"),
                    );
                    continue;
                }
                None => {
                    self.say(format!("{at}.field"), format!("there is no field `{path}`"));
                    continue;
                }
            };
            match scope {
                Scope::Tenant | Scope::Territory { .. } => {}
                Scope::User { states, .. } => self.states(&format!("{at}.while"), states),
                Scope::Through { .. } => {
                    let known = self.registry.get(&target).map(|of| of.scope.clone());
                    let is_scoped = |scope: &Scope| !matches!(scope, Scope::User { .. });
                    if target != descriptor.object
                        && !known.is_some_and(|scopes| scopes.iter().any(is_scoped))
                    {
                        self.say(
                            format!("{at}.field"),
                            format!("`{target}` is in no bucket to go through"),
                        );
                    }
                }
            }
        }
    }

    fn states(&mut self, at: &str, states: &[String]) {
        let Some(lifecycle) = &self.descriptor.lifecycle else {
            if !states.is_empty() {
                self.say(at, "there is no lifecycle, so there are no states");
            }
            return;
        };
        let known = self
            .descriptor
            .fields
            .get(&lifecycle.field)
            .map(|field| &field.choices);
        for state in states {
            if !known.is_some_and(|known| known.contains(state)) {
                self.say(at, format!("there is no state `{state}`"));
            }
        }
    }

    fn lifecycle(&mut self) {
        let descriptor = self.descriptor;
        let Some(lifecycle) = &descriptor.lifecycle else {
            return;
        };
        match descriptor.fields.get(&lifecycle.field) {
            None => self.say(
                "lifecycle.field",
                format!("there is no field `{}`", lifecycle.field),
            ),
            Some(field) if field.kind != FieldKind::Choice => {
                self.say(
                    "lifecycle.field",
                    format!("`{}` must be a choice of states", lifecycle.field),
                );
            }
            Some(_) => {
                self.states("lifecycle.start", std::slice::from_ref(&lifecycle.start));
                self.states("lifecycle.closed", &lifecycle.closed);
            }
        }
        if descriptor.kind == Kind::Fact {
            self.say("lifecycle", "a fact happened; it moves through no states");
        }
    }

    fn verbs(&mut self) {
        let descriptor = self.descriptor;
        for (name, verb) in &descriptor.verbs {
            let at = format!("verbs.{name}");
            self.name(&at, name, RESERVED_VERBS);
            self.verb(&at, verb);
        }
    }

    fn verb(&mut self, at: &str, verb: &'a Verb) {
        if self.descriptor.kind == Kind::Fact && !verb.creates {
            self.say(at, "a fact is never changed; a verb can only make one");
        }
        self.states(&format!("{at}.from"), &verb.from);
        self.states(&format!("{at}.to"), verb.to.as_slice());
        for guard in &verb.guards {
            if !self.names.guards.contains(&guard.as_str()) {
                self.say(
                    format!("{at}.guards"),
                    format!("there is no guard `{guard}`"),
                );
            }
        }
        if let Some(rule) = &verb.rule
            && !self.names.rules.contains(&rule.as_str())
        {
            self.say(format!("{at}.rule"), format!("there is no rule `{rule}`"));
        }
        self.requirements(&format!("{at}.require"), &verb.require, self.descriptor);
        self.made(at, verb);
        for (name, field) in &verb.input {
            let at = format!("{at}.input.{name}");
            self.field(&at, field);
            let same = self.descriptor.fields.get(name);
            if same.is_some_and(|same| same.kind != field.kind || same.of != field.of) {
                self.say(at, "the object's field of this name is of another kind");
            }
        }
    }

    /// What a verb takes of lines, and what makes an id.
    fn made(&mut self, at: &str, verb: &Verb) {
        for pattern in &verb.takes {
            let shape = pattern
                .split_once('/')
                .map(|(lines, field)| (self.descriptor.lines.get(lines), field));
            let known = shape.is_some_and(|(lines, field)| {
                lines.is_some_and(|lines| field == "*" || lines.fields.contains_key(field))
            });
            if !known {
                self.say(
                    format!("{at}.takes"),
                    format!("there is no field `{pattern}` of lines"),
                );
            }
        }
        if !verb.id_of.is_empty() && !verb.creates {
            self.say(
                format!("{at}.id_of"),
                "only a verb that creates makes an id",
            );
        }
        for name in verb
            .id_of
            .iter()
            .filter(|name| !verb.input.contains_key(*name))
        {
            self.say(format!("{at}.id_of"), format!("there is no input `{name}`"));
        }
    }

    fn lists(&mut self) {
        let descriptor = self.descriptor;
        for (name, field) in &descriptor.fields {
            let is_found = descriptor
                .indexes
                .iter()
                .any(|index| index.first() == Some(name));
            if field.number.is_some() && !is_found {
                self.say(format!("fields.{name}.number"), "a number needs an index");
            }
        }
        for (index, name) in descriptor.search.iter().enumerate() {
            let is_known = match index {
                0 => descriptor.fields.contains_key(name),
                _ => descriptor.field_at(name).is_some(),
            };
            if !is_known {
                self.say(
                    format!("search[{index}]"),
                    format!("there is no field `{name}`"),
                );
            }
        }
        for (index, fields) in descriptor.indexes.iter().enumerate() {
            if fields.is_empty() {
                self.say(
                    format!("indexes[{index}]"),
                    "an index needs at least one field",
                );
            }
            let is_alone = fields.len() == 1;
            let is_known = |name: &&String| match name.contains('/') {
                true => is_alone && descriptor.field_at(name).is_some(),
                false => descriptor.fields.contains_key(*name),
            };
            for name in fields.iter().filter(|name| !is_known(name)) {
                self.say(
                    format!("indexes[{index}]"),
                    format!("there is no field `{name}`"),
                );
            }
        }
    }
}
