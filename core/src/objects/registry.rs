//! All objects that are known, by name. It does not know where they come from, nor what is right.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::beside;
use super::descriptor::{Descriptor, Verb};
use super::verdict_of::VerdictOf;
use crate::base::id::ChangeHash;

/// The known objects by name. Cheap to clone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Registry {
    objects: BTreeMap<String, Arc<Descriptor>>,
    /// Those that come with this version, as they come.
    built_in: BTreeMap<String, Arc<Descriptor>>,
    /// The versions of what was published over them or beside them, by object.
    published: BTreeMap<String, u32>,
}

/// A verb as it is addressed: of one object, or by a name that several have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FoundVerb<'a> {
    /// The object and what the verb means.
    One(&'a Arc<Descriptor>, &'a Verb),
    /// The objects that have a verb of this name.
    Several(Vec<&'a str>),
    /// No object has it.
    Unknown,
}

impl Registry {
    /// Takes in a descriptor that was checked where it was published.
    pub fn adopt(&mut self, descriptor: Descriptor) -> Arc<Descriptor> {
        if let Some(beside) = descriptor.beside() {
            self.objects.insert(beside.object.clone(), Arc::new(beside));
        }
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

    /// All objects that people know, in order of their names.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Descriptor>> {
        let objects = self.objects.values();
        objects.filter(|known| !beside::is_beside(&known.object))
    }

    /// All objects that have tables and travel, those beside others included.
    pub fn kept(&self) -> impl Iterator<Item = &Arc<Descriptor>> {
        self.objects.values()
    }

    /// The object of the rows beside records of this object.
    #[must_use]
    pub fn beside(&self, object: &str) -> Option<&Arc<Descriptor>> {
        self.objects.get(&beside::name_of(object))
    }

    /// The rows that are what the server said of documents of this object, and how.
    pub fn verdicts_of<'a>(
        &'a self,
        object: &'a str,
    ) -> impl Iterator<Item = (&'a Arc<Descriptor>, &'a VerdictOf)> {
        let verdicts = self
            .all()
            .filter_map(|row| Some((row, row.verdict_of.as_ref()?)));
        verdicts.filter(move |(_, of)| of.object == object)
    }

    /// The object and meaning of a verb: `object.verb`, or the verb alone where one object has it.
    #[must_use]
    pub fn verb(&self, name: &str) -> Option<(&Arc<Descriptor>, &Verb)> {
        match self.find_verb(name) {
            FoundVerb::One(descriptor, verb) => Some((descriptor, verb)),
            FoundVerb::Several(_) | FoundVerb::Unknown => None,
        }
    }

    /// What a verb's name leads to.
    #[must_use]
    pub fn find_verb(&self, name: &str) -> FoundVerb<'_> {
        if let Some((object, verb)) = name.split_once('.') {
            let descriptor = self.objects.get(object);
            let found = descriptor.and_then(|of| Some((of, of.verbs.get(verb)?)));
            return found.map_or(FoundVerb::Unknown, |(of, verb)| FoundVerb::One(of, verb));
        }
        let mut found = Vec::new();
        for descriptor in self.all() {
            if let Some(verb) = descriptor.verbs.get(name) {
                found.push((descriptor, verb));
            }
        }
        match found[..] {
            [] => FoundVerb::Unknown,
            [(descriptor, verb)] => FoundVerb::One(descriptor, verb),
            _ => {
                let objects = found
                    .iter()
                    .map(|(descriptor, _)| descriptor.object.as_str());
                FoundVerb::Several(objects.collect())
            }
        }
    }

    /// The object of this name that comes with this version, as it comes.
    #[must_use]
    pub fn comes_along(&self, object: &str) -> Option<&Arc<Descriptor>> {
        self.built_in.get(object)
    }

    /// The version of what was published for an object; 0 if nothing was.
    #[must_use]
    pub fn published(&self, object: &str) -> u32 {
        self.published.get(object).copied().unwrap_or(0)
    }

    /// Takes in the objects that come with this version.
    pub(super) fn begin_with(&mut self, descriptor: Descriptor) {
        let descriptor = self.adopt(descriptor);
        self.built_in.insert(descriptor.object.clone(), descriptor);
    }

    /// Notes that this version was published for an object.
    pub(super) fn note_published(&mut self, object: &str, version: u32) {
        self.published.insert(object.to_owned(), version);
    }
}
