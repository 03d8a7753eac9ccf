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
use crate::base::blob::BlobName;
use crate::base::context::Role;

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
    /// A file by its name, `SHA-256:bytes:media type`; the file itself travels apart from records.
    Blob,
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
    /// The form that a text must have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form: Option<TextForm>,
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
    /// The day of the record that a device's clock said and the server holds to what it can have
    /// been: where that is another day, it stands here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credits: Option<String>,
    /// That movements alone change it, and the bound that they keep to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pot: Option<Box<Pot>>,
}

/// A form that texts may be held to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TextForm {
    /// A global location number: 13 digits with a check digit.
    Gln,
    /// A serial shipping container code: 18 digits with a check digit.
    Sscc,
    /// A country by its two letters of ISO 3166.
    Country,
    /// The pattern of in-store numbers.
    StoreCode,
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
    /// Fields whose words can be searched by prefix, those of lines as `lines/*/field`; the first,
    /// which is the record's own, names it on a screen.
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

    /// The files that values of a record name, by path.
    #[must_use]
    pub fn files_in<'a>(&self, values: &'a Values) -> Vec<(&'a str, BlobName)> {
        let mut named = Vec::new();
        for (path, value) in values {
            let field = Path::parse(path).and_then(|path| self.field(path));
            let is_file = field.is_some_and(|field| field.kind == FieldKind::Blob);
            let name = value.text().filter(|_| is_file);
            if let Some(name) = name.and_then(|name| name.parse().ok()) {
                named.push((path.as_str(), name));
            }
        }
        named
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
            form: None,
            default: None,
            retired: false,
            number: None,
            by: None,
            credits: None,
            pot: None,
        }
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "the form serde asks for")]
fn is_false(yes: &bool) -> bool {
    !yes
}
