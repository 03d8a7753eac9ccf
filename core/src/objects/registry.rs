//! All objects that are known: the built-in files and what a tenant has published.
//! It does not know where a tenant's descriptors come from.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::check::{Names, Problem, check};
use super::descriptor::{Descriptor, Verb};
use crate::base::id::ChangeHash;

/// The built-in descriptor files: path below `core/objects`, and text.
const FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/objects.rs"));

/// The known objects by name. Cheap to clone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Registry {
    objects: BTreeMap<String, Arc<Descriptor>>,
}

impl Registry {
    /// The objects that come with this version. Every problem of every file is named.
    pub fn built_in(names: &Names) -> Result<Registry, Vec<Problem>> {
        let mut registry = Registry::default();
        let mut problems = Vec::new();
        for (file, text) in FILES {
            match read(file, text) {
                Ok(descriptor) => {
                    registry
                        .objects
                        .insert(descriptor.object.clone(), Arc::new(descriptor));
                }
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

    /// Takes in a tenant's descriptor, or a newer version of a known one, as JSON text.
    pub fn publish(
        &mut self,
        file: &str,
        text: &str,
        names: &Names,
    ) -> Result<Arc<Descriptor>, Vec<Problem>> {
        let descriptor = read(file, text).map_err(|problem| vec![problem])?;
        let problems = check(file, &descriptor, self, names);
        if !problems.is_empty() {
            return Err(problems);
        }
        Ok(self.adopt(descriptor))
    }

    /// Takes in a descriptor that was checked where it was published.
    pub fn adopt(&mut self, descriptor: Descriptor) -> Arc<Descriptor> {
        let descriptor = Arc::new(descriptor);
        self.objects
            .insert(descriptor.object.clone(), Arc::clone(&descriptor));
        descriptor
    }

    /// One text for the shape of all objects: SHA-256, in hex, over their names and descriptors.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let json = serde_json::to_vec(
            &self
                .objects
                .values()
                .map(AsRef::as_ref)
                .collect::<Vec<&Descriptor>>(),
        );
        // Descriptors came from JSON, so they become JSON.
        ChangeHash::of(&json.unwrap_or_default()).to_string()
    }

    /// The object with this name.
    #[must_use]
    pub fn get(&self, object: &str) -> Option<&Arc<Descriptor>> {
        self.objects.get(object)
    }

    /// All objects in order of their names.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Descriptor>> {
        self.objects.values()
    }

    /// The object and meaning of a verb.
    #[must_use]
    pub fn verb(&self, verb: &str) -> Option<(&Arc<Descriptor>, &Verb)> {
        self.all()
            .find_map(|descriptor| descriptor.verbs.get(verb).map(|found| (descriptor, found)))
    }
}

fn read(file: &str, text: &str) -> Result<Descriptor, Problem> {
    serde_json::from_str(text).map_err(|error| Problem {
        file: file.to_owned(),
        field: String::new(),
        message: error.to_string(),
    })
}
