//! Fields that a tenant lays over an object which comes with this version, when objects are
//! loaded: an upgrade of the object and the tenant's fields both stay. It does not know where they
//! come from.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::descriptor::{Descriptor, Field};
use super::right::Right;
use crate::base::context::Role;

/// How the names of what a tenant adds begin.
pub const OWN_PREFIX: &str = "x_";

/// A tenant's additions to a built-in object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Extension {
    /// The object that it is laid over.
    pub extends: String,
    /// Grows with every change of the extension.
    pub version: u32,
    /// Fields by name, each beginning with `x_`.
    pub fields: BTreeMap<String, Field>,
    /// Fields that roles may change beside those that they may already.
    #[serde(default)]
    pub rights: BTreeMap<Role, Right>,
    /// Fields whose words can be searched too.
    #[serde(default)]
    pub search: Vec<String>,
    /// Further indexes.
    #[serde(default)]
    pub indexes: Vec<Vec<String>>,
}

impl Extension {
    /// The object with these fields laid over it.
    #[must_use]
    pub fn over(&self, object: &Descriptor) -> Descriptor {
        let mut whole = object.clone();
        whole.version = object.version.saturating_add(self.version);
        for (name, field) in &self.fields {
            let own = whole.fields.entry(name.clone());
            own.or_insert_with(|| field.clone());
        }
        for (role, more) in &self.rights {
            let right = whole.rights.entry(role.clone()).or_default();
            right.edit.extend(more.edit.iter().cloned());
        }
        whole.search.extend(self.search.iter().cloned());
        whole.indexes.extend(self.indexes.iter().cloned());
        whole
    }
}
