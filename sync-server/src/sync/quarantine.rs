//! What devices handed in and was refused, for the office: kept whole with its reason, next to what
//! it would have written. It does not know why.

use outfield_core::base::id::{DeviceId, GroupId, RecordId};
use outfield_core::base::time::Timestamp;
use outfield_core::crdt::{gate, touched};
use outfield_core::objects::Values;
use serde_json::{Value as Json, json};

use crate::error::ServerError;
use crate::tenant::Tenant;

impl Tenant {
    /// All refused entries, oldest first: object, record, device, reason, moment, the group in
    /// which they came, and the values where the bytes hold any.
    pub fn quarantined(&self) -> Result<Vec<Json>, ServerError> {
        let sql = "SELECT q.object, q.record, q.device, q.code, q.message, q.at, q.bytes, \
                   q.group_id
                   FROM quarantine q JOIN verdict v ON v.hash = q.hash ORDER BY v.number";
        let mut statement = self.db.prepare_cached(sql)?;
        let mut rows = statement.query([])?;
        let mut held = Vec::new();
        while let Some(row) = rows.next()? {
            let record =
                RecordId::from_slice(&row.get::<_, Vec<u8>>(1)?).map_err(ServerError::broken)?;
            let device =
                DeviceId::from_slice(&row.get::<_, Vec<u8>>(2)?).map_err(ServerError::broken)?;
            let bytes: Vec<u8> = row.get(6)?;
            let group: Option<Vec<u8>> = row.get(7)?;
            let group = group.map(|id| GroupId::from_slice(&id)).transpose();
            held.push(json!({
                "object": row.get::<_, String>(0)?,
                "record": record,
                "device": device,
                "code": row.get::<_, String>(3)?,
                "message": row.get::<_, String>(4)?,
                "at": Timestamp(row.get(5)?).rfc3339(),
                "values": values(&bytes),
                "bytes": bytes.len(),
                "group": group.map_err(ServerError::broken)?,
            }));
        }
        Ok(held)
    }
}

/// What an entry would have written; none if its bytes are neither a change nor a fact.
fn values(bytes: &[u8]) -> Option<Values> {
    let change = gate::change(bytes)
        .ok()
        .and_then(|change| touched(&change).ok());
    change.or_else(|| minicbor::decode(bytes).ok())
}
