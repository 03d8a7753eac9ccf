//! Which buckets a record belongs to, from its values and the records it goes through.
//! It does not know who follows a bucket, nor how membership is kept.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use super::descriptor::{Descriptor, Scope};
use super::reader::{ReadError, Reader};
use super::record::Record;
use super::registry::Registry;
use crate::base::id::{IdError, RecordId, UserId};

/// One append-only log that devices follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bucket {
    /// One person's own open work; pulled first.
    User(UserId),
    /// What everybody of the tenant sees.
    Tenant,
    /// What belongs to one territory.
    Territory(RecordId),
}

impl fmt::Display for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Bucket::User(id) => write!(f, "user/{id}"),
            Bucket::Tenant => f.write_str("tenant"),
            Bucket::Territory(id) => write!(f, "territory/{id}"),
        }
    }
}

impl FromStr for Bucket {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        if let Some(id) = text.strip_prefix("user/") {
            Ok(Bucket::User(id.parse()?))
        } else if let Some(id) = text.strip_prefix("territory/") {
            Ok(Bucket::Territory(id.parse()?))
        } else if text == "tenant" {
            Ok(Bucket::Tenant)
        } else {
            Err(IdError {
                text: text.to_owned(),
                expected: "a bucket: tenant, territory/<id> or user/<id>",
            })
        }
    }
}

/// How far `Through` may lead from record to record.
const THROUGH_DEPTH_MAX: u8 = 4;

/// The buckets of a record.
pub fn buckets(
    registry: &Registry,
    record: &Record,
    reader: &dyn Reader,
) -> Result<BTreeSet<Bucket>, ReadError> {
    let mut found = BTreeSet::new();
    if let Some(descriptor) = registry.get(&record.object) {
        let through = Through {
            depth: 0,
            people: true,
        };
        gather(registry, descriptor, record, reader, through, &mut found)?;
    }
    Ok(found)
}

/// How a record was come to.
#[derive(Clone, Copy)]
struct Through {
    depth: u8,
    /// Whether the buckets of people count.
    people: bool,
}

fn gather(
    registry: &Registry,
    descriptor: &Descriptor,
    record: &Record,
    reader: &dyn Reader,
    through: Through,
    found: &mut BTreeSet<Bucket>,
) -> Result<(), ReadError> {
    for scope in &descriptor.scope {
        match scope {
            Scope::Tenant => drop(found.insert(Bucket::Tenant)),
            Scope::Territory { field } => {
                found.extend(references(record, field).into_iter().map(Bucket::Territory))
            }
            Scope::User { field, states } => {
                let state = descriptor
                    .lifecycle
                    .as_ref()
                    .and_then(|lifecycle| record.text(&lifecycle.field));
                let applies = states.is_empty()
                    || state.is_some_and(|state| states.iter().any(|s| s == state));
                if applies && through.people {
                    found.extend(
                        references(record, field)
                            .into_iter()
                            .map(|id| Bucket::User(UserId(id.0))),
                    );
                }
            }
            Scope::Through { field, people } => {
                let target = descriptor
                    .field_at(field)
                    .and_then(|field| field.of.as_deref());
                let Some(target) = target.and_then(|name| registry.get(name)) else {
                    continue;
                };
                for id in references(record, field) {
                    if through.depth < THROUGH_DEPTH_MAX
                        && let Some(next) = reader.record(&target.object, id)?
                    {
                        let on = Through {
                            depth: through.depth + 1,
                            people: through.people && *people,
                        };
                        gather(registry, target, &next, reader, on, found)?;
                    }
                }
            }
        }
    }
    Ok(())
}

/// The record ids at a path, or at `lines/*/field` of every line that is not removed.
fn references(record: &Record, path: &str) -> Vec<RecordId> {
    let Some((lines, field)) = path.split_once("/*/") else {
        return record.reference(path).into_iter().collect();
    };
    let lines = record.lines(lines);
    let ids = lines
        .values()
        .filter_map(|line| line.get(field)?.text()?.parse().ok());
    ids.collect()
}
