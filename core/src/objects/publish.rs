//! How objects become known: the built-in files, and what a tenant publishes, each checked first.
//! It does not know where a tenant's descriptors come from.

use std::sync::Arc;

use super::check::{Names, Problem, check};
use super::descriptor::Descriptor;
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
                Ok(descriptor) => {
                    registry.adopt(descriptor);
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
}

fn read(file: &str, text: &str) -> Result<Descriptor, Problem> {
    serde_json::from_str(text).map_err(|error| Problem {
        file: file.to_owned(),
        field: String::new(),
        message: error.to_string(),
    })
}
