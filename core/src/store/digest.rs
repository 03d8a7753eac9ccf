//! What a replica shows, in one hash an object, so that people can compare replicas.
//! It does not know who compares.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::error::StoreError;
use super::schema::Db;
use super::{members, tables};
use crate::base::id::ChangeHash;
use crate::objects::Registry;

/// Per object that has records: how many, and SHA-256 (hex) over the sorted lines
/// `id<TAB>field<TAB>canonical JSON`, each ended by a line feed, of all visible values. A line's
/// field is its path. With buckets, only their members.
pub fn digest(
    db: &Db,
    registry: &Registry,
    buckets: Option<&[String]>,
) -> Result<BTreeMap<String, (u64, String)>, StoreError> {
    let mut digests = BTreeMap::new();
    for descriptor in registry.all() {
        let mut lines = Vec::new();
        let mut count = 0;
        for id in tables::ids(db, descriptor)? {
            if let Some(buckets) = buckets
                && !members::is_member(db, id, buckets)?
            {
                continue;
            }
            let Some(record) = tables::read(db, descriptor, id)? else {
                continue;
            };
            count += 1;
            lines.extend(
                record
                    .visible()
                    .iter()
                    .map(|(path, value)| format!("{id}\t{path}\t{}\n", value.to_json())),
            );
        }
        lines.sort_unstable();
        if count > 0 {
            let mut hasher = Sha256::new();
            lines.iter().for_each(|line| hasher.update(line));
            digests.insert(
                descriptor.object.clone(),
                (count, ChangeHash(hasher.finalize().into()).to_string()),
            );
        }
    }
    Ok(digests)
}
