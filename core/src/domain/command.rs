//! What a person asks for, as a value and as JSON.
//! It reads names and forms only; whether it may be done, `decide` says.

use serde_json::{Map, Value as Json, json};

use super::refusal::Refusal;
use super::{spelling, values};
use crate::base::id::{ConflictId, IdError, RecordId};
use crate::objects::descriptor::{Descriptor, Field, FieldKind, Verb};
use crate::objects::{FoundVerb, Registry, Value, Values};

const ADD: &str = "add";
const EDIT: &str = "edit";
const RESOLVE: &str = "resolve_conflict";

/// Which of the competing values a person wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// The person's own.
    Mine,
    /// The other one.
    Theirs,
    /// Another value altogether.
    Value(Value),
}

impl Choice {
    /// The choice's name as data spells it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Choice::Mine => "mine",
            Choice::Theirs => "theirs",
            Choice::Value(_) => "value",
        }
    }
}

/// What a person asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Make a record.
    Add {
        /// The object's name.
        object: String,
        /// The id, where the asker made one.
        id: Option<RecordId>,
        /// Values by path.
        fields: Values,
    },
    /// Change fields of a record.
    Edit {
        /// The object's name.
        object: String,
        /// The record.
        id: RecordId,
        /// Values by path; `Null` clears one.
        fields: Values,
    },
    /// Do what an object's descriptor names.
    Perform {
        /// The verb.
        verb: String,
        /// The record; none where the verb makes it.
        id: Option<RecordId>,
        /// What the verb is handed.
        input: Values,
    },
    /// Decide a conflict.
    Resolve {
        /// The conflict.
        conflict: ConflictId,
        /// The decision.
        choice: Choice,
    },
}

impl Command {
    /// Reads `{"do": "add" | "edit" | "resolve_conflict" | <verb>, ..}`.
    pub fn parse(json: &str, registry: &Registry) -> Result<Command, Refusal> {
        let json: Json = serde_json::from_str(json).map_err(|error| {
            Refusal::bad_input("bad_json", format!("the command is not JSON: {error}"))
        })?;
        let Json::Object(members) = json else {
            return Err(Refusal::bad_input(
                "bad_json",
                "a command is a JSON object such as {\"do\": \"add\", ..}",
            ));
        };
        let mut members = Members { members };
        let verb: String = members.needed("do")?;
        let command = match verb.as_str() {
            ADD => members.add(registry)?,
            EDIT => members.edit(registry)?,
            RESOLVE => members.resolve()?,
            _ => members.perform(verb.clone(), registry)?,
        };
        members.nothing_left(&verb)?;
        Ok(command)
    }

    /// The same command with the id of the record it made, so that carrying it out again makes no
    /// other.
    #[must_use]
    pub fn of(self, made: RecordId) -> Command {
        match self {
            Command::Add { object, id, fields } => Command::Add {
                object,
                id: id.or(Some(made)),
                fields,
            },
            Command::Perform { verb, id, input } => Command::Perform {
                verb,
                id: id.or(Some(made)),
                input,
            },
            Command::Edit { .. } | Command::Resolve { .. } => self,
        }
    }

    /// The object of the record that it is about; a conflict may be of any.
    #[must_use]
    pub fn object<'a>(&'a self, registry: &'a Registry) -> Option<&'a str> {
        match self {
            Command::Add { object, .. } | Command::Edit { object, .. } => Some(object),
            Command::Perform { verb, .. } => {
                let (descriptor, _) = registry.verb(verb)?;
                Some(&descriptor.object)
            }
            Command::Resolve { .. } => None,
        }
    }

    /// The JSON that reads back as this command.
    #[must_use]
    pub fn to_json(&self, registry: &Registry) -> String {
        let json = match self {
            Command::Add {
                object,
                id: None,
                fields,
            } => json!({"do": ADD, "object": object, "fields": fields}),
            Command::Add {
                object,
                id: Some(id),
                fields,
            } => {
                json!({"do": ADD, "object": object, "id": id, "fields": fields})
            }
            Command::Edit { object, id, fields } => {
                json!({"do": EDIT, "object": object, "id": id, "fields": fields})
            }
            Command::Perform { verb, id, input } => {
                let mut json: Map<String, Json> = input
                    .iter()
                    .map(|(name, v)| (name.clone(), v.to_json()))
                    .collect();
                json.insert("do".to_owned(), Json::String(verb.clone()));
                if let (Some(id), Some((descriptor, _))) = (id, registry.verb(verb)) {
                    json.insert(descriptor.object.clone(), Json::String(id.to_string()));
                }
                Json::Object(json)
            }
            Command::Resolve { conflict, choice } => {
                let choose = match choice {
                    Choice::Mine | Choice::Theirs => json!(choice.name()),
                    Choice::Value(value) => json!({ "value": value }),
                };
                json!({"do": RESOLVE, "conflict": conflict, "choose": choose})
            }
        };
        json.to_string()
    }
}

/// The members of a command that nobody has read yet.
struct Members {
    members: Map<String, Json>,
}

impl Members {
    fn add(&mut self, registry: &Registry) -> Result<Command, Refusal> {
        let object: String = self.needed("object")?;
        let id = self.optional("id")?;
        let fields = self.fields(registry, &object)?;
        Ok(Command::Add { object, id, fields })
    }

    fn edit(&mut self, registry: &Registry) -> Result<Command, Refusal> {
        let object: String = self.needed("object")?;
        let id = self.needed("id")?;
        let fields = self.fields(registry, &object)?;
        Ok(Command::Edit { object, id, fields })
    }

    fn resolve(&mut self) -> Result<Command, Refusal> {
        let conflict = self.needed("conflict")?;
        let wrong = || {
            let message = "`choose` is \"mine\", \"theirs\" or {\"value\": ..}";
            Refusal::bad_input("bad_value", message).about("choose")
        };
        let choice = match self.members.remove("choose") {
            Some(Json::String(name)) if name == "mine" => Choice::Mine,
            Some(Json::String(name)) if name == "theirs" => Choice::Theirs,
            Some(Json::Object(own)) if own.len() == 1 => Choice::Value(
                own.get("value")
                    .and_then(Value::from_json)
                    .ok_or_else(wrong)?,
            ),
            Some(_) | None => return Err(wrong()),
        };
        Ok(Command::Resolve { conflict, choice })
    }

    fn perform(&mut self, verb: String, registry: &Registry) -> Result<Command, Refusal> {
        let (descriptor, shape) = found_verb(registry, &verb)?;
        let id = self.optional(&descriptor.object)?;
        let input = read(std::mem::take(&mut self.members), |name| {
            descriptor.input(shape, name)
        })?;
        Ok(Command::Perform { verb, id, input })
    }

    fn fields(&mut self, registry: &Registry, object: &str) -> Result<Values, Refusal> {
        let Some(Json::Object(fields)) = self.members.remove("fields") else {
            let message =
                "`fields` is needed: an object of values by field, such as {\"name\": \"Harp's\"}";
            return Err(Refusal::bad_input("required", message).about("fields"));
        };
        let descriptor = registry.get(object);
        read(fields, |path| {
            descriptor.and_then(|descriptor| values::field(descriptor, path))
        })
    }

    fn needed<T: std::str::FromStr<Err: Into<Reason>>>(
        &mut self,
        name: &str,
    ) -> Result<T, Refusal> {
        let missing =
            || Refusal::bad_input("required", format!("the command needs `{name}`")).about(name);
        self.optional(name)?.ok_or_else(missing)
    }

    fn optional<T: std::str::FromStr<Err: Into<Reason>>>(
        &mut self,
        name: &str,
    ) -> Result<Option<T>, Refusal> {
        let wrong =
            |why: &str| Refusal::bad_input("bad_value", format!("`{name}`: {why}")).about(name);
        match self.members.remove(name) {
            None | Some(Json::Null) => Ok(None),
            Some(Json::String(text)) => text
                .parse()
                .map(Some)
                .map_err(|error: T::Err| wrong(&error.into().0)),
            Some(other) => Err(wrong(&format!("{other} is not text"))),
        }
    }

    fn nothing_left(&self, verb: &str) -> Result<(), Refusal> {
        let Some(name) = self.members.keys().next() else {
            return Ok(());
        };
        let message =
            format!("`{verb}` takes no `{name}`; values of a record belong into `fields`");
        Err(Refusal::bad_input("unknown_input", message).about(name.as_str()))
    }
}

/// The object and meaning of a verb, or a refusal that offers others.
pub(super) fn found_verb<'a>(
    registry: &'a Registry,
    name: &str,
) -> Result<(&'a Descriptor, &'a Verb), Refusal> {
    match registry.find_verb(name) {
        FoundVerb::One(descriptor, verb) => Ok((descriptor, verb)),
        FoundVerb::Several(objects) => {
            let all = objects.iter().map(|object| format!("`{object}.{name}`"));
            let all: Vec<String> = all.collect();
            let message = format!("several objects have `{name}`; say {}", all.join(" or "));
            Err(Refusal::bad_input("several_verbs", message).about("do"))
        }
        FoundVerb::Unknown => {
            let verbs = registry
                .all()
                .flat_map(|of| of.verbs.keys().map(String::as_str));
            let offer = spelling::offer(name, [ADD, EDIT, RESOLVE].into_iter().chain(verbs));
            let message = format!("there is no command `{name}`; {offer}");
            Err(Refusal::bad_input("unknown_command", message).about("do"))
        }
    }
}

/// Why a text did not become what was wanted.
struct Reason(String);

impl From<IdError> for Reason {
    fn from(error: IdError) -> Self {
        Reason(error.to_string())
    }
}

impl From<std::convert::Infallible> for Reason {
    fn from(never: std::convert::Infallible) -> Self {
        match never {}
    }
}

fn read<'a>(
    json: Map<String, Json>,
    field: impl Fn(&str) -> Option<&'a Field>,
) -> Result<Values, Refusal> {
    let mut read = Values::new();
    for (path, json) in json {
        let field = field(&path);
        let value = decimal_of(field, &json).or_else(|| Value::from_json(&json));
        let Some(value) = value else {
            let message =
                format!("`{path}`: {json} is not text, a whole number, true, false or null");
            return Err(Refusal::bad_input("bad_value", message).about(path));
        };
        let value = values::tidy(field, value);
        read.insert(path, value);
    }
    Ok(read)
}

/// A JSON number for a field of exact decimals: as it was written.
fn decimal_of(field: Option<&Field>, json: &Json) -> Option<Value> {
    let is_decimal = field.is_some_and(|field| field.kind == FieldKind::Decimal);
    (is_decimal && json.is_number()).then(|| Value::Text(json.to_string()))
}
