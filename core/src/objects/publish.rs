//! How objects become known: the built-in files, and what a tenant publishes, each checked first.
//! It does not know where a tenant's descriptors come from.

use std::sync::Arc;

use super::check::{Names, Problem, check};
use super::descriptor::Descriptor;
use super::extension::{Extension, OWN_PREFIX};
use super::registry::Registry;

/// The built-in descriptor files: path below `core/objects`, and text.
const FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/objects.rs"));

impl Registry {
    /// The objects that come with this version. Every problem of every file is named.
    pub fn built_in(names: &Names) -> Result<Registry, Vec<Problem>> {
        let mut registry = Registry::default();
        let mut problems = Vec::new();
        for (file, text) in FILES {
            match read(file, text) {
                Ok(descriptor) => registry.begin_with(descriptor),
                Err(problem) => problems.push(problem),
            }
        }
        for (file, text) in FILES {
            if let Ok(descriptor) = read(file, text) {
                problems.extend(check(file, &descriptor, &registry, names));
            }
        }
        if problems.is_empty() {
            Ok(registry)
        } else {
            Err(problems)
        }
    }

    /// Takes in what a tenant publishes as JSON text: an object of its own, whose name begins with
    /// `x_`, or fields laid over one that comes with this version; or a newer version of either.
    pub fn publish(
        &mut self,
        file: &str,
        text: &str,
        names: &Names,
    ) -> Result<Arc<Descriptor>, Vec<Problem>> {
        let said = Publication::read(text);
        let problem = |field: &str, message: String| Problem {
            file: file.to_owned(),
            field: field.to_owned(),
            message,
        };
        let said = said.map_err(|error| vec![problem("", error.to_string())])?;
        let (descriptor, version) = match &said {
            Publication::Object(descriptor) => {
                let object = descriptor.object.as_str();
                if self.comes_along(object).is_some() {
                    let message = format!(
                        "`{object}` comes with this version; extend it: {{\"extends\": \
                         \"{object}\", \"version\": 1, \"fields\": {{\"x_...\": {{..}}}}}}"
                    );
                    return Err(vec![problem("object", message)]);
                }
                (descriptor.as_ref().clone(), descriptor.version)
            }
            Publication::Extension(extension) => {
                let object = extension.extends.as_str();
                let Some(base) = self.comes_along(object) else {
                    let message = format!("no object `{object}` comes with this version");
                    return Err(vec![problem("extends", message)]);
                };
                let mut wrong = Vec::new();
                for name in extension.fields.keys() {
                    if !name.starts_with(OWN_PREFIX) {
                        let message = format!("its name begins with `{OWN_PREFIX}`");
                        wrong.push(problem(&format!("fields.{name}"), message));
                    }
                }
                if !wrong.is_empty() {
                    return Err(wrong);
                }
                (extension.over(base), extension.version)
            }
        };
        let mut problems = check(file, &descriptor, self, names);
        let object = descriptor.object.as_str();
        // Those from before names of tenants began so go on as they are.
        let is_known = self.get(object).is_some() || object.starts_with(OWN_PREFIX);
        if !is_known && problems.iter().all(|problem| problem.field != "object") {
            let message = format!(
                "the name of a tenant's own object begins with `{OWN_PREFIX}`: \
                 `{OWN_PREFIX}{object}`"
            );
            problems.push(problem("object", message));
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        self.note_published(&descriptor.object, version);
        Ok(self.adopt(descriptor))
    }

    /// Takes in what was published and checked elsewhere; an error if this version cannot read it.
    pub fn take_in(&mut self, said: Publication) -> Result<Arc<Descriptor>, Unreadable> {
        let (object, version) = (said.object().to_owned(), said.version());
        let descriptor = match said {
            Publication::Object(descriptor) => *descriptor,
            Publication::Extension(extension) => {
                let base = self.comes_along(&object);
                extension.over(base.ok_or_else(|| Unreadable(object.clone()))?)
            }
        };
        self.note_published(&object, version);
        Ok(self.adopt(descriptor))
    }
}

/// An extension of an object that this version does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no object `{0}` comes with this version")]
pub struct Unreadable(String);

/// What a tenant publishes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Publication {
    /// An object of its own.
    Object(Box<Descriptor>),
    /// Fields laid over an object that comes with this version.
    Extension(Extension),
}

impl Publication {
    /// Reads JSON text.
    pub fn read(text: &str) -> Result<Publication, serde_json::Error> {
        let json: serde_json::Value = serde_json::from_str(text)?;
        if json.get("extends").is_some() {
            return serde_json::from_str(text).map(Publication::Extension);
        }
        serde_json::from_str(text).map(|object| Publication::Object(Box::new(object)))
    }

    /// The object that it is about.
    #[must_use]
    pub fn object(&self) -> &str {
        match self {
            Publication::Object(descriptor) => &descriptor.object,
            Publication::Extension(extension) => &extension.extends,
        }
    }

    /// Its own version.
    #[must_use]
    pub fn version(&self) -> u32 {
        match self {
            Publication::Object(descriptor) => descriptor.version,
            Publication::Extension(extension) => extension.version,
        }
    }
}

fn read(file: &str, text: &str) -> Result<Descriptor, Problem> {
    serde_json::from_str(text).map_err(|error| Problem {
        file: file.to_owned(),
        field: String::new(),
        message: error.to_string(),
    })
}
