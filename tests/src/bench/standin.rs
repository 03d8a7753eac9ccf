//! A stand-in for a device where many are wanted and the server alone is looked at: it enrols,
//! greets and pulls, and drops what it hears. It keeps nothing.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use outfield_core::base::id::ActorId;
use outfield_core::base::limits::FRAME_BYTES_MAX;
use outfield_core::sync::frames::{Frame, Hello, PROTOCOL, Want, Welcome};
use outfield_core::sync::wire;
use rusqlite::{Connection, OptionalExtension};
use serde_json::json;

use crate::caller;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(600);

/// One device.
pub struct StandIn {
    address: SocketAddr,
    token: String,
    actor: ActorId,
}

impl StandIn {
    /// Enrols with a code.
    #[must_use]
    pub fn enrol(address: SocketAddr, code: &str, name: &str) -> StandIn {
        let body = json!({"code": code, "install": name, "name": name}).to_string();
        let heard = caller::post(address, "/sync/v1/enrol", "", body.as_bytes(), PATIENCE).unwrap();
        let token = heard.json()["token"]
            .as_str()
            .expect("the code is good")
            .to_owned();
        let mut actor = [0; 16];
        actor.copy_from_slice(&outfield_core::base::id::ChangeHash::of(token.as_bytes()).0[..16]);
        StandIn {
            address,
            token,
            actor: ActorId(actor),
        }
    }

    fn call(&self, path: &str, frames: &[Frame]) -> Vec<u8> {
        let body = wire::encode(frames).unwrap();
        let heard = caller::post(self.address, path, &self.token, &body, PATIENCE).unwrap();
        assert_eq!(
            heard.status,
            200,
            "{}",
            String::from_utf8_lossy(&heard.body)
        );
        heard.body
    }

    /// Greets; `state` says where its buckets stand.
    #[must_use]
    pub fn hello(&self, state: u64) -> Welcome {
        let (proto_min, proto_max) = (PROTOCOL, PROTOCOL);
        let hello = Hello {
            proto_min,
            proto_max,
            actor: self.actor,
            state,
            tick: 0,
            issued: 0,
        };
        let answer = self.call("/sync/v1/hello", &[Frame::Hello(hello)]);
        let frames = wire::decode(&answer, FRAME_BYTES_MAX).unwrap();
        frames
            .into_iter()
            .find_map(|frame| {
                if let Frame::Welcome(welcome) = frame {
                    Some(welcome)
                } else {
                    None
                }
            })
            .unwrap()
    }

    /// Pulls everything; answers how many bytes that were.
    #[must_use]
    pub fn pull(&self, buckets: &[String]) -> u64 {
        let wants = buckets.iter().map(|bucket| {
            Frame::Want(Want {
                bucket: bucket.clone(),
                cursor: 0,
            })
        });
        self.call("/sync/v1/pull", &wants.collect::<Vec<_>>()).len() as u64
    }
}

/// The state of a device that is in step with the server, whose file this is.
#[must_use]
pub fn state(file: &Path, buckets: &[String]) -> u64 {
    let server = Connection::open(file).unwrap();
    let states = buckets.iter().map(|name| {
        let read = |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?));
        let found = server
            .query_row(
                "SELECT cursor, sum FROM bucket WHERE name = ?1",
                [name],
                read,
            )
            .optional();
        let (cursor, sum) = found.unwrap().unwrap_or_default();
        (name.clone(), cursor.cast_unsigned(), sum.cast_unsigned())
    });
    wire::fingerprint(&states.collect::<Vec<_>>())
}
