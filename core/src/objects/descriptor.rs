//! A business object as data: fields, lines, scope, lifecycle, rights; read from JSON.
//! It does not know what a guard or a rule does, only its name.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::path::{POSITION, Path, REMOVED};
use super::posting::Posting;
use super::pot::Pot;
use super::record::Values;
use super::requirement::Requirement;
use super::right::{Right, names_line};
use super::value::Value;
use super::verdict_of::VerdictOf;
use crate::base::context::Role;
use crate::base::decimal::Decimal;
use crate::base::gtin;
use crate::base::limits::TEXT_BYTES_MAX;
use crate::base::place::Position;
use crate::base::time::{check_day, check_zone};

/// How records of an object come to be and change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Several people may edit it offline; merged by Automerge.
    Document,
    /// It happened; never edited, only followed by another.
    Fact,
    /// The server owns it; devices read it.
    #[default]
    Row,
}

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldKind {
    /// Free text.
    Text,
    /// A whole number; the field's name ends in its unit.
    Integer,
    /// Yes or no.
    Boolean,
    /// A moment, in milliseconds since 1970-01-01T00:00:00Z.
    Time,
    /// A calendar day, `YYYY-MM-DD`.
    Day,
    /// A WGS 84 position, `latitude,longitude` in degrees with six decimals.
    Position,
    /// The id of a record of the object named by `of`.
    Reference,
    /// One of `choices`.
    Choice,
    /// A phone number in E.164, such as +14795550001.
    Phone,
    /// An e-mail address.
    Email,
    /// An IANA time zone, such as America/Chicago.
    TimeZone,
    /// A global trade item number, kept with 14 digits.
    Gtin,
    /// An exact decimal, kept as text.
    Decimal,
}

/// One field of an object or of its lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// What it holds.
    pub kind: FieldKind,
    /// What it means, for people.
    #[serde(default)]
    pub label: String,
    /// Whether a record must have it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub required: bool,
    /// The object a reference points to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
    /// The choices, in the order a screen offers them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<String>,
    /// What a new record has if nobody says otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Value>,
    /// No longer offered; descriptors only grow, so the field stays.
    #[serde(default, skip_serializing_if = "is_false")]
    pub retired: bool,
    /// The series of which a new record takes the next number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<NumberSeries>,
    /// Who writes it, if not whoever writes the record: it lies beside the record then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<FieldWriter>,
    /// That movements alone change it, and the bound that they keep to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pot: Option<Box<Pot>>,
}

/// Who writes a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldWriter {
    /// The server alone: judges and what follows from them.
    Server,
}

/// Numbers that a device gives by itself: `<prefix>-<series of the writer>-<n>`, n from 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NumberSeries {
    /// What every number begins with.
    pub prefix: String,
}

/// Lines of an object: many of one shape within one record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lines {
    /// What they are, for people.
    #[serde(default)]
    pub label: String,
    /// Integer fields that share something out: all lines of a record together make this whole,
    /// each 1 or more.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub shares: BTreeMap<String, i64>,
    /// Fields of a line. `position` (integer) and `removed` (boolean) are there by themselves.
    pub fields: BTreeMap<String, Field>,
}

/// A bucket that a record belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "bucket", rename_all = "snake_case", deny_unknown_fields)]
pub enum Scope {
    /// The bucket of the whole tenant.
    Tenant,
    /// The bucket of the territory that a field names.
    Territory {
        /// Path of a reference, a line's as `lines/*/field`.
        field: String,
    },
    /// The bucket of the user that a field names.
    User {
        /// Path of a reference.
        field: String,
        /// Only in these states of the lifecycle; empty means always.
        #[serde(default, rename = "while", skip_serializing_if = "Vec::is_empty")]
        states: Vec<String>,
    },
    /// The territory buckets of the record that a field names.
    Through {
        /// Path of a reference, a line's as `lines/*/field`.
        field: String,
        /// Whether the buckets of people that the record is in count too.
        #[serde(default, skip_serializing_if = "is_false")]
        people: bool,
    },
}

impl Scope {
    /// The path of the field that decides, if one does.
    #[must_use]
    pub fn field(&self) -> Option<&str> {
        match self {
            Scope::Tenant => None,
            Scope::Territory { field }
            | Scope::User { field, .. }
            | Scope::Through { field, .. } => Some(field),
        }
    }
}

/// The states a record moves through.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lifecycle {
    /// The choice field that holds the state; only verbs write it.
    pub field: String,
    /// The state of a new record.
    pub start: String,
    /// The states in which it is finished: after a while devices keep what it shows, and the server
    /// its history.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub closed: Vec<String>,
}

/// Something people do to a record, in the field's words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verb {
    /// What it does, for people.
    #[serde(default)]
    pub label: String,
    /// Whether it makes the record instead of changing one.
    #[serde(default, skip_serializing_if = "is_false")]
    pub creates: bool,
    /// The states in which it may be done; empty means any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub from: Vec<String>,
    /// The state it leads to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Names of guards that must agree.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub guards: Vec<String>,
    /// What must hold of the record besides, as data; asked after the guards.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub require: Vec<Requirement>,
    /// Name of the rule that says what is written beside state and inputs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// What the person hands in. An input that is also a field of the object is written to it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub input: BTreeMap<String, Field>,
    /// Values of the object's lines that the person may hand in too, by path: `lines/field`, or
    /// `lines/*` for all. The rule says what becomes of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub takes: Vec<String>,
    /// Inputs that make the id of a record which the verb makes, so that two devices that do the
    /// same make one record; without the first of them the id is a new one. The verb goes on with a
    /// record that is here already.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub id_of: Vec<String>,
}

/// A business object as data.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Descriptor {
    /// Its name: tables, REST and commands use it.
    pub object: String,
    /// Grows with every change of the descriptor.
    pub version: u32,
    /// What it is, for people.
    pub label: String,
    /// How its records come to be and change.
    pub kind: Kind,
    /// Fields by name.
    pub fields: BTreeMap<String, Field>,
    /// Lines by name.
    #[serde(default)]
    pub lines: BTreeMap<String, Lines>,
    /// The buckets its records belong to; all that apply.
    pub scope: Vec<Scope>,
    /// The states, if it has any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifecycle: Option<Lifecycle>,
    /// Whether records are made by verbs and rules alone, never by plain adding.
    #[serde(default, skip_serializing_if = "is_false")]
    pub made_by_verbs: bool,
    /// What people do to it, by verb.
    #[serde(default)]
    pub verbs: BTreeMap<String, Verb>,
    /// Names of guards that the server asks before it takes in a change from a device.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub admit: Vec<String>,
    /// Of which documents its rows are what the server said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict_of: Option<VerdictOf>,
    /// Which movements between pots follow from its records, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub posts: BTreeMap<String, Posting>,
    /// Fields that no two rows have alike; each entry is one such set.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unique: Vec<Vec<String>>,
    /// Fields whose words can be searched by prefix; the first names a record on a screen.
    #[serde(default)]
    pub search: Vec<String>,
    /// Fields that lists filter or sort by; each entry is one index. A field of lines,
    /// `lines/*/field`, stands alone.
    #[serde(default)]
    pub indexes: Vec<Vec<String>>,
    /// What each role may do.
    pub rights: BTreeMap<Role, Right>,
}

impl Descriptor {
    /// The field at a path, a line's own `position` and `removed` included.
    #[must_use]
    pub fn field(&self, path: Path<'_>) -> Option<&Field> {
        match path {
            Path::Field(name) => self.fields.get(name),
            Path::Line { lines, field, .. } => self.lines.get(lines)?.field(field),
        }
    }

    /// The field at a pattern: `name`, or `lines/*/field`.
    #[must_use]
    pub fn field_at(&self, pattern: &str) -> Option<&Field> {
        match pattern.split_once("/*/") {
            Some((lines, field)) => self.lines.get(lines)?.field(field),
            None => self.fields.get(pattern),
        }
    }

    /// What an input of one of its verbs holds: one that the verb names, or a line's field that it
    /// takes.
    #[must_use]
    pub fn input<'a>(&'a self, verb: &'a Verb, name: &str) -> Option<&'a Field> {
        let of_line = || match Path::parse(name)? {
            path @ Path::Line { lines, field, .. }
                if verb
                    .takes
                    .iter()
                    .any(|taken| names_line(taken, lines, field)) =>
            {
                self.field(path)
            }
            Path::Line { .. } | Path::Field(_) => None,
        };
        verb.input.get(name).or_else(of_line)
    }

    /// Whether a value at this path decides to which buckets a record belongs.
    #[must_use]
    pub fn decides_scope(&self, path: &str) -> bool {
        let of_lines =
            |pattern: &str, path: &str| match (pattern.split_once("/*/"), Path::parse(path)) {
                (Some((of, wanted)), Some(Path::Line { lines, field, .. })) => {
                    of == lines && (field == wanted || field == REMOVED)
                }
                (Some(_) | None, _) => pattern == path,
            };
        self.scope.iter().any(|scope| {
            let by_state = match scope {
                Scope::User { states, .. } => !states.is_empty() && self.is_state(path),
                Scope::Tenant | Scope::Territory { .. } | Scope::Through { .. } => false,
            };
            by_state || scope.field().is_some_and(|pattern| of_lines(pattern, path))
        })
    }

    /// Whether the reference at this path leads to a record whose buckets are this record's too.
    #[must_use]
    pub fn goes_through(&self, path: &str) -> bool {
        self.scope
            .iter()
            .any(|scope| match (scope, Path::parse(path)) {
                (Scope::Through { field: pattern, .. }, Some(Path::Line { lines, field, .. })) => {
                    pattern.split_once("/*/") == Some((lines, field))
                }
                (Scope::Through { field, .. }, Some(Path::Field(name))) => field == name,
                (
                    Scope::Tenant
                    | Scope::Territory { .. }
                    | Scope::User { .. }
                    | Scope::Through { .. },
                    _,
                ) => false,
            })
    }

    /// Lines and fields of lines by which records are looked up: those that a scope goes through,
    /// and those that `indexes` names as `lines/*/field`.
    pub fn looked_up(&self) -> impl Iterator<Item = (&str, &str)> {
        let through = self.scope.iter().filter_map(|scope| match scope {
            Scope::Through { field, .. } => Some(field),
            Scope::Tenant | Scope::Territory { .. } | Scope::User { .. } => None,
        });
        through
            .chain(self.indexes.iter().flatten())
            .filter_map(|pattern| pattern.split_once("/*/"))
    }

    /// Whether the value at this path names the person whose bucket the record goes to.
    #[must_use]
    pub fn is_of_person(&self, path: &str) -> bool {
        self.scope.iter().any(|scope| match scope {
            Scope::User { field, .. } => field == path,
            Scope::Tenant | Scope::Territory { .. } | Scope::Through { .. } => false,
        })
    }

    /// Whether the value at this path is the record's state.
    #[must_use]
    pub fn is_state(&self, path: &str) -> bool {
        self.lifecycle
            .as_ref()
            .is_some_and(|lifecycle| lifecycle.field == path)
    }

    /// Whether a record with these values is finished.
    #[must_use]
    pub fn is_closed(&self, values: &Values) -> bool {
        let Some(lifecycle) = &self.lifecycle else {
            return false;
        };
        let state = values.get(&lifecycle.field).and_then(Value::text);
        state.is_some_and(|state| lifecycle.closed.iter().any(|closed| closed == state))
    }

    /// What a role may do; nothing where the descriptor is silent.
    #[must_use]
    pub fn right(&self, role: &Role) -> Right {
        self.rights.get(role).cloned().unwrap_or_default()
    }
}

impl Lines {
    /// A field of a line, the two that every line has included.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&Field> {
        static OWN_POSITION: Field = Field::of_kind(FieldKind::Integer);
        static OWN_REMOVED: Field = Field::of_kind(FieldKind::Boolean);
        match name {
            POSITION => Some(&OWN_POSITION),
            REMOVED => Some(&OWN_REMOVED),
            _ => self.fields.get(name),
        }
    }
}

impl Field {
    /// A field of this kind that nothing else is said of.
    #[must_use]
    pub const fn of_kind(kind: FieldKind) -> Field {
        Field {
            kind,
            label: String::new(),
            required: false,
            of: None,
            choices: Vec::new(),
            default: None,
            retired: false,
            number: None,
            by: None,
            pot: None,
        }
    }

    /// Checks that a value fits, and says what would. `Null` fits every field.
    pub fn check(&self, value: &Value) -> Result<(), String> {
        let Value::Text(text) = value else {
            return self.check_plain(value);
        };
        if text.len() > TEXT_BYTES_MAX {
            return Err(format!("is longer than {TEXT_BYTES_MAX} bytes"));
        }
        let say = |error: &dyn std::fmt::Display| Err(error.to_string());
        match self.kind {
            FieldKind::Text => Ok(()),
            FieldKind::Day => check_day(text).or_else(|error| say(&error)),
            FieldKind::TimeZone => check_zone(text).or_else(|error| say(&error)),
            FieldKind::Position => match text.parse::<Position>() {
                Ok(position) if position.to_string() == *text => Ok(()),
                Ok(position) => Err(format!("is to be written {position}")),
                Err(error) => say(&error),
            },
            FieldKind::Reference => match text.parse::<crate::base::id::RecordId>() {
                Ok(id) if id.to_string() == *text => Ok(()),
                Ok(id) => Err(format!("is to be written {id}")),
                Err(error) => say(&error),
            },
            FieldKind::Choice if self.choices.contains(text) => Ok(()),
            FieldKind::Choice => Err(format!(
                "`{text}` is not one of: {}",
                self.choices.join(", ")
            )),
            FieldKind::Gtin => match gtin::normalised(text) {
                Ok(kept) if kept == *text => Ok(()),
                Ok(kept) => Err(format!("is to be written {kept}")),
                Err(error) => say(&error),
            },
            FieldKind::Decimal => match text.parse::<Decimal>() {
                Ok(decimal) if decimal.to_string() == *text => Ok(()),
                Ok(decimal) => Err(format!("is to be written {decimal}")),
                Err(error) => say(&error),
            },
            FieldKind::Phone => check_phone(text),
            FieldKind::Email => check_email(text),
            FieldKind::Integer | FieldKind::Boolean | FieldKind::Time => self.check_plain(value),
        }
    }

    fn check_plain(&self, value: &Value) -> Result<(), String> {
        match (value, self.kind) {
            (Value::Null, _) | (Value::Bool(_), FieldKind::Boolean) => Ok(()),
            (Value::Int(_), FieldKind::Integer | FieldKind::Time) => Ok(()),
            (Value::Bool(_) | Value::Int(_) | Value::Text(_), _) => {
                let shown = value
                    .text()
                    .map_or_else(|| value.to_json().to_string(), str::to_owned);
                Err(format!("`{shown}` is not {}", self.kind.wants()))
            }
        }
    }
}

impl FieldKind {
    /// What a value of this kind is, for a message.
    #[must_use]
    pub fn wants(self) -> &'static str {
        match self {
            FieldKind::Text => "text",
            FieldKind::Integer => "a whole number",
            FieldKind::Boolean => "true or false",
            FieldKind::Time => "a time in RFC 3339, such as 2026-11-24T08:30:00Z",
            FieldKind::Day => "a day such as 2026-11-24",
            FieldKind::Position => "a position such as 36.342235,-94.071410",
            FieldKind::Reference => "the id of a record",
            FieldKind::Choice => "one of the choices",
            FieldKind::Phone => "a phone number in E.164, such as +14795550001",
            FieldKind::Email => "an e-mail address",
            FieldKind::TimeZone => "an IANA time zone such as America/Chicago",
            FieldKind::Gtin => "a GTIN of 8, 12, 13 or 14 digits",
            FieldKind::Decimal => "a decimal such as 12.5",
        }
    }

    /// Reads what a person typed into this kind of value; the result still needs [`Field::check`].
    /// An empty text clears the field.
    pub fn parse(self, text: &str) -> Result<Value, String> {
        let wrong = || format!("`{text}` is not {}", self.wants());
        if text.trim().is_empty() {
            return Ok(Value::Null);
        }
        match self {
            FieldKind::Integer => text.parse().map(Value::Int).map_err(|_| wrong()),
            FieldKind::Boolean => text.parse().map(Value::Bool).map_err(|_| wrong()),
            FieldKind::Time => {
                let at =
                    crate::base::time::Timestamp::parse(text).map_err(|error| error.to_string())?;
                Ok(Value::Int(at.0))
            }
            FieldKind::Position => {
                let position: Position = text.parse().map_err(|_| wrong())?;
                Ok(Value::Text(position.to_string()))
            }
            FieldKind::Reference => {
                let id: crate::base::id::RecordId = text.parse().map_err(|_| wrong())?;
                Ok(Value::Text(id.to_string()))
            }
            FieldKind::Decimal => {
                let decimal: Decimal = text
                    .parse()
                    .map_err(|error: crate::base::decimal::DecimalError| error.to_string())?;
                Ok(Value::Text(decimal.to_string()))
            }
            FieldKind::Gtin => gtin::normalised(text)
                .map(Value::Text)
                .map_err(|error| error.to_string()),
            FieldKind::Text
            | FieldKind::Day
            | FieldKind::Choice
            | FieldKind::Phone
            | FieldKind::Email
            | FieldKind::TimeZone => Ok(Value::from(text)),
        }
    }
}

fn check_phone(text: &str) -> Result<(), String> {
    let digits = text.strip_prefix('+').unwrap_or_default();
    let fits = (7..=15).contains(&digits.len()) && digits.chars().all(|c| c.is_ascii_digit());
    let fits = fits && !digits.starts_with('0');
    fits.then_some(())
        .ok_or_else(|| format!("`{text}` is not {}", FieldKind::Phone.wants()))
}

fn check_email(text: &str) -> Result<(), String> {
    let plain = !text.chars().any(|c| c.is_whitespace() || c.is_control());
    let fits = text.rsplit_once('@').is_some_and(|(name, host)| {
        !name.is_empty() && host.contains('.') && !host.starts_with('.') && !host.ends_with('.')
    });
    (plain && fits)
        .then_some(())
        .ok_or_else(|| format!("`{text}` is not {}", FieldKind::Email.wants()))
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "the form serde asks for")]
fn is_false(yes: &bool) -> bool {
    !yes
}
