//! All objects that are known, by name. It does not know where they come from, nor what is right.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::descriptor::{Descriptor, Verb};
use crate::base::id::ChangeHash;

/// The known objects by name. Cheap to clone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Registry {
    objects: BTreeMap<String, Arc<Descriptor>>,
}

impl Registry {
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
