//! Whether a tenant's file holds together: SQLite's own check, members against sums and records,
//! logs, numbers and tenants' lives. It changes nothing, and does not know the rules.

use std::collections::BTreeMap;
use std::path::Path;

use outfield_core::app::{CONFLICT, DESCRIPTOR, descriptor_id};
use outfield_core::base::id::{ConflictId, RecordId};
use outfield_core::base::version::Version;
use outfield_core::objects::Record;
use outfield_core::objects::number::given;
use outfield_core::store::{Db, conflicts, documents, members, meta, numbers, tables};
use serde_json::{Value as Json, json};

use crate::error::ServerError;
use crate::tenant::Tenant;

/// What SQLite says of a file that it finds no fault in.
const WHOLE: &str = "ok";
/// Faults of one kind that are told; the first of them lead to the others.
const TOLD_MAX: usize = 20;

impl Tenant {
    /// All that is not right: of the file, of rows that would be refused today, and of figures that
    /// are not what their movements come to.
    pub fn check(&mut self) -> Result<Vec<Json>, ServerError> {
        let mut wrong = self.check_file()?;
        wrong.extend(self.check_rows()?);
        wrong.extend(self.check_ledger()?);
        wrong.extend(self.check_audit(None)?);
        wrong.extend(self.check_blobs()?);
        Ok(wrong)
    }

    /// Every place where the file does not hold together: object, id, code, what is wrong.
    pub fn check_file(&self) -> Result<Vec<Json>, ServerError> {
        let mut wrong = Vec::new();
        for message in integrity(&self.db)? {
            wrong.push(fault("database", "file_damaged", message));
        }
        for message in [sums(&self.db)?, logs(&self.db)?].concat() {
            wrong.push(fault("bucket", "bucket_differs", message));
        }
        self.check_members(&mut wrong)?;
        self.check_series(&mut wrong)?;
        Ok(wrong)
    }

    /// Members that are not at the version of their records.
    fn check_members(&self, wrong: &mut Vec<Json>) -> Result<(), ServerError> {
        for (bucket, _) in members::buckets(&self.db)? {
            for (id, object, version) in members::ids(&self.db, &bucket)? {
                let is = self.version_of(&object, id)?;
                if is == Some(version) {
                    continue;
                }
                let how = match is {
                    Some(_) => "at another version than its record",
                    None => "without a record",
                };
                let message = format!("it stands in `{bucket}` {how}");
                wrong.push(json!({
                    "object": object,
                    "id": id,
                    "code": "member_differs",
                    "message": message,
                    "fields": [],
                }));
            }
        }
        Ok(())
    }

    /// The version of what stands in a bucket under this id.
    fn version_of(&self, object: &str, id: RecordId) -> Result<Option<Version>, ServerError> {
        if object == CONFLICT {
            let conflict = conflicts::get(&self.db, ConflictId(id.0))?;
            return Ok(conflict.map(|it| Version::of_bytes(it.state.name().as_bytes())));
        }
        if object == DESCRIPTOR {
            for (object, _) in meta::descriptor_versions(&self.db)? {
                if descriptor_id(&object) == id {
                    let json = meta::descriptor(&self.db, &object)?;
                    return Ok(json.map(|json| Version::of_bytes(json.as_bytes())));
                }
            }
            return Ok(None);
        }
        if let Some(heads) = documents::heads(&self.db, id)? {
            return Ok(Some(Version::of_heads(&heads)));
        }
        let Some(descriptor) = self.registry.get(object) else {
            return Ok(None);
        };
        let record = tables::read(&self.db, descriptor, id)?;
        Ok(record.map(|record| Record::row_version(&record.values)))
    }

    /// Records with a number that their series has not reached, or that another has too.
    fn check_series(&self, wrong: &mut Vec<Json>) -> Result<(), ServerError> {
        let mut taken = BTreeMap::new();
        for descriptor in self.registry.all() {
            if descriptor
                .fields
                .values()
                .all(|field| field.number.is_none())
            {
                continue;
            }
            for id in tables::ids(&self.db, descriptor)? {
                let Some(record) = tables::read(&self.db, descriptor, id)? else {
                    continue;
                };
                for number in given(descriptor, &record.values) {
                    let shown = format!("{}-{}", number.series, number.count);
                    let mut say = |how: &str| {
                        wrong.push(json!({
                            "object": descriptor.object,
                            "id": id,
                            "name": shown,
                            "code": "number_differs",
                            "message": format!("the number {shown} {how}"),
                            "fields": [],
                        }));
                    };
                    // A series that was never given here is a device's own.
                    let last = numbers::last(&self.db, &number.series)?;
                    if (1..number.count).contains(&last) {
                        say("is above what its series has given");
                    }
                    if taken.insert(shown.clone(), id).is_some() {
                        say("stands on another record too");
                    }
                }
            }
        }
        Ok(())
    }
}

/// What is wrong with a database that nobody has open; a tenant's is looked at more closely. What
/// SQLite keeps beside it is gone afterwards.
pub(crate) fn faults_of_file(file: &Path, is_tenant: bool) -> Result<Vec<String>, ServerError> {
    let db = match Db::open(file) {
        Ok(db) => db,
        Err(error) => return Ok(vec![error.to_string()]),
    };
    let mut faults = integrity(&db)?;
    if faults.is_empty() && is_tenant {
        faults.extend(sums(&db)?);
        faults.extend(logs(&db)?);
    }
    Ok(faults)
}

/// What SQLite finds wrong.
fn integrity(db: &Db) -> Result<Vec<String>, ServerError> {
    let look = || {
        let mut statement = db.prepare(&format!("PRAGMA integrity_check({TOLD_MAX})"))?;
        let lines = statement.query_map([], |row| row.get::<_, String>(0))?;
        lines.collect::<Result<Vec<String>, _>>()
    };
    // What cannot even be looked at is damaged too.
    let mut lines = look().unwrap_or_else(|error| vec![error.to_string()]);
    lines.retain(|line| line != WHOLE);
    Ok(lines)
}

/// Buckets whose sum is not that of their members.
fn sums(db: &Db) -> Result<Vec<String>, ServerError> {
    let mut wrong = Vec::new();
    for (bucket, state) in members::buckets(db)? {
        let mut sum = 0_u64;
        for (id, _, version) in members::ids(db, &bucket)? {
            sum = sum.wrapping_add(version.weight(id));
        }
        if sum != state.sum {
            wrong.push(format!("the sum of `{bucket}` is not that of its members"));
        }
    }
    Ok(wrong)
}

/// Buckets whose logs have gaps, or name no entry for a member.
fn logs(db: &Db) -> Result<Vec<String>, ServerError> {
    let mut wrong = Vec::new();
    // What is compacted names each record once; beyond it no number is missing.
    let gaps = "SELECT b.name FROM bucket b LEFT JOIN compacted c ON c.bucket = b.number
        LEFT JOIN (SELECT l.bucket, count(*) AS entries, max(l.seq) AS last FROM log l
          LEFT JOIN compacted c ON c.bucket = l.bucket
          WHERE l.seq > coalesce(c.upto, 0) GROUP BY l.bucket) l ON l.bucket = b.number
        WHERE b.cursor - coalesce(c.upto, 0) <> coalesce(l.entries, 0)
        OR coalesce(l.last, 0) > b.cursor ORDER BY b.name";
    let mut statement = db.prepare(gaps)?;
    let names = statement.query_map([], |row| row.get::<_, String>(0))?;
    for name in names {
        let name = name?;
        wrong.push(format!(
            "the log of `{name}` has gaps, or goes on behind its end"
        ));
    }
    let unlogged = "SELECT b.name, count(*) FROM
        (SELECT bucket, id FROM member EXCEPT SELECT bucket, id FROM log) m
        JOIN bucket b ON b.number = m.bucket GROUP BY b.name ORDER BY b.name";
    let mut statement = db.prepare(unlogged)?;
    let counts = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    for count in counts {
        let (name, count): (String, i64) = count?;
        wrong.push(format!("{count} records of `{name}` are not in its log"));
    }
    Ok(wrong)
}

fn fault(object: &str, code: &str, message: String) -> Json {
    json!({ "object": object, "code": code, "message": message, "fields": [] })
}
